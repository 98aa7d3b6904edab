"""Registering platforms by hand, approving those that registered themselves, switching off: an admin's services."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.errors import N_, Conflict, Invalid, NotFound
from portal.events.audit import audit
from portal.lti import guard, keysets, registry
from portal.lti.refusals import Refused
from portal.models.lti import ClientState, LtiClient, LtiPlatform, PlatformKind
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class PlatformDraft:
    """All that a registration consists of; texts as the platform shows them."""

    name: str
    issuer: str
    client_id: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    deployment_ids: tuple[str, ...] = ()
    kind: PlatformKind = PlatformKind.GENERIC


def register(draft: PlatformDraft, *, private: bool, actor: Actor, now: datetime) -> LtiClient:
    """Register a client by hand; it may launch at once. Invalid names the field, Conflict a known client."""
    authorize(actor, Permission.PLATFORMS_MANAGE)
    return add(draft, state=ClientState.ACTIVE, private=private, actor_member_id=actor.member_id, now=now)


def may_manage(actor: Actor) -> None:
    """Return when the actor may manage platforms; else Forbidden."""
    authorize(actor, Permission.PLATFORMS_MANAGE)


def add(
    draft: PlatformDraft, *, state: ClientState, private: bool, actor_member_id: uuid.UUID | None, now: datetime
) -> LtiClient:
    """As `register`, for callers that have authorised it by other means; ``state`` says whether it may launch."""
    check(draft, private=private)
    platform = session().scalar(
        select(LtiPlatform).where(LtiPlatform.issuer == draft.issuer, LtiPlatform.jwks_url == draft.jwks_url)
    )
    if platform is None:
        platform = LtiPlatform(
            organization_id=organization_id(),
            name=draft.name.strip(),
            kind=draft.kind,
            issuer=draft.issuer,
            jwks_url=draft.jwks_url,
            created_at=now,
        )
        session().add(platform)
        session().flush()
    elif session().scalar(
        select(LtiClient.id).where(LtiClient.platform_id == platform.id, LtiClient.client_id == draft.client_id)
    ):
        raise Conflict("client_known", N_("This client ID is registered for this platform already."))
    client = LtiClient(
        organization_id=organization_id(),
        platform_id=platform.id,
        client_id=draft.client_id,
        auth_login_url=draft.auth_login_url,
        token_url=draft.token_url,
        token_audience=draft.token_audience or None,
        state=state,
        created_at=now,
    )
    session().add(client)
    session().flush()
    registry.enter(client, platform)
    audit("lti.registered", "lti_client", client.id, actor_member_id=actor_member_id, now=now, state=state)
    for deployment_id in draft.deployment_ids:
        registry.add_deployment(client, platform, deployment_id, now=now)
    return client


def check(draft: PlatformDraft, *, private: bool) -> None:
    """Invalid, naming the first field that cannot be used."""
    for field in ("name", "issuer", "client_id"):
        _check_text(field, getattr(draft, field))
    for field in ("auth_login_url", "token_url", "jwks_url"):
        _check_url(field, getattr(draft, field), private=private)
    for deployment_id in draft.deployment_ids:
        _check_text("deployment_ids", deployment_id)


def _check_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > _LONGEST or not text.isprintable():
        raise Invalid(field, N_("Copy this from your learning platform, as it stands there."), field=field)


def _check_url(field: str, url: str, *, private: bool) -> None:
    _check_text(field, url)
    try:
        guard.check_address(url, private=private)
    except guard.BlockedAddressError as error:
        raise Invalid(field, N_("This is no address the portal may ask: %(why)s."), field=field, why=error) from error


def add_deployment(client_key: uuid.UUID, deployment_id: str, *, actor: Actor, now: datetime) -> None:
    """Let a further installation of a client launch. Conflict when it may already."""
    authorize(actor, Permission.PLATFORMS_MANAGE)
    client, platform = _client(client_key)
    _check_text("deployment_id", deployment_id)
    made, is_new = registry.add_deployment(client, platform, deployment_id.strip(), now=now)
    if not is_new:
        raise Conflict("deployment_known", N_("This deployment is registered already."))
    audit("lti.deployment_added", "lti_deployment", made.id, actor_member_id=actor.member_id, now=now)


def approve(client_key: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Let a pending or switched-off client launch."""
    _set_state(client_key, ClientState.ACTIVE, "lti.approved", actor=actor, now=now)


def disable(client_key: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Let a client launch no more; nothing is lost."""
    _set_state(client_key, ClientState.DISABLED, "lti.disabled", actor=actor, now=now)


def _set_state(client_key: uuid.UUID, state: ClientState, action: str, *, actor: Actor, now: datetime) -> None:
    authorize(actor, Permission.PLATFORMS_MANAGE)
    client, _platform = _client(client_key)
    client.state = state
    audit(action, "lti_client", client.id, actor_member_id=actor.member_id, now=now)


def refuse(client_key: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Remove a registration that was never approved. Conflict for one that was."""
    authorize(actor, Permission.PLATFORMS_MANAGE)
    client, platform = _client(client_key)
    if client.state is not ClientState.PENDING:
        raise Conflict("not_pending", N_("This registration was decided already."))
    session().delete(client)
    session().flush()
    if session().scalar(select(LtiClient.id).where(LtiClient.platform_id == platform.id).limit(1)) is None:
        session().delete(platform)
    audit("lti.registration_refused", "lti_client", client_key, actor_member_id=actor.member_id, now=now)


def _client(client_key: uuid.UUID) -> tuple[LtiClient, LtiPlatform]:
    row = (
        session()
        .execute(
            select(LtiClient, LtiPlatform)
            .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
            .where(LtiClient.id == client_key)
        )
        .first()
    )
    if row is None:
        raise NotFound("client_not_found", N_("There is no such registration."))
    client, platform = row
    return client, platform


def split_ids(text: str | None) -> tuple[str, ...]:
    """Deployment ids, one a line."""
    return tuple(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))


def test(client_key: uuid.UUID, *, private: bool, actor: Actor, now: datetime) -> int:
    """Ask the platform for its keys now: how many there are. Refused says in words what is wrong, and it is kept."""
    authorize(actor, Permission.PLATFORMS_MANAGE)
    _client_row, platform = _client(client_key)
    try:
        count = keysets.ask(platform.jwks_url, private=private)
    except Refused as refused:
        platform.last_error, platform.last_error_at = str(refused), now
        raise
    platform.last_error = platform.last_error_at = None
    return count
