"""Commands that change what a class or single students are given: dates, minutes, ends, steps."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.classes import queries as classes
from portal.classes.services import Overrides, check_overrides, check_week
from portal.errors import N_, Invalid, NotFound
from portal.models.classes import Classroom, Enrolment
from portal.models.plans import ChangeKind, StepOverride
from portal.models.schedules import Assignment
from portal.schedules import queries
from portal.schedules.commands.intent import Ids, Intent, own_or_taught, taught
from portal.schedules.reversible import RowChange, insert_row, set_values
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class Differ:
    """What differs for one student of a class: dates, zone, days, hours and pace."""

    NAME: ClassVar[str] = "differ"
    class_id: uuid.UUID
    member: uuid.UUID
    pace: int = 100
    starts_on: date | None = None
    ends_on: date | None = None
    zone: str = ""
    week: tuple[int, ...] = ()
    study_from: time | None = None
    study_until: time | None = None

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        authorize(actor, Permission.CLASS_ENROL, class_id=self.class_id)
        own = Overrides(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            zone=self.zone or None,
            weekday_minutes=list(self.week) or None,
            study_from=self.study_from,
            study_until=self.study_until,
            pace_multiplier_percent=self.pace,
        )
        check_overrides(own)
        enrolment = classes.enrolment(self.class_id, self.member)
        values = {name: getattr(own, name) for name in Overrides.__dataclass_fields__}
        rows = [set_values(Enrolment, enrolment.id, **values)]
        standing = queries.assignments_of(self.class_id)
        return Intent(ChangeKind.OVERRIDES, standing, [self.member], rows)


@dataclass(frozen=True, slots=True)
class Pace:
    """An accommodation: so many percent of the planned effort for students; 100 is as planned."""

    NAME: ClassVar[str] = "pace"
    class_id: uuid.UUID
    pace: int
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        authorize(actor, Permission.CLASS_ENROL, class_id=self.class_id)
        check_overrides(Overrides(pace_multiplier_percent=self.pace))
        classroom = classes.classroom(self.class_id)
        enrolments = _enrolments(classroom.id, self.members)
        rows = [set_values(Enrolment, each.id, pace_multiplier_percent=self.pace) for each in enrolments]
        standing = queries.assignments_of(classroom.id)
        return Intent(ChangeKind.OVERRIDES, standing, self.members or None, rows, detail={"pace": self.pace})


def _enrolments(class_id: uuid.UUID, members: Ids) -> Sequence[Enrolment]:
    """These students of a class, or all."""
    found = classes.students(class_id, members or None)
    if members and {each.member_id for each in found} != set(members):
        raise NotFound("enrolment_not_found", N_("That person is not in this class."))
    return found


@dataclass(frozen=True, slots=True)
class ExtendStep:
    """A later due date of one step for students, at the class's due time; ``lock_on`` closes it for good."""

    NAME: ClassVar[str] = "extend"
    assignment: uuid.UUID
    members: Ids
    step: uuid.UUID
    due_on: date
    lock_on: date | None = None

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, (), actor)
        title = _titles(assignment, (self.step,))[0]
        if self.lock_on is not None and self.lock_on < self.due_on:
            raise Invalid("lock_on", N_("It cannot close before it is due."), field="lock_on")
        classroom = classes.classroom(assignment.class_id)
        due_at = datetime.combine(self.due_on, classroom.due_time, ZoneInfo(classroom.zone))
        lock_at = None if self.lock_on is None else datetime.combine(self.lock_on, time.max, ZoneInfo(classroom.zone))
        members = tuple(each.member_id for each in _enrolments(assignment.class_id, self.members))
        rows = _override(assignment.id, members, (self.step,), due_at=due_at, lock_at=lock_at)
        detail = {"step": str(self.step), "title": title, "due_on": self.due_on.isoformat()}
        return Intent(ChangeKind.EXTENDED, [assignment], self.members or None, rows, detail=detail)


def _titles(assignment: Assignment, steps: Ids) -> list[str]:
    titles = queries.step_titles(assignment.version_id)
    if not steps or not set(steps) <= titles.keys():
        raise Invalid("step", N_("Choose a step of the path."), field="step")
    return [titles[step] for step in steps]


