"""VTIMEZONE components for IANA zones, from the locked time-zone data (RFC 5545, 3.6.5).

Each change of offset in the feed's window becomes an observance of its own with an exact start: right for
every zone, whatever its rules, and no recurrence rule to get wrong.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_STEP = timedelta(days=1)


@lru_cache(maxsize=256)
def vtimezone(zone: str, first: date, last: date) -> str:
    """The component for local dates ``first`` to ``last``, as unfolded lines that end in CRLF."""
    info = ZoneInfo(zone)
    start = datetime.combine(first, time(), UTC) - timedelta(days=2)
    end = datetime.combine(last, time(), UTC) + timedelta(days=2)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    lines += _observance(info, start, start.astimezone(info).utcoffset() or timedelta(0))
    for instant, before in _changes(info, start, end):
        lines += _observance(info, instant, before)
    lines.append("END:VTIMEZONE")
    return "".join(f"{line}\r\n" for line in lines)


def _changes(info: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """(UTC instant, offset before) of each change of offset or name between two UTC instants."""
    day = start
    while day < end:
        following = day + _STEP
        if _rule(info, day) != _rule(info, following):
            instant = _bisect(info, day, following)
            yield instant, (instant - timedelta(seconds=1)).astimezone(info).utcoffset() or timedelta(0)
        day = following


def _rule(info: ZoneInfo, instant: datetime) -> tuple[timedelta | None, str | None, timedelta | None]:
    local = instant.astimezone(info)
    return local.utcoffset(), local.tzname(), local.dst()


def _bisect(info: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second of the new rule between two instants of different rules."""
    old = _rule(info, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _rule(info, middle) == old else (low, middle)
    return high


def _observance(info: ZoneInfo, instant: datetime, before: timedelta) -> list[str]:
    """One observance; its start is local time by the offset before the change."""
    local = instant.astimezone(info)
    kind = "DAYLIGHT" if local.dst() and (local.dst() or timedelta(0)) > timedelta(0) else "STANDARD"
    starts = (instant + before).strftime("%Y%m%dT%H%M%S")
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{starts}",
        f"TZOFFSETFROM:{_offset(before)}",
        f"TZOFFSETTO:{_offset(local.utcoffset() or timedelta(0))}",
        f"TZNAME:{local.tzname()}",
        f"END:{kind}",
    ]


def _offset(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02d}{seconds // 60 % 60:02d}"
    return text if seconds % 60 == 0 else f"{text}{seconds % 60:02d}"
