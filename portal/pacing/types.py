"""What goes into the engine: frozen values, equal inputs give equal plans.

Ids are opaque hashable values of the caller. ``date`` and ``time`` without zone are local: study days, leave, pins and
slots to the learner's planning zone; class start, ends and offsets to the class zone. ``datetime`` is always aware.
Weekday tuples run Monday..Sunday. Durations are whole minutes.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

Id = Hashable
WeekMinutes = tuple[int, int, int, int, int, int, int]


class StepKind(StrEnum):
    """What the learner does in a step."""

    STUDY = "STUDY"
    PRACTICE = "PRACTICE"
    ASSESSMENT = "ASSESSMENT"
    REVIEW = "REVIEW"


class Cadence(StrEnum):
    """The bucket a slot belongs to (day, Monday–Sunday week, month) and the granularity of its due date."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"


class Arrangement(StrEnum):
    """How a first plan uses the days: soonest, evenly to the soft end, or each step in its own week."""

    SOON = "SOON"
    SPREAD = "SPREAD"
    BY_WEEK = "BY_WEEK"


class LateJoin(StrEnum):
    """Who starts after the class.

    SHIFT: the soft end is as many days later. With all others it stays. COMPRESS: everything, in the time that is
    left. CATCH_UP: level with the class after some weeks. SKIP_OPTIONAL: no optional steps. JOIN_CLASS: nothing of
    what the class has done before.
    """

    SHIFT = "SHIFT"
    COMPRESS = "COMPRESS"
    CATCH_UP = "CATCH_UP"
    SKIP_OPTIONAL = "SKIP_OPTIONAL"
    JOIN_CLASS = "JOIN_CLASS"


class Overload(StrEnum):
    """Too much work: use the days up to the hard end, or leave optional steps out, or report what does not fit."""

    EXTEND = "EXTEND"
    DROP_OPTIONAL = "DROP_OPTIONAL"
    REPORT = "REPORT"


class MissedWork(StrEnum):
    """A planned slot whose day passed undone.

    ROLL_FORWARD: moved to the next room, and what waits for it moves on. COMPRESS: spread thinly over the days before
    what waits for it and before the end, so that nothing else moves while the caps allow. LEAVE: left where it was.
    """

    ROLL_FORWARD = "ROLL_FORWARD"
    COMPRESS = "COMPRESS"
    LEAVE = "LEAVE"


class SlotStatus(StrEnum):
    """What the learner did with a slot."""

    PLANNED = "PLANNED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class DayOffset:
    """The moment ``days`` after the learner's start date, in the class zone.

    Without ``at``: a release at 00:00, a due moment at the class's due time, a lock at the end of that day.
    """

    days: int
    at: time | None = None


Moment = datetime | DayOffset


@dataclass(frozen=True, slots=True)
class Window:
    """When a step may be done: not before ``release``, late after ``due``, not after ``lock``."""

    release: Moment | None = None
    due: Moment | None = None
    lock: Moment | None = None


@dataclass(frozen=True, slots=True)
class AtInstant:
    """Anchor: the step starts exactly then, whatever day that is."""

    at: datetime


@dataclass(frozen=True, slots=True)
class AtMeeting:
    """Anchor: the step starts ``offset_minutes`` from the start of the calendar's meeting ``number`` (from 1)."""

    number: int
    offset_minutes: int = 0


@dataclass(frozen=True, slots=True)
class InWeek:
    """Anchor: only in week ``number``; week 1 is the Monday–Sunday week of the learner's start."""

    number: int


@dataclass(frozen=True, slots=True)
class OnWeekday:
    """Anchor: only on this weekday, Monday 0 .. Sunday 6."""

    weekday: int


Anchor = AtInstant | AtMeeting | InWeek | OnWeekday


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a path version. ``minutes`` is the effort before the pace multiplier.

    ``week`` (from 1) is the step's own week for `Arrangement.BY_WEEK`: a wish, where `InWeek` is a rule.
    ``difficulty`` (1 to 10), ``kind``, ``category`` and ``review_offsets`` (days) are weighed for spacing: the n-th
    offset is for the n-th `StepKind.REVIEW` in author order that waits for this step.
    """

    id: Id
    minutes: int
    splittable: bool = False
    min_session: int = 15
    required: bool = True
    window: Window | None = None
    anchor: Anchor | None = None
    week: int | None = None
    difficulty: int = 1
    kind: StepKind = StepKind.STUDY
    category: Id = None
    review_offsets: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for minutes that are not positive."""
        if self.minutes <= 0 or self.min_session <= 0:
            raise ValueError("a step needs positive minutes and a positive minimum session")


