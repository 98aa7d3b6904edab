"""Quick choices for moving an item by hand. Pure; all dates and times are local to the learner's plan."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_LONGEST_WAIT_DAYS = 60


class When(enum.StrEnum):
    """What a quick choice is called."""

    LATER_TODAY = "LATER_TODAY"
    TOMORROW = "TOMORROW"
    NEXT_STUDY_DAY = "NEXT_STUDY_DAY"
    WEEK_LATER = "WEEK_LATER"


@dataclass(frozen=True, slots=True)
class Choice:
    """A place to move to by one click."""

    when: When
    on: date
    start: time


def choices(
    on: date, start: time, minutes: int, *, is_open: Callable[[date], bool], until: time, now: datetime
) -> Iterator[Choice]:
    """Choices for an item of ``minutes`` at ``on`` and ``start``; ``until`` is the end of the study hours.

    None leads to where the item is, and no two lead to the same place.
    """
    today, tomorrow = now.date(), now.date() + timedelta(days=1)
    later = _later_today(on, start, minutes, until, now)
    if later is not None:
        yield Choice(When.LATER_TODAY, today, later)
    if on != tomorrow:
        yield Choice(When.TOMORROW, tomorrow, start)
    after = max(on, today)
    days = (after + timedelta(days=number) for number in range(1, _LONGEST_WAIT_DAYS))
    study_day = next((day for day in days if is_open(day)), None)
    if study_day is not None and (study_day != tomorrow or on == tomorrow):
        yield Choice(When.NEXT_STUDY_DAY, study_day, start)
    week_later = after + timedelta(days=7)
    if week_later != study_day:
        yield Choice(When.WEEK_LATER, week_later, start)


def _later_today(on: date, start: time, minutes: int, until: time, now: datetime) -> time | None:
    """A half hour about an hour on, when the item still ends within the study hours."""
    local = now.replace(tzinfo=None)
    begin = max(local, datetime.combine(on, start)) if on == local.date() else local
    begin += timedelta(hours=1)
    begin += timedelta(minutes=-begin.minute % 30, seconds=-begin.second, microseconds=-begin.microsecond)
    end = begin + timedelta(minutes=minutes)
    if begin.date() != local.date() or end > datetime.combine(local.date(), until):
        return None
    return begin.time()
