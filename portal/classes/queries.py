"""Reads of classes, enrolments and days off."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import holidays
from sqlalchemy import func, or_, select

from portal.classes.meetings import Meeting, expand
from portal.errors import N_, NotFound
from portal.models.classes import (
    Blackout,
    ClassMeeting,
    ClassRole,
    Classroom,
    Enrolment,
    EnrolmentStatus,
    Leave,
    Term,
)
from portal.models.organizations import Member, MemberStatus
from portal.models.schedules import Assignment
from portal.security.actor import Actor
from portal.security.authorize import may
from portal.security.permissions import Permission
from portal.tenancy.scope import session

MAX_YEARS = 3
LARGE = 300  # students; work on more goes to the queue of long jobs


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class as lists show it."""

    id: uuid.UUID
    name: str
    starts_on: date
    soft_ends_on: date | None
    zone: str
    students: int
    paths: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody enrolled in a class."""

    member_id: uuid.UUID
    name: str
    email: str | None
    role: ClassRole
    status: MemberStatus
    starts_on: date | None
    zone: str | None
    weekday_minutes: list[int] | None
    pace_multiplier_percent: int


@dataclass(frozen=True, slots=True)
class DayOff:
    """A local date without study, and why."""

    on: date
    label: str


def classroom(class_id: uuid.UUID) -> Classroom:
    """The class. NotFound when there is none in this organization."""
    found = session().get(Classroom, class_id)
    if found is None:
        raise NotFound("class_not_found", N_("There is no such class."))
    return found


def classes_of(actor: Actor) -> list[ClassRow]:
    """Classes the actor teaches or assists in (admins: all), newest start first; one statement."""
    students = (
        select(func.count())
        .where(
            Enrolment.class_id == Classroom.id,
            Enrolment.role == ClassRole.STUDENT,
            Enrolment.status == EnrolmentStatus.ACTIVE,
        )
        .scalar_subquery()
    )
    paths = select(func.count()).where(Assignment.class_id == Classroom.id).scalar_subquery()
    found = select(
        Classroom.id, Classroom.name, Classroom.starts_on, Classroom.soft_ends_on, Classroom.zone, students, paths
    ).where(Classroom.archived_at.is_(None))
    if not may(actor, Permission.CLASS_VIEW):
        mine = select(Enrolment.class_id).where(
            Enrolment.member_id == actor.member_id,
            Enrolment.status == EnrolmentStatus.ACTIVE,
            Enrolment.role.in_((ClassRole.TEACHER, ClassRole.ASSISTANT)),
        )
        found = found.where(Classroom.id.in_(mine))
    rows = session().execute(found.order_by(Classroom.starts_on.desc(), Classroom.name))
    return [ClassRow(*row) for row in rows]


def people(class_id: uuid.UUID) -> list[Person]:
    """Everybody active in the class, teachers first; one statement."""
    columns: tuple[Any, ...] = (
        Member.id,
        Member.name,
        Member.email,
        Enrolment.role,
        Member.status,
        Enrolment.starts_on,
        Enrolment.zone,
        Enrolment.weekday_minutes,
        Enrolment.pace_multiplier_percent,
    )
    rows = session().execute(
        select(*columns)
        .join(Member, Member.id == Enrolment.member_id)
        .where(Enrolment.class_id == class_id, Enrolment.status == EnrolmentStatus.ACTIVE)
        .order_by(Enrolment.role == ClassRole.STUDENT, Member.name, Member.id)
    )
    return [Person(*row) for row in rows]


def students(class_id: uuid.UUID, member_ids: Sequence[uuid.UUID] | None = None) -> Sequence[Enrolment]:
    """Active enrolments of students, all or the given members', by member id."""
    found = select(Enrolment).where(
        Enrolment.class_id == class_id,
        Enrolment.role == ClassRole.STUDENT,
        Enrolment.status == EnrolmentStatus.ACTIVE,
    )
    if member_ids is not None:
        found = found.where(Enrolment.member_id.in_(member_ids))
    return session().scalars(found.order_by(Enrolment.member_id)).all()


def enrolment(class_id: uuid.UUID, member_id: uuid.UUID) -> Enrolment:
    """One active enrolment."""
    found = session().scalar(
        select(Enrolment).where(
            Enrolment.class_id == class_id,
            Enrolment.member_id == member_id,
            Enrolment.status == EnrolmentStatus.ACTIVE,
        )
    )
    if found is None:
        raise NotFound("enrolment_not_found", N_("That person is not in this class."))
    return found


def role_of(class_id: uuid.UUID, member_id: uuid.UUID) -> ClassRole | None:
    """The member's active role in the class."""
    return session().scalar(
        select(Enrolment.role).where(
            Enrolment.class_id == class_id,
            Enrolment.member_id == member_id,
            Enrolment.status == EnrolmentStatus.ACTIVE,
        )
    )


