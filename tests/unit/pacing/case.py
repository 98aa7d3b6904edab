"""All arguments of one call of `plan`, and what they mean in plain datetimes, apart from the engine."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from portal.pacing.results import Base, Slot
from portal.pacing.types import (
    AtInstant,
    AtMeeting,
    ClassCalendar,
    DayOffset,
    Id,
    LateJoin,
    Learner,
    PathVersion,
    Policy,
    Step,
)

DAY = timedelta(days=1)


@cache
def locked(key: str) -> ZoneInfo:
    """The zone of the locked package: the machine's own data may be years apart from it."""
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=key)


@dataclass(frozen=True)
class Case:
    """All arguments of one call of `plan`."""

    path: PathVersion
    calendar: ClassCalendar
    learner: Learner
    policy: Policy
    base: Base
    now: datetime

    @property
    def zone(self) -> str:
        return self.learner.zone or self.calendar.zone

    @property
    def today(self) -> date:
        return self.now.astimezone(locked(self.zone)).date()

    @property
    def first_on(self) -> date:
        return self.learner.starts_on or self.calendar.starts_on

    @property
    def counted_on(self) -> date:
        """Offsets and weeks are counted from the learner's start, or from the class's when she joins where it is."""
        return self.calendar.starts_on if self.policy.late_join is LateJoin.JOIN_CLASS else self.first_on

    @property
    def hard_ends_on(self) -> date:
        theirs = self.calendar.hard_ends_on or self.calendar.starts_on + timedelta(days=3 * 365)
        return max(theirs, self.learner.ends_on or theirs)

    def step(self, key: Id) -> Step:
        return next(step for step in self.path.steps if step.id == key)

    def cap(self, on: date) -> int:
        week = self.learner.weekday_minutes or self.calendar.weekday_minutes
        off = on in self.calendar.blackouts or on in self.learner.leave
        minutes = 0 if off else week[on.weekday()]
        return minutes if self.calendar.day_cap is None else min(minutes, self.calendar.day_cap)


def at_local(zone: str, on: date, minute: int) -> datetime:
    """R11: a minute in a gap is the next valid one, an ambiguous one the first."""
    naive = datetime.combine(on, time()) + timedelta(minutes=minute)
    while True:
        found = naive.replace(tzinfo=locked(zone)).astimezone(UTC)
        if found.astimezone(locked(zone)).replace(tzinfo=None) == naive:
            return found
        naive += timedelta(minutes=1)


def moment(case: Case, value: datetime | DayOffset, default: int) -> datetime:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    minute = default if value.at is None else value.at.hour * 60 + value.at.minute
    return at_local(case.calendar.zone, case.counted_on + value.days * DAY, minute)


def end(slot: Slot) -> datetime:
    return slot.starts_at + timedelta(minutes=slot.minutes)


def is_fixed(step: Step) -> bool:
    return isinstance(step.anchor, AtInstant | AtMeeting)


def effort(case: Case, step: Step) -> int:
    """Minutes of open work before what slots have covered: pace, 5-minute grid."""
    return -(-step.minutes * case.learner.pace_percent // 500) * 5
