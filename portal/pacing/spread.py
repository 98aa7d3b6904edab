"""Spreading work evenly up to the soft end: the level of a day's load, and when each step should begin."""

from dataclasses import dataclass

from portal.pacing.layout import latest
from portal.pacing.moments import GRID, grid
from portal.pacing.problem import Problem, Task
from portal.pacing.room import Room


@dataclass(frozen=True, slots=True)
class Day:
    """A study day: the load it can reach, and the load it has from what is given."""

    day: int
    top: int
    used: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps in author order and the days over which they are spread."""

    tasks: list[Task]
    days: list[Day]

    @property
    def minutes(self) -> int:
        """Of all steps."""
        return sum(task.minutes for task in self.tasks)


def _days(problem: Problem, room: Room, first: int, until: int) -> list[Day]:
    """The days from one instant to another that take work."""
    day_of = problem.zone.day_of
    opening, found = day_of(first), []
    for day in range(opening, min(problem.days.last, day_of(until - 1)) + 1):
        if problem.days.cap(day) > 0:
            free = room.offer(day)
            if day == opening:
                free = min(free, sum(end - start for start, end in room.gaps(day, first)))
            if free > 0:
                used = room.used.get(day, 0)
                found.append(Day(day, used + free, used))
    return found


def stretches(problem: Problem) -> list[Stretch]:
    """All open work up to the soft end; for who catches up, first what the class is ahead, then the rest."""
    assert problem.soft_end is not None  # noqa: S101  # the caller has asked
    tasks = [task for task in problem.tasks if task.minutes and task.left_out is None]
    behind = [task for task in tasks if task.level_by is not None]
    turn = min(problem.soft_end, max((task.level_by or 0 for task in behind), default=0))
    if turn <= problem.floor:
        return [Stretch(tasks, _days(problem, problem.room, problem.floor, problem.soft_end))]
    rest = [task for task in tasks if task.level_by is None]
    found = [Stretch(behind, _days(problem, problem.room, problem.floor, turn))]
    if rest:
        found.append(Stretch(rest, _days(problem, problem.room, turn, problem.soft_end)))
    return found


def level_of(these: list[Stretch]) -> int | None:
    """The lowest load, on the grid, under which the days hold all work; None when no day or no level does."""
    levels = [
        _level([task.minutes for task in each.tasks if not task.step.splittable], each.minutes, each.days)
        for each in these
    ]
    found = [level for level in levels if level is not None]
    return max(found) if len(found) == len(levels) and found else None


def _level(blocks: list[int], total: int, days: list[Day]) -> int | None:
    longest = max(blocks, default=GRID)
    if not total or sum(day.top - day.used for day in days) < total:
        return None
    low, high = longest, grid(max(longest, *(day.top for day in days)))
    while low < high:
        middle = (low + high) // (2 * GRID) * GRID
        if _held(days, middle) >= total:
            high = middle
        else:
            low = middle + GRID
    return low


def thin_level(problem: Problem, room: Room, until: int, blocks: list[int], whole: list[int]) -> int | None:
    """The lowest load under which the days up to an instant hold these blocks beside what they hold already.

    ``whole`` are those of the blocks that may not be split, in the order they are placed.
    """
    if until <= problem.floor:
        return None
    days = _days(problem, room, problem.floor, until)
    level = _level(blocks, sum(blocks), days)
    if level is None:
        return None
    highest = grid(max(day.top for day in days))
    return next((each for each in range(level, highest, GRID) if _packs(days, each, whole)), highest)


def _packs(days: list[Day], level: int, whole: list[int]) -> bool:
    """Whether each block finds a day, first fit."""
    free = [min(day.top, level) - day.used for day in days]
    for minutes in whole:
        at = next((number for number, each in enumerate(free) if each >= minutes), None)
        if at is None:
            return False
        free[at] -= minutes
    return True


def peak(these: list[Stretch]) -> int:
    """The highest load any of the days allows."""
    return max(day.top for each in these for day in each.days)


def _held(days: list[Day], level: int) -> int:
    return sum(max(0, min(day.top, level) - day.used) for day in days)


def pace(problem: Problem, these: list[Stretch], level: int) -> dict[int, int]:
    """For each step the start of the day by which its share of the work is due, early enough for what follows it."""
    ends, midnight, found = latest(problem), problem.zone.midnight, dict[int, int]()
    for each in these:
        total, held = each.minutes, _held(each.days, level)
        shares = iter((day.day, max(0, min(day.top, level) - day.used)) for day in each.days)
        day, passed = next(shares)
        placed = 0
        for task in each.tasks:
            while placed * held >= passed * total:
                day, more = next(shares)
                passed += more
            found[task.place] = min(midnight(day), max(0, ends[task.place] - task.minutes))
            placed += task.minutes
    return found
