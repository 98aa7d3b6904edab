"""Choosing a layout: a few passes, improvement where something does not fit, and the best by the objective counts.

A pass is a policy of its own: author order under an arrangement's wishes, earliest deadline first, required steps
before optional ones.
"""

from collections.abc import Iterator
from dataclasses import replace

from portal.pacing.layout import Layout
from portal.pacing.moments import GRID
from portal.pacing.objective import CLEAN, cost, shape, troubled
from portal.pacing.passes import NONE, Course, Wishes, run
from portal.pacing.problem import Problem
from portal.pacing.proof import shortfall
from portal.pacing.rescue import deadlines_first, is_kept, rescue
from portal.pacing.results import ReasonCode
from portal.pacing.spacing import crowding, spacing
from portal.pacing.spread import level_of, pace, peak, stretches
from portal.pacing.types import Arrangement, Overload

_PASSES = 7


def lay_out(problem: Problem) -> Layout:
    """The best layout found: a repair of the base, or a first plan by the policy's arrangement.

    One in trouble that no bound proves is repaired once more, so that time passing finds nothing in it to save (R1).
    """
    layout = rescue(problem, _repaired(problem)) if problem.is_replan else _first(problem)
    if not troubled(layout) or shortfall(problem):
        return layout
    tasks = [
        replace(task, loose=sorted(layout.blocks[task.place][len(task.given) :], key=lambda block: block.start))
        for task in problem.tasks
    ]
    problem = replace(problem, tasks=tasks, is_replan=True)
    again = rescue(problem, _repaired(problem))
    return layout if is_kept(again) else again


def _first(problem: Problem) -> Layout:
    wishes, best = _arranged(problem)
    least = cost(best)
    if least != CLEAN:
        for layout in _by_other_orders(problem):
            found = cost(layout)
            if found < least:
                best, least = layout, found
            if least == CLEAN:
                break
        else:
            best = rescue(problem, best)
    return _spaced(problem, wishes, best)


def _by_other_orders(problem: Problem) -> Iterator[Layout]:
    if problem.policy.arrangement is not Arrangement.SOON:
        yield run(problem, Course(range(len(problem.tasks))))
    by_deadline = deadlines_first(problem, needed_first=False)
    yield run(problem, Course(by_deadline))
    needed = deadlines_first(problem, needed_first=True)
    if needed != by_deadline:
        yield run(problem, Course(needed))
    if problem.policy.overload is Overload.DROP_OPTIONAL:
        yield run(problem, Course(needed, left=_optional(problem)))


def _spaced(problem: Problem, wishes: Wishes, layout: Layout) -> Layout:
    """With spacing, where that makes nothing above it in the objective worse."""
    apart = spacing(problem)
    if apart is None or crowding(layout) == (0, 0, 0):
        return layout
    found = run(problem, Course(apart.order, replace(wishes, spacing=apart)))
    return min(layout, found, key=lambda each: (cost(each), shape(each), crowding(each)))


def _arranged(problem: Problem) -> tuple[Wishes, Layout]:
    """Author order under the wishes of the policy's arrangement."""
    arrangement = problem.policy.arrangement
    if arrangement is Arrangement.SPREAD and problem.soft_end is not None:
        return _spread(problem)
    wishes = NONE
    if arrangement is Arrangement.BY_WEEK:
        weeks = enumerate(problem.own_weeks())
        wishes = Wishes({place: problem.zone.midnight(week) for place, week in weeks}, ReasonCode.OWN_WEEK)
    return wishes, run(problem, Course(range(len(problem.tasks)), wishes))


def _spread(problem: Problem) -> tuple[Wishes, Layout]:
    """The lowest daily load found at which nothing is lost, each step no earlier than its share of the time.

    Loads are tried from the even one up in growing strides, then between the last two.
    """
    order = range(len(problem.tasks))
    these = stretches(problem)
    low = level_of(these)
    if low is None:
        return NONE, run(problem, Course(order))
    wishes, high = Wishes(pace(problem, these, low)), peak(these)
    best, failed, level, stride = None, low - GRID, low, GRID
    for _ in range(_PASSES):
        tried = run(problem, Course(order, replace(wishes, level=level), strict=True))
        if cost(tried) == CLEAN:
            best, high = tried, level
        else:
            failed, stride = level, stride * 2
        level = (failed + high) // (2 * GRID) * GRID if best is not None else min(level + stride // 2, high)
        if level <= failed:
            break
    if best is None:
        return wishes, run(problem, Course(order, wishes))
    return replace(wishes, level=high), best


def _repaired(problem: Problem) -> Layout:
    """Author order, so that what comes first keeps its place. Steps left out before come last, after what stands."""
    drops = problem.policy.overload is Overload.DROP_OPTIONAL
    order = range(len(problem.tasks))
    absent = [place for place in _optional(problem) if not problem.tasks[place].loose] if drops else []
    layout = run(problem, Course(order, left=absent))
    found = cost(layout)
    if drops and found[:3] > CLEAN[:3]:
        without = run(problem, Course(order, left=_optional(problem)))
        least = cost(without)
        if least[:3] < found[:3] and not (least[1] + least[2] and is_kept(layout)):
            return without
    return layout


def _optional(problem: Problem) -> list[int]:
    return [t.place for t in problem.tasks if not t.step.required and t.minutes and not t.given and not t.left_out]
