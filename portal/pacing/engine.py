"""The engine's three functions: `plan`, `plan_many`, `diagnose`."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from portal.pacing.arrange import Layout, lay_out
from portal.pacing.judge import dropped, judge
from portal.pacing.moments import bucket, instant, local, minute_of, time_of
from portal.pacing.place import Block
from portal.pacing.problem import Problem, Task, build, drop_optional
from portal.pacing.results import (
    Base,
    Diagnosis,
    Diff,
    Move,
    Plan,
    Reason,
    ReasonCode,
    Removed,
    RemovedCode,
    Repair,
    RepairCode,
    Report,
    Slot,
    Verdict,
)
from portal.pacing.types import ClassCalendar, Learner, Overload, PathVersion, Policy, SlotStatus


def plan(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Plan:
    """Plan one learner, or re-plan from ``base`` with the least change. Equal inputs give equal plans.

    ValueError for a path with a step before its prerequisite.
    """
    problem = build(path, calendar, learner, policy, base, now)
    layout = lay_out(problem, learner.pins)
    report = judge(problem, layout)
    if policy.overload is Overload.DROP_OPTIONAL and report.verdict is not Verdict.FEASIBLE:
        problem = build(path, calendar, learner, policy, base, now)
        drop_optional(problem)
        layout = lay_out(problem, learner.pins)
        report = judge(problem, layout)
    return _result(problem, layout, report)


def plan_many(
    path: PathVersion,
    calendar: ClassCalendar,
    learners: Iterable[tuple[Learner, Base]],
    policy: Policy,
    *,
    now: datetime,
) -> Iterator[Plan]:
    """Plan each (learner, base) in turn; learners with equal inputs (the pace signature) are planned once."""
    known: dict[tuple[Learner, Base], Plan] = {}
    for learner, base in learners:
        signature = (replace(learner, id=None), base)
        found = known.get(signature)
        if found is None:
            found = known[signature] = plan(path, calendar, learner, policy, base, now)
        yield found


def _result(problem: Problem, layout: Layout, report: Report) -> Plan:
    slots: list[Slot] = []
    for key, blocks in layout.blocks.items():
        slots += _slots(problem, problem.tasks[key], blocks)
    slots.sort(key=lambda slot: (slot.starts_at, problem.tasks[slot.step].index, slot.part))
    open_days = [slot.on for slot in slots]
    return Plan(
        slots=tuple(slots),
        left_out=dropped(problem),
        finish_on=max(open_days, default=None),
        report=report,
        diff=_diff(problem, slots),
    )


def _slots(problem: Problem, task: Task, blocks: list[Block]) -> list[Slot]:
    ordered = sorted(blocks, key=lambda block: (block.day, block.start))
    return [_slot(problem, task, block, part, len(ordered)) for part, block in enumerate(ordered, 1)]


def _slot(problem: Problem, task: Task, block: Block, part: int, parts: int) -> Slot:
    base = block.base
    if base is not None and _stands(base, block):
        return replace(base, part=part, parts=parts, reasons=block.reasons or base.reasons)
    at = instant(problem.zone, block.day, block.start)
    day, minute = local(problem.zone, at)
    first, last = bucket(problem.calendar.cadence, day)
    due = task.due_at or instant(problem.zone, last, minute_of(problem.calendar.due_time))
    if base is not None and not problem.policy.due_moves and task.due_at is None:
        due = base.due_at
    pinned = any(reason.code is ReasonCode.PIN for reason in block.reasons)
    return Slot(
        step=task.step.id,
        part=part,
        parts=parts,
        on=date.fromordinal(day),
        start=time_of(minute),
        starts_at=at,
        minutes=block.minutes,
        bucket_on=date.fromordinal(first),
        due_at=due,
        id=None if base is None else base.id,
        status=SlotStatus.PLANNED if base is None else base.status,
        pinned=pinned,
        reasons=block.reasons or (Reason(ReasonCode.EARLIEST),),
        slack_days=_slack(problem, task, day),
    )


def _stands(base: Slot, block: Block) -> bool:
    return base.on.toordinal() == block.day and minute_of(base.start) == block.start and base.minutes == block.minutes


def _slack(problem: Problem, task: Task, day: int) -> int | None:
    """Study days between a slot's day and the day it must be done by; None when nothing bounds it."""
    bounds = [at for at in (task.due_at, problem.soft_end) if at is not None]
    if not bounds:
        return None
    limit = local(problem.zone, min(bounds) - timedelta(minutes=1))[0]
    days = problem.room.study_days
    return max(0, bisect_right(days, limit) - bisect_right(days, day))


