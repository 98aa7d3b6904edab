"""Rescue (R5): when required work has no place or is late, other courses are tried, and a search at the end.

One is accepted only if fewer required minutes are unplaced, or as few and fewer late; among those the least change
counts. Where a re-plan would change nothing, nothing but a plan without such trouble is accepted, so that the mere
passing of time moves nobody's dates (R1).
"""

from collections.abc import Iterator
from itertools import islice

from portal.pacing.layout import Layout, latest
from portal.pacing.objective import Cost, cost, troubled
from portal.pacing.passes import Course, run
from portal.pacing.problem import Block, Problem
from portal.pacing.proof import shortfall
from portal.pacing.results import Reason, ReasonCode
from portal.pacing.search import search
from portal.pacing.types import Id

_PASSES = 4
_PLACINGS = 480
Trouble = tuple[int, int, int]


def rescue(problem: Problem, layout: Layout) -> Layout:
    """The layout, or one with less trouble."""
    first = cost(layout)
    if not _trouble(first)[1:] > (0, 0):
        return layout
    bound = shortfall(problem)
    stands = problem.is_replan and is_kept(layout)
    if first[1] + first[2] <= bound or (stands and bound):
        return layout
    best = _improved(problem, layout, bound)
    if cost(best)[1] + cost(best)[2] > bound:
        best = search(best)
    least = cost(best)
    if _trouble(least) >= _trouble(first) or (stands and least[1] + least[2]):
        return layout
    if problem.base:
        _mark(layout, best)
    return best


def _improved(problem: Problem, layout: Layout, bound: int) -> Layout:
    """The best of a few rounds of passes; each round starts from the best of the one before."""
    best, least = layout, cost(layout)
    left = max(1, min(_PASSES, _PLACINGS // len(problem.tasks)))
    while left > 0 and least[1] + least[2] > bound:
        found, value = best, least
        for course in islice(_courses(problem, best), left):
            tried = run(problem, course)
            left -= 1
            if (each := cost(tried)) < value:
                found, value = tried, each
        if _trouble(value) >= _trouble(least):
            break
        best, least = found, value
    return best


def _trouble(found: Cost) -> Trouble:
    """Edges given up, required minutes unplaced, required minutes late."""
    return found[:3]


def is_kept(layout: Layout) -> bool:
    """Whether a re-plan leaves every open slot where it is and adds none."""
    for task in layout.problem.tasks:
        mine = layout.blocks[task.place][len(task.given) :]
        if [(block.base, block.start, block.minutes) for block in mine] != [
            (block.base, block.start, block.minutes) for block in task.loose
        ]:
            return False
    return True


def _courses(problem: Problem, layout: Layout) -> Iterator[Course]:
    """First the steps in trouble with all they wait for, then what remains; at last everything by its deadline."""
    ahead = _closure(problem, {task.place for task in troubled(layout)})
    order = deadlines_first(problem, needed_first=True)
    first = [place for place in order if place in ahead]
    left = sorted(layout.left)
    everything = frozenset(range(len(problem.tasks)))
    if problem.is_replan:
        rest = [place for place in range(len(problem.tasks)) if place not in ahead]
        wanted = {task.place: layout.blocks[task.place][len(task.given) :] for task in problem.tasks}
        wanted = {place: [_copy(block) for block in blocks] for place, blocks in wanted.items() if blocks}
        yield Course([*first, *rest], left=left, wanted=wanted, freed=ahead, ahead=True)
        yield Course(order, left=left, wanted={}, freed=everything, ahead=True)
        yield Course(
            [*first, *(place for place in order if place not in ahead)],
            left=left,
            wanted={},
            freed=everything,
            ahead=True,
        )
    else:
        yield Course([*first, *(place for place in order if place not in ahead)], left=left)
        yield Course([*first, *(place for place in range(len(problem.tasks)) if place not in ahead)], left=left)


def _copy(block: Block) -> Block:
    return Block(block.start, block.minutes, block.reasons, block.base, since=block.since)


def _closure(problem: Problem, places: set[int]) -> frozenset[int]:
    """These steps and all they wait for."""
    found = set(places)
    for place in range(len(problem.tasks) - 1, -1, -1):
        if place in found:
            found.update(link.other for link in problem.graph.before[place])
    return frozenset(found)


def deadlines_first(problem: Problem, *, needed_first: bool) -> list[int]:
    """Steps by deadlines pulled back through the graph, ties in author order; first what required work waits for.

    A prerequisite never comes after its successor: its deadline is no later. Without lags, minimum sessions, pins and
    anchors this order finds a plan with nothing unplaced or late whenever there is one.
    """
    deadline = latest(problem)
    needed = [not needed_first or task.step.required for task in problem.tasks]
    for task in reversed(problem.tasks):
        if needed[task.place]:
            for link in problem.graph.before[task.place]:
                needed[link.other] = True
    return sorted(range(len(problem.tasks)), key=lambda place: (not needed[place], deadline[place], place))


def _mark(plain: Layout, rescued: Layout) -> None:
    """Moves that only the rescue made say so, with the step they save."""
    saved = _saved(plain, rescued)
    for task in plain.problem.tasks:
        stood = {(block.start, block.minutes) for block in plain.blocks[task.place]}
        for block in rescued.blocks[task.place][len(task.given) :]:
            if (block.start, block.minutes) not in stood:
                rest = [reason for reason in block.reasons if reason.code is not ReasonCode.RESCUE]
                block.reasons = (Reason(ReasonCode.RESCUE, saved), *rest)


def _saved(plain: Layout, rescued: Layout) -> Id:
    still = {task.place for task in troubled(rescued)}
    before = troubled(plain)
    return next((task.step.id for task in before if task.place not in still), before[0].step.id)
