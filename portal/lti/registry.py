"""Platforms, clients and deployments of an organization: found from a login, written by an admin."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pylti1p3.registration import Registration
from sqlalchemy import bindparam, select

from portal.errors import N_
from portal.lti.platforms.known import capabilities_of
from portal.lti.refusals import Refused
from portal.models.lti import ClientState, LtiClient, LtiDeployment, LtiPlatform
from portal.models.people import DirectoryKind
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work

_MOST = 20


@dataclass(frozen=True, slots=True)
class Registered:
    """A client with its platform as launches need them."""

    organization_id: uuid.UUID
    platform_key: uuid.UUID
    client_key: uuid.UUID
    kind: str
    issuer: str
    jwks_url: str
    client_id: str
    auth_login_url: str
    token_url: str
    state: ClientState

    def as_json(self) -> dict[str, str]:
        """The same as texts, for `of_json`."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> "Registered":
        """What `as_json` made."""
        ids = {name: uuid.UUID(values[name]) for name in ("organization_id", "platform_key", "client_key")}
        return cls(**{**values, **ids, "state": ClientState(values["state"])})

    def as_pylti1p3(self) -> Registration:
        """The same as PyLTI1p3's objects take it."""
        return (
            Registration()
            .set_issuer(self.issuer)
            .set_client_id(self.client_id)
            .set_key_set_url(self.jwks_url)
            .set_auth_login_url(self.auth_login_url)
            .set_auth_token_url(self.token_url)
        )

    @property
    def frame_origins(self) -> str:
        """The origins that may show the portal in a frame, as ``frame-ancestors`` takes them."""
        origins = {origin_of(url) for url in (self.issuer, self.auth_login_url, self.token_url, self.jwks_url)}
        hosts = capabilities_of(self.kind).service_hosts
        origins |= {"https://" + ("*" + host if host.startswith(".") else host) for host in hosts}
        return " ".join(sorted(origin for origin in origins if origin))


def origin_of(url: str) -> str:
    """scheme://host[:port] of an address that a header may carry, or empty."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or not all(c.isalnum() or c in "-._" for c in host):
        return ""
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


_OF_ISSUER = (
    select(
        *(LtiClient.organization_id, LtiPlatform.id, LtiClient.id, LtiPlatform.kind, LtiPlatform.issuer),
        *(LtiPlatform.jwks_url, LtiClient.client_id, LtiClient.auth_login_url, LtiClient.token_url, LtiClient.state),
    )
    .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
    .where(LtiPlatform.issuer == bindparam("issuer"))
    .limit(_MOST)
)
_OF_CLIENT = _OF_ISSUER.where(LtiClient.client_id == bindparam("client_id"))


def find(issuer: str, client_id: str, deployment_id: str, *, within: uuid.UUID | None) -> Registered:
    """The one client a login request means. Refused when none or several fit.

    ``client_id`` and ``deployment_id`` may be empty. ``within`` is the organization that the login address names;
    without it the directory leads to candidates.
    """
    owners = [within] if within is not None else _owners(issuer, client_id, deployment_id)
    found: list[Registered] = []
    for owner in owners:
        with unit_of_work(organization_id=owner):
            found += _matching(issuer, client_id, deployment_id)
    usable = [each for each in found if each.state is ClientState.ACTIVE]
    if len(usable) == 1:
        return usable[0]
    refused = _ambiguous() if usable else _not_active(found) if found else _unknown()
    if len(owners) == 1:
        refused.organization_id = owners[0] if found or within is not None else None
    raise refused


def _owners(issuer: str, client_id: str, deployment_id: str) -> list[uuid.UUID]:
    """Organizations that may know this client, by the most that the request says."""
    with unit_of_work():
        for kind, parts in (
            (DirectoryKind.LTI_DEPLOYMENT, (issuer, client_id, deployment_id)),
            (DirectoryKind.LTI_CLIENT, (issuer, client_id)),
            (DirectoryKind.LTI_ISSUER, (issuer,)),
        ):
            if all(parts) and (owners := directory.sharers(kind, _hash(*parts), limit=_MOST)):
                return list(owners)
    return []


def _matching(issuer: str, client_id: str, deployment_id: str) -> list[Registered]:
    wanted = _OF_CLIENT if client_id else _OF_ISSUER
    rows: Iterable[Sequence[Any]] = session().execute(wanted, {"issuer": issuer, "client_id": client_id})
    found = [Registered(*row) for row in rows]
    if deployment_id and len(found) > 1:
        keys = set(
            session().scalars(select(LtiDeployment.lti_client_id).where(LtiDeployment.deployment_id == deployment_id))
        )
        found = [each for each in found if each.client_key in keys] or found
    return found


def deployment_of(client_key: uuid.UUID, deployment_id: str) -> LtiDeployment | None:
    """A registered deployment of a client."""
    return session().scalar(
        select(LtiDeployment).where(
            LtiDeployment.lti_client_id == client_key, LtiDeployment.deployment_id == deployment_id
        )
    )


def enter(client: LtiClient, platform: LtiPlatform) -> None:
    """Let logins find a client of the bound organization."""
    owner = organization_id()
    directory.share(DirectoryKind.LTI_ISSUER, _hash(platform.issuer), platform.id, organization_id=owner)
    directory.share(
        DirectoryKind.LTI_CLIENT, _hash(platform.issuer, client.client_id), client.id, organization_id=owner
    )


def add_deployment(
    client: LtiClient, platform: LtiPlatform, deployment_id: str, *, now: datetime
) -> tuple[LtiDeployment, bool]:
    """A deployment of a client, and whether it is new."""
    found = deployment_of(client.id, deployment_id)
    if found is not None:
        return found, False
    made = LtiDeployment(
        organization_id=organization_id(), lti_client_id=client.id, deployment_id=deployment_id, created_at=now
    )
    session().add(made)
    session().flush()
    directory.share(
        DirectoryKind.LTI_DEPLOYMENT,
        _hash(platform.issuer, client.client_id, deployment_id),
        made.id,
        organization_id=organization_id(),
    )
    return made, True


def _hash(*parts: str) -> bytes:
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def _unknown() -> Refused:
    return Refused(
        "unknown_registration",
        N_("This learning platform is not registered here. Its administrator has to register the portal first."),
    )


def _not_active(found: list[Registered]) -> Refused:
    if found[0].state is ClientState.PENDING:
        return Refused(
            "registration_pending",
            N_("This registration waits for approval by an admin of the portal, under Settings, Learning platforms."),
        )
    return Refused("registration_disabled", N_("This learning platform was switched off by an admin of the portal."))


def _ambiguous() -> Refused:
    return Refused(
        "ambiguous_registration",
        N_(
            "Several registrations fit. The platform's administrator should use the login address that the portal "
            "shows under Settings, Learning platforms."
        ),
    )
