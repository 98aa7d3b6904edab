"""Spreading work evenly up to the soft end: the level of a day's load, and when each step should begin."""

from portal.pacing.moments import grid
from portal.pacing.problem import Problem, Task


def _days(problem: Problem) -> list[tuple[int, int, int]]:
    """(day, minutes it can hold, minutes used) of each day up to the soft end."""
    days, room = problem.days, problem.room
    assert problem.soft_end is not None  # noqa: S101 - the caller has asked
    first = days.zone.day_of(problem.floor)
    last = min(days.last, days.zone.day_of(problem.soft_end - 1))
    found = []
    for day in range(first, last + 1):
        if days.cap(day) > 0:
            free = room.offer(day)
            if day == first:
                free = min(free, sum(end - start for start, end in room.gaps(day, problem.floor)))
            if free > 0:
                used = room.used.get(day, 0)
                found.append((day, used + free, used))
    return found


def _open(problem: Problem) -> list[Task]:
    return [task for task in problem.tasks if task.minutes and task.left_out is None]


def level_of(problem: Problem) -> int | None:
    """The lowest load, on the grid, under which the days hold all work; None when no day or no level does."""
    days = _days(problem)
    tasks = _open(problem)
    total = sum(task.minutes for task in tasks)
    longest = max((task.minutes for task in tasks if not task.step.splittable), default=5)
    if not total or sum(top - used for _, top, used in days) < total:
        return None
    low, high = longest, grid(max(longest, *(top for _, top, _ in days)))
    while low < high:
        middle = (low + high) // 10 * 5
        if _held(days, middle) >= total:
            high = middle
        else:
            low = middle + 5
    return low


def peak(problem: Problem) -> int:
    """The highest load any of the days allows."""
    return max(top for _, top, _ in _days(problem))


def _held(days: list[tuple[int, int, int]], level: int) -> int:
    return sum(max(0, min(top, level) - used) for _, top, used in days)


def pace(problem: Problem, level: int, latest: list[int]) -> dict[int, int]:
    """For each step the start of the day by which its share of the work is due, early enough for what follows it."""
    tasks = _open(problem)
    total = sum(task.minutes for task in tasks)
    days = _days(problem)
    held = _held(days, level)
    midnight = problem.zone.midnight
    shares = iter((day, max(0, min(top, level) - used)) for day, top, used in days)
    day, passed = next(shares)
    placed, found = 0, {}
    for task in tasks:
        while placed * held >= passed * total:
            day, more = next(shares)
            passed += more
        found[task.place] = min(midnight(day), max(0, latest[task.place] - task.minutes))
        placed += task.minutes
    return found
