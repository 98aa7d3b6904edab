"""What makes one layout better than another (lexicographic): first what fits in time, then change, then arrangement."""

from portal.pacing.layout import Layout
from portal.pacing.problem import Block, Task
from portal.pacing.types import Arrangement

Cost = tuple[int, int, int, int, int, int]
CLEAN: Cost = (0, 0, 0, 0, 0, 0)
_WEEK = 7


def cost(layout: Layout) -> Cost:
    """The objective's terms 1 to 4: edges given up, required minutes unplaced, required minutes late, change (weight,
    then weight times days), optional minutes unplaced.
    """
    problem = layout.problem
    unplaced = [problem.tasks[place] for place in layout.unplaced]
    gone = [problem.tasks[place] for place in layout.left]
    late = 0
    for task, end in zip(problem.tasks, layout.end, strict=True):
        if end is not None and end > task.limit and task.step.required:
            late += late_minutes(task, layout.blocks[task.place])
    return (
        len(given_up(layout)),
        sum(task.minutes for task in unplaced if task.step.required),
        late,
        *(_change(layout) if problem.is_replan else (0, 0)),
        sum(task.minutes for task in [*unplaced, *gone] if not task.step.required),
    )


def late_minutes(task: Task, blocks: list[Block]) -> int:
    """Open minutes that end after what bounds a step; each block counts whole."""
    if not task.minutes:
        return 0
    return sum(block.minutes for block in blocks if block.end > task.limit)


def troubled(layout: Layout) -> list[Task]:
    """Required steps without a place or late, in author order."""
    problem, away = layout.problem, set(layout.unplaced)
    return [
        task
        for task in problem.tasks
        if task.step.required and (task.place in away or late_minutes(task, layout.blocks[task.place]))
    ]


def given_up(layout: Layout) -> list[tuple[Task, Task]]:
    """(step, prerequisite) where a pinned or anchored slot stands before what it waits for."""
    problem, found = layout.problem, []
    for task in problem.tasks:
        if not task.given or task.done is not None:
            continue
        standing = [block.start for block in task.given if stands(task, block)]
        if not standing:
            continue
        for link in problem.graph.before[task.place]:
            end = layout.end[link.other]
            if end is None or (end >= 0 and layout.after(link, end) > min(standing)):
                found.append((task, problem.tasks[link.other]))
    return found


def stands(task: Task, block: Block) -> bool:
    """Whether a given block is a pin or an anchor that is still to be done."""
    is_open = block.base is None or block.base.status == "PLANNED"
    return is_open and (block.pinned or task.fixed is not None)


def _change(layout: Layout) -> tuple[int, int]:
    """Over moved slots: 4 for each earlier, 1 for each later, 8 times that if the old date is inside the notice."""
    problem = layout.problem
    day_of, noticed = problem.zone.day_of, problem.room.today + problem.policy.notice_days
    weight = weighted = 0
    for task in problem.tasks:
        old_starts = {id(old.base): old.start for old in task.loose}
        for block in layout.blocks[task.place]:
            old = old_starts.get(id(block.base)) if block.base is not None else None
            if old is None or old == block.start:
                continue
            day = day_of(old)
            each = (4 if block.start < old else 1) * (8 if day < noticed else 1)
            weight += each
            weighted += each * abs(day_of(block.start) - day)
    return weight, weighted


def shape(layout: Layout) -> tuple[int, int]:
    """The objective's term 5, by the policy's arrangement: peak day and squared weekly minutes, or minutes outside of
    the step's own week, or the finish day.
    """
    problem = layout.problem
    if problem.policy.arrangement is Arrangement.SPREAD and problem.soft_end is not None:
        room = layout.room
        return max(room.used.values(), default=0), sum(minutes * minutes for minutes in room.used_week.values())
    day_of = problem.zone.day_of
    finish = max((day_of(block.start) for blocks in layout.blocks for block in blocks), default=0)
    if problem.policy.arrangement is not Arrangement.BY_WEEK:
        return finish, 0
    outside = 0
    for place, week in enumerate(problem.own_weeks()):
        blocks = layout.blocks[place]
        outside += sum(block.minutes for block in blocks if not week <= day_of(block.start) < week + _WEEK)
    return outside, finish
