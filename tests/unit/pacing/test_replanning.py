"""What a re-plan keeps (R1-R7) and what it moves."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.pacing.engine import plan
from portal.pacing.results import ConflictCode, Plan, ReasonCode, RemovedCode
from portal.pacing.types import (
    Cadence,
    ClassCalendar,
    Completion,
    Edge,
    Learner,
    MissedWork,
    PathVersion,
    Pin,
    Policy,
    Remaining,
    SlotStatus,
    Step,
)
from tests.unit.pacing.case import Case
from tests.unit.pacing.strategies import QUICK, cases, replans, run, stored

MONDAY = date(2026, 9, 7)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
HOUR_A_DAY = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0))


def chain(count: int, minutes: int = 60) -> PathVersion:
    steps = tuple(Step(f"s{number}", minutes) for number in range(count))
    return PathVersion(steps, tuple(Edge(f"s{n}", f"s{n + 1}") for n in range(count - 1)))


def case_of(path: PathVersion, calendar: ClassCalendar = HOUR_A_DAY, policy: Policy | None = None) -> Case:
    """A stored plan, ready to be planned again."""
    case = Case(path, calendar, Learner(), policy or Policy(), (), BEFORE)
    return replace(case, base=stored(run(case)))


def days(case: Case) -> dict[object, list[int]]:
    """Days after the first Monday, by step."""
    found: dict[object, list[int]] = {}
    for slot in run(case).slots:
        found.setdefault(slot.step, []).append((slot.on - MONDAY).days)
    return found


def with_blackout(case: Case, *after: int) -> Case:
    off = frozenset(MONDAY + timedelta(days=number) for number in after)
    return replace(case, calendar=replace(case.calendar, blackouts=off))


@QUICK
@given(cases(), st.integers(0, 3000))
def test_the_same_inputs_return_the_base(case: Case, minutes: int) -> None:
    case = replace(case, learner=replace(case.learner, extra_minutes_today=0))  # today is not the same on another day
    base = stored(run(case))
    case = replace(case, base=base, now=case.now + timedelta(minutes=minutes))
    assume(all(slot.on >= case.today for slot in base))
    again = run(case)
    assert again.slots == base
    assert again.diff.empty


@QUICK
@given(replans())
def test_a_re_plan_of_a_re_plan_changes_nothing(case: Case) -> None:
    case = replace(case, base=stored(run(case)), learner=replace(case.learner, pins=()))
    assert run(case).diff.empty


@QUICK
@given(cases(), st.integers(0, 20))
def test_a_day_off_moves_nothing_earlier_and_every_slot_is_accounted_for(case: Case, number: int) -> None:
    case = replace(case, base=stored(run(case)))
    off = case.calendar.starts_on + timedelta(days=number)
    case = replace(case, calendar=replace(case.calendar, blackouts=case.calendar.blackouts | {off}))
    made = run(case)
    rescue = ReasonCode.RESCUE
    moves = [move for move in made.diff.moved if rescue not in {reason.code for reason in move.after.reasons}]
    assert all(move.after.starts_at > move.before.starts_at for move in moves)
    known = [*(slot.id for slot in made.diff.kept), *(move.before.id for move in made.diff.moved)]
    known += [gone.slot.id for gone in made.diff.removed]
    assert sorted(map(str, known)) == sorted(str(slot.id) for slot in case.base)


@QUICK
@given(cases(), st.integers(0, 20))
def test_a_day_given_back_moves_nothing_but_what_saves_work(case: Case, number: int) -> None:
    off = case.calendar.starts_on + timedelta(days=number)
    wider = case.calendar
    case = replace(case, calendar=replace(wider, blackouts=wider.blackouts | {off}))
    before = run(case)
    case = replace(case, base=stored(before), calendar=wider)
    assume(not any(edge.study_days for edge in case.path.edges))
    after = run(case)
    for move in after.diff.moved:
        assert ReasonCode.RESCUE in {reason.code for reason in move.after.reasons}
    if after.diff.moved:
        assert _amiss(after) < _amiss(before)


def _amiss(plan: Plan) -> tuple[int, int]:
    """Minutes of required work without a place, and of work that is late."""
    return (
        sum(each.minutes for each in plan.report.unplaced if each.required),
        sum(each.minutes for each in plan.report.late),
    )


def test_a_blackout_pushes_a_chain_on_by_one_study_day() -> None:
    case = with_blackout(case_of(chain(4)), 1)
    assert days(case) == {"s0": [0], "s1": [2], "s2": [3], "s3": [4]}
    moved = run(case).diff.moved
    assert [move.after.reasons[0].code for move in moved][:1] == [ReasonCode.BLACKOUT]
    assert [move.before.id for move in moved] == [slot.id for slot in case.base[1:]]


def test_when_a_day_shrinks_what_waits_gives_way_to_what_it_waits_for() -> None:
    case = case_of(chain(2, 30))
    assert days(case) == {"s0": [0], "s1": [0]}
    case = replace(case, calendar=replace(case.calendar, day_cap=30))
    assert days(case) == {"s0": [0], "s1": [1]}


def test_independent_work_stays_when_another_day_is_lost() -> None:
    steps = tuple(Step(f"s{number}", 60) for number in range(4))
    case = with_blackout(case_of(PathVersion(steps)), 1)
    assert days(case) == {"s0": [0], "s1": [4], "s2": [2], "s3": [3]}


def test_missed_work_moves_on_and_keeps_its_due_date() -> None:
    case = replace(case_of(chain(3)), now=datetime(2026, 9, 8, 7, tzinfo=UTC))
    made = run(case)
    assert days(case) == {"s0": [1], "s1": [2], "s2": [3]}
    first = made.diff.moved[0]
    assert (first.before.id, first.before.due_at) == (first.after.id, first.after.due_at)
    assert first.after.reasons[0] == replace(first.after.reasons[0], code=ReasonCode.MISSED, on=MONDAY)
    moving = replace(case, policy=Policy(due_moves=True))
    assert run(moving).diff.moved[0].after.due_at == datetime(2026, 9, 8, 23, 59, tzinfo=UTC)


def test_missed_work_may_be_left_where_it_was() -> None:
    case = replace(case_of(chain(3), policy=Policy(missed=MissedWork.LEAVE)), now=datetime(2026, 9, 8, 7, tzinfo=UTC))
    assert run(case).diff.empty


def test_today_is_not_missed_before_it_is_over() -> None:
    case = replace(case_of(chain(3)), now=datetime(2026, 9, 7, 23, 50, tzinfo=UTC))
    assert run(case).diff.empty


def test_what_is_still_to_do_today_leaves_no_room_for_more_work_in_the_last_hour() -> None:
    calendar = replace(HOUR_A_DAY, weekday_minutes=(180,) * 7)
    case = case_of(PathVersion((Step("a", 60),)), calendar)
    longer = PathVersion((Step("a", 60), Step("b", 60)))
    case = replace(case, path=longer, now=datetime(2026, 9, 7, 20, 30, tzinfo=UTC))
    assert days(case) == {"a": [0], "b": [1]}


def test_a_completed_step_frees_its_open_slots_and_starts_the_lag() -> None:
    path = PathVersion((Step("a", 60), Step("b", 60)), (Edge("a", "b", lag=2),))
    case = case_of(path)
    done = Completion("a", datetime(2026, 9, 8, 9, tzinfo=UTC))
    case = replace(case, learner=Learner(completions=(done,)), now=datetime(2026, 9, 8, 9, tzinfo=UTC))
    made = run(case)
    assert [gone.code for gone in made.diff.removed] == [RemovedCode.DONE]
    assert days(case) == {"b": [3]}


def test_what_remains_of_a_step_begun_yesterday_is_planned_anew() -> None:
    case = case_of(chain(2))
    base = (replace(case.base[0], status=SlotStatus.IN_PROGRESS), case.base[1])
    learner = Learner(remaining=(Remaining("s0", 25),))
    case = replace(case, base=base, learner=learner, now=datetime(2026, 9, 8, 7, tzinfo=UTC))
    made = run(case)
    assert [(slot.step, (slot.on - MONDAY).days, slot.minutes) for slot in made.diff.added] == [("s0", 1, 25)]
    assert days(case)["s1"] == [2]


def test_history_of_a_removed_step_stays_and_its_open_slots_go() -> None:
    case = case_of(chain(3))
    base = (replace(case.base[0], status=SlotStatus.COMPLETED), *case.base[1:])
    case = replace(case, base=base, path=PathVersion((Step("s2", 60),)))
    made = run(case)
    assert [slot.step for slot in made.slots] == ["s0", "s2"]
    assert [(gone.slot.step, gone.code) for gone in made.diff.removed] == [("s1", RemovedCode.STEP_REMOVED)]


def test_a_longer_step_keeps_its_slot_and_gets_another() -> None:
    path = PathVersion((Step("a", 60, splittable=True),))
    case = case_of(path)
    case = replace(case, learner=Learner(pace_percent=150))
    made = run(case)
    assert [slot.minutes for slot in made.slots] == [60, 30]
    assert made.diff.kept[0].id == case.base[0].id
    assert (made.slots[0].parts, made.slots[1].part) == (2, 2)


def test_a_pin_moves_one_slot_and_stays() -> None:
    steps = tuple(Step(f"s{number}", 60) for number in range(3))
    case = case_of(PathVersion(steps))
    pin = Pin("s0", MONDAY + timedelta(days=3), time(18), case.base[0].id)
    case = replace(case, learner=Learner(pins=(pin,)))
    made = run(case)
    assert [(move.after.step, move.after.pinned, move.after.start) for move in made.diff.moved] == [
        ("s0", True, time(18))
    ]
    later = with_blackout(replace(case, base=stored(made), learner=Learner()), 2, 3)
    assert days(later) == {"s0": [3], "s1": [1], "s2": [4]}
    assert [each.code for each in run(later).report.conflicts] == [ConflictCode.NO_STUDY_DAY]


def test_a_prerequisite_is_done_before_its_pinned_successor_or_the_pin_is_reported() -> None:
    path = PathVersion((Step("a", 60), Step("b", 60), Step("c", 60)), (Edge("b", "c"),))
    on_tuesday = Learner(pins=(Pin("c", MONDAY + timedelta(days=1), time(8)),))
    made = plan(path, HOUR_A_DAY, on_tuesday, Policy(), (), BEFORE)
    assert [(slot.step, (slot.on - MONDAY).days) for slot in made.slots] == [("b", 0), ("c", 1), ("a", 2)]
    assert made.report.conflicts == ()
    on_monday = Learner(pins=(Pin("c", MONDAY, time(8)),))
    made = plan(path, HOUR_A_DAY, on_monday, Policy(), (), BEFORE)
    assert [(each.code, each.prerequisite) for each in made.report.conflicts] == [
        (ConflictCode.PIN_BEFORE_PREREQUISITE, "b")
    ]
    assert {slot.step for slot in made.slots} == {"a", "b", "c"}


def test_a_missed_pin_is_missed_work() -> None:
    case = case_of(chain(2))
    base = (replace(case.base[0], pinned=True), case.base[1])
    case = replace(case, base=base, now=datetime(2026, 9, 8, 7, tzinfo=UTC))
    moved = run(case).diff.moved[0].after
    assert (moved.on, moved.pinned) == (MONDAY + timedelta(days=1), False)


def test_a_zone_change_recomputes_the_instants() -> None:
    case = case_of(chain(2))
    moved = run(replace(case, learner=Learner(zone="Asia/Tokyo"))).diff.moved
    assert [(move.after.start, move.after.starts_at) for move in moved] == [
        (time(9), datetime(2026, 9, 7, 0, tzinfo=UTC)),  # Monday has not begun in the class zone at eight
        (time(8), datetime(2026, 9, 7, 23, tzinfo=UTC)),
    ]


def test_slots_of_the_base_need_ids_of_their_own() -> None:
    case = case_of(chain(2))
    for base in ((replace(case.base[0], id=None),), (case.base[0], case.base[0])):
        with pytest.raises(ValueError, match="id"):
            run(replace(case, base=base))


def test_the_cadence_makes_buckets_and_due_dates() -> None:
    for cadence, first, last in (
        (Cadence.DAILY, MONDAY, MONDAY),
        (Cadence.WEEKLY, MONDAY, date(2026, 9, 13)),
        (Cadence.MONTHLY, date(2026, 9, 1), date(2026, 9, 30)),
    ):
        calendar = replace(HOUR_A_DAY, cadence=cadence, due_time=time(18))
        slot = plan(chain(1), calendar, Learner(), Policy(), (), BEFORE).slots[0]
        assert (slot.bucket_on, slot.due_at) == (first, datetime.combine(last, time(18), UTC))


def test_a_pinned_part_after_the_end_leaves_the_other_parts_in_time():
    path = PathVersion((Step("a", 120, splittable=True, min_session=60),))
    case = case_of(path, replace(HOUR_A_DAY, soft_ends_on=MONDAY + timedelta(days=4)))
    part, other = case.base
    week = timedelta(days=7)
    late = replace(part, pinned=True, on=part.on + week, starts_at=part.starts_at + week, due_at=part.due_at + week)
    case = replace(case, base=(other, late), learner=Learner(leave=frozenset({other.on})))
    assert sorted(days(case)["a"]) == [2, 7]
