"""Writing classes: the class itself, its days off, and who is in it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

import holidays
from sqlalchemy import select, update

from portal.classes import queries
from portal.errors import N_, Conflict, Invalid, NotFound
from portal.events.audit import audit
from portal.events.outbox import LONG, SHORT, emit, emit_all
from portal.models.classes import (
    Blackout,
    Cadence,
    ClassRole,
    Classroom,
    Enrolment,
    EnrolmentStatus,
    Term,
)
from portal.models.organizations import Member, MemberStatus, Role
from portal.organizations.services import add_invited
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session


@dataclass(frozen=True, slots=True)
class ClassDraft:
    """All a person may say of a class; dates and times are local to ``zone``, weekdays run Monday..Sunday.

    ``study_breaks`` are ``{"from": "12:00", "until": "13:30"}``, in whatever order.
    """

    name: str
    zone: str
    starts_on: date
    weekday_minutes: list[int]
    soft_ends_on: date | None = None
    hard_ends_on: date | None = None
    daily_cap_minutes: int | None = None
    weekly_cap_minutes: int | None = None
    study_from: time = time(8)
    study_until: time = time(22)
    study_breaks: list[dict[str, Any]] = field(default_factory=list)
    due_time: time = time(23, 59)
    cadence: Cadence = Cadence.DAILY
    holiday_country: str | None = None
    holiday_subdivision: str | None = None
    term_id: uuid.UUID | None = None
    policy: dict[str, Any] = field(default_factory=dict)
    streaks: bool = True
    milestones: bool = True


@dataclass(frozen=True, slots=True)
class Overrides:
    """What differs for one student; None is as the class has it. Times are local to the student's zone."""

    starts_on: date | None = None
    ends_on: date | None = None
    zone: str | None = None
    weekday_minutes: list[int] | None = None
    study_from: time | None = None
    study_until: time | None = None
    pace_multiplier_percent: int = 100


def save_class(draft: ClassDraft, *, class_id: uuid.UUID | None = None, actor: Actor, now: datetime) -> Classroom:
    """Make a class (the actor becomes its teacher) or change one. Invalid names the field."""
    check(draft)
    if class_id is None:
        authorize(actor, Permission.CLASSES_CREATE)
        classroom = Classroom(organization_id=organization_id(), created_at=now)
        session().add(classroom)
    else:
        authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
        classroom = queries.classroom(class_id)
    for name in ClassDraft.__dataclass_fields__:
        setattr(classroom, name, getattr(draft, name))
    classroom.study_breaks = sorted(draft.study_breaks, key=lambda each: str(each["from"]))
    session().flush()
    verb = "class.created" if class_id is None else "class.changed"
    audit(verb, "class", classroom.id, actor_member_id=actor.member_id, now=now)
    if class_id is None:
        _enrol(classroom.id, actor.member_id, ClassRole.TEACHER, now=now)
    else:
        tell_schedules([classroom.id], now=now)
    return classroom


def tell_schedules(class_ids: Sequence[uuid.UUID], *, now: datetime) -> None:
    """Let the schedules of these classes follow a change of their calendars.

    Re-planning a large class takes a minute: it goes where it holds nobody up.
    """
    large = queries.large_class_ids(class_ids)
    for queue, chosen in ((LONG, large), (SHORT, [key for key in class_ids if key not in large])):
        emit_all("class.changed", [{"class_id": class_id} for class_id in chosen], queue=queue, now=now)


def check(draft: ClassDraft) -> None:
    """The rules of a class's fields."""
    if not draft.name.strip():
        raise Invalid("name", N_("Give the class a name."), field="name")
    _check_zone(draft.zone)
    check_week(draft.weekday_minutes)
    _check_dates(draft)
    check_hours(draft.study_from, draft.study_until)
    _check_breaks(draft)
    _check_caps(draft)
    known = holidays.list_supported_countries()
    if draft.holiday_country and draft.holiday_country not in known:
        raise Invalid("holiday_country", N_("Choose a country of the list."), field="holiday_country")
    if draft.holiday_subdivision and draft.holiday_subdivision not in known.get(draft.holiday_country or "", ()):
        raise Invalid(
            "holiday_subdivision",
            N_("%(country)s has no region “%(region)s”."),
            field="holiday_subdivision",
            country=draft.holiday_country,
            region=draft.holiday_subdivision,
        )


def _check_zone(zone: str) -> None:
    if zone not in available_timezones():
        raise Invalid("zone", N_("%(zone)s is not a time zone."), field="zone", zone=zone)


def check_week(weekday_minutes: list[int]) -> None:
    """Minutes of Monday..Sunday. Invalid unless one is a study day and all are multiples of 5 within a day."""
    if len(weekday_minutes) != 7 or not any(weekday_minutes):
        raise Invalid("weekday_minutes", N_("Give at least one study day some minutes."), field="weekday_minutes")
    if any(minutes < 0 or minutes > 1440 or minutes % 5 for minutes in weekday_minutes):
        raise Invalid(
            "weekday_minutes", N_("Minutes of a study day are a multiple of 5, at most 1440."), field="weekday_minutes"
        )