@dataclass(frozen=True, slots=True)
class Edge:
    """``step`` may start only after ``prerequisite``, ``lag`` days (or study days) after its end.

    Lag 0: the same day, after it. Lag 1: the next day (or study day), and so on.
    """

    prerequisite: Id
    step: Id
    lag: int = 0
    study_days: bool = False


@dataclass(frozen=True, slots=True)
class PathVersion:
    """Steps in author order and their edges. A step before its prerequisite is refused with ValueError."""

    steps: tuple[Step, ...]
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """Study hours of a day, local to the learner's zone; ``until`` of 00:00 is the end of the day."""

    start: time
    until: time


DEFAULT_HOURS = (Hours(time(8), time(22)),)


@dataclass(frozen=True, slots=True)
class ClassCalendar:
    """The class's frame. Without a hard end: three years after the start.

    ``weekday_minutes`` 0 is no study day. ``blackouts`` are the days off of class, organization and holidays.
    ``day_cap`` and ``week_cap`` hold beside the minutes of the weekday; None is no such cap. ``meetings`` are the
    starts of the class meetings, in order.
    """

    zone: str
    starts_on: date
    weekday_minutes: WeekMinutes
    soft_ends_on: date | None = None
    hard_ends_on: date | None = None
    hours: tuple[Hours, ...] = DEFAULT_HOURS
    day_cap: int | None = None
    week_cap: int | None = None
    due_time: time = time(23, 59)
    cadence: Cadence = Cadence.DAILY
    blackouts: frozenset[date] = frozenset()
    meetings: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Extension:
    """A later due moment or lock of one step for one learner; None leaves the path's."""

    step: Id
    due: Moment | None = None
    lock: Moment | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """The learner finished the whole step at that instant."""

    step: Id
    at: datetime


@dataclass(frozen=True, slots=True)
class Remaining:
    """Minutes a step begun still needs; taken as they are, without the pace multiplier."""

    step: Id
    minutes: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A block planned or done on another path of the learner: uses the caps, and nothing is placed over it."""

    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Pin:
    """A person puts a slot there by hand, now.

    ``slot`` is the id of the open base slot to move; None pins the step's open work as one block. Pins of earlier
    calls come back as base slots with ``pinned``.
    """

    step: Id
    on: date
    start: time
    slot: Id = None


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner. ``id`` never changes the plan. Values of None mean the class's.

    ``weekday_minutes`` and ``hours`` replace the class's; the class's caps and blackouts hold all the same.
    ``ends_on`` replaces the soft end as it is, and the hard end where that is earlier. ``extra_minutes_today`` are
    minutes done today on slots of other days. A step begun without an entry in ``remaining`` counts as if its started
    slot will finish that slot's minutes.
    """

    id: Id = None
    starts_on: date | None = None
    ends_on: date | None = None
    zone: str | None = None
    weekday_minutes: WeekMinutes | None = None
    hours: tuple[Hours, ...] | None = None
    leave: frozenset[date] = frozenset()
    pace_percent: int = 100
    extensions: tuple[Extension, ...] = ()
    completions: tuple[Completion, ...] = ()
    remaining: tuple[Remaining, ...] = ()
    taken: tuple[Taken, ...] = ()
    pins: tuple[Pin, ...] = ()
    extra_minutes_today: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What to do where the inputs leave a choice.

    ``catch_up_weeks`` is for `LateJoin.CATCH_UP`. ``notice_days`` N: no slot moves earlier if its old or new date is
    before today + N. ``due_moves``: a due date made from the cadence follows its slot when a re-plan moves it;
    otherwise it stays.
    """

    arrangement: Arrangement = Arrangement.SOON
    late_join: LateJoin = LateJoin.SHIFT
    catch_up_weeks: int = 2
    overload: Overload = Overload.EXTEND
    missed: MissedWork = MissedWork.ROLL_FORWARD
    notice_days: int = 0
    due_moves: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for fewer than one week to catch up."""
        if self.catch_up_weeks < 1:
            raise ValueError("catching up takes a week or more")
