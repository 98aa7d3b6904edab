"""Placing all steps: a few passes, each places step by step, and the best by the objective counts.

A pass is a policy of its own: author order under an arrangement's wishes, earliest deadline first, required steps
before optional ones. Better searches belong beside them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from portal.pacing.layout import Layout, latest
from portal.pacing.place import explain, find
from portal.pacing.problem import Block, Problem, Task
from portal.pacing.repair import Repairer
from portal.pacing.results import Reason, ReasonCode
from portal.pacing.spread import level_of, pace, peak
from portal.pacing.types import Arrangement, Overload

Cost = tuple[int, int, int, int]
CLEAN: Cost = (0, 0, 0, 0)
_PASSES = 7


@dataclass(slots=True)
class Wishes:
    """The earliest instant an arrangement wishes for each step, and the load a day should not pass."""

    at: dict[int, int] = field(default_factory=dict)
    code: ReasonCode = ReasonCode.SPREAD
    level: int | None = None


def lay_out(problem: Problem) -> Layout:
    """The best layout found: a repair of the base, or a first plan by the policy's arrangement."""
    if problem.base:
        return _replanned(problem)
    best, least = None, CLEAN
    for layout in _first_plans(problem):
        found = cost(layout)
        if best is None or found < least:
            best, least = layout, found
        if least == CLEAN:
            break
    assert best is not None  # noqa: S101 - there is always a first pass
    return best


def _first_plans(problem: Problem) -> Iterator[Layout]:
    order = range(len(problem.tasks))
    yield _arranged(problem, order)
    if problem.policy.arrangement is not Arrangement.SOON:
        yield _run(problem, order, Wishes())
    yield _run(problem, _by_deadline(problem), Wishes())
    if problem.policy.overload is Overload.DROP_OPTIONAL:
        yield _run(problem, _by_deadline(problem), Wishes(), _optional(problem))


def _replanned(problem: Problem) -> Layout:
    """Author order, so that what comes first keeps its place. Steps left out before come last, after what stands."""
    drops = problem.policy.overload is Overload.DROP_OPTIONAL
    order = range(len(problem.tasks))
    absent = [place for place in _optional(problem) if not problem.tasks[place].loose] if drops else []
    layout = _run(problem, order, Wishes(), absent)
    found = cost(layout)
    if drops and found[:3] > CLEAN[:3]:
        without = _run(problem, order, Wishes(), _optional(problem))
        if cost(without)[:3] < found[:3]:
            return without
    return layout


def cost(layout: Layout) -> Cost:
    """The objective's first terms in minutes: edges given up (times one), required unplaced, required late, optional
    unplaced.
    """
    problem = layout.problem
    unplaced = [problem.tasks[place] for place in layout.unplaced]
    gone = [problem.tasks[place] for place in layout.left]
    late = 0
    for task in problem.tasks:
        if task.step.required and task.minutes:
            limit = problem.limit(task)
            late += sum(block.minutes for block in layout.blocks[task.place] if block.end > limit)
    return (
        len(given_up(layout)),
        sum(task.minutes for task in unplaced if task.step.required),
        late,
        sum(task.minutes for task in [*unplaced, *gone] if not task.step.required),
    )


def given_up(layout: Layout) -> list[tuple[Task, Task]]:
    """(step, prerequisite) where a pinned or anchored slot stands before what it waits for."""
    problem, found = layout.problem, []
    for task in problem.tasks:
        standing = [block.start for block in task.given if stands(task, block.pinned, block.base)]
        if not standing or task.done is not None:
            continue
        for link in problem.graph.before[task.place]:
            end = layout.end[link.other]
            if end is None or (end >= 0 and layout.after(link, end) > min(standing)):
                found.append((task, problem.tasks[link.other]))
    return found


def stands(task: Task, pinned: bool, base: object) -> bool:
    """Whether a given block is a pin or an anchor that is still to be done."""
    status = getattr(base, "status", "PLANNED")
    return status == "PLANNED" and (pinned or task.fixed is not None)


def _optional(problem: Problem) -> list[int]:
    return [t.place for t in problem.tasks if not t.step.required and t.minutes and not t.given and not t.left_out]


def _by_deadline(problem: Problem) -> list[int]:
    """What required work waits for first, by deadlines pulled back through the graph; ties in author order.

    A prerequisite never comes after its successor: its deadline is no later.
    """
    deadline = latest(problem)
    needed = [task.step.required for task in problem.tasks]
    for task in reversed(problem.tasks):
        if needed[task.place]:
            for link in problem.graph.before[task.place]:
                needed[link.other] = True
    return sorted(range(len(problem.tasks)), key=lambda place: (not needed[place], deadline[place], place))


def _arranged(problem: Problem, order: Sequence[int]) -> Layout:
    arrangement = problem.policy.arrangement
    if arrangement is Arrangement.BY_WEEK:
        return _run(problem, order, Wishes(_own_weeks(problem), ReasonCode.OWN_WEEK))
    if arrangement is Arrangement.SPREAD and problem.soft_end is not None:
        return _spread(problem, order)
    return _run(problem, order, Wishes())


