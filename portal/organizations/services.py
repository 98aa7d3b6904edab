"""Making organizations, inviting members, changing roles, removing members, accepting invitations."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from sqlalchemy import select, update

from portal.errors import N_, Conflict, Forbidden, Invalid, NotFound
from portal.events.audit import audit
from portal.events.outbox import emit
from portal.models.organizations import (
    Invitation,
    Member,
    MemberStatus,
    Organization,
    OrganizationKind,
    Role,
)
from portal.models.people import DirectoryKind, User
from portal.organizations import queries
from portal.security import sign_ins
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy import directory
from portal.tenancy.scope import new_id, organization_id, session, unit_of_work

INVITATION_LIFETIME = timedelta(days=30)


def create_organization(
    name: str, kind: OrganizationKind, zone: str, *, user: User, now: datetime, holiday_country: str | None = None
) -> tuple[uuid.UUID, uuid.UUID]:
    """Make an organization with ``user`` as its owner, in a unit of its own; (organization id, member id).

    Its starter library is copied by who hears ``organization.created``.
    """
    made_id = new_id()
    with unit_of_work(organization_id=made_id, user_id=user.id):
        return made_id, add_organization(name, kind, zone, user=user, now=now, holiday_country=holiday_country)


def add_organization(
    name: str, kind: OrganizationKind, zone: str, *, user: User, now: datetime, holiday_country: str | None = None
) -> uuid.UUID:
    """As `create_organization`, in the open unit, whose organization it becomes; the owner's member id."""
    _check_zone(zone)
    organization = Organization(
        id=organization_id(),
        kind=kind,
        name=name.strip(),
        zone=zone,
        locale=user.locale,
        holiday_country=holiday_country,
        created_at=now,
    )
    owner = Member(
        organization_id=organization.id,
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=Role.OWNER,
        status=MemberStatus.ACTIVE,
        created_at=now,
    )
    session().add(organization)
    session().flush()  # mapped classes have no relationships, so the order of inserts is ours to keep
    session().add(owner)
    session().flush()
    audit("organization.created", "organization", organization.id, actor_member_id=owner.id, now=now, kind=kind)
    emit("organization.created", now=now, organization_id=organization.id)
    return owner.id


def _check_zone(zone: str) -> None:
    if zone not in available_timezones():
        raise Invalid("zone", N_("%(zone)s is not a time zone."), field="zone", zone=zone)


def work_in(who: sign_ins.Identity, organization_id: uuid.UUID, member_id: uuid.UUID) -> None:
    """Let a person work in one of their organizations from now on, and begin there at the next sign-in."""
    with unit_of_work(user_id=who.user_id) as db:
        sign_ins.switch(who.token, organization_id=organization_id, member_id=member_id)
        db.execute(update(User).where(User.id == who.user_id).values(last_organization_id=organization_id))


