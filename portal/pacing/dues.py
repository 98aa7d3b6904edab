"""Due moments: due is not do (R7)."""

from datetime import date, datetime

from portal.pacing.moments import bucket, from_minute, minute_of, to_minute
from portal.pacing.problem import Block, Problem, Task


def due_of(problem: Problem, task: Task, block: Block) -> datetime:
    """The step's own due moment; else the end of the cadence's bucket, which a re-plan leaves where it was."""
    if task.due_at is not None:
        return task.due_at
    base = block.base
    if base is not None and (to_minute(base.starts_at) == block.start or not problem.policy.due_moves):
        return base.due_at
    if base is None and not problem.policy.due_moves and task.loose and task.loose[0].base is not None:
        return task.loose[0].base.due_at
    on = date.fromordinal(problem.zone.day_of(block.start))
    _, last = bucket(problem.calendar.cadence, on)
    due = problem.class_zone.wall(last.toordinal(), minute_of(problem.calendar.due_time))
    return from_minute(max(due, block.end))
