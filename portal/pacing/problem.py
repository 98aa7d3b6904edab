"""From the caller's values to what the planner works on: steps by place, effort in minutes, bounds as instants."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from portal.pacing.graph import Graph
from portal.pacing.moments import DAY_MINUTES, Zone, grid, minute_of, moment, to_minute, zone
from portal.pacing.results import Base, LeftOutCode, Reason, ReasonCode, Slot
from portal.pacing.room import Days, Room
from portal.pacing.types import (
    AtInstant,
    AtMeeting,
    ClassCalendar,
    Extension,
    Id,
    InWeek,
    LateJoin,
    Learner,
    OnWeekday,
    Overload,
    Policy,
    Step,
)

HARD_YEARS = timedelta(days=3 * 365)


@dataclass(slots=True)
class Block:
    """A piece at its place: start instant, minutes, why, and the base slot it is (None for a new one).

    ``since`` is from when on a place was looked for; None for a block that stays where it was.
    """

    start: int
    minutes: int
    reasons: tuple[Reason, ...] = ()
    base: Slot | None = None
    pinned: bool = False
    since: int | None = None

    @property
    def end(self) -> int:
        """The instant it ends."""
        return self.start + self.minutes


@dataclass(slots=True)
class Task:
    """A step as the planner sees it. ``minutes`` is what is still to place; instants are minutes since 1970.

    ``limit`` is when its work becomes late or impossible, ``level_by`` when a late joiner shall be level with the
    class. ``given`` never move. ``loose`` are open base slots, in time order. ``done`` is when the step was finished;
    -1 when it was skipped, so that nothing waits for it.
    """

    step: Step
    place: int
    minutes: int
    least: int
    release: int
    due_at: datetime | None
    due: int | None
    lock: int
    weekday: int | None = None
    fixed: int | None = None
    done: int | None = None
    level_by: int | None = None
    limit: int = 0
    left_out: LeftOutCode | None = None
    given: list[Block] = field(default_factory=list)
    loose: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Problem:
    """Everything about one learner, ready to be planned. ``end`` and ``soft_end`` are the instants the days end.

    Offsets and numbers of weeks are counted from ``counted_on``.
    """

    graph: Graph
    calendar: ClassCalendar
    learner: Learner
    policy: Policy
    base: Base
    zone: Zone
    class_zone: Zone
    now: int
    floor: int
    start_on: date
    counted_on: date
    soft_end: int | None
    end: int
    hard_end: int
    bounded: bool
    room: Room
    tasks: list[Task]
    is_replan: bool
    latest: list[int] | None = None

    @property
    def days(self) -> Days:
        """The learner's days."""
        return self.room.days

    def own_weeks(self) -> list[int]:
        """The Monday (ordinal) of each step's own week; a step without one follows the step before it."""
        joins = self.policy.late_join in (LateJoin.CATCH_UP, LateJoin.JOIN_CLASS)
        first = (self.calendar.starts_on if joins else self.start_on).toordinal()
        week, found = 1, []
        for step in self.graph.steps:
            week = step.week or week
            found.append(first - (first - 1) % 7 + 7 * (week - 1))
        return found


def build(
    graph: Graph, calendar: ClassCalendar, learner: Learner, policy: Policy, base: Base, now: datetime
) -> Problem:
    """Normalise the inputs; slots are sorted into tasks by `given.hand_out`."""
    mine, theirs = zone(learner.zone or calendar.zone), zone(calendar.zone)
    start_on = learner.starts_on or calendar.starts_on
    late_days = max(0, (start_on - calendar.starts_on).days)
    hard = calendar.hard_ends_on or calendar.starts_on + HARD_YEARS
    soft = calendar.soft_ends_on
    if soft is not None and late_days and policy.late_join is LateJoin.SHIFT:
        soft = min(soft + timedelta(days=late_days), hard)
    if learner.ends_on is not None:
        soft, hard = learner.ends_on, max(hard, learner.ends_on)
    last = hard if soft is None or policy.overload is Overload.EXTEND else min(soft, hard)
    end = _end_of(theirs, last)
    first = grid(to_minute(now) + (1 if now.second or now.microsecond else 0))
    problem = Problem(
        graph=graph,
        calendar=calendar,
        learner=learner,
        policy=policy,
        base=base,
        zone=mine,
        class_zone=theirs,
        now=first,
        floor=max(first, theirs.midnight(start_on.toordinal())),
        start_on=start_on,
        counted_on=calendar.starts_on if policy.late_join is LateJoin.JOIN_CLASS else start_on,
        soft_end=None if soft is None else _end_of(theirs, soft),
        end=end,
        hard_end=_end_of(theirs, hard),
        bounded=soft is not None or calendar.hard_ends_on is not None,
        room=Room(Days(mine, calendar, learner, mine.day_of(end - 1)), first),
        tasks=[],
        is_replan=bool(base),
    )
    _take(problem)
    extensions = {each.step: each for each in learner.extensions}
    problem.tasks = [_task(problem, place, extensions.get(step.id)) for place, step in enumerate(graph.steps)]
    return problem


