"""Re-planning (R5): each open base slot keeps its place if it can, else it moves to the earliest later one."""

from datetime import date

from portal.pacing.layout import Layout, before
from portal.pacing.place import explain, find, give_back
from portal.pacing.problem import Block, Task
from portal.pacing.results import Reason, ReasonCode, Slot


class Repairer:
    """Holds the places of base slots not looked at yet, so that what moves does not take them."""

    def __init__(self, layout: Layout) -> None:
        """Hold every open base slot that is possible by itself; those of steps left out for now are not held."""
        self._layout = layout
        self._room = layout.room
        self._wanted: dict[int, list[Block]] = {}
        self._held: dict[int, list[Block]] = {}
        for task in layout.problem.tasks:
            if not task.loose or not task.minutes or task.left_out is not None:
                continue
            self._wanted[task.place] = _resized(task)
            if task.place not in layout.left:
                self._hold(task)

    def _hold(self, task: Task) -> None:
        problem, days = self._layout.problem, self._room.days
        held = [
            block
            for block in self._wanted.get(task.place, [])
            if block.start >= problem.floor
            and days.cap(day := days.zone.day_of(block.start)) > 0
            and days.is_within(day, block.start, block.end)
        ]
        for block in held:
            self._room.take(block.start, block.minutes)
        self._held[task.place] = held

    def release(self, task: Task) -> None:
        """Let a step's places go."""
        give_back(self._room, self._held.pop(task.place, []))

    def repair(self, task: Task, earliest: tuple[int, Reason], until: int) -> list[Block] | None:
        """Blocks for all open minutes of a step, or None and the room as it was without the step."""
        if task.place not in self._held:
            self._hold(task)
        held = self._held[task.place]
        done: list[Block] = []
        wanted = self._wanted.get(task.place, [])
        for block in wanted:
            if held and held[0] is block:
                give_back(self._room, [held.pop(0)])
            found = self._keep(task, block, earliest[0], until) or self._move(task, block, earliest, until)
            if found is None:
                give_back(self._room, done)
                self.release(task)
                return None
            done += found
        rest = task.minutes - sum(block.minutes for block in wanted)
        more = self._add(task, earliest, until, rest) if rest else []
        self.release(task)
        if more is None:
            give_back(self._room, done)
            return None
        return done + more

    def _add(self, task: Task, earliest: tuple[int, Reason], until: int, minutes: int) -> list[Block] | None:
        """New work: before all that waits for it if there is room, else it takes the place of that."""
        at, cause = earliest
        split = task.step.splittable
        found = find(self._room, task, (at, min(until, self._next_start(task))), minutes, split=split)
        if found is None:
            lifted = self._lift(task)
            found = find(self._room, task, (at, until), minutes, split=split)
            self._put_back(lifted)
        if found is not None:
            explain(self._room, task, at, Reason(ReasonCode.EFFORT) if task.loose else cause, found)
        return found

    def rescue(self, task: Task, earliest: tuple[int, Reason]) -> list[Block] | None:
        """A place beside all that stands for a step that found none at its turn, be it before its old one.

        Its slots keep their identity unless that moved one earlier within the notice period (H10).
        """
        at, cause = earliest
        until = min([task.lock, *self._layout.limits(task)])
        found = find(self._room, task, (at, until), task.minutes, split=task.step.splittable)
        if found is None:
            return None
        explain(self._room, task, at, cause, found)
        if task.loose:
            for block in found:
                block.reasons = (Reason(ReasonCode.RESCUE, task.step.id), *block.reasons)
        for block, old in zip(found, task.loose, strict=False):
            if block.start >= old.start or self._is_noticed(block, old):
                block.base = old.base
        return found

    def _is_noticed(self, block: Block, old: Block) -> bool:
        days, problem = self._room.days, self._layout.problem
        first = days.zone.midnight(self._room.today + problem.policy.notice_days)
        return min(block.start, old.start) >= first

    def _next_start(self, task: Task) -> int:
        """By when a step has to end for its successors to stay where they are held."""
        problem = self._layout.problem
        limits = [
            before(problem, link, min(block.start for block in held))
            for link in problem.graph.after[task.place]
            if (held := self._held.get(link.other))
        ]
        return min(limits, default=task.lock)

    def _keep(self, task: Task, block: Block, earliest: int, until: int) -> list[Block] | None:
        """The slot where it was, if it is still valid there; its descendants have to give way."""
        day = self._room.days.zone.day_of(block.start)
        if block.start < earliest or block.end > until:
            return None
        if task.weekday is not None and (day - 1) % 7 != task.weekday:
            return None
        if self._room.fits(block.start, block.minutes):
            self._room.take(block.start, block.minutes)
            return [block]
        lifted = self._lift(task)
        fits = self._room.fits(block.start, block.minutes)
        if fits:
            self._room.take(block.start, block.minutes)
        self._put_back(lifted)
        return [block] if fits else None

    def _move(self, task: Task, block: Block, earliest: tuple[int, Reason], until: int) -> list[Block] | None:
        """The slot at its earliest later place: on time before late, in one piece before split."""
        assert block.base is not None  # noqa: S101 - wanted blocks are base slots
        first = max(earliest[0], block.start)
        limit = min(until, self._layout.problem.limit(task))
        lifted = self._lift(task)
        tries = [(limit, False), (limit, True), (until, False), (until, True)]
        found = None
        for bound, split in tries:
            if split and not task.step.splittable:
                continue
            found = find(self._room, task, (first, bound), block.minutes, split=split)
            if found is not None:
                break
        if found is not None:
            explain(self._room, task, first, self._cause(block, block.base, earliest), found)
            found[0].base = block.base
        self._put_back(lifted)
        return found

    def _cause(self, block: Block, base: Slot, earliest: tuple[int, Reason]) -> Reason:
        on, room = base.on, self._room
        if on < date.fromordinal(room.today):
            return Reason(ReasonCode.MISSED, on=on)
        if earliest[0] > block.start:
            return earliest[1]
        if block.minutes != base.minutes:
            return Reason(ReasonCode.EFFORT)
        if on in room.days.leave:
            return Reason(ReasonCode.LEAVE, on=on)
        if on in room.days.blackouts:
            return Reason(ReasonCode.BLACKOUT, on=on)
        return Reason(ReasonCode.CALENDAR)

    def _lift(self, task: Task) -> list[Block]:
        below = self._layout.problem.graph.descendants[task.place]
        lifted = [block for place, blocks in self._held.items() if below >> place & 1 for block in blocks]
        give_back(self._room, lifted)
        return lifted

    def _put_back(self, blocks: list[Block]) -> None:
        for block in blocks:
            self._room.take(block.start, block.minutes)


def _resized(task: Task) -> list[Block]:
    """Base slots with the minutes they should have now: surplus goes from the end, a small lack onto the last."""
    blocks = [Block(each.start, each.minutes, each.reasons, each.base) for each in task.loose]
    if not task.step.splittable:
        blocks[0].minutes = task.minutes
        return blocks[:1]
    lack = task.minutes - sum(block.minutes for block in blocks)
    if 0 < lack < task.least:
        blocks[-1].minutes += lack
    while lack < 0:
        cut = min(-lack, blocks[-1].minutes)
        blocks[-1].minutes -= cut
        lack += cut
        if not blocks[-1].minutes:
            blocks.pop()
    least = min(task.least, task.minutes)
    if blocks[-1].minutes < least and len(blocks) > 1 and blocks[-1].minutes != (blocks[-1].base or blocks[-1]).minutes:
        short = blocks.pop()
        blocks[-1].minutes += short.minutes
    return blocks
