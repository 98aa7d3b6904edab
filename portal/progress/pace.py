"""Pace: how far a learner is behind or ahead, in minutes of work. Pure.

Expected is the work whose due instant has passed; done is the work completed. A learner is on pace while
the difference is within the tolerance: one study day of the class, at least 30 minutes.
"""

import enum
from dataclasses import dataclass

MIN_TOLERANCE_MINUTES = 30


class Standing(enum.StrEnum):
    """Where a learner stands against the plan."""

    BEHIND = "behind"
    ON_PACE = "on_pace"
    AHEAD = "ahead"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Pace:
    """A learner's standing; ``minutes`` is positive when ahead, negative when behind."""

    standing: Standing
    minutes: int


def pace_of(
    *, expected_minutes: int, done_expected_minutes: int, done_early_minutes: int, open_minutes: int, tolerance: int
) -> Pace:
    """The pace from four sums of planned minutes.

    ``expected_minutes`` were due by now, ``done_expected_minutes`` of them are done, ``done_early_minutes``
    are done before they were due, ``open_minutes`` are still to do in all.
    """
    missing = expected_minutes - done_expected_minutes
    balance = done_early_minutes - missing
    if open_minutes == 0 and expected_minutes + done_early_minutes > 0:
        return Pace(Standing.FINISHED, 0)
    if balance < -tolerance:
        return Pace(Standing.BEHIND, balance)
    if balance > tolerance:
        return Pace(Standing.AHEAD, balance)
    return Pace(Standing.ON_PACE, balance)


def tolerance_of(weekday_minutes: list[int]) -> int:
    """One average study day of the class, at least `MIN_TOLERANCE_MINUTES`."""
    days = [minutes for minutes in weekday_minutes if minutes > 0]
    return max(MIN_TOLERANCE_MINUTES, sum(days) // len(days)) if days else MIN_TOLERANCE_MINUTES
