"""From a layout back to the caller's values: slots with dates, due moments and slack, and the diff against the base."""

from bisect import bisect_right
from dataclasses import replace

from portal.pacing.dues import due_of
from portal.pacing.judge import judge, left_out
from portal.pacing.layout import Layout, latest
from portal.pacing.moments import bucket, from_minute
from portal.pacing.place import why
from portal.pacing.problem import Block, Problem, Task
from portal.pacing.results import Diff, Move, Plan, Removed, RemovedCode, Slot
from portal.pacing.types import SlotStatus


def result(layout: Layout) -> Plan:
    """The plan. One that changes nothing returns the base's slots as they are (R1)."""
    problem = layout.problem
    slots = [slot for slot in problem.base if slot.step not in problem.graph.index and _is_history(slot)]
    slack = _Slack(problem)
    for task in problem.tasks:
        if layout.blocks[task.place]:
            slots += _slots(layout, task, slack)
    slots.sort(key=lambda slot: (slot.starts_at, problem.graph.index.get(slot.step, -1), slot.part))
    diff = _diff(problem, slots)
    if diff.empty:
        known = {slot.id: slot for slot in problem.base}
        slots = [known[slot.id] for slot in slots]
        diff = Diff(kept=tuple(slots))
    return Plan(
        slots=tuple(slots),
        left_out=left_out(layout),
        finish_on=max((slot.on for slot in slots), default=None),
        report=judge(layout),
        diff=diff,
    )


class _Slack:
    """Study days between a slot's day and the day after which something is late."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._latest = latest(problem)
        self._bounded = self._bounds()
        ends = [self._latest[task.place] for task in problem.tasks if self._bounded[task.place]]
        first = problem.room.today
        last = min(problem.days.last, problem.zone.day_of(max(ends) - 1)) if ends else first - 1
        self._days = [day for day in range(first, last + 1) if problem.days.cap(day) > 0]

    def _bounds(self) -> list[bool]:
        problem = self._problem
        found = [problem.bounded or task.due is not None or task.lock < problem.end for task in problem.tasks]
        for task in reversed(problem.tasks):
            if found[task.place] or task.given:
                for link in problem.graph.before[task.place]:
                    found[link.other] = True
        return found

    def of(self, task: Task, day: int) -> int | None:
        """None when nothing bounds the step; 0 when it is late already."""
        if not self._bounded[task.place]:
            return None
        until = self._problem.zone.day_of(self._latest[task.place] - 1)
        return max(0, bisect_right(self._days, until) - bisect_right(self._days, day))


def _is_history(slot: Slot) -> bool:
    return slot.status is not SlotStatus.PLANNED


def _slots(layout: Layout, task: Task, slack: _Slack) -> list[Slot]:
    blocks = sorted(layout.blocks[task.place], key=lambda block: block.start)
    parts = len(blocks)
    return [_slot(layout, task, block, (part, parts), slack) for part, block in enumerate(blocks, 1)]


def _slot(layout: Layout, task: Task, block: Block, numbers: tuple[int, int], slack: _Slack) -> Slot:
    problem = layout.problem
    part, parts = numbers
    base = block.base
    if base is not None and _is_history(base):
        return base if (base.part, base.parts) == numbers else replace(base, part=part, parts=parts)
    on, start = problem.zone.local(block.start)
    first, _ = bucket(problem.calendar.cadence, on)
    starts_at = from_minute(block.start)
    return Slot(
        task.step.id,
        part,
        parts,
        on,
        start,
        starts_at,
        block.minutes,
        first,
        due_of(problem, task, block),
        None if base is None else base.id,
        SlotStatus.PLANNED,
        block.pinned,
        why(layout.room, task, block),
        slack.of(task, on.toordinal()),
    )


def _diff(problem: Problem, slots: list[Slot]) -> Diff:
    before = {slot.id: slot for slot in problem.base}
    kept, moved, added = [], [], []
    for slot in slots:
        old = before.pop(slot.id, None) if slot.id is not None else None
        if old is None:
            added.append(slot)
        elif _place(old) == _place(slot):
            kept.append(slot)
        else:
            moved.append(Move(old, slot))
    gone = tuple(Removed(slot, _why_gone(problem, slot, slots)) for slot in problem.base if slot.id in before)
    return Diff(tuple(kept), tuple(moved), tuple(added), gone)


def _place(slot: Slot) -> tuple[object, ...]:
    return slot.on, slot.start, slot.starts_at, slot.minutes, slot.due_at, slot.pinned


def _why_gone(problem: Problem, slot: Slot, slots: list[Slot]) -> RemovedCode:
    place = problem.graph.index.get(slot.step)
    if place is None:
        return RemovedCode.STEP_REMOVED
    task = problem.tasks[place]
    if task.done is not None:
        return RemovedCode.DONE
    before, now = (sum(each.minutes for each in those if each.step == slot.step) for those in (problem.base, slots))
    is_less = task.left_out is None and (not task.minutes or 0 < now < before)
    return RemovedCode.EFFORT if is_less else RemovedCode.LEFT_OUT
