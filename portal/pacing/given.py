"""Sorting base slots, pins and fixed anchors: what never moves, what is open work, what is gone."""

from portal.pacing.moments import grid, minute_of, to_minute
from portal.pacing.problem import Block, Problem, Task, reason
from portal.pacing.results import ReasonCode, Slot
from portal.pacing.types import MissedWork, Pin, SlotStatus

_DONE = (SlotStatus.COMPLETED, SlotStatus.SKIPPED)


def hand_out(problem: Problem) -> None:
    """Give each task its slots and what is left to place; given blocks take their room."""
    if len({slot.id for slot in problem.base} - {None}) != len(problem.base):
        raise ValueError("every slot of the base needs an id of its own")
    slots: dict[int, list[Slot]] = {}
    for slot in sorted(problem.base, key=lambda each: each.starts_at):
        place = problem.graph.index.get(slot.step)
        if place is None:
            _history(problem, slot)
        else:
            slots.setdefault(place, []).append(slot)
    remaining = {each.step: each.minutes for each in problem.learner.remaining}
    completed = {each.step: to_minute(each.at) for each in problem.learner.completions}
    pins = _pins(problem)
    for task in problem.tasks:
        mine = slots.get(task.place, [])
        _close(problem, task, mine, completed.get(task.step.id), remaining.get(task.step.id))
        if mine:
            _sort(problem, task, mine, pins.get(task.place, []), remaining.get(task.step.id))
        elif task.step.id in remaining:
            task.minutes = grid(remaining[task.step.id])
        if task.done is not None:
            task.minutes = 0
        _stand(problem, task, pins.get(task.place, []))
        for block in task.given:
            problem.room.take(block.start, block.minutes)


def _pins(problem: Problem) -> dict[int, list[Pin]]:
    """Commands by step."""
    pins: dict[int, list[Pin]] = {}
    for pin in problem.learner.pins:
        if pin.step not in problem.graph.index:
            raise ValueError(f"a pin names an unknown step: {pin.step!r}")
        pins.setdefault(problem.graph.index[pin.step], []).append(pin)
    return pins


def _history(problem: Problem, slot: Slot) -> None:
    """What was done of a step that is no longer in the path still used its time."""
    if slot.status is not SlotStatus.PLANNED:
        problem.room.take(to_minute(slot.starts_at), slot.minutes)


def _close(problem: Problem, task: Task, slots: list[Slot], completed: int | None, remaining: int | None) -> None:
    """Note when a step was done: by its completion, or because slots that are done hold all of its minutes."""
    if completed is not None:
        task.done = completed
    elif remaining is None and sum(slot.minutes for slot in slots if slot.status in _DONE) >= task.minutes:
        ends = [to_minute(slot.starts_at) + slot.minutes for slot in slots if slot.status is SlotStatus.COMPLETED]
        task.done = min(max(ends), problem.now) if ends else -1


def _sort(problem: Problem, task: Task, slots: list[Slot], pins: list[Pin], remaining: int | None) -> None:
    """Given or open, slot by slot; ``minutes`` becomes what no given slot covers."""
    commands = {pin.slot: pin for pin in pins if pin.slot is not None}
    covered = 0
    for slot in slots:
        block = Block(to_minute(slot.starts_at), slot.minutes, slot.reasons, slot, slot.pinned)
        if slot.status is not SlotStatus.PLANNED:
            task.given.append(block)
            covered += _covers(problem, slot, block, remaining)
        elif task.done is not None:
            continue
        elif _stays(problem, task, slot, commands):
            _restart(problem, block, commands.get(slot.id))
            task.given.append(block)
            covered += slot.minutes
        else:
            block.start = problem.zone.wall(slot.on.toordinal(), minute_of(slot.start))
            block.pinned = False
            task.loose.append(block)
    if remaining is not None:
        task.minutes = grid(remaining)
    task.minutes = grid(max(0, task.minutes - covered))


def _covers(problem: Problem, slot: Slot, block: Block, remaining: int | None) -> int:
    """Minutes of a step that a slot done or begun accounts for; ``remaining`` leaves out what is done already."""
    if remaining is None:
        return slot.minutes
    still_open = slot.status is SlotStatus.IN_PROGRESS and problem.zone.day_of(block.start) >= problem.room.today
    return slot.minutes if still_open else 0


def _stays(problem: Problem, task: Task, slot: Slot, commands: dict[object, Pin]) -> bool:
    """Pinned ones, today's whose start has passed (the day is not over), and missed ones that shall be left."""
    if task.fixed is not None:
        return False
    day, today = slot.on.toordinal(), problem.room.today
    if slot.id is not None and slot.id in commands:
        return True
    if day < today:
        return problem.policy.missed is MissedWork.LEAVE
    begun = day == today and problem.zone.wall(day, minute_of(slot.start)) < problem.now
    if begun:
        problem.room.pending += slot.minutes
    return begun or slot.pinned


def _restart(problem: Problem, block: Block, pin: Pin | None) -> None:
    """A zone may have changed since: the local time counts. A command moves the slot."""
    assert block.base is not None  # noqa: S101  # blocks of slots
    on, start = (block.base.on, block.base.start) if pin is None else (pin.on, pin.start)
    block.start = problem.zone.wall(on.toordinal(), minute_of(start))
    if pin is not None:
        block.pinned, block.reasons = True, reason(ReasonCode.PIN)


def _stand(problem: Problem, task: Task, pins: list[Pin]) -> None:
    """A fixed anchor, or a pin of the step's open work, stands as one block. An unsplittable pin holds all of it."""
    standing = next((block for block in task.given if block.pinned and _is_open(block)), None)
    if standing is not None and not task.step.splittable and not task.loose:
        standing.minutes += task.minutes
        task.minutes = 0
    pin = next((each for each in pins if each.slot is None), None)
    if not task.minutes or (pin is None and task.fixed is None):
        return
    start, code = task.fixed, ReasonCode.ANCHOR
    if start is None and pin is not None:
        start, code = problem.zone.wall(pin.on.toordinal(), minute_of(pin.start)), ReasonCode.PIN
    assert start is not None  # noqa: S101  # one of the two was given
    base = task.loose[0].base if task.loose else None
    task.given.append(Block(start, task.minutes, reason(code), base, pinned=code is ReasonCode.PIN))
    task.minutes, task.loose = 0, []


def _is_open(block: Block) -> bool:
    return block.base is None or block.base.status is SlotStatus.PLANNED
