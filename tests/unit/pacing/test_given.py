"""What is done, begun, removed or put somewhere by hand, and what it leaves to plan."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from portal.pacing.engine import plan
from portal.pacing.results import Base, Plan, Reason, ReasonCode, RemovedCode, Slot
from portal.pacing.types import (
    ClassCalendar,
    Edge,
    Learner,
    Overload,
    PathVersion,
    Pin,
    Policy,
    Remaining,
    SlotStatus,
    Step,
)
from tests.unit.pacing.strategies import stored

MONDAY = date(2026, 9, 7)
SUNDAY_NIGHT = datetime(2026, 9, 6, 22, tzinfo=UTC)
CALENDAR = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0))
MONDAY_EVENING = datetime(2026, 9, 7, 20, tzinfo=UTC)


def path(*minutes: int, splittable: bool = False) -> PathVersion:
    return PathVersion(tuple(Step(f"s{n}", each, splittable=splittable) for n, each in enumerate(minutes)))


def made(planned: PathVersion, base: Base = (), learner: Learner | None = None, now: datetime = SUNDAY_NIGHT) -> Plan:
    return plan(planned, CALENDAR, learner or Learner(), Policy(), base, now)


def with_status(base: Base, **status: SlotStatus) -> Base:
    """The slots of each named step with that status."""
    return tuple(replace(slot, status=status.get(str(slot.step), slot.status)) for slot in base)


def places(those: Plan | tuple[Slot, ...]) -> list[tuple[object, int, int]]:
    """(step, days after Monday, minutes)."""
    slots = those.slots if isinstance(those, Plan) else those
    return [(slot.step, (slot.on - MONDAY).days, slot.minutes) for slot in slots]


def test_a_slot_gone_because_the_step_takes_less_says_so() -> None:
    base = stored(made(path(120, splittable=True)))
    after = made(path(60, splittable=True), base)
    assert [(each.slot.on, each.code) for each in after.diff.removed] == [
        (MONDAY + timedelta(days=1), RemovedCode.EFFORT)
    ]


def test_a_slot_gone_because_an_optional_step_is_left_out_says_so() -> None:
    steps = PathVersion((Step("need", 60), Step("extra", 60, required=False)))
    base = stored(made(steps))
    calendar = replace(CALENDAR, soft_ends_on=MONDAY)
    policy = Policy(overload=Overload.DROP_OPTIONAL)
    after = plan(steps, calendar, Learner(), policy, base, SUNDAY_NIGHT)
    assert [(each.slot.step, each.code) for each in after.diff.removed] == [("extra", RemovedCode.LEFT_OUT)]


def test_work_done_on_a_step_that_left_the_path_still_used_its_day() -> None:
    base = with_status(stored(made(path(60, 45))), s0=SlotStatus.COMPLETED)
    shorter = PathVersion((Step("s1", 45), Step("new", 30)))
    assert places(made(shorter, base)) == [("s0", 0, 60), ("s1", 1, 45), ("new", 2, 30)]


def test_planned_work_of_a_step_that_left_the_path_frees_its_day() -> None:
    base = stored(made(path(60, 45)))
    assert places(made(PathVersion((Step("s1", 45), Step("new", 60))), base)) == [("new", 0, 60), ("s1", 1, 45)]


def test_a_slot_begun_today_covers_its_part_of_what_remains() -> None:
    base = with_status(stored(made(path(30))), s0=SlotStatus.IN_PROGRESS)
    learner = Learner(remaining=(Remaining("s0", 60),))
    after = made(path(30), base, learner, datetime(2026, 9, 7, 8, 10, tzinfo=UTC))
    assert [(slot.minutes, slot.status) for slot in after.slots] == [
        (30, SlotStatus.IN_PROGRESS),
        (30, SlotStatus.PLANNED),
    ]


def test_a_slot_begun_yesterday_or_done_covers_nothing_of_what_remains() -> None:
    base = stored(made(path(30)))
    learner = Learner(remaining=(Remaining("s0", 60),))
    begun, done = (with_status(base, s0=status) for status in (SlotStatus.IN_PROGRESS, SlotStatus.COMPLETED))
    assert places(made(path(30), begun, learner, MONDAY_EVENING + timedelta(days=1, hours=-12)))[1:] == [("s0", 1, 60)]
    assert places(made(path(30), done, learner, MONDAY_EVENING))[1:] == [("s0", 1, 60)]


def test_a_slot_moved_by_hand_says_so_and_grows_with_its_unsplittable_step() -> None:
    base = stored(made(path(30)))
    learner = Learner(pins=(Pin("s0", MONDAY + timedelta(days=2), time(9), base[0].id),))
    moved = made(path(30), base, learner)
    assert [(slot.on, slot.start, slot.pinned, slot.reasons) for slot in moved.slots] == [
        (MONDAY + timedelta(days=2), time(9), True, (Reason(ReasonCode.PIN),))
    ]
    assert places(made(path(45), stored(moved))) == [("s0", 2, 45)]


def test_a_pinned_slot_that_is_done_does_not_grow() -> None:
    base = stored(made(path(30)))
    moved = stored(made(path(30), base, Learner(pins=(Pin("s0", MONDAY, time(9), base[0].id),))))
    after = made(path(45), with_status(moved, s0=SlotStatus.COMPLETED), now=MONDAY_EVENING)
    assert [(slot.minutes, slot.status) for slot in after.slots] == [
        (30, SlotStatus.COMPLETED),
        (15, SlotStatus.PLANNED),
    ]


def test_a_lag_counts_from_the_last_done_slot_and_never_from_later_than_now() -> None:
    base = with_status(stored(made(path(120, splittable=True))), s0=SlotStatus.COMPLETED)
    assert places(base) == [("s0", 0, 60), ("s0", 1, 60)]
    steps = (Step("s0", 120, splittable=True), Step("s1", 30))
    waits = PathVersion(steps, (Edge("s0", "s1", lag=2),))
    on_time = made(waits, base, now=MONDAY_EVENING + timedelta(days=1))
    assert places(on_time)[2:] == [("s1", 3, 30)]
    ahead = made(waits, base, now=MONDAY_EVENING)
    assert places(ahead)[2:] == [("s1", 2, 30)]


def test_several_slots_done_and_pinned_leave_only_the_rest_of_a_step() -> None:
    base = stored(made(path(180, splittable=True)))
    done = tuple(replace(slot, status=SlotStatus.COMPLETED) if slot.on < base[2].on else slot for slot in base)
    after = made(path(180, splittable=True), done, now=MONDAY_EVENING + timedelta(days=1))
    assert places(after) == [("s0", 0, 60), ("s0", 1, 60), ("s0", 2, 60)]
    pinned = tuple(replace(slot, pinned=slot.on < base[2].on) for slot in base)
    assert made(path(180, splittable=True), pinned).diff.empty


def test_a_step_is_done_although_an_open_slot_of_it_lies_before_the_done_ones() -> None:
    base = stored(made(path(60, splittable=True)))
    extra = replace(base[0], id="later", on=MONDAY + timedelta(days=1), starts_at=base[0].starts_at + timedelta(days=1))
    done = (base[0], replace(extra, status=SlotStatus.COMPLETED))
    after = made(path(60, splittable=True), done, now=MONDAY_EVENING + timedelta(days=1))
    assert [(slot.id, slot.status) for slot in after.slots] == [("later", SlotStatus.COMPLETED)]
