"""Placing all steps: given slots first, then kept ones, then the rest in order of their deadlines."""

from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import heappop, heappush

from portal.pacing.moments import instant, local, minute_of
from portal.pacing.place import Block, Place, Ready, end_of, place, ready
from portal.pacing.problem import Problem, Task, fixed_instant
from portal.pacing.results import Conflict, ConflictCode, Reason, ReasonCode, Slot
from portal.pacing.room import Room
from portal.pacing.types import Arrangement, Id, MissedWork, Pin, SlotStatus

_SPREADS = (1.0, 0.95, 0.9, 0.8, 0.65, 0.5, 0.25)


@dataclass(slots=True)
class Layout:
    """What was placed: blocks by step, where each step ends, and what found no place."""

    blocks: dict[Id, list[Block]] = field(default_factory=dict)
    ends: dict[object, Place] = field(default_factory=dict)
    unplaced: list[Id] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def lay_out(problem: Problem, pins: tuple[Pin, ...]) -> Layout:
    """Place everything by the policy's arrangement. A spread that costs a required step is tightened."""
    start = Layout()
    room = problem.room
    _given(problem, room, start, pins)
    wishes = _wishes(problem)
    best = _place_all(problem, room.copy(), start, {})
    if not wishes:
        return best
    target = _cost(problem, best)
    for factor in _SPREADS:
        tried = _place_all(problem, room.copy(), start, _wishes(problem, factor))
        if _cost(problem, tried) <= target:
            return tried
    return best


def _cost(problem: Problem, layout: Layout) -> tuple[int, int, int]:
    """(required minutes unplaced, required minutes late, optional minutes unplaced): the objective's first terms."""
    unplaced = [problem.tasks[key] for key in layout.unplaced]
    late = 0
    for key, blocks in layout.blocks.items():
        task = problem.tasks[key]
        if task.step.required:
            late += sum(block.minutes for block in blocks if _ends(problem, block) > task.limit)
    return (
        sum(task.open_minutes for task in unplaced if task.step.required),
        late,
        sum(task.open_minutes for task in unplaced if not task.step.required),
    )


def _ends(problem: Problem, block: Block) -> datetime:
    return instant(problem.zone, block.day, block.start + block.minutes)


def _given(problem: Problem, room: Room, layout: Layout, pins: tuple[Pin, ...]) -> None:
    """Slots that never move: done, begun, pinned, anchored to an instant. Breaches are reported, not mended."""
    for task in problem.tasks.values():
        for slot in task.slots:
            if slot.status is not SlotStatus.PLANNED or slot.pinned:
                _give(
                    problem, room, layout, task, _block_of(problem, slot), is_past=slot.status is not SlotStatus.PLANNED
                )
        pinned = sum(slot.minutes for slot in task.slots if slot.pinned and slot.status is SlotStatus.PLANNED)
        task.open_minutes = max(0, task.open_minutes - pinned)
        if task.done_at is not None:
            layout.ends[task.step.id] = max(layout.ends.get(task.step.id, (0, 0)), local(problem.zone, task.done_at))
        fixed = fixed_instant(problem, task.step)
        if fixed is not None and task.open_minutes:
            day, minute = local(problem.zone, fixed)
            block = Block(day, minute, task.open_minutes, (Reason(ReasonCode.ANCHOR),), _first_open(task))
            _give(problem, room, layout, task, block, is_past=False)
            task.open_minutes = 0
    for pin in pins:
        task = problem.tasks[pin.step]
        base = next((slot for slot in task.slots if slot.id == pin.slot and slot.id is not None), None)
        minutes = base.minutes if base is not None else task.open_minutes
        if not minutes:
            continue
        block = Block(pin.on.toordinal(), minute_of(pin.start), minutes, (Reason(ReasonCode.PIN),), base)
        _give(problem, room, layout, task, block, is_past=False)
        task.open_minutes = max(0, task.open_minutes - minutes)


def _first_open(task: Task) -> Slot | None:
    return next((slot for slot in task.slots if slot.status is SlotStatus.PLANNED), None)


def _block_of(problem: Problem, slot: Slot) -> Block:
    return Block(slot.on.toordinal(), minute_of(slot.start), slot.minutes, slot.reasons, slot)


def _give(problem: Problem, room: Room, layout: Layout, task: Task, block: Block, *, is_past: bool) -> None:
    if not is_past:
        layout.conflicts += _conflicts(problem, room, task, block)
    room.take(block.day, block.start, block.minutes)
    key = task.step.id
    layout.blocks.setdefault(key, []).append(block)
    layout.ends[key] = max(layout.ends.get(key, (0, 0)), (block.day, block.start + block.minutes))


