"""Who joins late, what becomes of missed work, and spacing: the policy's choices beyond the arrangement."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.pacing.engine import plan
from portal.pacing.results import LateCode, LeftOutCode, Plan, Reason, ReasonCode, Slot, Verdict
from portal.pacing.types import (
    Arrangement,
    ClassCalendar,
    DayOffset,
    Edge,
    LateJoin,
    Learner,
    MissedWork,
    PathVersion,
    Policy,
    Step,
    StepKind,
    Window,
)
from tests.unit.pacing.strategies import stored

MONDAY = date(2026, 9, 7)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
TWO_HOURS = ClassCalendar("UTC", MONDAY, (120, 120, 120, 120, 120, 0, 0))
LATE = Learner(starts_on=MONDAY + timedelta(days=14))
SPREAD = Policy(arrangement=Arrangement.SPREAD)


def hours(count: int) -> PathVersion:
    return PathVersion(tuple(Step(f"s{number}", 60) for number in range(count)))


def days(slots: tuple[Slot, ...]) -> dict[object, int]:
    """Days after the first Monday, by step."""
    return {slot.step: (slot.on - MONDAY).days for slot in slots}


def load(planned: Plan) -> dict[int, int]:
    found: dict[int, int] = {}
    for slot in planned.slots:
        found[(slot.on - MONDAY).days] = found.get((slot.on - MONDAY).days, 0) + slot.minutes
    return found


def test_who_joins_where_the_class_is_does_nothing_that_the_class_has_done() -> None:
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=25))
    policy = replace(SPREAD, late_join=LateJoin.JOIN_CLASS)
    everybody = days(plan(hours(20), calendar, Learner(), policy, (), BEFORE).slots)
    joined = plan(hours(20), calendar, LATE, policy, (), BEFORE)
    assert {each.step for each in joined.left_out} == {step for step, day in everybody.items() if day < 14}
    assert {each.code for each in joined.left_out} == {LeftOutCode.LATE_JOIN}
    assert {each.required for each in joined.left_out} == {True}
    assert days(joined.slots) == {step: day for step, day in everybody.items() if day >= 14}


def test_windows_of_who_joins_where_the_class_is_are_those_of_the_class() -> None:
    path = PathVersion((Step("a", 60), Step("b", 60, window=Window(release=DayOffset(16), due=DayOffset(17)))))
    joined = plan(path, TWO_HOURS, LATE, Policy(late_join=LateJoin.JOIN_CLASS), (), BEFORE)
    assert days(joined.slots) == {"b": 16}
    assert joined.slots[0].due_at.date() == MONDAY + timedelta(days=17)


def test_who_catches_up_is_level_with_the_class_after_the_weeks_given() -> None:
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=53))
    policy = replace(SPREAD, late_join=LateJoin.CATCH_UP, catch_up_weeks=2)
    everybody = days(plan(hours(40), calendar, Learner(), policy, (), BEFORE).slots)
    late = plan(hours(40), calendar, LATE, policy, (), BEFORE)
    mine = days(late.slots)
    assert late.report.verdict is Verdict.FEASIBLE
    assert all(mine[step] < 28 for step, day in everybody.items() if day < 28)
    assert all(mine[step] >= 28 for step, day in everybody.items() if day >= 28)
    assert max(load(late).values()) == 120
    assert {minutes for day, minutes in load(late).items() if day >= 28} <= {60}


def test_who_cannot_catch_up_in_the_weeks_given_is_told() -> None:
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=53))
    policy = replace(SPREAD, late_join=LateJoin.CATCH_UP, catch_up_weeks=1)
    slow = replace(LATE, weekday_minutes=(60, 60, 60, 60, 60, 0, 0))
    late = plan(hours(40), calendar, slow, policy, (), BEFORE)
    assert late.report.verdict is Verdict.INFEASIBLE
    assert LateCode.CATCH_UP in {each.code for each in late.report.late}
    assert late.report.unplaced == ()


@pytest.mark.parametrize("policy", [LateJoin.CATCH_UP, LateJoin.JOIN_CLASS, LateJoin.SKIP_OPTIONAL])
def test_who_starts_with_the_class_is_no_late_joiner(policy: LateJoin) -> None:
    usual = plan(hours(9), TWO_HOURS, Learner(), SPREAD, (), BEFORE)
    assert plan(hours(9), TWO_HOURS, Learner(), replace(SPREAD, late_join=policy), (), BEFORE) == usual


def test_no_time_to_catch_up_is_refused() -> None:
    with pytest.raises(ValueError, match="week"):
        Policy(catch_up_weeks=0)


def missed(policy: MissedWork) -> Plan:
    """Ten hours over two weeks, of which the first three days were missed."""
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=11))
    first = plan(hours(10), calendar, Learner(), SPREAD, (), BEFORE)
    assert set(load(first).values()) == {60}
    return plan(
        hours(10), calendar, Learner(), replace(SPREAD, missed=policy), stored(first), BEFORE + timedelta(days=3.5)
    )


def test_missed_work_rolled_forward_takes_the_next_free_time() -> None:
    made = missed(MissedWork.ROLL_FORWARD)
    assert load(made) == {3: 120, 4: 120, 7: 120, 8: 60, 9: 60, 10: 60, 11: 60}
    assert {move.before.step for move in made.diff.moved} == {"s0", "s1", "s2"}


def test_missed_work_compressed_is_spread_over_the_days_that_are_left() -> None:
    path = PathVersion(tuple(Step(f"s{number}", 60, splittable=True, min_session=10) for number in range(10)))
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=11))
    first = stored(plan(path, calendar, Learner(), SPREAD, (), BEFORE))
    policy = replace(SPREAD, missed=MissedWork.COMPRESS)
    made = plan(path, calendar, Learner(), policy, first, BEFORE + timedelta(days=3.5))
    assert {move.before.step for move in made.diff.moved} == {"s0", "s1", "s2"}
    assert max(load(made).values()) <= 90
    assert sum(load(made).values()) == 600
    assert made.finish_on == MONDAY + timedelta(days=11)


def test_missed_work_compressed_keeps_unsplittable_steps_to_the_lowest_load_that_holds_them_whole() -> None:
    path = PathVersion(tuple(Step(f"s{number}", 30) for number in range(6)))
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=8))
    first = stored(plan(path, calendar, Learner(), SPREAD, (), BEFORE))
    policy = replace(SPREAD, missed=MissedWork.COMPRESS)
    made = plan(path, calendar, Learner(), policy, first, BEFORE + timedelta(days=3.5))
    assert max(load(made).values()) == 60


def test_missed_work_compressed_comes_before_what_waits_for_it_where_it_can() -> None:
    path = replace(hours(10), edges=(Edge("s2", "s3"),))
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=11))
    first = stored(plan(path, calendar, Learner(), SPREAD, (), BEFORE))
    policy = replace(SPREAD, missed=MissedWork.COMPRESS)
    made = plan(path, calendar, Learner(), policy, first, datetime(2026, 9, 10, 7, tzinfo=UTC))
    order = [slot.step for slot in made.slots]
    assert order.index("s2") < order.index("s3")


def spaced(*steps: Step, edges: tuple[Edge, ...] = (), policy: Policy = SPREAD) -> Plan:
    calendar = replace(TWO_HOURS, soft_ends_on=MONDAY + timedelta(days=4))
    return plan(PathVersion(steps, edges), calendar, Learner(), policy, (), BEFORE)


def test_two_hard_assessments_do_not_share_a_day() -> None:
    exams = [Step(name, 30, kind=StepKind.ASSESSMENT, difficulty=9) for name in "ab"]
    others = [Step(f"s{number}", 30) for number in range(8)]
    made = days(spaced(*others[:3], *exams, *others[3:]).slots)
    assert made["a"] != made["b"]
    easy = [replace(exam, difficulty=2) for exam in exams]
    made = days(spaced(*others[:2], *easy, *others[2:]).slots)
    assert made["a"] == made["b"]


def test_assessments_share_a_day_rather_than_being_late() -> None:
    exams = [Step(name, 30, kind=StepKind.ASSESSMENT, difficulty=9, window=Window(due=DayOffset(0))) for name in "ab"]
    made = spaced(*exams, policy=Policy())
    assert days(made.slots) == {"a": 0, "b": 0}


def test_as_soon_as_possible_hard_assessments_share_a_day_only_where_the_path_would_end_later() -> None:
    exams = [Step(name, 30, kind=StepKind.ASSESSMENT, difficulty=9) for name in "ab"]
    others = [Step(f"s{number}", 30) for number in range(6)]
    endless = replace(TWO_HOURS, soft_ends_on=None)

    def placed(*steps: Step) -> dict[object, int]:
        return days(plan(PathVersion(steps), endless, Learner(), Policy(), (), BEFORE).slots)

    made = placed(*exams, *others)
    assert (made["a"], made["b"], max(made.values())) == (0, 1, 1)
    assert placed(*exams) == {"a": 0, "b": 0}
    assert placed(*others, *exams)["a"] == placed(*others, *exams)["b"] == 1


def test_a_review_lies_its_offset_after_what_it_goes_over() -> None:
    steps = (
        Step("a", 60, review_offsets=(1, 3)),
        Step("r1", 30, kind=StepKind.REVIEW),
        Step("r2", 30, kind=StepKind.REVIEW),
        Step("z", 60, window=Window(release=DayOffset(4))),
    )
    made = spaced(*steps, edges=(Edge("a", "r1"), Edge("a", "r2")), policy=Policy())
    assert days(made.slots) == {"a": 0, "r1": 1, "r2": 3, "z": 4}
    assert made.slots[1].reasons[0] == Reason(ReasonCode.REVIEW, "a")


def test_a_review_never_makes_the_path_end_later() -> None:
    steps = (Step("a", 60, review_offsets=(3,)), Step("r", 30, kind=StepKind.REVIEW))
    assert days(spaced(*steps, edges=(Edge("a", "r"),), policy=Policy()).slots) == {"a": 0, "r": 0}


def test_steps_of_one_category_do_not_lie_side_by_side_where_the_graph_leaves_a_choice() -> None:
    steps = [Step(f"s{number}", 30, category="theory" if number < 2 else "practice") for number in range(4)]
    assert [slot.step for slot in spaced(*steps, policy=Policy()).slots] == ["s0", "s2", "s1", "s3"]
    chained = spaced(*steps, edges=tuple(Edge(f"s{n}", f"s{n + 1}") for n in range(3)), policy=Policy())
    assert [slot.step for slot in chained.slots] == ["s0", "s1", "s2", "s3"]