def _own_weeks(problem: Problem) -> dict[int, int]:
    """The Monday of each step's own week; a step without one follows the step before it."""
    monday = problem.start_on.toordinal() - problem.start_on.weekday()
    week, found = 1, {}
    for task in problem.tasks:
        week = task.step.week or week
        found[task.place] = problem.zone.midnight(monday + 7 * (week - 1))
    return found


def _spread(problem: Problem, order: Sequence[int]) -> Layout:
    """The lowest daily load found at which nothing is lost, each step no earlier than its share of the time.

    Loads are tried from the even one up in growing strides, then between the last two.
    """
    low = level_of(problem)
    if low is None:
        return _run(problem, order, Wishes())
    wishes, high = pace(problem, low, latest(problem)), peak(problem)
    best, failed, level, stride = None, low - 5, low, 5
    for _ in range(_PASSES):
        tried = _run(problem, order, Wishes(wishes, level=level), strict=True)
        if cost(tried) == CLEAN:
            best, high = tried, level
        else:
            failed, stride = level, stride * 2
        level = (failed + high) // 10 * 5 if best is not None else min(level + stride // 2, high)
        if level <= failed:
            break
    return best or _run(problem, order, Wishes(wishes))


def _run(
    problem: Problem, order: Sequence[int], wishes: Wishes, left: Sequence[int] = (), *, strict: bool = False
) -> Layout:
    """One pass. Steps in ``left`` come last, and only where nothing that stands has to move for them.

    A strict pass stops at the first step without a place in time, for it is of no use.
    """
    layout = Layout(problem, left)
    repairer = Repairer(layout)
    last = set(left)
    for place in order:
        if place not in last:
            _settle(layout, repairer, problem.tasks[place], wishes)
            if strict and _is_lost(layout, place):
                return layout
    while layout.unplaced and _rescue(layout, repairer, layout.unplaced):
        continue
    for place in left:
        _settle(layout, repairer, problem.tasks[place], Wishes())
    while (away := [*layout.unplaced, *layout.left]) and _rescue(layout, repairer, away):
        continue
    return layout


def _is_lost(layout: Layout, place: int) -> bool:
    """Whether a step has no place, or is required and late: what `cost` counts, so a cut pass never looks clean."""
    task = layout.problem.tasks[place]
    if layout.unplaced or layout.left:
        return True
    limit = layout.problem.limit(task)
    return bool(task.step.required and task.minutes) and any(block.end > limit for block in layout.blocks[place])


def _rescue(layout: Layout, repairer: Repairer, places: Sequence[int]) -> bool:
    """Try steps without a place once more beside all that stands; whether one was found."""
    for place in sorted(places):
        task = layout.problem.tasks[place]
        earliest = layout.earliest(task)
        if earliest is not None and (blocks := repairer.rescue(task, earliest)) is not None:
            if place in layout.unplaced:
                layout.unplaced.remove(place)
            layout.settle(task, blocks)
            return True
    return False


def _settle(layout: Layout, repairer: Repairer, task: Task, wishes: Wishes) -> None:
    if not task.minutes or task.left_out is not None:
        return
    earliest = layout.earliest(task)
    if earliest is None:
        repairer.release(task)
        _give_up(layout, task)
        return
    for until in _bounds(layout, task):
        if layout.problem.base:
            blocks = repairer.repair(task, earliest, until)
        else:
            blocks = _place(layout, task, earliest, until, wishes)
        if blocks is not None:
            layout.settle(task, blocks)
            return
    _give_up(layout, task)


def _give_up(layout: Layout, task: Task) -> None:
    """No place: the policy leaves an optional step out and what follows goes on; any other is reported."""
    if task.place in layout.left:
        return
    drops = layout.problem.policy.overload is Overload.DROP_OPTIONAL
    if drops and not task.step.required and not task.given:
        layout.leave_out(task)
    else:
        layout.unplaced.append(task.place)


def _bounds(layout: Layout, task: Task) -> list[int]:
    """By when a step has to end: for what stands after it, giving up the tightest edge first; at last its lock."""
    limits = layout.limits(task)
    if task.place in layout.left:
        return [min(task.lock, *limits)] if limits else [task.lock]
    return [*(min(each, task.lock) for each in limits if each > task.release), task.lock]


def _place(layout: Layout, task: Task, earliest: tuple[int, Reason], until: int, wishes: Wishes) -> list[Block] | None:
    at, cause = earliest
    wish = wishes.at.get(task.place, 0)
    if wish > at:
        at, cause = wish, Reason(wishes.code)
    blocks = find(layout.room, task, (at, until), task.minutes, split=task.step.splittable, level=wishes.level)
    if blocks is not None:
        explain(layout.room, task, at, cause, blocks)
    return blocks
