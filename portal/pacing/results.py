"""What comes out of the engine: slots with reasons, the feasibility report, the diff, repairs."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from portal.pacing.types import Id, SlotStatus


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
    REVIEW = "REVIEW"
    APART = "APART"
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
    """Late against the step's due moment, the soft end, the day by which a late joiner shall be level with the class,
    or a due date the cadence made (no trouble).
    """

    DUE = "DUE"
    SOFT_END = "SOFT_END"
    CATCH_UP = "CATCH_UP"
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
    DROP_OPTIONAL = "DROP_OPTIONAL"
    EXTEND = "EXTEND"


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
    """``conflict_set``: required steps that do not fit together, none of them to spare. ``repairs``: of each code the
    smallest, in the order of `RepairCode`.
    """

    conflict_set: tuple[Id, ...] = ()
    repairs: tuple[Repair, ...] = field(default=())
