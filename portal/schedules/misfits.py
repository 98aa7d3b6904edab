"""What a path's version asks of a class that the class's calendar does not have. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.pacing.moments import DAY_MINUTES, minute_of, moment, zone
from portal.pacing.types import (
    AtInstant,
    AtMeeting,
    ClassCalendar,
    Id,
    InWeek,
    Moment,
    OnWeekday,
    Step,
    Window,
)


class MisfitCode(StrEnum):
    """What is not there."""

    NO_MEETING = "NO_MEETING"
    NO_STUDY_DAY = "NO_STUDY_DAY"
    STANDS_OUTSIDE = "STANDS_OUTSIDE"
    WEEK_AFTER_END = "WEEK_AFTER_END"
    CLOSES_BEFORE_START = "CLOSES_BEFORE_START"
    OPENS_AFTER_END = "OPENS_AFTER_END"
    CLOSED_WHEN_OPENED = "CLOSED_WHEN_OPENED"


@dataclass(frozen=True, slots=True)
class Misfit:
    """A step by title that cannot be as it says; ``number`` is of the meeting, week or weekday it names.

    ``count`` is how many meetings there are; ``on`` a local date of the class.
    """

    code: MisfitCode
    title: str
    number: int = 0
    count: int = 0
    on: date | None = None


def misfits(steps: Iterable[Step], calendar: ClassCalendar, titles: Mapping[Id, str]) -> list[Misfit]:
    """Every misfit in author order, for a learner who starts with the class."""
    return [each for step in steps for each in (*_anchor(step, calendar, titles), *_window(step, calendar, titles))]


def _anchor(step: Step, calendar: ClassCalendar, titles: Mapping[Id, str]) -> Iterator[Misfit]:
    anchor, title = step.anchor, titles[step.id]
    if isinstance(anchor, OnWeekday):
        if not calendar.weekday_minutes[anchor.weekday]:
            yield Misfit(MisfitCode.NO_STUDY_DAY, title, number=anchor.weekday)
    elif isinstance(anchor, InWeek):
        monday = calendar.starts_on + timedelta(days=7 * (anchor.number - 1) - calendar.starts_on.weekday())
        if monday > _end(calendar):
            yield Misfit(MisfitCode.WEEK_AFTER_END, title, number=anchor.number, on=monday)
    elif isinstance(anchor, AtMeeting) and anchor.number > len(calendar.meetings):
        yield Misfit(MisfitCode.NO_MEETING, title, number=anchor.number, count=len(calendar.meetings))
    elif isinstance(anchor, AtInstant | AtMeeting):
        at = _instant(anchor, calendar)
        on = at.astimezone(ZoneInfo(calendar.zone)).date()
        if not calendar.starts_on <= on <= _end(calendar):
            yield Misfit(MisfitCode.STANDS_OUTSIDE, title, on=on)


def _instant(anchor: AtInstant | AtMeeting, calendar: ClassCalendar) -> datetime:
    if isinstance(anchor, AtInstant):
        return anchor.at
    return calendar.meetings[anchor.number - 1] + timedelta(minutes=anchor.offset_minutes)


def _window(step: Step, calendar: ClassCalendar, titles: Mapping[Id, str]) -> Iterator[Misfit]:
    if step.window is None:
        return
    opens, closes = _opens(step.window, calendar), _closes(step.window, calendar)
    where = ZoneInfo(calendar.zone)
    if closes is not None and (on := closes.astimezone(where).date()) < calendar.starts_on:
        yield Misfit(MisfitCode.CLOSES_BEFORE_START, titles[step.id], on=on)
    elif opens is not None and (on := opens.astimezone(where).date()) > _end(calendar):
        yield Misfit(MisfitCode.OPENS_AFTER_END, titles[step.id], on=on)
    elif opens is not None and closes is not None and closes <= opens:
        yield Misfit(MisfitCode.CLOSED_WHEN_OPENED, titles[step.id], on=opens.astimezone(where).date())


def _opens(window: Window, calendar: ClassCalendar) -> datetime | None:
    return None if window.release is None else _at(window.release, calendar, 0)


def _closes(window: Window, calendar: ClassCalendar) -> datetime | None:
    """The first instant at which the step is closed or late."""
    bounds = []
    if window.due is not None:
        bounds.append(_at(window.due, calendar, minute_of(calendar.due_time)))
    if window.lock is not None:
        bounds.append(_at(window.lock, calendar, DAY_MINUTES))
    return min(bounds, default=None)


def _at(bound: Moment, calendar: ClassCalendar, minute: int) -> datetime:
    return moment(bound, zone(calendar.zone), calendar.starts_on.toordinal(), minute)


def _end(calendar: ClassCalendar) -> date:
    return calendar.hard_ends_on or calendar.soft_ends_on or date.max
