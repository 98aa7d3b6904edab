"""Streaks: on how many study days in a row a learner studied. Pure; all days are local to the learner.

A study day counts when something was completed on it or the clock ran for `ENOUGH_MINUTES`. Only a study day with work
planned can be missed: rest days, leave, holidays, days of which all is done before, and today, while it lasts, neither
count nor break. Each week (Monday to Sunday) the first missed day is bridged, when something was studied since the last
bridge: a streak forgives, but does not live on by itself. Travelling far eastwards can leave less than half of a day;
such a day cannot be missed.
"""

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

ENOUGH_MINUTES = 5
_HALF = timedelta(hours=12)


class Mark(enum.StrEnum):
    """What a day was."""

    STUDIED = "STUDIED"
    BRIDGED = "BRIDGED"
    MISSED = "MISSED"
    REST = "REST"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Streak:
    """``current`` and ``longest`` in study days; ``week`` is this week, Monday to Sunday, with each day's mark.

    A day of rest on which one studied all the same is marked STUDIED and counts nothing.
    """

    current: int
    longest: int
    week: Sequence[tuple[date, Mark]]


@dataclass(frozen=True, slots=True)
class Studied:
    """What was done on one day in one IANA zone: ``completed`` items that are so still, minutes by the clock."""

    on: date
    zone: str
    completed: int
    minutes: int

    @property
    def enough(self) -> bool:
        """Whether the day counts."""
        return self.completed > 0 or self.minutes >= ENOUGH_MINUTES


def streak_of(
    done: Iterable[Studied], planned: Collection[date], is_study_day: Callable[[date], bool], *, today: date
) -> Streak:
    """The streak up to ``today``; ``planned`` are the days with work on them that was not done before."""
    days = sorted((each for each in done if each.enough), key=lambda each: (each.on, each.zone))
    studied = {each.on for each in days}
    lost = set(_lost(days))
    current = longest = 0
    bridged_in: date | None = None
    studied_since = False
    marks: dict[date, Mark] = {}
    for day in _days(min([today, *planned, *studied]), _sunday(today)):
        if day in studied:
            marks[day], studied_since = Mark.STUDIED, True
            current += is_study_day(day)
            longest = max(longest, current)
        elif day not in planned or not is_study_day(day) or day in lost:
            marks[day] = Mark.REST
        elif day >= today:
            marks[day] = Mark.OPEN
        elif current and studied_since and bridged_in != _sunday(day):
            marks[day], bridged_in, studied_since = Mark.BRIDGED, _sunday(day), False
        else:
            marks[day], current = Mark.MISSED, 0
    return Streak(current, longest, [(day, marks.get(day, Mark.REST)) for day in _week(today)])


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _sunday(day: date) -> date:
    return day + timedelta(days=6 - day.weekday())


def _week(day: date) -> Iterator[date]:
    return _days(_sunday(day) - timedelta(days=6), _sunday(day))


def _lost(days: Sequence[Studied]) -> Iterable[date]:
    """Days that travel left less than half of: after them the learner studied where the clocks are far ahead."""
    for earlier, later in pairwise(days):
        day = earlier.on + timedelta(days=1)
        if day < later.on and _begins(day, later.zone) + _HALF <= _begins(day, earlier.zone):
            yield day


def _begins(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