def check_hours(study_from: time | None, study_until: time | None) -> None:
    """Study hours of a day, or neither end. Invalid for one end alone or an end before the beginning."""
    if (study_from is None) != (study_until is None):
        raise Invalid("study_until", N_("Give both ends of the study hours, or neither."), field="study_until")
    if study_from is not None and study_until is not None and study_from >= study_until:
        raise Invalid("study_until", N_("Study hours must end after they begin."), field="study_until")


def _check_breaks(draft: ClassDraft) -> None:
    """Breaks lie within the study hours and do not meet, so that study is left before, between and after them."""
    times = sorted((time.fromisoformat(each["from"]), time.fromisoformat(each["until"])) for each in draft.study_breaks)
    bounds = [draft.study_from, *(bound for each in times for bound in each), draft.study_until]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        raise Invalid(
            "study_breaks",
            N_("Breaks lie within the study hours, end after they begin, and leave time between them."),
            field="break_until",
        )


def _check_caps(draft: ClassDraft) -> None:
    for name, most in (("daily_cap_minutes", 1440), ("weekly_cap_minutes", 10080)):
        minutes = getattr(draft, name)
        if minutes is not None and (not 5 <= minutes <= most or minutes % 5):
            raise Invalid(name, N_("A limit is a multiple of 5 between 5 and %(most)d minutes."), field=name, most=most)


def _check_dates(draft: ClassDraft) -> None:
    if draft.soft_ends_on and draft.soft_ends_on < draft.starts_on:
        raise Invalid("soft_ends_on", N_("The planned end is before the start."), field="soft_ends_on")
    if draft.hard_ends_on and draft.hard_ends_on < (draft.soft_ends_on or draft.starts_on):
        raise Invalid("hard_ends_on", N_("The last possible day is before the planned end."), field="hard_ends_on")


