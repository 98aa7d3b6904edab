"""The feasibility report: what has no place, what is late, which pins break a rule, and a proof if there is one."""

from portal.pacing.dues import due_of
from portal.pacing.layout import Layout
from portal.pacing.moments import from_minute, to_minute
from portal.pacing.objective import given_up, stands
from portal.pacing.problem import Block, Problem, Task
from portal.pacing.proof import certificate, longest_block
from portal.pacing.results import Conflict, ConflictCode, Late, LateCode, LeftOut, LeftOutCode, Report, Verdict


def judge(layout: Layout) -> Report:
    """The report of a layout."""
    problem = layout.problem
    unplaced = tuple(_unplaced(layout, problem.tasks[place]) for place in sorted(layout.unplaced))
    late = tuple(found for task in problem.tasks if (found := _late(layout, task)) is not None)
    conflicts = tuple(_conflicts(layout))
    trouble = [each.step for each in unplaced if each.required] + [
        each.step for each in late if each.required and each.code is not LateCode.CADENCE
    ]
    if not trouble:
        return Report(Verdict.FEASIBLE, unplaced, late, conflicts)
    proof = certificate(problem)
    return Report(Verdict.NOT_FOUND if proof is None else Verdict.INFEASIBLE, unplaced, late, conflicts, proof)


def left_out(layout: Layout) -> tuple[LeftOut, ...]:
    """Steps the policy left out."""
    found = []
    for task in layout.problem.tasks:
        code = LeftOutCode.OPTIONAL_DROPPED if task.place in layout.left else task.left_out
        if code is not None:
            found.append(LeftOut(task.step.id, code, required=task.step.required, minutes=task.minutes))
    return tuple(found)


def _unplaced(layout: Layout, task: Task) -> LeftOut:
    problem = layout.problem
    code, prerequisite = LeftOutCode.NO_ROOM, None
    waits = [link.other for link in problem.graph.before[task.place] if layout.end[link.other] is None]
    if waits:
        code, prerequisite = LeftOutCode.PREREQUISITE_UNPLACED, problem.graph.steps[waits[0]].id
    elif not task.step.splittable and task.minutes > longest_block(problem, task, problem.floor, problem.end):
        code = LeftOutCode.TOO_LONG
    elif task.lock < problem.end:
        code = LeftOutCode.WINDOW_CLOSED
    until_on, _ = problem.zone.local(task.lock - 1)
    return LeftOut(task.step.id, code, task.step.required, task.minutes, prerequisite, until_on)


def _late(layout: Layout, task: Task) -> Late | None:
    problem, end = layout.problem, layout.end[task.place]
    if task.done is not None:
        return None
    if not problem.base and end is not None and end <= task.limit:
        return None
    blocks = [block for block in layout.blocks[task.place] if not _is_done(block)]
    limits = [
        (limit, code)
        for limit, code in (
            (task.due, LateCode.DUE),
            (task.level_by, LateCode.CATCH_UP),
            (problem.soft_end, LateCode.SOFT_END),
        )
        if limit is not None
    ]
    for limit, code in sorted(limits)[:1]:
        if over := [block for block in blocks if block.end > limit]:
            return _lateness(problem, task, over, code, limit)
    if task.due is None:
        dues = [(to_minute(due_of(problem, task, block)), block) for block in blocks if block.base is not None]
        if over := [block for due, block in dues if block.end > due]:
            return _lateness(problem, task, over, LateCode.CADENCE, min(due for due, block in dues if block.end > due))
    return None


def _lateness(problem: Problem, task: Task, over: list[Block], code: LateCode, limit: int) -> Late:
    ends_on, _ = problem.zone.local(max(block.end for block in over) - 1)
    minutes = sum(block.minutes for block in over)
    return Late(task.step.id, code, task.step.required, minutes, from_minute(limit), ends_on)


def _is_done(block: Block) -> bool:
    return block.base is not None and block.base.status in ("COMPLETED", "SKIPPED")


def _conflicts(layout: Layout) -> list[Conflict]:
    """Breaches of pins and anchors that are still to be done; what is past cannot be mended."""
    problem = layout.problem
    found = [
        Conflict(
            ConflictCode.PIN_BEFORE_PREREQUISITE,
            task.step.id,
            problem.zone.local(min(block.start for block in task.given))[0],
            earlier.step.id,
        )
        for task, earlier in given_up(layout)
    ]
    for task in problem.tasks:
        if task.done is None:
            for block in task.given:
                if stands(task, block):
                    found += _breaches(layout, task, block)
    return sorted(dict.fromkeys(found), key=lambda each: (each.on, problem.graph.index[each.step], each.code))


def _breaches(layout: Layout, task: Task, block: Block) -> list[Conflict]:
    problem, room = layout.problem, layout.room
    days, day = problem.days, problem.zone.day_of(block.start)
    on, _ = problem.zone.local(block.start)
    is_study_day = days.cap(day) > 0
    monday = day - (day - 1) % 7
    checks = (
        (ConflictCode.NO_STUDY_DAY, not is_study_day),
        (ConflictCode.OUTSIDE_HOURS, is_study_day and not days.is_within(day, block.start, block.end)),
        (ConflictCode.OVERLAP, _overlaps(problem, day, block)),
        (ConflictCode.DAY_OVER_CAP, is_study_day and room.used.get(day, 0) > days.cap(day)),
        (ConflictCode.WEEK_OVER_CAP, days.week_cap is not None and room.used_week.get(monday, 0) > days.week_cap),
        (ConflictCode.BEFORE_RELEASE, task.release > problem.floor and block.start < task.release),
        (ConflictCode.AFTER_LOCK, task.lock < min(problem.end, block.end)),
        (ConflictCode.BEFORE_START, block.start < problem.floor),
        (ConflictCode.AFTER_HARD_END, block.end > problem.hard_end),
    )
    return [Conflict(code, task.step.id, on) for code, broken in checks if broken]


def _overlaps(problem: Problem, day: int, block: Block) -> bool:
    """Whether another given block lies over this one; what the engine places never does."""
    over = [each for each in problem.room.busy.get(day, ()) if each[0] < block.end and block.start < each[1]]
    return len(over) > 1
