"""Instants as whole UTC minutes since 1970, local days as proleptic ordinals, zones from the locked tzdata package.

Inside the engine there are only integers; `datetime` is made at the edges. Zones with offsets of whole minutes are
assumed (all since 1972).
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.pacing.types import Cadence, DayOffset, Hours, Moment

TZDATA = version("tzdata")
DAY_MINUTES = 24 * 60
GRID = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
Interval = tuple[int, int]


class Zone:
    """Local days of one zone. A day runs from its first minute to the first of the next; some have no minute at all."""

    def __init__(self, info: ZoneInfo) -> None:
        """``info`` comes from the locked package, not from the system."""
        self._info = info
        self._midnights: dict[int, int] = {}
        self._turns: dict[int, tuple[int, int, int]] = {}

    def midnight(self, day: int) -> int:
        """The first minute of a local day."""
        found = self._midnights.get(day)
        if found is None:
            found = self._midnights[day] = self._resolve(day, 0)
        return found

    def wall(self, day: int, minute: int) -> int:
        """The instant of a clock time (``minute`` up to 1440). One that a clock change skips becomes the next
        valid minute, one that comes twice is the first (RFC 5545, 3.3.5).
        """
        start = self.midnight(day)
        if self.midnight(day + 1) - start == DAY_MINUTES:
            return start + minute
        return self._resolve(day, minute)

    def day_of(self, at: int) -> int:
        """The local day an instant lies in."""
        turn = self._turns.get(at // DAY_MINUTES)
        if turn is None:
            turn = self._turn(at // DAY_MINUTES)
        day, end, following = turn
        if at < end:
            return day
        return day + 1 if at < following else self._search(at)[0]

    def _turn(self, number: int) -> tuple[int, int, int]:
        """The local day in which a UTC day begins, its end and the next one's end; kept, for instants recur."""
        day, end = self._search(number * DAY_MINUTES)
        self._turns[number] = day, end, self.midnight(day + 2)
        return self._turns[number]

    def _search(self, at: int) -> Interval:
        """A local day that holds an instant, and its end."""
        day = EPOCH_DAY + at // DAY_MINUTES
        while self.midnight(day) > at:
            day -= 1
        while self.midnight(day + 1) <= at:
            day += 1
        return day, self.midnight(day + 1)

    def local(self, at: int) -> tuple[date, time]:
        """Date and clock time of an instant."""
        day = self.day_of(at)
        start = self.midnight(day)
        if self.midnight(day + 1) - start == DAY_MINUTES:
            return date.fromordinal(day), time((at - start) // 60, (at - start) % 60)
        here = from_minute(at).astimezone(self._info)
        return here.date(), here.time()

    def windows(self, day: int, hours: tuple[Hours, ...]) -> tuple[Interval, ...]:
        """Study hours of a day as instants. The second run of a repeated hour is none of them."""
        bounds = (
            (self.wall(day, minute_of(each.start)), self.wall(day, minute_of(each.until) or DAY_MINUTES))
            for each in hours
        )
        start, end = self.midnight(day), self.midnight(day + 1)
        if end - start <= DAY_MINUTES:
            return tuple(sorted(each for each in bounds if each[0] < each[1]))
        repeated = self._repeated(start, end)
        return tuple(sorted(part for each in bounds for part in _without(each, repeated)))

    def _resolve(self, day: int, minute: int) -> int:
        local = datetime.combine(date.fromordinal(day), time()) + timedelta(minutes=minute)
        while True:
            found = local.replace(tzinfo=self._info).astimezone(UTC)
            if found.astimezone(self._info).replace(tzinfo=None) == local:
                return to_minute(found)
            local += timedelta(minutes=1)

    def _repeated(self, start: int, end: int) -> Interval:
        """The second run of the clock times a long day has twice."""
        offset = self._offset(start)
        low, high = start, end
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == offset else (low, middle)
        return high, high + (end - start - DAY_MINUTES)

    def _offset(self, at: int) -> timedelta | None:
        return from_minute(at).astimezone(self._info).utcoffset()


def _without(interval: Interval, hole: Interval) -> list[Interval]:
    pieces = [(interval[0], min(interval[1], hole[0])), (max(interval[0], hole[1]), interval[1])]
    return [piece for piece in pieces if piece[0] < piece[1]]


@lru_cache(maxsize=1024)
def zone(key: str) -> Zone:
    """A zone by IANA name. ZoneInfoNotFoundError for one the locked tzdata does not know."""
    if key not in _keys():
        raise ZoneInfoNotFoundError(f"no zone {key!r}")
    with files("tzdata").joinpath("zoneinfo", *key.split("/")).open("rb") as file:
        return Zone(ZoneInfo.from_file(file, key=key))


@lru_cache(maxsize=1)
def _keys() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def to_minute(at: datetime) -> int:
    """The minute an instant lies in. ValueError for one without a zone."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return (at - EPOCH) // timedelta(minutes=1)


def from_minute(at: int) -> datetime:
    """A minute as a UTC instant."""
    return EPOCH + timedelta(minutes=at)


def minute_of(value: time) -> int:
    """Minutes from midnight."""
    return value.hour * 60 + value.minute


def grid(minutes: int) -> int:
    """Round up to the 5-minute grid."""
    return -(-minutes // GRID) * GRID


def moment(value: Moment, where: Zone, start_day: int, minute: int) -> datetime:
    """The instant of a window's bound; ``minute`` is the default time of day for an offset."""
    if isinstance(value, DayOffset):
        at = minute if value.at is None else minute_of(value.at)
        return from_minute(where.wall(start_day + value.days, at))
    to_minute(value)
    return value.astimezone(UTC)


def bucket(cadence: Cadence, on: date) -> tuple[date, date]:
    """First and last day of the cadence's bucket that ``on`` lies in."""
    if cadence is Cadence.WEEKLY:
        monday = on - timedelta(days=on.weekday())
        return monday, monday + timedelta(days=6)
    if cadence is Cadence.MONTHLY:
        first = on.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return first, following - timedelta(days=1)
    return on, on