def _override(assignment_id: uuid.UUID, members: Ids, steps: Ids, **values: Any) -> list[RowChange]:
    """What differs for each of these members and steps, in addition to what differs already."""
    there = {
        (member_id, step_id): row_id
        for row_id, member_id, step_id in session().execute(
            select(StepOverride.id, StepOverride.member_id, StepOverride.step_id).where(
                StepOverride.assignment_id == assignment_id,
                StepOverride.member_id.in_(members),
                StepOverride.step_id.in_(steps),
            )
        )
    }
    return [
        set_values(StepOverride, there[pair], **values)
        if (pair := (member_id, step_id)) in there
        else insert_row(StepOverride, assignment_id=assignment_id, member_id=member_id, step_id=step_id, **values)
        for member_id in members
        for step_id in steps
    ]


@dataclass(frozen=True, slots=True)
class AddMinutes:
    """More minutes on some weekdays (0 Monday .. 6 Sunday), for the class or for single students."""

    NAME: ClassVar[str] = "minutes"
    class_id: uuid.UUID
    minutes: int
    weekdays: tuple[int, ...]
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        own_or_taught(self.class_id, self.members, actor)
        if not self.weekdays:
            raise Invalid("weekdays", N_("Choose at least one day."), field="weekdays")
        classroom = classes.classroom(self.class_id)
        if self.members:
            rows = [
                set_values(
                    Enrolment, one.id, weekday_minutes=self._more(one.weekday_minutes or classroom.weekday_minutes)
                )
                for one in _enrolments(classroom.id, self.members)
            ]
        else:
            rows = [set_values(Classroom, classroom.id, weekday_minutes=self._more(classroom.weekday_minutes))]
        detail = {"repair": "minutes", "minutes": self.minutes, "weekdays": list(self.weekdays)}
        standing = queries.assignments_of(classroom.id)
        return Intent(ChangeKind.REPAIRED, standing, self.members or None, rows, detail=detail)

    def _more(self, week: Sequence[int]) -> list[int]:
        found = [minutes + (self.minutes if day in self.weekdays else 0) for day, minutes in enumerate(week)]
        check_week(found)
        return found


@dataclass(frozen=True, slots=True)
class ExtendEnd:
    """A later planned end, and a later last possible day where it has to be."""

    NAME: ClassVar[str] = "end"
    class_id: uuid.UUID
    ends_on: date
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`; Invalid for an end that is not later than the present one."""
        authorize(actor, Permission.CLASS_PUBLISH, class_id=self.class_id)
        classroom = classes.classroom(self.class_id)
        if self.ends_on > classroom.starts_on + timedelta(days=366 * classes.MAX_YEARS):
            raise Invalid("ends_on", N_("Choose a date within three years."), field="ends_on")
        if self.members:
            rows = [
                set_values(Enrolment, one.id, ends_on=self.ends_on) for one in _enrolments(classroom.id, self.members)
            ]
        else:
            ends = {
                name: self.ends_on
                for name in ("soft_ends_on", "hard_ends_on")
                if (end := getattr(classroom, name)) is not None and end < self.ends_on
            }
            if not ends:
                raise Invalid("ends_on", N_("That is not later than the end there is."), field="ends_on")
            rows = [set_values(Classroom, classroom.id, **ends)]
        detail = {"repair": "end", "ends_on": self.ends_on.isoformat()}
        standing = queries.assignments_of(classroom.id)
        return Intent(ChangeKind.REPAIRED, standing, self.members or None, rows, detail=detail)


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Leave steps out, for the class or for single students; what waited for them waits no more."""

    NAME: ClassVar[str] = "leave-out"
    assignment: uuid.UUID
    steps: Ids
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        assignment = taught(self.assignment, (), actor)
        titles = _titles(assignment, self.steps)
        if self.members:
            _enrolments(assignment.class_id, self.members)
            rows = _override(assignment.id, self.members, self.steps, left_out=True)
        else:
            left_out = sorted({*assignment.policy.get("left_out", ()), *(str(step) for step in self.steps)})
            rows = [set_values(Assignment, assignment.id, policy={**assignment.policy, "left_out": left_out})]
        detail = {"repair": "leave-out", "titles": titles}
        return Intent(ChangeKind.REPAIRED, [assignment], self.members or None, rows, detail=detail)