def _diff(problem: Problem, slots: list[Slot]) -> Diff:
    before = {slot.id: slot for slot in problem.base}
    kept, moved, added, seen = [], [], [], set()
    for slot in slots:
        old = None if slot.id is None else before.get(slot.id)
        if old is None:
            added.append(slot)
            continue
        seen.add(slot.id)
        same = (old.on, old.start, old.starts_at, old.minutes, old.due_at) == (
            *(slot.on, slot.start, slot.starts_at, slot.minutes, slot.due_at),
        )
        if same:
            kept.append(slot)
        else:
            moved.append(Move(old, slot))
    gone = [Removed(slot, _gone(problem, slot)) for slot in problem.base if slot.id not in seen and _is_open(slot)]
    return Diff(tuple(kept), tuple(moved), tuple(added), tuple(gone))


def _is_open(slot: Slot) -> bool:
    return slot.status is SlotStatus.PLANNED


def _gone(problem: Problem, slot: Slot) -> RemovedCode:
    task = problem.tasks.get(slot.step)
    if task is None:
        return RemovedCode.STEP_REMOVED
    if task.done_at is not None:
        return RemovedCode.DONE
    return RemovedCode.LEFT_OUT if task.dropped or not task.open_minutes else RemovedCode.EFFORT


def diagnose(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Diagnosis:
    """Why required work does not fit, and changes that were planned with and make it fit; smallest first."""
    if _fits(path, calendar, learner, policy, base, now):
        return Diagnosis()
    repairs = []
    minutes = next(
        (
            more
            for more in (15, 30, 45, 60, 90)
            if _fits(path, *_longer_days(calendar, learner, more), policy, base, now)
        ),
        None,
    )
    if minutes is not None:
        week = learner.weekday_minutes or calendar.weekday_minutes
        days = tuple(day for day, each in enumerate(week) if each)
        repairs.append(Repair(RepairCode.ADD_MINUTES, minutes=minutes, weekdays=days))
    repairs += _extend(path, calendar, learner, policy, base, now)
    optional = tuple(step.id for step in path.steps if not step.required)
    if optional and _fits(path, calendar, learner, replace(policy, overload=Overload.DROP_OPTIONAL), base, now):
        repairs.append(Repair(RepairCode.DROP_OPTIONAL, steps=optional))
    return Diagnosis(repairs=tuple(repairs))


def _fits(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> bool:
    return plan(path, calendar, learner, policy, base, now).report.verdict is Verdict.FEASIBLE


def _longer_days(calendar: ClassCalendar, learner: Learner, more: int) -> tuple[ClassCalendar, Learner]:
    def longer(week: tuple[int, ...]) -> tuple[int, int, int, int, int, int, int]:
        a, b, c, d, e, f, g = (each + more if each else 0 for each in week)
        return a, b, c, d, e, f, g

    own = None if learner.weekday_minutes is None else longer(learner.weekday_minutes)
    return replace(calendar, weekday_minutes=longer(calendar.weekday_minutes)), replace(learner, weekday_minutes=own)


def _extend(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> list[Repair]:
    if calendar.soft_ends_on is None:
        return []
    week = learner.weekday_minutes or calendar.weekday_minutes
    day, study_days = calendar.soft_ends_on, 0
    while study_days < 60:
        day += timedelta(days=1)
        if not week[day.weekday()] or day in calendar.blackouts:
            continue
        study_days += 1
        if study_days in (1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60):
            hard = None if calendar.hard_ends_on is None else max(calendar.hard_ends_on, day)
            longer = replace(calendar, soft_ends_on=day, hard_ends_on=hard)
            if _fits(path, longer, learner, policy, base, now):
                return [Repair(RepairCode.EXTEND, study_days=study_days, ends_on=day)]
    return []
