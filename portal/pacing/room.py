"""The learner's study time: free intervals of each local day under the caps. Days are made on demand."""

from collections.abc import Iterator
from datetime import date

from portal.pacing.moments import GRID, Interval, Zone
from portal.pacing.types import ClassCalendar, Learner

_YEAR = 366


class Days:
    """What never changes while planning: minutes and study hours of each day, and which days count."""

    def __init__(self, where: Zone, calendar: ClassCalendar, learner: Learner, last: int) -> None:
        """``last`` is the last day that may ever be used, as an ordinal."""
        self.zone = where
        self.last = last
        self.week_cap = calendar.week_cap
        self.blackouts = calendar.blackouts
        self.leave = learner.leave
        self._week = learner.weekday_minutes or calendar.weekday_minutes
        self._day_cap = calendar.day_cap
        self._hours = learner.hours or calendar.hours
        self._caps: dict[int, int] = {}
        self._windows: dict[int, tuple[Interval, ...]] = {}

    def cap(self, day: int) -> int:
        """Minutes the calendar allows on a day; 0 is no study day."""
        found = self._caps.get(day)
        if found is None:
            on = date.fromordinal(day)
            found = 0 if on in self.blackouts or on in self.leave else self._week[(day - 1) % 7]
            if self._day_cap is not None:
                found = min(found, self._day_cap)
            self._caps[day] = found
        return found

    def windows(self, day: int) -> tuple[Interval, ...]:
        """Study hours of a day as instants, whether it is a study day or not."""
        found = self._windows.get(day)
        if found is None:
            found = self._windows[day] = self.zone.windows(day, self._hours)
        return found

    def later(self, day: int, count: int) -> int:
        """The ``count``-th study day after a day; one long after the last when there are not that many."""
        end = max(self.last, day) + _YEAR
        while count and day < end:
            day += 1
            count -= self.cap(day) > 0
        return day

    def earlier(self, day: int, count: int, first: int) -> int:
        """The last day that lies ``count`` study days before a day; not before ``first``."""
        target = day
        while count and target > first:
            count -= self.cap(target) > 0
            target -= 1
        return target

    def is_within(self, day: int, start: int, end: int) -> bool:
        """Whether a block lies in one run of study hours."""
        return any(first <= start and end <= last for first, last in self.windows(day))


class Room:
    """What is taken. Given blocks may overlap, overfill a day or lie outside of the study hours."""

    def __init__(self, days: Days, now: int) -> None:
        """Empty, from ``now`` on."""
        self.days = days
        self.now = now
        self.today = days.zone.day_of(now)
        self.busy: dict[int, list[Interval]] = {}
        self.used: dict[int, int] = {}
        self.used_week: dict[int, int] = {}
        self.pending = 0
        self._open = self.today
        self._offers: dict[int, int] = {}

    def copy(self) -> "Room":
        """An independent room in the same state."""
        twin = Room.__new__(Room)
        twin.days, twin.now, twin.today, twin.pending = self.days, self.now, self.today, self.pending
        twin._open, twin._offers = self._open, dict(self._offers)
        twin.busy = {day: list(intervals) for day, intervals in self.busy.items()}
        twin.used, twin.used_week = dict(self.used), dict(self.used_week)
        return twin

    def take(self, start: int, minutes: int) -> None:
        """Use a block; its minutes count for the day it starts on."""
        day = self.days.zone.day_of(start)
        self._mark(day, start, start + minutes)
        self.count(day, minutes)

    def give_back(self, start: int, minutes: int) -> None:
        """Free a block that was taken."""
        day = self.days.zone.day_of(start)
        for each in self._touched(day, start + minutes):
            self.busy[each].remove((start, start + minutes))
        self.count(day, -minutes)

    def count(self, day: int, minutes: int) -> None:
        """Count minutes for the caps only."""
        self.used[day] = self.used.get(day, 0) + minutes
        monday = day - (day - 1) % 7
        self.used_week[monday] = self.used_week.get(monday, 0) + minutes
        for each in (day,) if self.days.week_cap is None else range(monday, monday + 7):
            self._offers.pop(each, None)
        if minutes < 0 and monday < self._open:
            self._open = max(monday, self.today)

    def open_from(self, day: int) -> int:
        """The first day, from a day on, before which none takes new work; remembered, for it seldom goes back."""
        while self._open <= self.days.last and self.offer(self._open) < GRID:
            self._open += 1
        return max(day, self._open)

    def left(self, day: int) -> int:
        """Minutes the caps leave on a day."""
        rest = self.days.cap(day) - self.used.get(day, 0)
        cap = self.days.week_cap
        if cap is not None:
            rest = min(rest, cap - self.used_week.get(day - (day - 1) % 7, 0))
        return rest

    def offer(self, day: int) -> int:
        """Minutes of new work a day takes, on the grid: today also has to hold what is still planned for it."""
        found = self._offers.get(day)
        if found is None:
            found = self._offer(day)
            if day != self.today:
                self._offers[day] = found
        return found

    def _offer(self, day: int) -> int:
        rest = self.left(day)
        if day == self.today and self.pending:
            rest = min(rest, sum(end - start for start, end in self.gaps(day, self.now)) - self.pending)
        return max(0, rest) // GRID * GRID

    def gaps(self, day: int, not_before: int) -> Iterator[Interval]:
        """Free intervals of a day from an instant on, in order."""
        taken = self.busy.get(day, ())
        for start, end in self.days.windows(day):
            at = max(start, not_before)
            for first, last in taken:
                if last <= at:
                    continue
                if first >= end:
                    break
                if first > at:
                    yield at, first
                at = last
            if at < end:
                yield at, end

    def fits(self, start: int, minutes: int) -> bool:
        """Whether a block lies in free study time and under the caps."""
        day = self.days.zone.day_of(start)
        if self.days.cap(day) <= 0 or self.left(day) < minutes:
            return False
        return any(first <= start and start + minutes <= last for first, last in self.gaps(day, start))

    def _mark(self, day: int, start: int, end: int) -> None:
        for each in self._touched(day, end):
            intervals = self.busy.setdefault(each, [])
            intervals.append((start, end))
            intervals.sort()

    def _touched(self, day: int, end: int) -> Iterator[int]:
        yield day
        while self.days.zone.midnight(day + 1) < end:
            day += 1
            yield day
