"""The demo organization: a sample school with a class three weeks into a path. All people are samples.

Everything is made by the same services people use, at the times it would have happened.
"""

import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.accounts.queries import user_of
from portal.accounts.services import register
from portal.assignments.services import publish_path
from portal.calendars.services import mint
from portal.classes.services import ClassDraft, enrol_by_email, save_class
from portal.classes.timetable import MeetingDraft, add_meetings
from portal.config import Settings
from portal.curricula.services import publish as publish_version
from portal.events.outbox import EVENT
from portal.jobs import runner
from portal.models.classes import ClassRole
from portal.models.curricula import Curriculum
from portal.models.organizations import Invitation, Member, MemberStatus, Organization, OrganizationKind, Role
from portal.models.people import DirectoryKind, DueWork, User
from portal.models.schedules import ScheduleItem
from portal.organizations.services import accept, create_organization, invite, mint_invitation_token
from portal.progress.services import complete, start
from portal.security.actor import Actor
from portal.security.identity import load_actor
from portal.security.passwords import hash_password
from portal.tenancy import directory
from portal.tenancy.scope import session, unit_of_work

ORGANIZATION, CLASS, ZONE = "Northfield Sample School", "Programming 1", "Europe/Berlin"
PATH = "First steps in programming"
_SINCE = timedelta(days=18)
_STUDENTS = (
    *("Amira", "Bruno", "Chiara", "Daniyal", "Elif", "Finn", "Grace", "Hugo", "Ines", "Jonah", "Kaya", "Lena"),
    *("Mateo", "Nora", "Omar", "Priya", "Quinn", "Rosa", "Samir", "Tilda", "Uma", "Viktor", "Wanda", "Yusuf"),
)


def _file(settings: Settings) -> Path:
    return settings.instance_dir / "demo.json"


