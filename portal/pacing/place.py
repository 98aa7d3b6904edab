"""Placing one step's open minutes at the earliest time that breaks no rule."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from portal.pacing.moments import DAY_MINUTES, local
from portal.pacing.problem import Problem, Task
from portal.pacing.results import Reason, ReasonCode, Slot
from portal.pacing.room import Room
from portal.pacing.types import Arrangement, Edge

Place = tuple[int, int]  # day ordinal, minute


@dataclass(frozen=True, slots=True)
class Block:
    """A placed piece: where, how long, why, and the base slot it is (None for a new one)."""

    day: int
    start: int
    minutes: int
    reasons: tuple[Reason, ...] = ()
    base: Slot | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The earliest place for a step, and what makes it the earliest."""

    at: Place
    reason: Reason


def ready(problem: Problem, task: Task, ends: dict[object, Place], spread: Place | None = None) -> Ready | None:
    """When a step may begin; None while an open prerequisite has no place."""
    found = Ready(task.release, _release_reason(problem, task))
    for edge in task.edges:
        earlier = problem.tasks[edge.prerequisite]
        if earlier.dropped:
            continue
        end = ends.get(edge.prerequisite)
        if end is None:
            return None
        at = after(problem, end, edge)
        if at > found.at:
            found = Ready(at, Reason(ReasonCode.PREREQUISITE, step=edge.prerequisite))
    if spread is not None and spread > found.at:
        by_week = problem.policy.arrangement is Arrangement.BY_WEEK
        code = ReasonCode.OWN_WEEK if by_week else ReasonCode.SPREAD
        found = Ready(spread, Reason(code))
    return found


def _release_reason(problem: Problem, task: Task) -> Reason:
    if task.step.anchor is not None:
        return Reason(ReasonCode.ANCHOR)
    if task.release_is_window:
        return Reason(ReasonCode.RELEASE)
    if task.release == problem.today:
        return Reason(ReasonCode.NOW)
    return Reason(ReasonCode.LEARNER_START)


def after(problem: Problem, end: Place, edge: Edge) -> Place:
    """The earliest place after a prerequisite's end and the edge's lag (H1)."""
    if edge.lag == 0:
        return end
    if not edge.study_days:
        return end[0] + edge.lag, 0
    days = problem.room.study_days
    number = bisect_right(days, end[0]) + edge.lag - 1
    return (days[number], 0) if number < len(days) else (problem.last_day + 1, 0)


def place(problem: Problem, room: Room, task: Task, earliest: Ready, minutes: int) -> list[Block] | None:
    """Blocks for ``minutes`` from the earliest place on, taken from the room; None when they do not fit.

    The room is left as it was when nothing fits (a step is placed whole or not at all).
    """
    blocks: list[Block] = []
    rest = minutes
    shortest = min(task.min_session, minutes)
    skipped: Reason | None = None
    lock = local(problem.zone, task.lock)
    for number in room.days_from(earliest.at[0]):
        day = room.study_days[number]
        if day > lock[0]:
            break
        if task.weekday is not None and (day - 1) % 7 != task.weekday:
            continue
        until = lock[1] if day == lock[0] else DAY_MINUTES
        floor = earliest.at[1] if day == earliest.at[0] else 0
        before = len(blocks)
        for start, end in room.gaps(day, floor):
            rest -= _fill(room, day, start, min(end, until), rest, shortest, task.step.splittable, blocks)
            if rest == 0:
                return _explained(problem, blocks, earliest, skipped)
        if len(blocks) == before and not blocks:
            skipped = _why_not(problem, room, day, minutes if not task.step.splittable else shortest)
    for block in blocks:
        room.give_back(block.day, block.start, block.minutes)
    return None


def _fill(
    room: Room, day: int, start: int, end: int, rest: int, shortest: int, splittable: bool, blocks: list[Block]
) -> int:
    """Put as much as one gap takes; the minutes put. A split leaves neither part below the shortest session (H9)."""
    start = -(-start // 5) * 5
    available = min(end - start, room.left(day)) // 5 * 5
    size = min(rest, available)
    if size < rest and not splittable:
        return 0
    if 0 < rest - size < shortest:
        size = rest - shortest
    if size < min(shortest, rest) or size <= 0:
        return 0
    room.take(day, start, size)
    blocks.append(Block(day, start, size))
    return size


def _why_not(problem: Problem, room: Room, day: int, minutes: int) -> Reason:
    on = date.fromordinal(day)
    if room.capacity[day] - room.used.get(day, 0) < minutes:
        return Reason(ReasonCode.DAY_FULL, on=on)
    if room.left(day) < minutes:
        return Reason(ReasonCode.WEEK_FULL, on=on)
    return Reason(ReasonCode.DAY_FULL, on=on)


def _explained(problem: Problem, blocks: list[Block], earliest: Ready, skipped: Reason | None) -> list[Block]:
    """Give each block its reasons: what set the earliest day, and the last day that was full or off."""
    first = blocks[0].day
    reasons = [earliest.reason] if (first, blocks[0].start) == earliest.at or skipped is None else []
    if skipped is not None:
        reasons.append(skipped)
    off = _day_off(problem, earliest.at[0], first)
    if off is not None:
        reasons.append(off)
    why = tuple(dict.fromkeys(reasons)) or (Reason(ReasonCode.EARLIEST),)
    return [
        Block(block.day, block.start, block.minutes, why if block.day == first else (Reason(ReasonCode.EARLIEST),))
        for block in blocks
    ]


def _day_off(problem: Problem, first: int, last: int) -> Reason | None:
    """The last day off between two days that pushed the step on, when the day before the step was one."""
    for day in range(last - 1, max(first, last - 8) - 1, -1):
        if day in problem.leave:
            return Reason(ReasonCode.LEAVE, on=date.fromordinal(day))
        if day in problem.blackout:
            return Reason(ReasonCode.BLACKOUT, on=date.fromordinal(day))
        if day in problem.room.capacity:
            return None
    return None


def end_of(blocks: list[Block]) -> Place:
    """When the last block ends."""
    last = max(blocks, key=lambda block: (block.day, block.start))
    return last.day, last.start + last.minutes
