"""Late joiners (R9): where the class is when a learner starts, and what the policy makes of it.

Where the class is, is read from the plan of a learner who started with the class and differs in nothing from it. That
plan does not depend on today, so that what a late joiner was spared once is not asked for later.
"""

from functools import lru_cache

from portal.pacing.arrange import lay_out
from portal.pacing.given import hand_out
from portal.pacing.graph import graph_of
from portal.pacing.layout import Layout
from portal.pacing.moments import from_minute, zone
from portal.pacing.problem import Problem, bound, build, leave_out
from portal.pacing.results import LeftOutCode
from portal.pacing.types import ClassCalendar, LateJoin, Learner, PathVersion, Policy

_WEEK = 7


def join(problem: Problem) -> None:
    """Leave out, or set a date for, what the policy spares a late joiner or wants her to catch up."""
    policy = problem.policy.late_join
    if problem.start_on <= problem.calendar.starts_on:
        return
    if policy is LateJoin.SKIP_OPTIONAL:
        leave_out(problem, [task for task in problem.tasks if not task.step.required], LeftOutCode.LATE_JOIN)
    elif policy is LateJoin.JOIN_CLASS:
        behind = _done_by_class(problem, problem.class_zone.midnight(problem.start_on.toordinal()))
        leave_out(problem, [task for task in problem.tasks if task.place in behind], LeftOutCode.LATE_JOIN)
    elif policy is LateJoin.CATCH_UP:
        days = _WEEK * problem.policy.catch_up_weeks
        until = problem.class_zone.midnight(problem.start_on.toordinal() + days)
        for place in _done_by_class(problem, until):
            problem.tasks[place].level_by = until


def _done_by_class(problem: Problem, at: int) -> set[int]:
    """Places of the steps that the class's own plan has finished by an instant."""
    ends = _class_ends(problem.graph.path, problem.calendar, problem.policy)
    return {place for place, end in enumerate(ends) if end is not None and end <= at}


@lru_cache(maxsize=64)
def _class_ends(path: PathVersion, calendar: ClassCalendar, policy: Policy) -> tuple[int | None, ...]:
    """When the class's own plan ends each step; None for what has no place in it."""
    start = from_minute(zone(calendar.zone).midnight(calendar.starts_on.toordinal()))
    problem = build(graph_of(path), calendar, Learner(), policy, (), start)
    hand_out(problem)
    bound(problem)
    layout: Layout = lay_out(problem)
    return tuple(max((block.end for block in blocks), default=None) for blocks in layout.blocks)