def change_organization(
    *,
    name: str,
    zone: str,
    holiday_country: str | None,
    streaks: bool,
    milestones: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Change the bound organization's name, zone and holidays, and whether students see streaks and milestones."""
    authorize(actor, Permission.ORGANIZATION_EDIT)
    _check_zone(zone)
    organization = queries.organization()
    after = {
        "name": name.strip(),
        "zone": zone,
        "holiday_country": holiday_country,
        "streaks": streaks,
        "milestones": milestones,
    }
    before = {field: getattr(organization, field) for field in after}
    for field, value in after.items():
        setattr(organization, field, value)
    audit(
        "organization.changed",
        "organization",
        organization.id,
        actor_member_id=actor.member_id,
        now=now,
        before=before,
        after=after,
    )


def invite(*, email: str, name: str, role: Role, actor: Actor, now: datetime) -> Member:
    """Invite a person by mail; who is a member already is returned as is, an open invitation is renewed."""
    authorize(actor, Permission.MEMBERS_EDIT)
    return add_invited(email=email, name=name, role=role, actor=actor, now=now)


def add_invited(*, email: str, name: str, role: Role, actor: Actor, now: datetime) -> Member:
    """As `invite`, for callers that have authorised the actor by other means (enrolling in a class)."""
    if role is Role.OWNER and actor.role is not Role.OWNER:
        raise Forbidden("owner_only", N_("Only an owner can make another owner."))
    member = session().scalar(select(Member).where(Member.email == email, Member.status != MemberStatus.REMOVED))
    if member is None:
        member = Member(
            organization_id=organization_id(),
            name=name.strip() or email.split("@")[0],
            email=email,
            role=role,
            status=MemberStatus.INVITED,
            created_at=now,
        )
        session().add(member)
        session().flush()
        audit("member.invited", "member", member.id, actor_member_id=actor.member_id, now=now, role=role)
    if member.status is MemberStatus.INVITED:
        send_invitation(member.id, actor=actor, now=now)
    return member


def send_invitation(member_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Invite an invited member, or once more; the link of an earlier mail ends when the new mail is made."""
    invitation = session().scalar(
        select(Invitation)
        .where(Invitation.member_id == member_id, Invitation.accepted_at.is_(None))
        .order_by(Invitation.id.desc())
        .limit(1)
    )
    if invitation is None:
        invitation = Invitation(organization_id=organization_id(), member_id=member_id, created_at=now)
        session().add(invitation)
    invitation.invited_by_id, invitation.expires_at = actor.member_id, now + INVITATION_LIFETIME
    session().flush()
    emit("member.invited", now=now, member_id=member_id, invitation_id=invitation.id)


def resend_invitation(member_id: uuid.UUID, *, actor: Actor, now: datetime) -> Member:
    """Mail an invited member a fresh link. Conflict when the member has joined already."""
    authorize(actor, Permission.MEMBERS_EDIT)
    member = _member(member_id)
    if member.status is not MemberStatus.INVITED or member.email is None:
        raise Conflict("not_invited", N_("%(name)s is a member already."), name=member.name)
    send_invitation(member.id, actor=actor, now=now)
    return member


def mint_invitation_token(invitation_id: uuid.UUID, *, now: datetime) -> str:
    """The token of an invitation, made when its mail is; an earlier one of the same invitation ends."""
    invitation = session().get_one(Invitation, invitation_id)
    return directory.mint(
        DirectoryKind.INVITATION,
        invitation_id,
        organization_id=organization_id(),
        expires_at=invitation.expires_at,
    )


def accept(token: str, *, user: User, now: datetime) -> tuple[uuid.UUID, uuid.UUID]:
    """Join the organization of an invitation; (organization id, member id).

    NotFound for a token that is unknown, used or expired; Forbidden when it was meant for another address.
    """
    entry = queries.invitation_entry(token, now=now)
    if entry is None:
        raise _gone()
    owner_id, invitation_id = entry
    with unit_of_work(organization_id=owner_id, user_id=user.id) as db:
        found = queries.open_invitation(invitation_id, now=now)
        if found is None:
            raise _gone()
        invitation, member = found
        if (member.email or "").casefold() != user.email.casefold():
            raise Forbidden(
                "other_address",
                N_("This invitation was sent to %(email)s. Sign in with that address."),
                email=member.email,
            )
        if db.scalar(select(Member.id).where(Member.user_id == user.id, Member.status == MemberStatus.ACTIVE)):
            raise Conflict("member_already", N_("You are a member of this organization already."))
        member.user_id, member.status = user.id, MemberStatus.ACTIVE
        if member.zone != user.zone:
            emit("member.zone_changed", now=now, member_id=member.id)
        member.name, member.zone, member.locale = user.name, user.zone, user.locale
        invitation.accepted_at = now
        _confirm_address(user.id, now=now)
        directory.remove(DirectoryKind.INVITATION, invitation.id)
        audit("member.joined", "member", member.id, actor_member_id=member.id, now=now)
        return member.organization_id, member.id


def _confirm_address(user_id: uuid.UUID, *, now: datetime) -> None:
    """The mailed link proved it."""
    user = session().get_one(User, user_id)
    user.email_verified_at = user.email_verified_at or now
    directory.remove(DirectoryKind.VERIFICATION, user_id)


def _gone() -> NotFound:
    return NotFound("invitation_gone", N_("This invitation was used or has expired. Ask for a new one."))


def change_role(member_id: uuid.UUID, role: Role, *, actor: Actor, now: datetime) -> None:
    """Give a member another role; the last owner stays one, and only owners make or unmake owners."""
    authorize(actor, Permission.MEMBERS_EDIT)
    member = _member(member_id)
    if Role.OWNER in (member.role, role) and actor.role is not Role.OWNER:
        raise Forbidden("owner_only", N_("Only an owner can make another owner."))
    if member.role is Role.OWNER and role is not Role.OWNER:
        _keep_an_owner()
    before, member.role = member.role, role
    audit(
        "member.role",
        "member",
        member.id,
        actor_member_id=actor.member_id,
        now=now,
        before={"role": before},
        after={"role": role},
    )


def remove_member(member_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take a member out; the history stays, access ends with the next request."""
    authorize(actor, Permission.MEMBERS_EDIT)
    member = _member(member_id)
    if member.role is Role.OWNER:
        if actor.role is not Role.OWNER:
            raise Forbidden("owner_only", N_("Only an owner can remove an owner."))
        _keep_an_owner()
    member.status, member.user_id = MemberStatus.REMOVED, None
    audit("member.removed", "member", member.id, actor_member_id=actor.member_id, now=now)
    emit("member.removed", now=now, member_id=member.id)


def _member(member_id: uuid.UUID) -> Member:
    member = session().get(Member, member_id)
    if member is None or member.status is MemberStatus.REMOVED:
        raise NotFound("member_not_found", N_("There is no such member."))
    return member


def _keep_an_owner() -> None:
    owners = session().scalars(  # locked: two owners who unmake each other at once must not both succeed
        select(Member.id)
        .where(Member.role == Role.OWNER, Member.status == MemberStatus.ACTIVE)
        .order_by(Member.id)
        .with_for_update()
    )
    if len(owners.all()) < 2:
        raise Conflict("last_owner", N_("An organization keeps at least one owner. Make somebody else an owner first."))