def _end_of(where: Zone, on: date) -> int:
    return where.midnight(on.toordinal() + 1)


def _take(problem: Problem) -> None:
    """Use what the learner's other paths and today's work on other days' slots have taken."""
    for each in problem.learner.taken:
        problem.room.take(to_minute(each.starts_at), each.minutes)
    if problem.learner.extra_minutes_today:
        problem.room.count(problem.room.today, problem.learner.extra_minutes_today)


def _task(problem: Problem, place: int, extension: Extension | None) -> Task:
    step = problem.graph.steps[place]
    minutes = -(-step.minutes * problem.learner.pace_percent // 500) * 5
    task = Task(
        step=step,
        place=place,
        minutes=minutes,
        least=min(minutes, grid(step.min_session)),
        release=problem.floor,
        due_at=None,
        due=None,
        lock=problem.end,
    )
    if step.window is not None or extension is not None:
        _bounds(problem, task, extension)
    if step.anchor is not None:
        _anchor(problem, task)
    return task


def _bounds(problem: Problem, task: Task, extension: Extension | None) -> None:
    window, calendar, first = task.step.window, problem.calendar, problem.counted_on.toordinal()
    due = (extension and extension.due) or (window and window.due)
    lock = (extension and extension.lock) or (window and window.lock)
    if window is not None and window.release is not None:
        opens = moment(window.release, problem.class_zone, first, 0)
        task.release = max(task.release, grid(to_minute(opens) + (opens.second > 0)))
    if due:
        task.due_at = moment(due, problem.class_zone, first, minute_of(calendar.due_time))
        task.due = to_minute(task.due_at)
    if lock:
        task.lock = min(task.lock, to_minute(moment(lock, problem.class_zone, first, DAY_MINUTES)))


def _anchor(problem: Problem, task: Task) -> None:
    """Anchors that leave a choice become bounds; the others are a given instant."""
    anchor = task.step.anchor
    if isinstance(anchor, OnWeekday):
        task.weekday = anchor.weekday
    elif isinstance(anchor, InWeek):
        monday = problem.counted_on.toordinal() - problem.counted_on.weekday() + 7 * (anchor.number - 1)
        task.release = max(task.release, problem.zone.midnight(monday))
        task.lock = min(task.lock, problem.zone.midnight(monday + 7))
    elif isinstance(anchor, AtInstant):
        task.fixed = to_minute(anchor.at)
    elif isinstance(anchor, AtMeeting) and 0 < anchor.number <= len(problem.calendar.meetings):
        task.fixed = to_minute(problem.calendar.meetings[anchor.number - 1]) + anchor.offset_minutes


def bound(problem: Problem) -> None:
    """Set each step's limit: its lock, due moment or day to be level with the class, or the soft end."""
    for task in problem.tasks:
        limits = (task.lock, task.due, task.level_by, problem.soft_end)
        task.limit = min(limit for limit in limits if limit is not None)


def leave_out(problem: Problem, tasks: Iterable[Task], code: LeftOutCode) -> None:
    """Leave these steps out; those with a slot that never moves are begun and stay."""
    for task in tasks:
        if task.minutes and not task.given:
            task.left_out = code


def reason(code: ReasonCode, step: Id = None) -> tuple[Reason, ...]:
    """A single reason."""
    return (Reason(code, step),)
