"""The cast every access rule is tried with, in organizations of their own so that tests never meet.

ada owns the organization and teaches the class; ben is a student in it; cleo belongs to the same organization
but to another class; dora belongs to another organization.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from portal.models.classes import ClassRole, Classroom, Enrolment
from portal.models.organizations import Member, MemberStatus, Organization, OrganizationKind, Role
from portal.models.people import DirectoryKind, User
from portal.security.actor import Actor
from portal.security.identity import load_actor
from portal.security.passwords import hash_password
from portal.tenancy import directory
from portal.tenancy.scope import new_id, unit_of_work

NOW = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)  # a Monday
PASSWORD = "correct horse battery"
_HASH = hash_password(PASSWORD)


@dataclass(frozen=True)
class Cast:
    """Actors and the places they stand in."""

    ada: Actor
    ben: Actor
    cleo: Actor
    dora: Actor
    class_id: uuid.UUID
    other_class_id: uuid.UUID
    foreign_class_id: uuid.UUID

    @property
    def everyone(self) -> dict[str, Actor]:
        return {"ada": self.ada, "ben": self.ben, "cleo": self.cleo, "dora": self.dora}


def make_user(name: str, *, now: datetime = NOW) -> User:
    """A person with a unique address who can sign in with `PASSWORD`."""
    user_id = new_id()
    email = f"{name.lower()}.{user_id.hex[-12:]}@example.org"
    user = User(
        id=user_id,
        email=email,
        password_hash=_HASH,
        name=name,
        zone="UTC",
        locale="en",
        email_verified_at=now,
        created_at=now,
    )
    with unit_of_work(user_id=user_id) as db:
        db.add(user)
        db.flush()
        directory.put(DirectoryKind.SIGN_IN, directory.hash_email(email), user_id, user_id=user_id)
        db.flush()
        db.expunge(user)
    return user


def make_organization(
    name: str = "Sample School", kind: OrganizationKind = OrganizationKind.ORGANIZATION, *, now: datetime = NOW
) -> uuid.UUID:
    """An empty organization; its id."""
    organization_id = new_id()
    with unit_of_work(organization_id=organization_id) as db:
        db.add(Organization(id=organization_id, kind=kind, name=name, zone="UTC", locale="en", created_at=now))
    return organization_id


def make_member(
    organization_id: uuid.UUID,
    user: User | None,
    role: Role,
    *,
    name: str | None = None,
    email: str | None = None,
    now: datetime = NOW,
) -> uuid.UUID:
    """A member, active when there is a user; its id."""
    with unit_of_work(organization_id=organization_id) as db:
        member = Member(
            organization_id=organization_id,
            user_id=None if user is None else user.id,
            name=name or (user.name if user else "Someone"),
            email=email or (user.email if user else None),
            role=role,
            status=MemberStatus.INVITED if user is None else MemberStatus.ACTIVE,
            created_at=now,
        )
        db.add(member)
        db.flush()
        return member.id


def morning(now: datetime) -> ZoneInfo:
    """A zone in which ``now`` lies between eight and nine: there the day has all its study time before it."""
    ahead = (8 - now.astimezone(UTC).hour + 12) % 24 - 12
    return ZoneInfo(f"Etc/GMT{-ahead:+d}")  # its signs are those of POSIX: GMT-2 is two hours ahead


def make_class(organization_id: uuid.UUID, name: str, *, now: datetime = NOW, **values: object) -> uuid.UUID:
    """A class in UTC with an hour on each weekday from Monday, 7 September 2026; its id."""
    defaults: dict[str, object] = {
        "zone": "UTC",
        "starts_on": date(2026, 9, 7),
        "weekday_minutes": [60, 60, 60, 60, 60, 0, 0],
        "study_from": time(8),
        "study_until": time(22),
        "due_time": time(23, 59),
    }
    with unit_of_work(organization_id=organization_id) as db:
        classroom = Classroom(organization_id=organization_id, name=name, created_at=now, **{**defaults, **values})
        db.add(classroom)
        db.flush()
        return classroom.id


def enrol(
    organization_id: uuid.UUID, class_id: uuid.UUID, member_id: uuid.UUID, role: ClassRole, *, now: datetime = NOW
) -> uuid.UUID:
    """An active enrolment; its id."""
    with unit_of_work(organization_id=organization_id) as db:
        enrolment = Enrolment(
            organization_id=organization_id, class_id=class_id, member_id=member_id, role=role, created_at=now
        )
        db.add(enrolment)
        db.flush()
        return enrolment.id


def make_actor(organization_id: uuid.UUID, member_id: uuid.UUID) -> Actor:
    """The actor of an active member."""
    with unit_of_work(organization_id=organization_id):
        actor = load_actor(member_id)
    assert actor is not None
    return actor


def make_cast() -> Cast:
    """A fresh cast."""
    school, elsewhere = make_organization(), make_organization("Another School")
    class_id, other, foreign = (
        make_class(school, "Year 5"),
        make_class(school, "Year 6"),
        make_class(elsewhere, "Year 7"),
    )
    ada = make_member(school, make_user("Ada"), Role.OWNER)
    ben = make_member(school, make_user("Ben"), Role.STUDENT)
    cleo = make_member(school, make_user("Cleo"), Role.MEMBER)
    dora = make_member(elsewhere, make_user("Dora"), Role.OWNER)
    enrol(school, class_id, ada, ClassRole.TEACHER)
    enrol(school, class_id, ben, ClassRole.STUDENT)
    enrol(school, other, cleo, ClassRole.TEACHER)
    enrol(elsewhere, foreign, dora, ClassRole.TEACHER)
    return Cast(
        *(make_actor(org, who) for org, who in ((school, ada), (school, ben), (school, cleo), (elsewhere, dora))),
        class_id=class_id,
        other_class_id=other,
        foreign_class_id=foreign,
    )
