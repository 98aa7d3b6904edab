"""R1 where work is unplaced or late, and R8: a new version against the learner's own pins and done work."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.pacing.types import ClassCalendar, Edge, Learner, PathVersion, Pin, Policy, SlotStatus, Step
from tests.unit.pacing.case import Case
from tests.unit.pacing.checker import breaches
from tests.unit.pacing.oracle import instances
from tests.unit.pacing.strategies import QUICK, replans, run, stored

MONDAY = date(2026, 9, 7)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
NAMES = "abcdef"


# (kind, number, notice, minutes) whose first plan once left something that a later one found: free room, an optional
# step to drop, a step to move.
FOUND = (
    ("mixed", 110, 4, 20),
    ("mixed", 171, 0, 0),
    ("mixed", 639, 9, 20),
    ("changed", 44, 0, 20),
    ("changed", 117, 0, 20),
    ("changed", 132, 4, 600),
    ("changed", 1333, 4, 20),
)


def later(case: Case, minutes: int) -> Case:
    """Nothing but time has passed since the plan was stored."""
    learner = replace(case.learner, extra_minutes_today=0)
    case = replace(case, learner=learner)
    case = replace(case, base=stored(run(case)), learner=replace(learner, pins=()))
    return replace(case, now=case.now + timedelta(minutes=minutes))


def is_missed(case: Case) -> bool:
    return any(slot.status is SlotStatus.PLANNED and slot.on < case.today for slot in case.base)


@pytest.mark.parametrize(("kind", "number", "notice", "minutes"), FOUND)
def test_a_later_plan_finds_nothing_to_place_or_save_that_the_first_left(
    kind: str, number: int, notice: int, minutes: int
) -> None:
    case: Case = getattr(instances, kind)(number)
    case = later(replace(case, policy=replace(case.policy, notice_days=notice)), minutes)
    again = run(case)
    assert again.slots == case.base
    assert again.diff.empty


@QUICK
@given(
    st.sampled_from((instances.mixed, instances.changed)),
    st.integers(0, 100_000),
    st.sampled_from((0, 4)),
    st.sampled_from((0, 20, 600, 1700)),
)
def test_time_alone_changes_nothing_where_work_hardly_fits(
    make: Callable[[int], Case], number: int, notice: int, minutes: int
) -> None:
    case = make(number)
    case = later(replace(case, policy=replace(case.policy, notice_days=notice)), minutes)
    assume(not is_missed(case))
    again = run(case)
    assert again.slots == case.base
    assert again.diff.empty


@QUICK
@given(replans(), st.integers(0, 3000))
def test_time_alone_changes_nothing_after_any_history(case: Case, minutes: int) -> None:
    case = later(case, minutes)
    assume(not is_missed(case))
    assert run(case).diff.empty


@QUICK
@given(
    minutes=st.lists(st.integers(3, 20).map(lambda n: 5 * n), min_size=6, max_size=6),
    gone=st.sampled_from((*NAMES, None)),
    edge=st.sampled_from([(a, b) for b in NAMES for a in NAMES if a < b]),
    adds=st.booleans(),
)
def test_a_new_version_never_moves_a_pin_or_what_is_done(
    minutes: list[int], gone: str | None, edge: tuple[str, str], *, adds: bool
) -> None:
    steps = tuple(Step(name, 60, splittable=name in "be") for name in NAMES)
    calendar = ClassCalendar("UTC", MONDAY, (90, 90, 90, 90, 90, 0, 0))
    pin = Pin("d", MONDAY + timedelta(days=8), time(18, 30))
    case = Case(PathVersion(steps, (Edge("a", "c"),)), calendar, Learner(pins=(pin,)), Policy(), (), BEFORE)
    base = stored(run(case))
    done = tuple(replace(slot, status=SlotStatus.COMPLETED) if slot.step == "a" else slot for slot in base)
    fresh = [replace(step, minutes=size) for step, size in zip(steps, minutes, strict=True) if step.id != gone]
    if adds:
        fresh.append(Step("new", 60))
    edges = (Edge(*edge),) if gone not in edge else ()
    now = datetime.combine(MONDAY + timedelta(days=1), time(), UTC)
    case = Case(PathVersion(tuple(fresh), edges), calendar, Learner(), Policy(), done, now)
    made = run(case)
    assert breaches(case, made) == []
    kept = {slot.id: slot for slot in made.slots}
    assert [kept[slot.id].starts_at for slot in done if slot.step == "a"] == [
        slot.starts_at for slot in done if slot.step == "a"
    ]
    pinned = [slot for slot in done if slot.step == "d"]
    assert gone == "d" or [(kept[slot.id].on, kept[slot.id].start) for slot in pinned] == [(pin.on, pin.start)]
    assert {gone_slot.slot.step for gone_slot in made.diff.removed} & {gone} == {gone} - {"a", None}
