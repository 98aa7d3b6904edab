"""Commands a learner may give for herself: an item's time, leave, own study days."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.classes import queries as classes
from portal.classes.services import check_hours, check_week
from portal.errors import N_, Conflict, Invalid, NotFound
from portal.models.classes import Enrolment, Leave
from portal.models.curricula import VersionStep
from portal.models.plans import ChangeKind
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.pacing.types import Pin
from portal.schedules import queries
from portal.schedules.commands.intent import Ids, Intent, own_or_taught, people
from portal.schedules.reversible import delete_row, insert_row, set_values
from portal.schedules.tuning import Tuning
from portal.security.actor import Actor
from portal.tenancy.scope import session

_MAX_LEAVE_DAYS = 366


@dataclass(frozen=True, slots=True)
class MoveItem:
    """Put an item on a local date and time of the learner; it is pinned there."""

    NAME: ClassVar[str] = "move"
    item: uuid.UUID
    on: date
    start: time

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`; Invalid for a time that has passed."""
        item, schedule, assignment = _open_item(self.item, actor)
        if datetime.combine(self.on, self.start, ZoneInfo(schedule.zone)) <= now:
            raise Invalid("past", N_("Choose a time that is still to come."), field="on")
        if self.on > now.date() + timedelta(days=366 * classes.MAX_YEARS):
            raise Invalid("far", N_("Choose a date within three years."), field="on")
        step = session().get_one(VersionStep, item.version_step_id)
        pin = Pin(step.step_id, self.on, self.start, slot=item.id)
        return Intent(
            ChangeKind.MOVED,
            [assignment],
            [item.member_id],
            tuning=Tuning(pins={item.member_id: (pin,)}),
            detail={"title": step.title, "on": self.on.isoformat(), "start": self.start.isoformat()},
        )


@dataclass(frozen=True, slots=True)
class Unpin:
    """Let the portal find the time of an item again."""

    NAME: ClassVar[str] = "unpin"
    item: uuid.UUID

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        item, _schedule, assignment = _open_item(self.item, actor)
        rows = [set_values(ScheduleItem, item.id, pinned=False)]
        detail = {"title": session().get_one(VersionStep, item.version_step_id).title}
        return Intent(ChangeKind.UNPINNED, [assignment], [item.member_id], rows, detail=detail)


def _open_item(item_id: uuid.UUID, actor: Actor) -> tuple[ScheduleItem, Schedule, Assignment]:
    """An item still to do, the learner's own or of a class the actor publishes to."""
    found = (
        session()
        .execute(
            select(ScheduleItem, Schedule, Assignment)
            .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
            .join(Assignment, Assignment.id == Schedule.assignment_id)
            .where(ScheduleItem.id == item_id, ScheduleItem.removed_at.is_(None))
        )
        .first()
    )
    if found is None:
        raise NotFound("item_not_found", N_("There is no such item."))
    item, schedule, assignment = found
    own_or_taught(assignment.class_id, (item.member_id,), actor)
    if item.status is not ItemStatus.PLANNED:
        raise Conflict("item_begun", N_("Only an item that has not been started can be moved."))
    return item, schedule, assignment


@dataclass(frozen=True, slots=True)
class Away:
    """Learners study on none of these local dates, both included; no ``members`` is the actor."""

    NAME: ClassVar[str] = "away"
    starts_on: date
    ends_on: date
    class_id: uuid.UUID | None = None
    members: Ids = ()

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        members = people(self.class_id, self.members, actor)
        if self.ends_on < self.starts_on:
            raise Invalid("ends_on", N_("The end is before the start."), field="ends_on")
        if (self.ends_on - self.starts_on).days > _MAX_LEAVE_DAYS:
            raise Invalid("ends_on", N_("The end must be within a year after the start."), field="ends_on")
        rows = [insert_row(Leave, member_id=each, starts_on=self.starts_on, ends_on=self.ends_on) for each in members]
        detail = {"from": self.starts_on.isoformat(), "until": self.ends_on.isoformat()}
        return Intent(ChangeKind.LEAVE, queries.assignments_with(members), members, rows, detail=detail)


@dataclass(frozen=True, slots=True)
class Back:
    """Take a leave away again."""

    NAME: ClassVar[str] = "back"
    leave: uuid.UUID
    class_id: uuid.UUID | None = None

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        leave = session().get(Leave, self.leave)
        if leave is None:
            raise NotFound("leave_not_found", N_("There is no such leave."))
        members = people(self.class_id, (leave.member_id,), actor)
        rows = [delete_row(Leave, leave.id)]
        detail = {"from": leave.starts_on.isoformat(), "until": leave.ends_on.isoformat(), "back": True}
        return Intent(ChangeKind.LEAVE, queries.assignments_with(members), members, rows, detail=detail)


@dataclass(frozen=True, slots=True)
class OwnDays:
    """The learner's own study days (minutes Monday..Sunday; empty is the class's) and hours in a class.

    What is given as the class has it stays the class's, and changes with it.
    """

    NAME: ClassVar[str] = "days"
    class_id: uuid.UUID
    week: tuple[int, ...] = ()
    study_from: time | None = None
    study_until: time | None = None

    def resolve(self, actor: Actor, now: datetime) -> Intent:
        """As `Command.resolve`."""
        enrolment = classes.enrolment(self.class_id, actor.member_id)
        if self.week:
            check_week(list(self.week))
        check_hours(self.study_from, self.study_until)
        classroom = classes.classroom(self.class_id)
        week, hours = list(self.week), (self.study_from, self.study_until)
        if hours == (classroom.study_from, classroom.study_until):
            hours = (None, None)
        rows = [
            set_values(
                Enrolment,
                enrolment.id,
                weekday_minutes=None if week in ([], classroom.weekday_minutes) else week,
                study_from=hours[0],
                study_until=hours[1],
            )
        ]
        return Intent(ChangeKind.OVERRIDES, queries.assignments_of(self.class_id), [actor.member_id], rows)
