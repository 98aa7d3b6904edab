"""The learner's study time: free intervals of each day under the daily and weekly caps."""

from bisect import bisect_left
from dataclasses import dataclass, field

Interval = tuple[int, int]


@dataclass(slots=True)
class Room:
    """Free time by day. ``windows`` are study hours as [from, until) minutes; days are ordinals."""

    capacity: dict[int, int]
    windows: dict[int, list[Interval]]
    week_cap: int | None
    study_days: list[int] = field(default_factory=list)
    busy: dict[int, list[Interval]] = field(default_factory=dict)
    used: dict[int, int] = field(default_factory=dict)
    used_week: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """List the study days in order."""
        self.study_days = sorted(day for day, minutes in self.capacity.items() if minutes > 0)

    def copy(self) -> "Room":
        """An independent room in the same state; capacity and windows are shared, for they never change."""
        twin = Room(self.capacity, self.windows, self.week_cap)
        twin.busy = {day: list(intervals) for day, intervals in self.busy.items()}
        twin.used, twin.used_week = dict(self.used), dict(self.used_week)
        return twin

    def take(self, day: int, start: int, minutes: int) -> None:
        """Use a block; given ones may overlap or lie outside of the study hours."""
        self.busy.setdefault(day, []).append((start, start + minutes))
        self.busy[day].sort()
        self.used[day] = self.used.get(day, 0) + minutes
        self.used_week[week(day)] = self.used_week.get(week(day), 0) + minutes

    def give_back(self, day: int, start: int, minutes: int) -> None:
        """Free a block that was taken."""
        self.busy[day].remove((start, start + minutes))
        self.used[day] -= minutes
        self.used_week[week(day)] -= minutes

    def left(self, day: int) -> int:
        """Minutes the caps leave on a day."""
        rest = self.capacity.get(day, 0) - self.used.get(day, 0)
        if self.week_cap is not None:
            rest = min(rest, self.week_cap - self.used_week.get(week(day), 0))
        return max(0, rest)

    def gaps(self, day: int, not_before: int) -> list[Interval]:
        """Free intervals of a day from a minute on, in order."""
        found = []
        taken = self.busy.get(day, ())
        for start, end in self.windows.get(day, ()):
            at = max(start, not_before)
            for first, last in taken:
                if last <= at:
                    continue
                if first >= end:
                    break
                if first > at:
                    found.append((at, first))
                at = max(at, last)
            if at < end:
                found.append((at, end))
        return found

    def fits(self, day: int, start: int, minutes: int) -> bool:
        """Whether a block lies in free study time and under the caps."""
        if self.left(day) < minutes:
            return False
        return any(first <= start and start + minutes <= last for first, last in self.gaps(day, start))

    def days_from(self, day: int) -> range:
        """Indexes into ``study_days`` from a day on."""
        return range(bisect_left(self.study_days, day), len(self.study_days))


def week(day: int) -> int:
    """The Monday of a day's week, as an ordinal (ordinal 1 is a Monday)."""
    return day - (day - 1) % 7
