"""One pass: all steps placed in some order, each at the earliest place that its wishes and what stands allow."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from portal.pacing.layout import Layout
from portal.pacing.objective import late_minutes
from portal.pacing.place import explain, find, give_back
from portal.pacing.problem import Block, Problem, Task
from portal.pacing.repair import Repairer
from portal.pacing.results import Reason, ReasonCode
from portal.pacing.spacing import Spacing
from portal.pacing.types import Overload

Wanted = dict[int, list[Block]]


@dataclass(frozen=True, slots=True)
class Wishes:
    """The earliest instant an arrangement wishes for each step, the load a day should not pass, and what to space."""

    at: dict[int, int] = field(default_factory=dict)
    code: ReasonCode = ReasonCode.SPREAD
    level: int | None = None
    spacing: Spacing | None = None


NONE = Wishes()


@dataclass(frozen=True, slots=True)
class Course:
    """How a pass goes. Steps in ``left`` come last, and only where nothing that stands has to move for them.

    ``wanted`` are places to keep, by step; of ``freed`` steps none. ``ahead``: the freed ones come before anything is
    kept for others. A ``strict`` pass stops at the first step without a place in time, for it is of no use.
    """

    order: Sequence[int]
    wishes: Wishes = NONE
    left: Sequence[int] = ()
    wanted: Wanted | None = None
    freed: Set[int] = frozenset()
    ahead: bool = False
    strict: bool = False


def run(problem: Problem, course: Course) -> Layout:
    """The layout of a pass."""
    layout = Layout(problem, course.left)
    repairer = Repairer(layout, course.wanted, course.freed)
    last = set(course.left)
    if not course.ahead:
        repairer.hold_all()
    holding = not course.ahead
    for place in course.order:
        if place in last:
            continue
        if not holding and place not in course.freed:
            repairer.hold_all()
            holding = True
        settle(layout, repairer, problem.tasks[place], course.wishes)
        if course.strict and _is_lost(layout, place):
            return layout
    while layout.unplaced and _find_room(layout, repairer, layout.unplaced):
        continue
    for place in course.left:
        settle(layout, repairer, problem.tasks[place], NONE)
    fill(layout, repairer)
    return layout


def fill(layout: Layout, repairer: Repairer) -> None:
    """Use what room is left beside all that stands, so that the next re-plan finds nothing to place (R1)."""
    moved = True
    while moved:
        while (away := [*layout.unplaced, *layout.left]) and _find_room(layout, repairer, away):
            continue
        moved = _find_time(layout, repairer)


def _is_lost(layout: Layout, place: int) -> bool:
    """Whether a step has no place, or is required and late: what `cost` counts, so a cut pass never looks clean."""
    if layout.unplaced or layout.left:
        return True
    task = layout.problem.tasks[place]
    return task.step.required and late_minutes(task, layout.blocks[place]) > 0


def _find_room(layout: Layout, repairer: Repairer, places: Sequence[int]) -> bool:
    """Try steps without a place once more beside all that stands; whether one was found."""
    for place in sorted(places):
        task = layout.problem.tasks[place]
        earliest = layout.earliest(task)
        if earliest is None:
            continue
        until = _until(layout, task)
        noticed = repairer.noticed(task, earliest[0]), earliest[1]
        blocks = repairer.anew(task, noticed, until) or repairer.anew(task, earliest, until)
        if blocks is not None:
            if place in layout.unplaced:
                layout.unplaced.remove(place)
            layout.settle(task, blocks)
            return True
    return False


def _find_time(layout: Layout, repairer: Repairer) -> bool:
    """Try late required steps once more, to be in time beside all that stands; whether one was found."""
    problem = layout.problem
    for task in problem.tasks:
        blocks = layout.blocks[task.place]
        mine = blocks[len(task.given) :]  # what was given stands, late or not: only the rest can be in time again
        if not task.step.required or not late_minutes(task, mine):
            continue
        earliest = layout.earliest(task)
        if earliest is None:
            continue
        give_back(layout.room, mine)
        earliest = repairer.noticed(task, earliest[0]), earliest[1]
        until = min(_until(layout, task), task.limit)
        found = repairer.anew(task, earliest, until)
        if found is not None:
            layout.replace(task, found)
            return True
        for block in mine:
            layout.room.take(block.start, block.minutes)
    return False


def _until(layout: Layout, task: Task) -> int:
    return min([task.lock, *layout.limits(task)])


def settle(layout: Layout, repairer: Repairer, task: Task, wishes: Wishes) -> None:
    """Place one step, or note that it has no place."""
    if not task.minutes or task.left_out is not None:
        return
    earliest = layout.earliest(task)
    if earliest is None:
        repairer.release(task)
        _give_up(layout, task)
        return
    for until in _bounds(layout, task):
        if repairer.keeps:
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
    """By when a step has to end: for what stands after it, giving up the tightest edge to a given slot first."""
    if task.place in layout.left:
        return [_until(layout, task)]
    limits = layout.limits(task)
    if not limits:
        return [task.lock]
    last = min([task.lock, *layout.limits(task, placed=True)])
    return [*(min(each, last) for each in limits if each > task.release), last]


def _place(layout: Layout, task: Task, earliest: tuple[int, Reason], until: int, wishes: Wishes) -> list[Block] | None:
    at, cause = earliest
    room, split = layout.room, task.step.splittable
    wish = wishes.at.get(task.place, 0)
    if wish > at:
        at, cause = wish, Reason(wishes.code)
    if wishes.spacing is not None:
        at, cause = _spaced(layout, task, (at, cause), wishes.spacing)
    blocks = find(room, task, (at, until), task.minutes, split=split, level=wishes.level)
    if blocks is not None:
        explain(at, cause, blocks)
    return blocks


def _spaced(layout: Layout, task: Task, earliest: tuple[int, Reason], apart: Spacing) -> tuple[int, Reason]:
    """Later by a review's offset, and past days that hold a step to be kept apart from."""
    at, cause = earliest
    zone = layout.problem.zone
    if task.place in apart.offsets:
        other, days = apart.offsets[task.place]
        end = layout.end[other]
        if end is not None and end > 0:
            wish = zone.midnight(zone.day_of(end - 1) + days)
            if wish > at:
                at, cause = wish, Reason(ReasonCode.REVIEW, layout.problem.graph.steps[other].id)
    if task.place in apart.apart:
        taken = {
            zone.day_of(block.start): place
            for place in apart.apart
            if place != task.place
            for block in layout.blocks[place]
        }
        day = zone.day_of(at)
        while day in taken:
            other = taken[day]
            day += 1
            at, cause = zone.midnight(day), Reason(ReasonCode.APART, layout.problem.graph.steps[other].id)
    return at, cause
