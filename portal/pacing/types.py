"""What goes into the engine: frozen values, equal inputs give equal plans.

Ids are opaque hashable values of the caller. ``date`` and ``time`` without zone are local: study days, leave, pins and
slots to the learner's planning zone; class start, ends and offsets to the class zone. ``datetime`` is always aware.
Weekday tuples run Monday..Sunday. Durations are whole minutes.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
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
    """Who starts after the class: the soft end shifts by as many days, or stays, or stays and optional steps go."""

    SHIFT = "SHIFT"
    COMPRESS = "COMPRESS"
    SKIP_OPTIONAL = "SKIP_OPTIONAL"


class Overload(StrEnum):
    """Too much work: use the days up to the hard end, or leave optional steps out, or report what does not fit."""

    EXTEND = "EXTEND"
    DROP_OPTIONAL = "DROP_OPTIONAL"
    REPORT = "REPORT"


class MissedWork(StrEnum):
    """A planned slot whose day passed undone: moved to the next room, or left where it was."""

    ROLL_FORWARD = "ROLL_FORWARD"
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
    ``difficulty``, ``kind``, ``category`` and ``review_offsets`` (days) are wishes for spacing, not weighed yet.
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
    ``extra_minutes_today`` are minutes done today on slots of other days. A step begun without an entry in
    ``remaining`` counts as if its started slot will finish that slot's minutes.
    """

    id: Id = None
    starts_on: date | None = None
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

    ``notice_days`` N: no slot moves earlier if its old or new date is before today + N. ``due_moves``: a due date
    made from the cadence follows its slot when a re-plan moves it; otherwise it stays.
    """

    arrangement: Arrangement = Arrangement.SOON
    late_join: LateJoin = LateJoin.SHIFT
    overload: Overload = Overload.EXTEND
    missed: MissedWork = MissedWork.ROLL_FORWARD
    notice_days: int = 0
    due_moves: bool = False


class ReasonCode(StrEnum):
    """Why a slot lies where it does; `Reason` adds which step or which day."""

    EARLIEST = "EARLIEST"
    NOW = "NOW"
    LEARNER_START = "LEARNER_START"
    PREREQUISITE = "PREREQUISITE"
    RELEASE = "RELEASE"
    ANCHOR = "ANCHOR"
    PIN = "PIN"
    SPREAD = "SPREAD"
    OWN_WEEK = "OWN_WEEK"
    DAY_FULL = "DAY_FULL"
    WEEK_FULL = "WEEK_FULL"
    BLACKOUT = "BLACKOUT"
    LEAVE = "LEAVE"
    NO_STUDY_DAY = "NO_STUDY_DAY"
    MISSED = "MISSED"
    EFFORT = "EFFORT"
    CALENDAR = "CALENDAR"
    RESCUE = "RESCUE"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with its data: the prerequisite or saved step, or the day that was full or off."""

    code: ReasonCode
    step: Id = None
    on: date | None = None

    @property
    def text(self) -> str:
        """``CODE``, ``CODE:<step id>`` or ``CODE:<ISO date>``, for storage."""
        detail = self.on.isoformat() if self.on else self.step
        return self.code.value if detail is None else f"{self.code.value}:{detail}"


@dataclass(frozen=True, slots=True)
class Slot:
    """A dated piece of study, part ``part`` of ``parts`` of its step.

    ``on`` and ``start`` are local to the learner's zone, ``starts_at`` and ``due_at`` are UTC. ``bucket_on`` is the
    first day of the cadence's bucket. ``id`` is the caller's; None on a slot the engine has just made. ``slack_days``
    are the study days it could slip before anything is late; None when nothing bounds it.
    """

    step: Id
    part: int
    parts: int
    on: date
    start: time
    starts_at: datetime
    minutes: int
    bucket_on: date
    due_at: datetime
    id: Id = None
    status: SlotStatus = SlotStatus.PLANNED
    pinned: bool = False
    reasons: tuple[Reason, ...] = ()
    slack_days: int | None = None


Base = tuple[Slot, ...]


class Verdict(StrEnum):
    """All required work fits in time; or provably cannot; or no way was found, which proves nothing."""

    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    NOT_FOUND = "NOT_FOUND"


class LeftOutCode(StrEnum):
    """Why a step has no slot though it is not done. The first two are the policy's doing, the rest are trouble."""

    OPTIONAL_DROPPED = "OPTIONAL_DROPPED"
    LATE_JOIN = "LATE_JOIN"
    NO_ROOM = "NO_ROOM"
    TOO_LONG = "TOO_LONG"
    WINDOW_CLOSED = "WINDOW_CLOSED"
    PREREQUISITE_UNPLACED = "PREREQUISITE_UNPLACED"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step without slots for ``minutes`` of open work; ``until_on`` is the last day it could have used."""

    step: Id
    code: LeftOutCode
    required: bool
    minutes: int
    prerequisite: Id = None
    until_on: date | None = None


class LateCode(StrEnum):
    """Late against the step's due moment, the soft end, or a due date the cadence made (not a trouble)."""

    DUE = "DUE"
    SOFT_END = "SOFT_END"
    CADENCE = "CADENCE"


