"""Local days and minutes to instants and back. Days are proleptic ordinals, minutes count from midnight."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.pacing.types import Cadence, DayOffset, Moment

DAY_MINUTES = 24 * 60


@lru_cache(maxsize=65536)
def instant(zone: str, day: int, minute: int) -> datetime:
    """The UTC instant of a local minute. One that a clock change skips becomes the next valid minute; one that
    comes twice is the first (RFC 5545, 3.3.5).
    """
    info = ZoneInfo(zone)
    local = datetime.combine(date.fromordinal(day), time()) + timedelta(minutes=minute)
    found = local.replace(tzinfo=info).astimezone(UTC)
    while found.astimezone(info).replace(tzinfo=None) != local:
        local += timedelta(minutes=1)
        found = local.replace(tzinfo=info).astimezone(UTC)
    return found


def local(zone: str, at: datetime) -> tuple[int, int]:
    """(day, minute) of an instant, seconds dropped."""
    here = at.astimezone(ZoneInfo(zone))
    return here.toordinal(), here.hour * 60 + here.minute


def minute_of(value: time) -> int:
    """Minutes from midnight."""
    return value.hour * 60 + value.minute


def time_of(minute: int) -> time:
    """The local time of a minute within a day."""
    return time(minute // 60, minute % 60)


def grid(minutes: float, step: int = 5) -> int:
    """Round up to the 5-minute grid."""
    return -int(-minutes // step) * step


def moment(value: Moment, zone: str, start_day: int, minute: int) -> datetime:
    """The instant of a window's bound; ``minute`` is the default time of day for an offset."""
    if isinstance(value, DayOffset):
        at = minute if value.at is None else minute_of(value.at)
        return instant(zone, start_day + value.days, at)
    return value.astimezone(UTC)


def bucket(cadence: Cadence, day: int) -> tuple[int, int]:
    """First and last day of the cadence's bucket that ``day`` lies in."""
    here = date.fromordinal(day)
    if cadence is Cadence.WEEKLY:
        monday = day - here.weekday()
        return monday, monday + 6
    if cadence is Cadence.MONTHLY:
        first = here.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return first.toordinal(), following.toordinal() - 1
    return day, day
