"""The feasibility report: what has no place, what is late, and a proof when nothing could help."""

from dataclasses import replace
from datetime import date, datetime

from portal.pacing.arrange import Layout
from portal.pacing.moments import instant, local
from portal.pacing.place import Block
from portal.pacing.problem import Problem, Task
from portal.pacing.results import Certificate, CertificateCode, Late, LateCode, LeftOut, LeftOutCode, Report, Verdict


def judge(problem: Problem, layout: Layout) -> Report:
    """The report of a layout."""
    unplaced = tuple(_left_out(problem, layout, problem.tasks[key]) for key in layout.unplaced)
    late = tuple(
        entry
        for key, blocks in layout.blocks.items()
        if (entry := _late(problem, problem.tasks[key], blocks)) is not None
    )
    trouble = any(entry.required for entry in unplaced) or any(entry.required for entry in late)
    if not trouble:
        return Report(Verdict.FEASIBLE, unplaced, late, tuple(layout.conflicts))
    proof = _certificate(problem)
    verdict = Verdict.NOT_FOUND if proof is None else Verdict.INFEASIBLE
    return Report(verdict, unplaced, late, tuple(layout.conflicts), proof)


def dropped(problem: Problem) -> tuple[LeftOut, ...]:
    """Steps the policy left out."""
    code = LeftOutCode.LATE_JOIN if problem.policy.late_join == "SKIP_OPTIONAL" else LeftOutCode.OPTIONAL_DROPPED
    return tuple(
        LeftOut(task.step.id, code, required=False, minutes=task.open_minutes)
        for task in problem.tasks.values()
        if task.dropped
    )


def _left_out(problem: Problem, layout: Layout, task: Task) -> LeftOut:
    until = date.fromordinal(local(problem.zone, task.lock)[0])
    found = LeftOut(task.step.id, LeftOutCode.NO_ROOM, task.step.required, task.open_minutes, until_on=until)
    for edge in task.edges:
        if edge.prerequisite in layout.unplaced:
            return replace(found, code=LeftOutCode.PREREQUISITE_UNPLACED, prerequisite=edge.prerequisite)
    if not task.step.splittable and task.open_minutes > _longest_block(problem):
        return replace(found, code=LeftOutCode.TOO_LONG)
    if task.lock < instant(problem.zone, problem.last_day, 24 * 60):
        return replace(found, code=LeftOutCode.WINDOW_CLOSED)
    return found


def _longest_block(problem: Problem) -> int:
    """The longest unbroken study time any day offers under its cap."""
    room = problem.room
    return max(
        (
            min(room.capacity[day], max(until - start for start, until in room.windows[day]))
            for day in room.study_days
            if room.windows[day]
        ),
        default=0,
    )


def _late(problem: Problem, task: Task, blocks: list[Block]) -> Late | None:
    """Open minutes that end after min(due, soft end); what is done is never late any more."""
    if task.done_at is not None:
        return None
    limit = min((at for at in (task.due_at, problem.soft_end) if at is not None), default=None)
    if limit is None:
        return None
    over = [block for block in blocks if _end(problem, block) > limit]
    if not over:
        return None
    code = LateCode.DUE if task.due_at == limit else LateCode.SOFT_END
    last = max(block.day for block in over)
    return Late(task.step.id, code, task.step.required, sum(b.minutes for b in over), limit, date.fromordinal(last))


def _end(problem: Problem, block: Block) -> datetime:
    return instant(problem.zone, block.day, block.start + block.minutes)


def _certificate(problem: Problem) -> Certificate | None:
    """A step longer than any block, or more work than the days up to some limit hold (R14)."""
    tasks = [task for task in problem.tasks.values() if task.open_minutes and task.step.required]
    longest = _longest_block(problem)
    first, last = date.fromordinal(problem.start[0]), date.fromordinal(max(problem.last_day, problem.start[0]))
    for task in tasks:
        if not task.step.splittable and task.open_minutes > longest:
            return Certificate(CertificateCode.STEP_TOO_LONG, (task.step.id,), first, last, task.open_minutes, longest)
    for limit in sorted({task.limit for task in tasks}):
        within = [task for task in tasks if task.limit <= limit]
        needed = sum(task.open_minutes for task in within)
        day = local(problem.zone, limit)[0]
        available = _free_until(problem, day)
        if needed > available:
            return Certificate(
                CertificateCode.WINDOW_OVERFULL,
                tuple(task.step.id for task in within),
                first,
                date.fromordinal(day),
                needed,
                available,
            )
    return None


def _free_until(problem: Problem, day: int) -> int:
    """The most minutes the days up to ``day`` could hold, week caps included."""
    room = problem.room
    weeks: dict[int, int] = {}
    for each in room.study_days:
        if each <= day:
            monday = each - (each - 1) % 7
            weeks[monday] = weeks.get(monday, 0) + max(0, room.capacity[each] - room.used.get(each, 0))
    if room.week_cap is None:
        return sum(weeks.values())
    return sum(min(minutes, max(0, room.week_cap - room.used_week.get(monday, 0))) for monday, minutes in weeks.items())