def _conflicts(problem: Problem, room: Room, task: Task, block: Block) -> list[Conflict]:
    """What a given block breaks where it stands."""
    on, key = date.fromordinal(block.day), task.step.id
    begins, ends = instant(problem.zone, block.day, block.start), _ends(problem, block)
    hours = room.windows.get(block.day, [])
    checks = (
        (ConflictCode.NO_STUDY_DAY, block.day not in room.capacity and block.day >= problem.start[0]),
        (
            ConflictCode.OUTSIDE_HOURS,
            bool(hours) and not any(a <= block.start and block.start + block.minutes <= b for a, b in hours),
        ),
        (
            ConflictCode.OVERLAP,
            any(a < block.start + block.minutes and block.start < b for a, b in room.busy.get(block.day, ())),
        ),
        (ConflictCode.DAY_OVER_CAP, bool(hours) and room.left(block.day) < block.minutes),
        (ConflictCode.BEFORE_RELEASE, task.release_is_window and (block.day, block.start) < task.release),
        (ConflictCode.AFTER_LOCK, ends > task.lock),
        (ConflictCode.BEFORE_START, block.day < problem.first_day),
        (ConflictCode.AFTER_HARD_END, begins > instant(problem.zone, problem.last_day, 24 * 60)),
    )
    return [Conflict(code, key, on) for code, broken in checks if broken]


def _wishes(problem: Problem, factor: float = 1.0) -> dict[Id, Place]:
    """The earliest place an arrangement wishes for each step of a plan without a base; {} for as soon as possible."""
    arrangement = problem.policy.arrangement
    if problem.base or arrangement is Arrangement.SOON:
        return {}
    if arrangement is Arrangement.BY_WEEK:
        monday = problem.first_day - (problem.first_day - 1) % 7
        return {key: (monday + 7 * (task.step.week - 1), 0) for key, task in problem.tasks.items() if task.step.week}
    if problem.soft_end is None:
        return {}
    return _spread(problem, factor)


def _spread(problem: Problem, factor: float) -> dict[Id, Place]:
    """Steps in order, each on the day by which its share of the study time up to the soft end has passed."""
    room = problem.room
    assert problem.soft_end is not None  # noqa: S101 - the caller has asked
    last = local(problem.zone, problem.soft_end)[0]
    days = [day for day in room.study_days if problem.start[0] <= day <= last and room.left(day) > 0]
    total = sum(task.open_minutes for task in problem.tasks.values() if not task.dropped)
    capacity = sum(room.left(day) for day in days) * factor
    if not days or not total or capacity <= total:
        return {}
    wishes: dict[Id, Place] = {}
    number, passed, placed = 0, float(room.left(days[0])), 0
    for task in problem.tasks.values():
        if task.dropped or not task.open_minutes:
            continue
        while placed * capacity / total >= passed and number + 1 < len(days):
            number += 1
            passed += room.left(days[number])
        wishes[task.step.id] = (days[number], 0)
        placed += task.open_minutes
    return wishes


def _place_all(problem: Problem, room: Room, start: Layout, wishes: dict[Id, Place]) -> Layout:
    layout = Layout(
        {key: list(blocks) for key, blocks in start.blocks.items()}, dict(start.ends), [], list(start.conflicts)
    )
    kept = _reserve(problem, room)
    left = _place_these(problem, room, layout, _in_order(problem), kept, wishes)
    if left and wishes:  # a wish is no reason to leave a step out; a re-plan, which has none, would place it
        left = _place_these(problem, room, layout, left, {}, {})
    layout.unplaced = [task.step.id for task in left]
    return layout


def _place_these(
    problem: Problem,
    room: Room,
    layout: Layout,
    tasks: list[Task],
    kept: dict[Id, list[Block]],
    wishes: dict[Id, Place],
) -> list[Task]:
    """Place tasks in order; those that find no place, or wait for one that found none."""
    left = []
    for task in tasks:
        key = task.step.id
        earliest = ready(problem, task, layout.ends, wishes.get(key))
        if earliest is None:
            _free(room, kept.get(key, ()))
            left.append(task)
            continue
        blocks = _repair(problem, room, task, earliest, kept.get(key, []))
        if blocks is None:
            left.append(task)
            continue
        layout.blocks.setdefault(key, []).extend(blocks)
        layout.ends[key] = max(layout.ends.get(key, (0, 0)), end_of(layout.blocks[key]))
    return left


def _in_order(problem: Problem) -> list[Task]:
    """Open steps: prerequisites first, then the nearest deadline (pulled back through the graph), then author order."""
    tasks = [task for task in problem.tasks.values() if task.open_minutes and not task.dropped]
    deadline = {task.step.id: (not task.step.required, task.limit) for task in problem.tasks.values()}
    for task in sorted(tasks, key=lambda each: -each.index):
        for edge in task.edges:
            deadline[edge.prerequisite] = min(deadline[edge.prerequisite], deadline[task.step.id])
    open_ids = {task.step.id for task in tasks}
    waiting = {task.step.id: sum(edge.prerequisite in open_ids for edge in task.edges) for task in tasks}
    leads: dict[Id, list[Task]] = {}
    for task in tasks:
        for edge in task.edges:
            leads.setdefault(edge.prerequisite, []).append(task)
    heap = [(deadline[task.step.id], task.index) for task in tasks if not waiting[task.step.id]]
    heap.sort()
    by_index = {task.index: task for task in tasks}
    order = []
    while heap:
        task = by_index[heappop(heap)[1]]
        order.append(task)
        for later in leads.get(task.step.id, ()):
            waiting[later.step.id] -= 1
            if not waiting[later.step.id]:
                heappush(heap, (deadline[later.step.id], later.index))
    return order


