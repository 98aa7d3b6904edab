"""From the caller's values to what the planner works on: days as ordinals, effort in minutes, bounds as instants."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from portal.pacing.moments import DAY_MINUTES, grid, instant, local, minute_of, moment
from portal.pacing.results import Base, Slot
from portal.pacing.room import Interval, Room
from portal.pacing.types import (
    AtInstant,
    AtMeeting,
    ClassCalendar,
    Edge,
    Hours,
    Id,
    InWeek,
    LateJoin,
    Learner,
    OnWeekday,
    Overload,
    PathVersion,
    Policy,
    SlotStatus,
    Step,
)

HARD_YEARS = timedelta(days=3 * 365)
_GIVEN = (SlotStatus.COMPLETED, SlotStatus.SKIPPED, SlotStatus.IN_PROGRESS)


@dataclass(slots=True)
class Task:
    """A step as the planner sees it; ``open_minutes`` is what is still to place, 0 for a step that is done."""

    step: Step
    index: int
    open_minutes: int
    min_session: int
    release: tuple[int, int]
    release_is_window: bool
    due_at: datetime | None
    limit: datetime
    lock: datetime
    done_at: datetime | None = None
    edges: list[Edge] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    dropped: bool = False
    weekday: int | None = None


@dataclass(slots=True)
class Problem:
    """Everything about one learner, ready to be planned."""

    zone: str
    calendar: ClassCalendar
    policy: Policy
    now: datetime
    today: tuple[int, int]
    start: tuple[int, int]
    first_day: int
    soft_end: datetime | None
    last_day: int
    room: Room
    tasks: dict[Id, Task]
    base: Base
    blackout: frozenset[int]
    leave: frozenset[int]


def build(
    path: PathVersion, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Problem:
    """Normalise the inputs. ValueError for an order with a step before its prerequisite."""
    zone = learner.zone or calendar.zone
    now = now.astimezone(UTC)
    first_day = (learner.starts_on or calendar.starts_on).toordinal()
    late_days = max(0, first_day - calendar.starts_on.toordinal())
    hard = calendar.hard_ends_on or calendar.starts_on + HARD_YEARS
    soft = calendar.soft_ends_on
    if soft is not None and late_days and policy.late_join is LateJoin.SHIFT:
        soft = min(soft + timedelta(days=late_days), hard)
    last = hard if soft is None or policy.overload is Overload.EXTEND else min(soft, hard)
    day, minute = local(zone, now)
    today = (day, grid(minute + (1 if now.second or now.microsecond else 0)))
    start = max(today, (first_day, 0))
    blackout = frozenset(each.toordinal() for each in calendar.blackouts)
    leave = frozenset(each.toordinal() for each in learner.leave)
    problem = Problem(
        zone=zone,
        calendar=calendar,
        policy=policy,
        now=now,
        today=today,
        start=start,
        first_day=first_day,
        soft_end=None if soft is None else instant(calendar.zone, soft.toordinal(), DAY_MINUTES),
        last_day=last.toordinal(),
        room=_room(calendar, learner, start[0], last.toordinal(), today, blackout | leave),
        tasks={},
        base=base,
        blackout=blackout,
        leave=leave,
    )
    for taken in learner.taken:
        at = local(zone, taken.starts_at)
        problem.room.take(*at, taken.minutes)
    _tasks(problem, path, learner)
    _drop_for_late_join(problem, late_days)
    return problem


def _room(
    calendar: ClassCalendar, learner: Learner, first: int, last: int, today: tuple[int, int], off: frozenset[int]
) -> Room:
    """Capacity and study hours of each day; today only from now on."""
    week = learner.weekday_minutes or calendar.weekday_minutes
    hours = [_interval(each) for each in learner.hours or calendar.hours]
    whole = sum(until - start for start, until in hours)
    capacity, windows = {}, {}
    for day in range(first, last + 1):
        minutes = 0 if day in off else week[(day - 1) % 7]
        if not minutes:
            continue
        if calendar.day_cap is not None:
            minutes = min(minutes, calendar.day_cap)
        minutes = min(minutes, whole)
        windows[day] = hours
        if day == today[0]:
            windows[day] = [(max(start, today[1]), until) for start, until in hours if until > today[1]]
            minutes = max(0, minutes - learner.extra_minutes_today)
        capacity[day] = minutes
    return Room(capacity, windows, calendar.week_cap)


def _interval(hours: Hours) -> Interval:
    return minute_of(hours.start), minute_of(hours.until) or DAY_MINUTES


def _tasks(problem: Problem, path: PathVersion, learner: Learner) -> None:
    completions = {each.step: each.at.astimezone(UTC) for each in learner.completions}
    remaining = {each.step: each.minutes for each in learner.remaining}
    extensions = {each.step: each for each in learner.extensions}
    slots: dict[Id, list[Slot]] = {}
    for slot in problem.base:
        slots.setdefault(slot.step, []).append(slot)
    for index, step in enumerate(path.steps):
        task = _task(problem, step, index, extensions.get(step.id), learner.pace_percent)
        task.slots = sorted(slots.get(step.id, ()), key=lambda slot: (slot.starts_at, slot.part))
        done = sum(slot.minutes for slot in task.slots if slot.status in _GIVEN)
        task.open_minutes = max(0, task.open_minutes - done)
        if step.id in remaining:
            task.open_minutes = grid(remaining[step.id])
        if step.id in completions:
            task.done_at, task.open_minutes = completions[step.id], 0
        elif task.slots and all(slot.status in (SlotStatus.COMPLETED, SlotStatus.SKIPPED) for slot in task.slots):
            task.done_at, task.open_minutes = task.slots[-1].starts_at, 0
        problem.tasks[step.id] = task
    for edge in path.edges:
        later, earlier = problem.tasks[edge.step], problem.tasks[edge.prerequisite]
        if earlier.index >= later.index:
            raise ValueError(f"step {edge.step!r} stands before its prerequisite {edge.prerequisite!r}")
        later.edges.append(edge)


def _task(problem: Problem, step: Step, index: int, extension: object, pace_percent: int) -> Task:
    calendar, first = problem.calendar, problem.first_day
    window = step.window
    release = due = lock = None
    if window is not None:
        release, due, lock = window.release, window.due, window.lock
    due = getattr(extension, "due", None) or due
    lock = getattr(extension, "lock", None) or lock
    minutes = grid(step.minutes * pace_percent / 100)
    start = problem.start
    is_window = False
    if release is not None:
        opens = local(problem.zone, moment(release, calendar.zone, first, 0))
        opens = (opens[0], grid(opens[1]))
        is_window, start = opens > start, max(start, opens)
    due_at = None if due is None else moment(due, calendar.zone, first, minute_of(calendar.due_time))
    end = instant(problem.zone, problem.last_day, DAY_MINUTES)
    closes = end if lock is None else min(end, moment(lock, calendar.zone, first, DAY_MINUTES))
    bounds = [at for at in (due_at, problem.soft_end) if at is not None]
    task = Task(
        step=step,
        index=index,
        open_minutes=minutes,
        min_session=minutes if not step.splittable else min(minutes, grid(step.min_session)),
        release=start,
        release_is_window=is_window,
        due_at=due_at,
        limit=min([*bounds, closes]),
        lock=closes,
    )
    _anchor(problem, task)
    return task


def _anchor(problem: Problem, task: Task) -> None:
    """Anchors that leave a choice become bounds; fixed instants are given slots (see `given`)."""
    anchor = task.step.anchor
    if isinstance(anchor, OnWeekday):
        task.weekday = anchor.weekday
    if isinstance(anchor, InWeek):
        monday = problem.first_day - (problem.first_day - 1) % 7 + 7 * (anchor.number - 1)
        task.release = max(task.release, (monday, 0))
        task.lock = min(task.lock, instant(problem.zone, monday + 6, DAY_MINUTES))
        task.limit = min(task.limit, task.lock)


def fixed_instant(problem: Problem, step: Step) -> datetime | None:
    """Where an anchor of a fixed instant puts a step."""
    if isinstance(step.anchor, AtInstant):
        return step.anchor.at.astimezone(UTC)
    if isinstance(step.anchor, AtMeeting) and step.anchor.number <= len(problem.calendar.meetings):
        meeting = problem.calendar.meetings[step.anchor.number - 1]
        return meeting.astimezone(UTC) + timedelta(minutes=step.anchor.offset_minutes)
    return None


def _drop_for_late_join(problem: Problem, late_days: int) -> None:
    if late_days and problem.policy.late_join is LateJoin.SKIP_OPTIONAL:
        drop_optional(problem)


def drop_optional(problem: Problem) -> None:
    """Leave optional steps out that have not been begun."""
    for task in problem.tasks.values():
        begun = any(slot.status is not SlotStatus.PLANNED or slot.pinned for slot in task.slots)
        if not task.step.required and task.open_minutes and not begun:
            task.dropped = True
