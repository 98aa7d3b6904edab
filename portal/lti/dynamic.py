"""Dynamic Registration (IMS 1.0): a one-time link of an admin lets a platform register itself, pending approval."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import select

from portal.errors import N_
from portal.events.audit import audit
from portal.lti import guard, tool
from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.known import capabilities_of
from portal.lti.refusals import Refused
from portal.lti.registration import PlatformDraft, add
from portal.models.lti import ClientState, LtiRegistrationLink, PlatformKind
from portal.models.people import DirectoryKind
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work

LIFETIME = timedelta(days=7)
PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_SAID = 300


@dataclass(frozen=True, slots=True)
class Link:
    """A registration link that was opened: whose it is."""

    organization_id: uuid.UUID
    link_id: uuid.UUID


def make_link(*, actor: Actor, now: datetime) -> str:
    """A new one-time link's token; it is shown once and only its hash is kept."""
    authorize(actor, Permission.PLATFORMS_MANAGE)
    link = LtiRegistrationLink(
        organization_id=organization_id(), created_by_id=actor.member_id, created_at=now, expires_at=now + LIFETIME
    )
    session().add(link)
    session().flush()
    token = directory.mint(
        DirectoryKind.LTI_REGISTRATION, link.id, organization_id=organization_id(), expires_at=link.expires_at
    )
    audit("lti.link_made", "lti_registration_link", link.id, actor_member_id=actor.member_id, now=now)
    return token


def open_link(token: str, *, now: datetime) -> Link:
    """Whose link it is. Refused for one that is unknown, used or expired."""
    with unit_of_work():
        entry = directory.find(DirectoryKind.LTI_REGISTRATION, directory.hash_token(token), now=now)
    if entry is None or entry.organization_id is None:
        raise Refused(
            "registration_link",
            N_("This registration link was used or has expired. An admin of the portal makes another."),
        )
    return Link(entry.organization_id, entry.target_id)


def register(
    link: Link, configuration_url: str, registration_token: str, *, base_url: str, private: bool, now: datetime
) -> str:
    """Register the portal at the platform whose configuration is at the address; the platform's name.

    Refused with the platform's own words when it says no; the link then stays good.
    """
    try:
        with unit_of_work(organization_id=link.organization_id), guard.session(private=private) as http:
            if registration_token:
                http.headers["Authorization"] = f"Bearer {registration_token}"
            return _register(link, configuration_url, http, base_url=base_url, private=private, now=now)
    except Refused as refused:
        refused.organization_id = link.organization_id
        refused.details["host"] = urlsplit(configuration_url).netloc if configuration_url.isprintable() else ""
        raise


def _register(
    link: Link, configuration_url: str, http: guard.GuardedSession, *, base_url: str, private: bool, now: datetime
) -> str:
    row = (
        session()
        .scalars(select(LtiRegistrationLink).where(LtiRegistrationLink.id == link.link_id).with_for_update())
        .one()
    )
    if row.used_at is not None:
        raise Refused("registration_link", N_("This registration link was used already."))
    configuration = _ask(http, "GET", configuration_url)
    _check_issuer(configuration, configuration_url)
    own = tool.addresses(base_url, link.organization_id)
    request = tool.registration_request(own, _capabilities(configuration))
    answer = _ask(http, "POST", _text(configuration, "registration_endpoint"), request)
    draft = _draft(configuration, answer)
    client = add(draft, state=ClientState.PENDING, private=private, actor_member_id=None, now=now)
    row.used_at, row.lti_client_id = now, client.id
    directory.remove(DirectoryKind.LTI_REGISTRATION, row.id)
    return draft.name


def _capabilities(configuration: Mapping[str, Any]) -> Capabilities:
    family = _object(configuration, PLATFORM_CONFIGURATION).get("product_family_code")
    return capabilities_of(family if isinstance(family, str) else None)


def _draft(configuration: Mapping[str, Any], answer: Mapping[str, Any]) -> PlatformDraft:
    kind = _capabilities(configuration)
    host = urlsplit(_text(configuration, "issuer")).hostname or ""
    deployment_id = _object(answer, tool.TOOL_CONFIGURATION).get("deployment_id")
    return PlatformDraft(
        name=f"{kind.name} ({host})",
        issuer=_text(configuration, "issuer"),
        client_id=_text(answer, "client_id"),
        auth_login_url=_text(configuration, "authorization_endpoint"),
        token_url=_text(configuration, "token_endpoint"),
        jwks_url=_text(configuration, "jwks_uri"),
        token_audience=_audience(configuration),
        deployment_ids=(str(deployment_id),) if deployment_id else (),
        kind=PlatformKind(kind.family.upper()),
    )


def _audience(configuration: Mapping[str, Any]) -> str | None:
    """The ``aud`` of client assertions where the platform names one."""
    named = configuration.get("authorization_server")
    return named if isinstance(named, str) and named.isprintable() and named else None


def _check_issuer(configuration: Mapping[str, Any], configuration_url: str) -> None:
    """The issuer and the endpoint of registration belong to the host that was asked (3.4)."""
    asked = urlsplit(configuration_url).hostname or ""
    shared = _capabilities(configuration).service_hosts
    for name in ("issuer", "registration_endpoint"):
        host = urlsplit(_text(configuration, name)).hostname or ""
        if host != asked and not (_below(asked, shared) and _below(host, shared)):
            raise Refused(
                "foreign_issuer",
                N_("The platform's configuration names another host (%(host)s) than the one that gave it."),
                host=host,
            )


def _below(host: str, shared: frozenset[str]) -> bool:
    return any(("." + host).endswith(each) if each.startswith(".") else host == each for each in shared)


def _ask(http: guard.GuardedSession, method: str, url: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    try:
        response = http.request(method, url, json=body, headers={"Accept": "application/json"})
    except guard.BlockedAddressError as error:
        raise Refused("blocked", N_("That address may not be asked: %(why)s."), why=str(error)) from error
    except (requests.RequestException, ValueError) as error:
        raise Refused("unreachable", N_("The learning platform did not answer. Try again.")) from error
    try:
        found = json.loads(response.content)
    except (ValueError, RecursionError):
        found = None
    if not response.ok:
        raise Refused(
            "platform_refused",
            N_("The learning platform refused (%(status)s): %(said)s"),
            status=response.status_code,
            said=_said(found),
        )
    if not isinstance(found, dict):
        raise Refused("unreadable", N_("The learning platform's answer could not be read."))
    return found


def _said(found: Any) -> str:
    """The platform's own words in an error's body (RFC 7591, 3.2.2)."""
    if not isinstance(found, dict):
        return "–"
    words = (found.get(name) for name in ("error_description", "message", "error", "reason"))
    return next((str(word) for word in words if word), "–")[:_SAID]


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise Refused("incomplete", N_("The learning platform's answer has no usable “%(name)s”."), name=name)
    return value
