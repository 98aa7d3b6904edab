"""Reads of organizations and members."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from portal.models.organizations import (
    Invitation,
    Member,
    MemberStatus,
    Organization,
    OrganizationKind,
    Role,
)
from portal.models.people import DirectoryKind
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work
from portal.web.paging import Page, page_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class Membership:
    """One of a person's organizations."""

    organization_id: uuid.UUID
    member_id: uuid.UUID
    name: str
    kind: OrganizationKind
    role: Role


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom an invitation is meant for, and to which organization."""

    organization_name: str
    zone: str
    name: str
    email: str


def memberships(user_id: uuid.UUID) -> list[Membership]:
    """The person's active memberships, read in the person's own scope."""
    with unit_of_work(user_id=user_id) as db:
        rows = db.execute(
            select(Organization.id, Member.id, Organization.name, Organization.kind, Member.role)
            .join(Organization, Organization.id == Member.organization_id)
            .where(Member.user_id == user_id, Member.status == MemberStatus.ACTIVE)
            .order_by(Organization.kind == OrganizationKind.INDIVIDUAL, Organization.name)
        ).all()
    return [Membership(*row) for row in rows]


def organization() -> Organization:
    """The bound organization."""
    return session().get_one(Organization, organization_id())


def members(search: str, asked: int) -> tuple[Sequence[Member], Page]:
    """The page ``asked`` of members not removed, by name; ``search`` matches name or e-mail."""
    found = select(Member).where(Member.status != MemberStatus.REMOVED)
    if search:
        found = found.where(
            or_(Member.name.icontains(search, autoescape=True), Member.email.icontains(search, autoescape=True))
        )
    total = session().scalar(select(func.count()).select_from(found.subquery())) or 0
    page = page_of(asked, total, PAGE)
    rows = session().scalars(found.order_by(Member.name, Member.id).limit(page.size).offset(page.offset)).all()
    return rows, page


def open_invitation(invitation_id: uuid.UUID, *, now: datetime) -> tuple[Invitation, Member] | None:
    """An invitation that can still be accepted, with its member."""
    row = (
        session()
        .execute(
            select(Invitation, Member)
            .join(Member, Member.id == Invitation.member_id)
            .where(
                Invitation.id == invitation_id,
                Invitation.accepted_at.is_(None),
                Invitation.expires_at > now,
                Member.status == MemberStatus.INVITED,
            )
        )
        .first()
    )
    return None if row is None else (row[0], row[1])


def invitation_entry(token: str, *, now: datetime) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The organization and the invitation a token leads to, or None when it is unknown, used or expired."""
    with unit_of_work():
        entry = directory.find(DirectoryKind.INVITATION, directory.hash_token(token), now=now)
        return None if entry is None or entry.organization_id is None else (entry.organization_id, entry.target_id)


def invited(token: str, *, now: datetime) -> Invited | None:
    """What an invitation's token leads to, read in the organization's own scope; None when it is gone."""
    entry = invitation_entry(token, now=now)
    if entry is None:
        return None
    with unit_of_work(organization_id=entry[0]):
        opened = open_invitation(entry[1], now=now)
        if opened is None:
            return None
        found, member = organization(), opened[1]
        return Invited(found.name, found.zone, member.name, member.email or "")
