"""Certificates: reasons that hold for every plan, so that "impossible" is never said of what is possible (R14).

Each looks at the given blocks and the calendar only, and overrates what is free, so that it never claims too much.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from portal.pacing.layout import MET
from portal.pacing.problem import Problem, Task
from portal.pacing.results import Certificate, CertificateCode
from portal.pacing.types import Id


def certificate(problem: Problem) -> Certificate | None:
    """The first proof found that required work cannot all be done in time."""
    tasks = _open(problem)
    return _too_long(problem, tasks) or _overfull(problem, tasks) or _chain(problem, tasks)


def _open(problem: Problem) -> list[Task]:
    return [task for task in problem.tasks if task.minutes and task.step.required and task.left_out is None]


def longest_block(problem: Problem, task: Task, first: int, until: int) -> int:
    """The longest unbroken study time for a step that any day of a span offers under its cap."""
    days = problem.days
    found = 0
    for day in _days(problem, first, until):
        if task.weekday is None or (day - 1) % 7 == task.weekday:
            run = max((end - start for start, end in days.windows(day)), default=0)
            found = max(found, min(days.cap(day), run))
            if found >= task.minutes:
                break
    return found


def _days(problem: Problem, first: int, until: int) -> range:
    if until <= first:
        return range(0)
    return range(problem.zone.day_of(first), min(problem.days.last, problem.zone.day_of(until - 1)) + 1)


def _too_long(problem: Problem, tasks: list[Task]) -> Certificate | None:
    for task in tasks:
        if task.step.splittable:
            continue
        longest = longest_block(problem, task, task.release, task.lock)
        if 0 < longest < task.minutes:
            span = (task.release, task.lock)
            return _proof(problem, CertificateCode.STEP_TOO_LONG, [task], *span, task.minutes, longest)
    return None


def shortfall(problem: Problem) -> int:
    """Required minutes that no plan can place in time: a bound, 0 when none is proved."""
    found = max((needed - available for _, _, needed, available in _spans(problem, _open(problem))), default=0)
    return max(0, found)


def _overfull(problem: Problem, tasks: list[Task]) -> Certificate | None:
    """More work has to be done between a release and a limit than the days between them hold."""
    for first, until, needed, available in _spans(problem, tasks):
        if needed > available:
            within = [task for task in tasks if task.release >= first and task.limit <= until]
            return _proof(problem, CertificateCode.WINDOW_OVERFULL, within, first, until, needed, available)
    return None


def _spans(problem: Problem, tasks: list[Task]) -> Iterator[tuple[int, int, int, int]]:
    """(from, until, minutes of the steps that lie between, minutes the days between hold at most)."""
    limits = sorted((task.limit, task.release, task.minutes) for task in tasks)
    time = _Time(problem)
    for first in sorted({task.release for task in tasks}):
        needed = 0
        for number, (until, release, minutes) in enumerate(limits):
            if release >= first:
                needed += minutes
                if number + 1 == len(limits) or limits[number + 1][0] > until:
                    yield first, until, needed, time.between(first, until)


class _Time:
    """The most minutes a span of days could hold, week caps included; whole days are counted once."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._whole: dict[int, int] = {}

    def between(self, first: int, until: int) -> int:
        problem, weeks = self._problem, dict[int, int]()
        days = _days(problem, first, until)
        for day in days:
            monday = day - (day - 1) % 7
            is_whole = day not in (days[0], days[-1])
            weeks[monday] = weeks.get(monday, 0) + (self._of(day) if is_whole else self._part(day, first, until))
        cap, used = problem.days.week_cap, problem.room.used_week
        if cap is None:
            return sum(weeks.values())
        return sum(min(minutes, max(0, cap - used.get(monday, 0))) for monday, minutes in weeks.items())

    def _of(self, day: int) -> int:
        found = self._whole.get(day)
        if found is None:
            midnight = self._problem.zone.midnight
            found = self._whole[day] = self._part(day, midnight(day), midnight(day + 1))
        return found

    def _part(self, day: int, first: int, until: int) -> int:
        room = self._problem.room
        cap = room.days.cap(day)
        if cap <= 0:
            return 0
        time = sum(max(0, min(end, until) - start) for start, end in room.gaps(day, first))
        return max(0, min(cap - room.used.get(day, 0), time))


def _chain(problem: Problem, tasks: list[Task]) -> Certificate | None:
    """Each step alone at its earliest after those it waits for, as if nothing else were to be done."""
    ends: dict[int, int] = {}
    causes: dict[int, int] = {}
    needed = {task.place for task in tasks}
    for task in problem.tasks:
        ends[task.place] = _alone(problem, task, ends, causes)
        if task.place in needed and ends[task.place] > task.limit:
            return _chain_proof(problem, task, ends, causes)
    return None


def _alone(problem: Problem, task: Task, ends: dict[int, int], causes: dict[int, int]) -> int:
    """The earliest end of one step; a prerequisite that may be left out is no reason to wait."""
    if task.done is not None:
        return task.done
    if task.left_out is not None or not task.step.required or (task.given and not task.minutes):
        return MET
    at = task.release
    for link in problem.graph.before[task.place]:
        end = ends[link.other]
        if end == MET:
            continue
        day = problem.zone.day_of(end if problem.tasks[link.other].done is not None else end - 1)
        after = end
        if link.lag:
            later = problem.days.later(day, link.lag) if link.study_days else day + link.lag
            after = problem.zone.midnight(later)
        if after > at:
            at, causes[task.place] = after, link.other
    return _earliest_end(problem, at, task.minutes)


def _earliest_end(problem: Problem, at: int, minutes: int) -> int:
    """When so many minutes are done at best, split at will, from an instant on."""
    room = problem.room
    for day in _days(problem, at, problem.end):
        left = room.left(day) if problem.days.cap(day) > 0 else 0
        for start, end in room.gaps(day, at) if left > 0 else ():
            size = min(minutes, end - start, left)
            minutes, left = minutes - size, left - size
            if minutes <= 0:
                return start + size
            if left <= 0:
                break
    return problem.zone.midnight(problem.days.last + 1) + 1


def _chain_proof(problem: Problem, task: Task, ends: dict[int, int], causes: dict[int, int]) -> Certificate:
    chain = [task]
    while (place := causes.get(chain[0].place)) is not None:
        chain.insert(0, problem.tasks[place])
    limit = task.limit
    first = chain[0].release
    needed = sum(each.minutes for each in chain)
    proof = _proof(
        problem, CertificateCode.CHAIN_TOO_LONG, chain, first, limit, needed, _Time(problem).between(first, limit)
    )
    end = ends[task.place]
    if end > problem.end:
        return proof
    return replace(proof, earliest_on=problem.zone.local(end - 1)[0])


def _proof(
    problem: Problem, code: CertificateCode, tasks: list[Task], first: int, until: int, needed: int, available: int
) -> Certificate:
    days: list[date] = [problem.zone.local(first)[0], problem.zone.local(until - 1)[0]]
    steps: tuple[Id, ...] = tuple(task.step.id for task in tasks)
    return Certificate(code, steps, days[0], days[1], needed, available)
