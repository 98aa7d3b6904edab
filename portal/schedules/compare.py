"""What a plan changes against the slots as they are stored, when it was not made from just these."""

from collections.abc import Hashable
from dataclasses import replace

from portal.pacing.results import Base, Diff, Move, Removed, RemovedCode, Slot
from portal.pacing.types import SlotStatus


def compare(base: Base, slots: tuple[Slot, ...]) -> Diff:
    """The diff from ``base`` to ``slots``.

    A slot without an id takes over, step by step and in time order, an open base slot that is planned no more: a plan
    made anew keeps the identity of what it moves. A slot with an id that is not in ``base`` counts as added.
    """
    taken = {slot.id for slot in slots if slot.id is not None}
    spare: dict[Hashable, list[Slot]] = {}
    for old in base:
        if old.id not in taken and old.status is SlotStatus.PLANNED:
            spare.setdefault(old.step, []).append(old)
    before = {slot.id: slot for slot in base}
    kept, moved, added = [], [], []
    for slot in slots:
        mine = spare.get(slot.step)
        now = replace(slot, id=mine.pop(0).id) if slot.id is None and mine else slot
        old_slot = None if now.id is None else before.pop(now.id, None)
        if old_slot is None:
            added.append(now)
        elif _place(old_slot) == _place(now):
            kept.append(now)
        else:
            moved.append(Move(old_slot, now))
    steps = {slot.step for slot in slots}
    removed = [
        Removed(old, RemovedCode.EFFORT if old.step in steps else RemovedCode.LEFT_OUT) for old in before.values()
    ]
    return Diff(tuple(kept), tuple(moved), tuple(added), tuple(removed))


def _place(slot: Slot) -> tuple[object, ...]:
    return slot.on, slot.start, slot.starts_at, slot.minutes, slot.due_at, slot.pinned
