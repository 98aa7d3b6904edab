"""What an instance means, in 5-minute units since its first midnight; written from the rules, apart from the engine."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from portal.pacing.types import AtInstant, Edge, Id, InWeek, LateJoin, OnWeekday, Overload, SlotStatus, Step
from tests.unit.pacing.case import Case, effort, moment

UNIT = timedelta(minutes=5)
A_DAY = 288


@dataclass
class Job:
    """A step with open work: ``size`` and shortest part, and the bounds of its own."""

    step: Step
    size: int
    least: int
    release: int
    lock: int
    limit: int
    weekday: int | None


@dataclass
class World:
    """Days with their gaps and what the caps leave, jobs, and the ends and starts of what never moves.

    ``ended``: step -> end of what is given or done. ``stands``: step -> start of a pin or anchor still to be done.
    """

    case: Case
    first_on: date
    horizon: int
    jobs: dict[Id, Job] = field(default_factory=dict)
    gaps: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    left: dict[int, int] = field(default_factory=dict)
    left_week: dict[date, int] = field(default_factory=dict)
    ended: dict[Id, int] = field(default_factory=dict)
    finished: set[Id] = field(default_factory=set)
    stands: dict[Id, int] = field(default_factory=dict)

    def unit(self, at: datetime, *, up: bool = False) -> int:
        since = at - datetime.combine(self.first_on, time(), UTC)
        return -(-since // UNIT) if up else since // UNIT

    def on(self, day: int) -> date:
        return self.first_on + timedelta(days=day)

    @property
    def days(self) -> range:
        return range(-(-self.horizon // A_DAY))

    @property
    def drops(self) -> bool:
        return self.case.policy.overload is Overload.DROP_OPTIONAL

    def opens(self, edge: Edge, day: int) -> int:
        """The first day an edge's step may begin when its prerequisite ends on ``day``."""
        if not edge.study_days:
            return day + edge.lag
        count = edge.lag
        while count and day < len(self.days):
            day += 1
            count -= day < len(self.days) and self.case.cap(self.on(day)) > 0
        return day

    def earliest(self, edge: Edge, end: int) -> int:
        """The first unit an edge leaves to its step when its prerequisite ends at ``end``."""
        if not edge.lag:
            return end
        day = end // A_DAY if edge.prerequisite in self.finished else (end - 1) // A_DAY
        return self.opens(edge, day) * A_DAY


def build(case: Case) -> World:
    """The world of an instance in UTC without blocks begun today."""
    assert case.zone == "UTC"
    soft = case.calendar.soft_ends_on
    late_days = max(0, (case.first_on - case.calendar.starts_on).days)
    if soft is not None and case.policy.late_join is LateJoin.SHIFT:
        soft = min(soft + timedelta(days=late_days), case.hard_ends_on)
    soft = case.learner.ends_on or soft
    last = case.hard_ends_on
    if soft is not None and case.policy.overload is not Overload.EXTEND:
        last = min(soft, last)
    first_on = min(case.today, case.calendar.starts_on)
    world = World(case, first_on, ((last - first_on).days + 1) * A_DAY)
    soft_end = world.horizon if soft is None else ((soft - first_on).days + 1) * A_DAY
    floor = max(world.unit(case.now, up=True), (case.first_on - first_on).days * A_DAY)
    blocks = _jobs(world, floor, soft_end)
    _room(world, floor, blocks)
    return world


def _jobs(world: World, floor: int, soft_end: int) -> list[tuple[int, int]]:
    """Fill jobs and what stands; the blocks that take room."""
    case = world.case
    blocks = [(world.unit(each.starts_at), each.minutes // 5) for each in case.learner.taken]
    pins = {pin.step: datetime.combine(pin.on, pin.start, UTC) for pin in case.learner.pins}
    done = {each.step: each.at for each in case.learner.completions}
    for slot in case.base:
        if slot.status is not SlotStatus.PLANNED:
            blocks.append((world.unit(slot.starts_at), slot.minutes // 5))
    for step in case.path.steps:
        size = effort(case, step) // 5
        at = step.anchor.at if isinstance(step.anchor, AtInstant) else pins.get(step.id)
        if step.id in done:
            world.ended[step.id] = world.unit(done[step.id])
            world.finished.add(step.id)
        elif at is not None:
            world.stands[step.id] = world.unit(at)
            world.ended[step.id] = world.unit(at) + size
            blocks.append((world.unit(at), size))
        else:
            world.jobs[step.id] = _job(world, step, size, (floor, soft_end))
    return blocks


def _job(world: World, step: Step, size: int, bounds: tuple[int, int]) -> Job:
    case, (release, limit) = world.case, bounds
    lock = world.horizon
    if step.window is not None:
        if step.window.release is not None:
            release = max(release, world.unit(moment(case, step.window.release, 0), up=True))
        if step.window.due is not None:
            due_time = case.calendar.due_time
            limit = min(limit, world.unit(moment(case, step.window.due, due_time.hour * 60 + due_time.minute)))
        if step.window.lock is not None:
            lock = min(lock, world.unit(moment(case, step.window.lock, 1440)))
    if isinstance(step.anchor, InWeek):
        monday = case.first_on - timedelta(days=case.first_on.weekday() - 7 * (step.anchor.number - 1))
        release = max(release, (monday - world.first_on).days * A_DAY)
        lock = min(lock, (monday - world.first_on).days * A_DAY + 7 * A_DAY)
    least = min(size, -(-step.min_session // 5)) if step.splittable else size
    weekday = step.anchor.weekday if isinstance(step.anchor, OnWeekday) else None
    return Job(step, size, least, release, lock, limit, weekday)


def _room(world: World, floor: int, blocks: list[tuple[int, int]]) -> None:
    case = world.case
    used: dict[int, int] = {}
    weeks: dict[date, int] = {}
    load = [(start // A_DAY, size * 5) for start, size in blocks]
    load.append(((case.today - world.first_on).days, case.learner.extra_minutes_today))
    for day, minutes in load:
        used[day] = used.get(day, 0) + minutes
        monday = _monday(world.on(day))
        weeks[monday] = weeks.get(monday, 0) + minutes
    for day in world.days:
        world.left[day] = max(0, case.cap(world.on(day)) - used.get(day, 0)) // 5
        world.gaps[day] = _gaps(case, day, floor, blocks) if world.left[day] else []
        monday = _monday(world.on(day))
        if case.calendar.week_cap is not None:
            world.left_week[monday] = max(0, case.calendar.week_cap - weeks.get(monday, 0)) // 5


def _gaps(case: Case, day: int, floor: int, blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = []
    for hours in case.learner.hours or case.calendar.hours:
        until = hours.until.hour * 12 + hours.until.minute // 5 or A_DAY
        at = max(floor, day * A_DAY + hours.start.hour * 12 + hours.start.minute // 5)
        end = day * A_DAY + until
        for start, size in sorted(blocks):
            if start + size > at and start < end:
                if at < start:
                    found.append((at, start))
                at = max(at, start + size)
        if at < end:
            found.append((at, end))
    return found


def _monday(on: date) -> date:
    return on - timedelta(days=on.weekday())