def _open_slots(task: Task) -> list[Slot]:
    return [slot for slot in task.slots if slot.status is SlotStatus.PLANNED and not slot.pinned]


def _reserve(problem: Problem, room: Room) -> dict[Id, list[Block]]:
    """Hold the places of base slots that are still possible by themselves, so that moved ones do not take them."""
    kept: dict[Id, list[Block]] = {}
    for task in problem.tasks.values():
        slots = _open_slots(task)
        if task.dropped or not task.open_minutes or sum(slot.minutes for slot in slots) != task.open_minutes:
            continue
        for slot in slots:
            block = _block_of(problem, slot)
            if _earlier_today(problem, block) or (
                (block.day, block.start) >= problem.start and room.fits(block.day, block.start, block.minutes)
            ):
                room.take(block.day, block.start, block.minutes)
                kept.setdefault(task.step.id, []).append(block)
    return kept


def _free(room: Room, blocks: "list[Block] | tuple[Block, ...]") -> None:
    for block in blocks:
        room.give_back(block.day, block.start, block.minutes)


def _repair(problem: Problem, room: Room, task: Task, earliest: Ready, kept: list[Block]) -> list[Block] | None:
    """Keep the slots that are still valid; give the others the earliest valid later place (R5)."""
    slots = _open_slots(task)
    good = [block for block in kept if _valid(problem, task, earliest, block)]
    _free(room, [block for block in kept if block not in good])
    kept_ids = {id(block.base) for block in good}
    loose = [slot for slot in slots if id(slot) not in kept_ids]
    if problem.policy.missed is MissedWork.LEAVE:
        left = [slot for slot in loose if _missed(problem, slot)]
        good += [_block_of(problem, slot) for slot in left]
        loose = [slot for slot in loose if slot not in left]
    rest = task.open_minutes - sum(block.minutes for block in good)
    if rest <= 0:
        return good
    if sum(slot.minutes for slot in loose) == rest and loose:
        moved = _move_each(problem, room, task, earliest, loose)
    else:
        moved = _place_afresh(problem, room, task, earliest, rest, loose)
    if moved is None:
        _free(room, good)
        return None
    return good + moved


def _missed(problem: Problem, slot: Slot) -> bool:
    """Its local day is over; what was planned for earlier today is still today's."""
    return slot.on.toordinal() < problem.today[0]


def _earlier_today(problem: Problem, block: Block) -> bool:
    return block.day == problem.today[0] and block.start < problem.today[1] and block.day in problem.room.capacity


def _valid(problem: Problem, task: Task, earliest: Ready, block: Block) -> bool:
    at = (earliest.at[0], 0) if earliest.at == problem.today else earliest.at
    return (block.day, block.start) >= at and _ends(problem, block) <= task.lock


def _move_each(problem: Problem, room: Room, task: Task, earliest: Ready, slots: list[Slot]) -> list[Block] | None:
    """Move single slots, each to the earliest valid place not before its old date."""
    moved: list[Block] = []
    for slot in slots:
        old = (slot.on.toordinal(), 0)
        at = max(earliest.at, old)
        reason = _moved_because(problem, slot, earliest, at)
        blocks = place(problem, room, task, Ready(at, reason), slot.minutes)
        if blocks is None:
            _free(room, moved)
            return None
        first = Block(blocks[0].day, blocks[0].start, blocks[0].minutes, blocks[0].reasons, slot)
        moved += [first, *blocks[1:]]
    return moved


def _moved_because(problem: Problem, slot: Slot, earliest: Ready, at: Place) -> Reason:
    day = slot.on.toordinal()
    if _missed(problem, slot):
        return Reason(ReasonCode.MISSED, on=slot.on)
    if day in problem.leave:
        return Reason(ReasonCode.LEAVE, on=slot.on)
    if day in problem.blackout:
        return Reason(ReasonCode.BLACKOUT, on=slot.on)
    return earliest.reason if at == earliest.at else Reason(ReasonCode.CALENDAR)


def _place_afresh(
    problem: Problem, room: Room, task: Task, earliest: Ready, minutes: int, loose: list[Slot]
) -> list[Block] | None:
    """Place new or changed effort, not before the old date; old slots lend their identity in order."""
    at = earliest.at
    if loose:
        at = max(at, (loose[0].on.toordinal(), 0))
        earliest = Ready(at, Reason(ReasonCode.EFFORT))
    blocks = place(problem, room, task, earliest, minutes)
    if blocks is None:
        return None
    bases: list[Slot | None] = [*loose[: len(blocks)], *[None] * max(0, len(blocks) - len(loose))]
    return [
        Block(block.day, block.start, block.minutes, block.reasons, base)
        for block, base in zip(blocks, bases, strict=True)
    ]
