"""Re-planning (R5): each open base slot keeps its place if it can, else it moves to the earliest later one."""

from collections.abc import Set
from datetime import date

from portal.pacing.layout import Layout, before
from portal.pacing.place import explain, find, give_back
from portal.pacing.problem import Block, Task
from portal.pacing.results import Reason, ReasonCode, Slot
from portal.pacing.spread import thin_level
from portal.pacing.types import MissedWork


class Repairer:
    """Holds the places that steps not looked at yet would like to keep, so that what moves does not take them."""

    def __init__(self, layout: Layout, wanted: dict[int, list[Block]] | None, freed: Set[int]) -> None:
        """``wanted`` are the places to keep, by step; without it those of the base. Freed steps keep none."""
        self._layout = layout
        self._room = layout.room
        self._held: dict[int, list[Block]] = {}
        tasks = layout.problem.tasks
        if wanted is None:
            wanted = {task.place: _resized(task) for task in tasks if task.loose and task.minutes}
        self._wanted = {place: blocks for place, blocks in wanted.items() if tasks[place].left_out is None}
        self._freed = freed
        self._level: int | None = None
        self.keeps = layout.problem.is_replan or bool(wanted)

    def hold_all(self) -> None:
        """Hold, in author order, every place that is possible beside what stands; of steps left out for now none."""
        for task in self._layout.problem.tasks:
            if task.place in self._wanted and task.place not in self._freed and task.place not in self._layout.left:
                self._hold(task)
        if self._layout.problem.policy.missed is MissedWork.COMPRESS:
            self._level = self._thin()

    def _hold(self, task: Task) -> None:
        floor, room = self._layout.problem.floor, self._room
        held = []
        for block in self._wanted.get(task.place, ()):
            if block.start >= floor and room.fits(block.start, block.minutes):
                room.take(block.start, block.minutes)
                held.append(block)
        self._held[task.place] = held

    def release(self, task: Task) -> None:
        """Let a step's places go."""
        give_back(self._room, self._held.pop(task.place, []))

    def repair(self, task: Task, earliest: tuple[int, Reason], until: int) -> list[Block] | None:
        """Blocks for all open minutes of a step, or None and the room as it was without the step."""
        if task.place in self._freed:
            limit = min(until, task.limit)
            earliest = self.noticed(task, earliest[0]), earliest[1]
            return self.anew(task, earliest, limit) or self.anew(task, earliest, until)
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
            explain(at, Reason(ReasonCode.EFFORT) if task.loose else cause, found)
        return found

    def anew(self, task: Task, earliest: tuple[int, Reason], until: int) -> list[Block] | None:
        """A place beside all that stands wherever a step stood, be it before its old one.

        Its slots keep their identity unless that moved one earlier within the notice period (H10).
        """
        at, cause = earliest
        found = find(self._room, task, (at, until), task.minutes, split=task.step.splittable)
        if found is None:
            return None
        explain(at, cause, found)
        for block, old in zip(found, task.loose, strict=False):
            if block.start < old.start and old.base is not None:
                block.reasons = (Reason(ReasonCode.RESCUE, task.step.id), *block.reasons)
            if block.start >= old.start or self._is_noticed(block, old):
                block.base = old.base
        return found

    def noticed(self, task: Task, at: int) -> int:
        """From when on a step may stand so that no slot of it moves earlier within the notice (H10)."""
        if not task.loose:
            return at
        problem, old = self._layout.problem, task.loose[0].start
        first = problem.zone.midnight(self._room.today + problem.policy.notice_days)
        return max(at, min(old, first))

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
        first = max(earliest[0], block.start)
        limit = min(until, task.limit)
        found = None
        if self._level is not None and self._is_missed(block):
            found = self._find(task, block, (first, min(limit, self._next_start(task))), self._level)
        if found is None:
            lifted = self._lift(task)
            found = self._find(task, block, (first, limit)) or self._find(task, block, (first, until))
            self._put_back(lifted)
        if found is not None:
            if block.base is not None:
                explain(first, self._cause(block, block.base, earliest), found)
            else:
                explain(first, earliest[1], found)
            found[0].base = block.base
        return found

    def _find(self, task: Task, block: Block, span: tuple[int, int], level: int | None = None) -> list[Block] | None:
        found = find(self._room, task, span, block.minutes, split=False, level=level)
        if found is None and task.step.splittable:
            found = find(self._room, task, span, block.minutes, split=True, level=level)
        return found

    def _is_missed(self, block: Block) -> bool:
        return block.base is not None and block.base.on.toordinal() < self._room.today

    def _thin(self) -> int | None:
        """The load up to which missed work fills the days that are left, so that it is spread thinly."""
        tasks = self._layout.problem.tasks
        missed = [
            (block.minutes, tasks[place].step.splittable)
            for place, blocks in sorted(self._wanted.items())
            for block in blocks
            if self._is_missed(block)
        ]
        if not missed:
            return None
        problem = self._layout.problem
        until = problem.soft_end
        if until is None:
            until = max(block.end for task in tasks for block in task.loose)
        whole = [minutes for minutes, splittable in missed if not splittable]
        return thin_level(problem, self._room, until, [minutes for minutes, _ in missed], whole)

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
    blocks = [Block(each.start, each.minutes, each.reasons, each.base, since=each.since) for each in task.loose]
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