def open_class_ids() -> Sequence[uuid.UUID]:
    """Classes of the organization that are not archived."""
    return session().scalars(select(Classroom.id).where(Classroom.archived_at.is_(None))).all()


def large_class_ids(class_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the classes with more than `LARGE` students."""
    rows = session().scalars(
        select(Enrolment.class_id)
        .where(
            Enrolment.class_id.in_(class_ids),
            Enrolment.role == ClassRole.STUDENT,
            Enrolment.status == EnrolmentStatus.ACTIVE,
        )
        .group_by(Enrolment.class_id)
        .having(func.count() > LARGE)
    )
    return set(rows)


def member_choices(class_id: uuid.UUID) -> list[tuple[str, str]]:
    """Members not in the class, as (id, name and address)."""
    there = select(Enrolment.member_id).where(
        Enrolment.class_id == class_id, Enrolment.status == EnrolmentStatus.ACTIVE
    )
    rows = session().execute(
        select(Member.id, Member.name, Member.email)
        .where(Member.status != MemberStatus.REMOVED, Member.id.not_in(there))
        .order_by(Member.name)
        .limit(500)
    )
    return [(str(key), f"{name} ({email})" if email else name) for key, name, email in rows]


def terms() -> Sequence[Term]:
    """The organization's terms, newest first."""
    return session().scalars(select(Term).order_by(Term.starts_on.desc())).all()


def blackouts(class_id: uuid.UUID | None) -> Sequence[Blackout]:
    """The class's own days off and the organization's, by date; for None only the organization's."""
    return (
        session()
        .scalars(
            select(Blackout)
            .where(or_(Blackout.class_id == class_id, Blackout.class_id.is_(None)))
            .order_by(Blackout.starts_on)
        )
        .all()
    )


def off_dates(found: Collection[Classroom]) -> dict[uuid.UUID, set[date]]:
    """As `days_off` for several classes in one statement: the dates alone, by class."""
    rows = session().scalars(
        select(Blackout).where(or_(Blackout.class_id.in_([each.id for each in found]), Blackout.class_id.is_(None)))
    )
    spans = rows.all()
    return {each.id: set(_off(each, [span for span in spans if span.class_id in (None, each.id)])) for each in found}


def days_off(found: Classroom) -> list[DayOff]:
    """Every date without study between the class's start and end: public holidays and blackouts, by date."""
    days = _off(found, blackouts(found.id))
    return [DayOff(day, days[day]) for day in sorted(days)]


def _off(found: Classroom, spans: Iterable[Blackout]) -> dict[date, str]:
    last = _last_day(found)
    days = {day: label for day, label in _holidays(found, last).items() if found.starts_on <= day <= last}
    for blackout in spans:
        day = max(blackout.starts_on, found.starts_on)
        while day <= min(blackout.ends_on, last):
            days[day] = blackout.label
            day += timedelta(days=1)
    return days


def meeting_rules(class_id: uuid.UUID) -> Sequence[ClassMeeting]:
    """The rules of the class's meetings, by weekday and time."""
    return (
        session()
        .scalars(
            select(ClassMeeting)
            .where(ClassMeeting.class_id == class_id)
            .order_by(ClassMeeting.weekday, ClassMeeting.start_time, ClassMeeting.id)
        )
        .all()
    )


def meetings(found: Classroom, off: Sequence[DayOff]) -> list[Meeting]:
    """The class's meetings that take place, from its start to its planned end; none on the days ``off``."""
    last = found.soft_ends_on or found.hard_ends_on or _last_day(found)
    return expand(meeting_rules(found.id), found.zone, found.starts_on, last, {day.on for day in off})


def _last_day(found: Classroom) -> date:
    return found.hard_ends_on or found.starts_on.replace(day=1) + timedelta(days=366 * MAX_YEARS)


def _holidays(found: Classroom, last: date) -> dict[date, str]:
    if not found.holiday_country:
        return {}
    return _public_holidays(found.holiday_country, found.holiday_subdivision, found.starts_on.year, last.year)


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str | None, first_year: int, last_year: int) -> dict[date, str]:
    """Found anew they cost milliseconds a class; nobody changes the dictionary."""
    years = range(first_year, last_year + 1)
    return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=years).items())


def leaves(member_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Leave]]:
    """Leave of each of these members."""
    found: dict[uuid.UUID, list[Leave]] = {}
    for leave in session().scalars(select(Leave).where(Leave.member_id.in_(member_ids))):
        found.setdefault(leave.member_id, []).append(leave)
    return found