def archive_class(class_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take a class out of the lists; nothing is lost."""
    authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    queries.classroom(class_id).archived_at = now
    audit("class.archived", "class", class_id, actor_member_id=actor.member_id, now=now)


def create_term(name: str, starts_on: date, ends_on: date, *, actor: Actor, now: datetime) -> Term:
    """Make a term of the organization."""
    authorize(actor, Permission.CLASSES_CREATE)
    if ends_on < starts_on:
        raise Invalid("ends_on", N_("The end is before the start."), field="ends_on")
    if session().scalar(select(Term.id).where(Term.name == name.strip())):
        raise Invalid("name", N_("There is a term of that name already."), field="name")
    term = Term(organization_id=organization_id(), name=name.strip(), starts_on=starts_on, ends_on=ends_on)
    session().add(term)
    session().flush()
    audit("term.created", "term", term.id, actor_member_id=actor.member_id, now=now)
    return term


def add_blackout(
    class_id: uuid.UUID | None, starts_on: date, ends_on: date, label: str, *, actor: Actor, now: datetime
) -> Blackout:
    """Add dates without study to a class, or to the whole organization when ``class_id`` is None; schedules follow."""
    _authorize_blackouts(class_id, actor)
    if ends_on < starts_on or (ends_on - starts_on).days > 366:
        raise Invalid("ends_on", N_("The end must be within a year after the start."), field="ends_on")
    blackout = Blackout(
        organization_id=organization_id(),
        class_id=class_id,
        starts_on=starts_on,
        ends_on=ends_on,
        label=label.strip() or "–",
    )
    session().add(blackout)
    session().flush()
    _blackouts_changed("blackout.added", blackout, actor=actor, now=now)
    return blackout


def remove_blackout(class_id: uuid.UUID | None, blackout_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take dates without study away again; schedules follow."""
    _authorize_blackouts(class_id, actor)
    blackout = session().get(Blackout, blackout_id)
    if blackout is None or blackout.class_id != class_id:
        raise NotFound("blackout_not_found", N_("There are no such days off."))
    session().delete(blackout)
    _blackouts_changed("blackout.removed", blackout, actor=actor, now=now)


def _authorize_blackouts(class_id: uuid.UUID | None, actor: Actor) -> None:
    if class_id is None:
        authorize(actor, Permission.ORGANIZATION_EDIT)
    else:
        authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
        queries.classroom(class_id)


def _blackouts_changed(action: str, blackout: Blackout, *, actor: Actor, now: datetime) -> None:
    audit(action, "blackout", blackout.id, actor_member_id=actor.member_id, now=now)
    touched = [blackout.class_id] if blackout.class_id else queries.open_class_ids()
    tell_schedules(touched, now=now)


def enrol_member(
    class_id: uuid.UUID,
    member_id: uuid.UUID,
    role: ClassRole,
    *,
    starts_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> Enrolment:
    """Enrol a member; a student gets the class's schedules."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    member = session().get(Member, member_id)
    if member is None or member.status is MemberStatus.REMOVED:
        raise NotFound("member_not_found", N_("There is no such member."))
    queries.classroom(class_id)
    if queries.role_of(class_id, member_id) not in (None, role):
        raise Conflict("other_role", N_("%(name)s is in this class already."), name=member.name)
    enrolment = _enrol(class_id, member_id, role, starts_on=starts_on, now=now)
    audit("enrolment.added", "class", class_id, actor_member_id=actor.member_id, now=now, member=member_id, role=role)
    emit("enrolment.added", now=now, class_id=class_id, member_ids=[str(member_id)])
    return enrolment


_RISING = (None, ClassRole.OBSERVER, ClassRole.STUDENT, ClassRole.ASSISTANT, ClassRole.TEACHER)


def enrol_launched(class_id: uuid.UUID, member_id: uuid.UUID, role: ClassRole, *, now: datetime) -> bool:
    """Enrol as a learning platform says, or give more than before, never less; whether anything changed.

    The caller has proved that the platform speaks for the class.
    """
    before = queries.role_of(class_id, member_id)
    if _RISING.index(before) >= _RISING.index(role):
        return False
    _enrol(class_id, member_id, role, now=now)
    audit("enrolment.added", "class", class_id, actor_member_id=None, now=now, member=member_id, role=role)
    if before is ClassRole.STUDENT:
        emit("enrolment.removed", now=now, class_id=class_id, member_ids=[str(member_id)])
    emit("enrolment.added", now=now, class_id=class_id, member_ids=[str(member_id)])
    return True


def enrol_by_email(
    class_id: uuid.UUID,
    email: str,
    name: str,
    role: ClassRole,
    *,
    starts_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> Enrolment:
    """Enrol whoever has this address; who is new to the organization is invited by mail.

    Conflict when they are in the class already: nobody is invited twice by a second click.
    """
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    if any((person.email or "").casefold() == email.casefold() for person in queries.people(class_id)):
        raise Conflict("enrolled_already", N_("%(name)s is in this class already."), name=name or email)
    wanted = Role.STUDENT if role in (ClassRole.STUDENT, ClassRole.OBSERVER) else Role.MEMBER
    member = add_invited(email=email, name=name, role=wanted, actor=actor, now=now)
    return enrol_member(class_id, member.id, role, starts_on=starts_on, actor=actor, now=now)


def _enrol(
    class_id: uuid.UUID, member_id: uuid.UUID, role: ClassRole, *, starts_on: date | None = None, now: datetime
) -> Enrolment:
    enrolment = session().scalar(
        select(Enrolment).where(Enrolment.class_id == class_id, Enrolment.member_id == member_id)
    )
    if enrolment is None:
        enrolment = Enrolment(organization_id=organization_id(), class_id=class_id, member_id=member_id, created_at=now)
        session().add(enrolment)
    enrolment.role, enrolment.status, enrolment.starts_on = role, EnrolmentStatus.ACTIVE, starts_on
    session().flush()
    return enrolment


def change_enrolment(class_id: uuid.UUID, member_id: uuid.UUID, own: Overrides, *, actor: Actor, now: datetime) -> None:
    """Give a student dates, days, hours, a zone or a pace of their own; the schedules follow."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    check_overrides(own)
    enrolment = queries.enrolment(class_id, member_id)
    for name in Overrides.__dataclass_fields__:
        setattr(enrolment, name, getattr(own, name))
    audit("enrolment.changed", "class", class_id, actor_member_id=actor.member_id, now=now, member=member_id)
    emit("enrolment.added", now=now, class_id=class_id, member_ids=[str(member_id)])


def check_overrides(own: Overrides) -> None:
    """The rules of what may differ for one student."""
    if own.zone is not None:
        _check_zone(own.zone)
    if own.weekday_minutes is not None:
        check_week(own.weekday_minutes)
    check_hours(own.study_from, own.study_until)
    if own.starts_on is not None and own.ends_on is not None and own.ends_on < own.starts_on:
        raise Invalid("ends_on", N_("The end is before the start."), field="ends_on")
    if not 25 <= own.pace_multiplier_percent <= 400:
        raise Invalid(
            "pace_multiplier_percent",
            N_("The effort must be between 25 and 400 percent."),
            field="pace_multiplier_percent",
        )


def remove_enrolment(class_id: uuid.UUID, member_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take somebody out of a class; what was done stays, what is open goes."""
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    enrolment = queries.enrolment(class_id, member_id)
    if enrolment.role is ClassRole.TEACHER and enrolment.member_id == actor.member_id:
        raise Invalid("self", N_("You cannot take yourself out of a class you teach."))
    enrolment.status = EnrolmentStatus.REMOVED
    audit("enrolment.removed", "class", class_id, actor_member_id=actor.member_id, now=now, member=member_id)
    emit("enrolment.removed", now=now, class_id=class_id, member_ids=[str(member_id)])


def leave_classes(member_id: uuid.UUID, *, now: datetime) -> None:
    """Take a member who left the organization out of all its classes."""
    left = session().scalars(
        update(Enrolment)
        .where(Enrolment.member_id == member_id, Enrolment.status == EnrolmentStatus.ACTIVE)
        .values(status=EnrolmentStatus.REMOVED)
        .returning(Enrolment.class_id)
    )
    emit_all(
        "enrolment.removed", [{"class_id": class_id, "member_ids": [str(member_id)]} for class_id in left], now=now
    )
