"""From weekly rules to the meetings that take place, numbered in time order. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from dateutil.rrule import WEEKLY, rrule, rruleset

from portal.models.classes import ClassMeeting
from portal.pacing.moments import from_minute, minute_of, zone


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting: ``number`` from 1, local date and time, the instant it starts, its length, its rule."""

    number: int
    on: date
    start: time
    starts_at: datetime
    minutes: int
    rule_id: UUID


def expand(
    rules: Sequence[ClassMeeting], zone_name: str, first: date, last: date, off: Collection[date]
) -> list[Meeting]:
    """The meetings of the rules between two local dates, both included, but for those skipped and on days ``off``.

    A local time that a clock change skips becomes the next valid minute (RFC 5545, 3.3.5).
    """
    found = sorted(
        ((at, rule) for rule in rules for at in _occurrences(rule, first, last, off)),
        key=lambda pair: (pair[0], pair[1].id),
    )
    where = zone(zone_name)
    return [
        Meeting(
            number,
            at.date(),
            at.time(),
            from_minute(where.wall(at.toordinal(), minute_of(at.time()))),
            rule.minutes,
            rule.id,
        )
        for number, (at, rule) in enumerate(found, 1)
    ]


def _occurrences(rule: ClassMeeting, first: date, last: date, off: Collection[date]) -> rruleset:
    begin, end = max(first, rule.first_on or first), min(last, rule.last_on or last)
    found = rruleset()
    found.rrule(
        rrule(
            WEEKLY,
            byweekday=rule.weekday,
            dtstart=datetime.combine(begin, rule.start_time),
            until=datetime.combine(end, rule.start_time),
        )
    )
    for day in {*rule.skipped_on, *off}:
        found.exdate(datetime.combine(day, rule.start_time))
    return found