def read(settings: Settings) -> dict[str, Any] | None:
    """What the demo made, or None when there is none."""
    path = _file(settings)
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def ensure(settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Make the demo where it is missing; what it made: address, sign-ins by role, class, path."""
    found = read(settings)
    if found is not None:
        return found
    return _keep(settings, _make(now))


def served(settings: Settings) -> None:
    """Note the address the demo is served at from now on."""
    found = read(settings)
    if found is not None:
        _keep(settings, found)


def _keep(settings: Settings, made: dict[str, Any]) -> dict[str, Any]:
    made = {**made, "base_url": settings.base_url}
    path = _file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(made, indent=2))
    return made


def _make(now: datetime) -> dict[str, Any]:
    began = datetime.combine((now - _SINCE).date(), time(8), UTC)
    password = secrets.token_urlsafe(9)
    owner, teacher, student = (
        _person(name, password, began) for name in ("Olivia Owner", "Theo Teacher", "Amira Sample")
    )
    with clock.frozen(began):
        organization_id, owner_id = create_organization(
            ORGANIZATION, OrganizationKind.ORGANIZATION, ZONE, user=owner, now=began, holiday_country="DE"
        )
        _run_events(organization_id)
        _join(organization_id, owner_id, teacher, Role.MEMBER, began)
        class_id = _class(organization_id, teacher, began)
        _join(organization_id, owner_id, student, Role.STUDENT, began)
        _run_events(organization_id)
    _study(organization_id, now)
    return {
        "organization": ORGANIZATION,
        "class": {"id": str(class_id), "name": CLASS},
        "path": PATH,
        "sign_ins": {
            "owner": {"email": owner.email, "password": password},
            "teacher": {"email": teacher.email, "password": password},
            "student": {"email": student.email, "password": password},
        },
    }


def _person(name: str, password: str, now: datetime) -> User:
    email = f"{name.split()[0].lower()}@example.org"
    register(name=name, email=email, password=password, zone=ZONE, now=now)
    with unit_of_work():
        entry = directory.find(DirectoryKind.SIGN_IN, directory.hash_email(email), now=now)
    assert entry is not None  # noqa: S101  # just registered
    with unit_of_work(user_id=entry.target_id) as db:
        known = {"email_verified_at": now, "password_hash": hash_password(password)}
        db.execute(update(User).where(User.id == entry.target_id).values(known))
        half_made = db.scalars(
            select(Member.organization_id)
            .join(Organization, Organization.id == Member.organization_id)
            .where(Member.user_id == entry.target_id, Organization.kind != OrganizationKind.INDIVIDUAL)
        ).all()
    for organization_id in half_made:
        _leave(organization_id, entry.target_id)
    return user_of(entry.target_id)


def _leave(organization_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Take the person out of a demo whose making was cut off; a new one is made."""
    with unit_of_work(organization_id=organization_id) as db:
        gone = {"status": MemberStatus.REMOVED, "user_id": None}
        db.execute(update(Member).where(Member.user_id == user_id).values(gone))


@contextmanager
def _acting(organization_id: uuid.UUID, user: User) -> Iterator[Actor]:
    with unit_of_work(organization_id=organization_id, user_id=user.id) as db:
        member_id = db.scalars(select(Member.id).where(Member.user_id == user.id)).one()
        actor = load_actor(member_id)
        assert actor is not None  # noqa: S101  # an active member
        yield actor


def _join(organization_id: uuid.UUID, owner_id: uuid.UUID, user: User, role: Role, now: datetime) -> None:
    """Invite a person and accept at once."""
    with unit_of_work(organization_id=organization_id) as db:
        owner = load_actor(owner_id)
        assert owner is not None  # noqa: S101  # just made
        member = invite(email=user.email, name=user.name, role=role, actor=owner, now=now)
        invitation_id = db.scalars(
            select(Invitation.id).where(Invitation.member_id == member.id).order_by(Invitation.id.desc())
        ).first()
        assert invitation_id is not None  # noqa: S101  # just made
        token = mint_invitation_token(invitation_id, now=now)
    accept(token, user=user, now=now)


def _class(organization_id: uuid.UUID, teacher: User, now: datetime) -> uuid.UUID:
    with _acting(organization_id, teacher) as actor:
        classroom = save_class(
            ClassDraft(
                name=CLASS,
                zone=ZONE,
                starts_on=now.date(),
                soft_ends_on=now.date() + timedelta(weeks=14),
                hard_ends_on=now.date() + timedelta(weeks=18),
                weekday_minutes=[60, 60, 60, 60, 45, 45, 30],
                study_from=time(8, 30),
                study_until=time(18),
                holiday_country="DE",
            ),
            actor=actor,
            now=now,
        )
        class_id = classroom.id
        add_meetings(class_id, MeetingDraft(weekday=2, start_time=time(10), minutes=90), actor=actor, now=now)
        for name in _STUDENTS:
            email = f"{name.lower()}@example.org"
            enrol_by_email(class_id, email, f"{name} Sample", ClassRole.STUDENT, actor=actor, now=now)
    with _acting(organization_id, teacher) as actor:
        curriculum_id = session().scalars(select(Curriculum.id).where(Curriculum.title == PATH)).one()
        version = publish_version(curriculum_id, actor=actor, now=now)
        publish_path(version.id, class_id, policy={"arrangement": "SOON"}, actor=actor, now=now)
    return class_id


def _run_events(organization_id: uuid.UUID) -> None:
    """Handle the organization's events now; mails and digests are left to the workers."""
    while True:
        with unit_of_work() as db:
            pointers = db.scalars(
                select(DueWork.id).where(
                    DueWork.organization_id == organization_id, DueWork.kind == EVENT, DueWork.failed_at.is_(None)
                )
            ).all()
        if not pointers:
            return
        for pointer in pointers:
            runner.run(str(pointer), str(organization_id), None)


def _study(organization_id: uuid.UUID, now: datetime) -> None:
    """Let every sample student work, some eagerly, some less; deterministic by the student's place in the list."""
    with unit_of_work(organization_id=organization_id) as db:
        members = db.scalars(select(Member).where(Member.role == Role.STUDENT).order_by(Member.name)).all()
        actors = [_actor(member) for member in members]
    for number, actor in enumerate(actors):
        with unit_of_work(organization_id=organization_id) as db:
            items = db.scalars(
                select(ScheduleItem).where(ScheduleItem.member_id == actor.member_id).order_by(ScheduleItem.starts_at)
            ).all()
            today = now.date()
            past = [item for item in items if item.on_date < today]
            keep = len(past) - (0, 0, 1, 0, 2, 0, 5, 1, 0, 3)[number % 10]
            for place, item in enumerate(past[: max(0, keep)]):
                minutes = max(5, item.minutes + (-10, 0, 5, 0, 15)[(number + place) % 5])
                complete(item.id, actual_minutes=minutes, actor=actor, now=item.starts_at + timedelta(minutes=minutes))
            if number % 7 == 3 and len(items) > len(past):
                start(items[len(past)].id, actor=actor, now=now - timedelta(minutes=12))


def _actor(member: Member) -> Actor:
    return Actor(
        organization_id=member.organization_id,
        organization_name=ORGANIZATION,
        organization_kind=OrganizationKind.ORGANIZATION,
        member_id=member.id,
        user_id=member.user_id,
        name=member.name,
        email=member.email,
        role=member.role,
        zone=ZONE,
        locale="en",
    )


def mint_feed(made: dict[str, Any], *, now: datetime) -> str:
    """A fresh feed address of the demo's student."""
    email = made["sign_ins"]["student"]["email"]
    with unit_of_work():
        entry = directory.find(DirectoryKind.SIGN_IN, directory.hash_email(email), now=now)
    assert entry is not None  # noqa: S101  # the demo made it
    assert entry.user_id is not None  # noqa: S101  # a person's entry
    with unit_of_work(user_id=entry.user_id) as db:
        organization_id = db.scalars(
            select(Member.organization_id).where(Member.user_id == entry.user_id, Member.role == Role.STUDENT)
        ).one()
    with _acting(organization_id, user_of(entry.user_id)) as actor:
        token = mint(actor=actor, now=now)
    return f"{made['base_url']}/feeds/{token}.ics"
