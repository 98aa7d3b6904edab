"""Finding the earliest place for minutes of a step in what is free, and saying why it is there."""

from datetime import date

from portal.pacing.moments import GRID, grid
from portal.pacing.problem import Block, Task
from portal.pacing.results import Reason, ReasonCode
from portal.pacing.room import Room

_LOOK_BACK = 14


def find(
    room: Room, task: Task, span: tuple[int, int], minutes: int, *, split: bool, level: int | None = None
) -> list[Block] | None:
    """The earliest blocks for ``minutes`` within ``span``, taken from the room; None, and nothing taken, if none fit.

    ``split`` allows several parts, none shorter than the minimum session (H9). ``level`` is the load a day should
    not pass.
    """
    first, until = span
    days = room.days
    blocks: list[Block] = []
    rest = minutes
    least = min(task.least, minutes) if split else minutes
    if until - first < minutes:
        return None
    day, last = room.open_from(days.zone.day_of(first)), min(days.last, days.zone.day_of(until - 1))
    while day <= last:
        offer = room.offer(day)
        if level is not None and offer:
            offer = min(offer, level - room.used.get(day, 0))
        if offer >= least and (task.weekday is None or (day - 1) % 7 == task.weekday):
            rest = _fill(room, (day, offer), span, rest, least, blocks)
            if not rest:
                return blocks
        day += 1
    give_back(room, blocks)
    return None


def _fill(
    room: Room, day_offer: tuple[int, int], span: tuple[int, int], rest: int, least: int, blocks: list[Block]
) -> int:
    """Put what a day takes; the minutes that remain. No split leaves a rest below the shortest part."""
    day, offer = day_offer
    for start, end in list(room.gaps(day, span[0])):
        start = grid(start)
        size = min(rest, offer, (min(end, span[1]) - start) // GRID * GRID)
        if 0 < rest - size < least:
            size = rest - least
        if size < least:
            continue
        room.take(start, size)
        blocks.append(Block(start, size))
        rest -= size
        offer -= size
        if rest == 0 or offer < least:
            break
    return rest


def give_back(room: Room, blocks: list[Block]) -> None:
    """Free blocks that were taken."""
    for block in blocks:
        room.give_back(block.start, block.minutes)


def explain(earliest: int, cause: Reason, blocks: list[Block]) -> None:
    """Note what set the earliest moment of the first block; the others are looked for from the one before them on."""
    for block in blocks:
        block.since, block.reasons = earliest, (cause,) if block is blocks[0] else ()
        earliest = block.start


def why(room: Room, task: Task, block: Block) -> tuple[Reason, ...]:
    """A block's reasons, with the days that were full or off between when it was looked for and its own."""
    reasons = list(block.reasons)
    if block.since is not None and task.weekday is None:
        day_of = room.days.zone.day_of
        wanted, day = day_of(block.since), day_of(block.start)
        if day > wanted:
            reasons += _skipped(room, task, wanted, day)
    return tuple(reasons) or (Reason(ReasonCode.EARLIEST),)


def _skipped(room: Room, task: Task, wanted: int, day: int) -> list[Reason]:
    """Days off just before a block's day, back to the last one that was full."""
    found: dict[ReasonCode, Reason] = {}
    for each in range(day - 1, max(wanted, day - _LOOK_BACK) - 1, -1):
        on = date.fromordinal(each)
        code = _off(room, each, on)
        if code is None:
            full = _full(room, task, each)
            found[full] = Reason(full, on=on)
            break
        found.setdefault(code, Reason(code, on=on))
    return list(found.values())


def _off(room: Room, day: int, on: date) -> ReasonCode | None:
    if on in room.days.leave:
        return ReasonCode.LEAVE
    if on in room.days.blackouts:
        return ReasonCode.BLACKOUT
    return None if room.days.cap(day) > 0 else ReasonCode.NO_STUDY_DAY


def _full(room: Room, task: Task, day: int) -> ReasonCode:
    least = task.least if task.step.splittable else task.minutes
    if room.days.cap(day) - room.used.get(day, 0) >= least > room.left(day):
        return ReasonCode.WEEK_FULL
    return ReasonCode.DAY_FULL