@dataclass(frozen=True, slots=True)
class Late:
    """``minutes`` of a step end after ``limit`` (UTC); the last of them ends on ``ends_on``."""

    step: Id
    code: LateCode
    required: bool
    minutes: int
    limit: datetime
    ends_on: date


class ConflictCode(StrEnum):
    """The rule a pinned or anchored slot breaks where it stands."""

    PIN_BEFORE_PREREQUISITE = "PIN_BEFORE_PREREQUISITE"
    NO_STUDY_DAY = "NO_STUDY_DAY"
    OUTSIDE_HOURS = "OUTSIDE_HOURS"
    OVERLAP = "OVERLAP"
    DAY_OVER_CAP = "DAY_OVER_CAP"
    WEEK_OVER_CAP = "WEEK_OVER_CAP"
    BEFORE_RELEASE = "BEFORE_RELEASE"
    AFTER_LOCK = "AFTER_LOCK"
    BEFORE_START = "BEFORE_START"
    AFTER_HARD_END = "AFTER_HARD_END"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One breach by one given slot, on its date; ``prerequisite`` for PIN_BEFORE_PREREQUISITE."""

    code: ConflictCode
    step: Id
    on: date
    prerequisite: Id = None


class CertificateCode(StrEnum):
    """What proves that there is no plan."""

    WINDOW_OVERFULL = "WINDOW_OVERFULL"
    CHAIN_TOO_LONG = "CHAIN_TOO_LONG"
    STEP_TOO_LONG = "STEP_TOO_LONG"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof: these steps need ``needed`` minutes between two days (both included) that hold ``available``.

    CHAIN_TOO_LONG: the steps one after another end on ``earliest_on`` at best, after ``until_on``. STEP_TOO_LONG:
    ``available`` is the longest unbroken block.
    """

    code: CertificateCode
    steps: tuple[Id, ...]
    from_on: date
    until_on: date
    needed: int
    available: int
    earliest_on: date | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Whether the plan holds and what does not. Optional steps never change the verdict."""

    verdict: Verdict
    unplaced: tuple[LeftOut, ...] = ()
    late: tuple[Late, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    certificate: Certificate | None = None


class RemovedCode(StrEnum):
    """Why a base slot is gone."""

    DONE = "DONE"
    STEP_REMOVED = "STEP_REMOVED"
    LEFT_OUT = "LEFT_OUT"
    EFFORT = "EFFORT"


@dataclass(frozen=True, slots=True)
class Move:
    """A base slot whose date, start, instant, minutes or due moment changed; the reasons are ``after``'s."""

    before: Slot
    after: Slot


@dataclass(frozen=True, slots=True)
class Removed:
    """A base slot that is no longer planned."""

    slot: Slot
    code: RemovedCode


@dataclass(frozen=True, slots=True)
class Diff:
    """Against ``base``. ``kept`` holds the slots as they are now (part numbers and slack may differ)."""

    kept: tuple[Slot, ...] = ()
    moved: tuple[Move, ...] = ()
    added: tuple[Slot, ...] = ()
    removed: tuple[Removed, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write and nobody to tell."""
        return not (self.moved or self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Plan:
    """All slots in time order, done ones included; what was left out by policy; when it ends (local date)."""

    slots: tuple[Slot, ...]
    left_out: tuple[LeftOut, ...]
    finish_on: date | None
    report: Report
    diff: Diff


class RepairCode(StrEnum):
    """What a person can change."""

    ADD_MINUTES = "ADD_MINUTES"
    EXTEND = "EXTEND"
    DROP_OPTIONAL = "DROP_OPTIONAL"


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that was planned with and leaves no required work unplaced or late.

    ADD_MINUTES: ``minutes`` more on each of ``weekdays``. EXTEND: the ends ``study_days`` later, the soft end on
    ``ends_on``. DROP_OPTIONAL: without ``steps``.
    """

    code: RepairCode
    minutes: int = 0
    weekdays: tuple[int, ...] = ()
    study_days: int = 0
    ends_on: date | None = None
    steps: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """``conflict_set``: required steps that do not fit together, none of them to spare. ``repairs``: smallest first."""

    conflict_set: tuple[Id, ...] = ()
    repairs: tuple[Repair, ...] = field(default=())
