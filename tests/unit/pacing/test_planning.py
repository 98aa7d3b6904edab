"""What a first plan looks like: arrangements, windows, caps, late starts, splits, reasons and slack."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.pacing.engine import plan, plan_many
from portal.pacing.results import ConflictCode, LeftOutCode, Plan, Reason, ReasonCode, Verdict
from portal.pacing.types import (
    Arrangement,
    AtInstant,
    AtMeeting,
    ClassCalendar,
    DayOffset,
    Edge,
    Extension,
    Hours,
    LateJoin,
    Learner,
    OnWeekday,
    Overload,
    PathVersion,
    Policy,
    Step,
    Taken,
    Window,
)
from tests.unit.pacing.case import Case
from tests.unit.pacing.checker import breaches

MONDAY = date(2026, 9, 7)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
CALENDAR = ClassCalendar("UTC", MONDAY, (120, 120, 120, 120, 120, 0, 0))


def steps(*minutes: int, **options: object) -> tuple[Step, ...]:
    return tuple(Step(f"s{number}", each, **options) for number, each in enumerate(minutes))  # type: ignore[arg-type] # options by name


def made(
    path: PathVersion,
    calendar: ClassCalendar = CALENDAR,
    learner: Learner | None = None,
    policy: Policy | None = None,
    now: datetime = BEFORE,
) -> Plan:
    return plan(path, calendar, learner or Learner(), policy or Policy(), (), now)


def days(planned: Plan) -> list[tuple[object, int, int]]:
    """(step, days after the first Monday, minutes)."""
    return [(slot.step, (slot.on - MONDAY).days, slot.minutes) for slot in planned.slots]


@pytest.mark.parametrize("splittable", [True, False])
def test_twenty_hours_over_ten_study_days_are_two_hours_each(splittable: bool) -> None:
    calendar = replace(
        CALENDAR, weekday_minutes=(300, 240, 300, 240, 300, 0, 0), soft_ends_on=MONDAY + timedelta(days=11)
    )
    path = PathVersion(steps(*[60] * 20, splittable=splittable))
    load: dict[date, int] = {}
    for slot in made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD)).slots:
        load[slot.on] = load.get(slot.on, 0) + slot.minutes
    assert list(load.values()) == [120] * 10


def test_a_spread_of_odd_steps_uses_all_the_time_and_its_peak_is_near_the_mean() -> None:
    calendar = replace(CALENDAR, weekday_minutes=(240,) * 5 + (0, 0), soft_ends_on=MONDAY + timedelta(days=25))
    path = PathVersion(steps(*[25 + 5 * (number * 7 % 9) for number in range(40)]))
    planned = made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    load: dict[date, int] = {}
    for slot in planned.slots:
        load[slot.on] = load.get(slot.on, 0) + slot.minutes
    mean = sum(load.values()) / 20
    assert max(load.values()) <= mean + 35
    assert planned.finish_on is not None
    assert planned.finish_on >= MONDAY + timedelta(days=23)


def test_a_spread_leaves_time_for_a_chain_of_lags() -> None:
    calendar = replace(CALENDAR, soft_ends_on=MONDAY + timedelta(days=25))
    lags = tuple(Edge(f"s{n}", f"s{n + 1}", lag=6) for n in range(3))
    planned = made(PathVersion(steps(60, 60, 60, 60), lags), calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    assert planned.report.verdict is Verdict.FEASIBLE


def test_each_step_is_placed_in_its_own_week() -> None:
    path = PathVersion((Step("a", 60, week=1), Step("b", 60, week=3), Step("c", 60)))
    planned = made(path, policy=Policy(arrangement=Arrangement.BY_WEEK))
    assert days(planned) == [("a", 0, 60), ("b", 14, 60), ("c", 14, 60)]
    assert planned.slots[1].reasons == (Reason(ReasonCode.OWN_WEEK),)


def test_a_lag_lets_independent_work_go_ahead() -> None:
    path = PathVersion(steps(60, 60, 60), (Edge("s0", "s1", lag=3),))
    planned = made(path)
    assert days(planned) == [("s0", 0, 60), ("s2", 0, 60), ("s1", 3, 60)]
    assert planned.slots[2].reasons == (Reason(ReasonCode.PREREQUISITE, "s0"),)


def test_a_lag_in_study_days_skips_days_off() -> None:
    calendar = replace(CALENDAR, blackouts=frozenset({MONDAY + timedelta(days=1)}))
    path = PathVersion(steps(60, 60), (Edge("s0", "s1", lag=4, study_days=True),))
    assert days(made(path, calendar)) == [("s0", 0, 60), ("s1", 7, 60)]


def test_a_split_never_leaves_a_part_below_the_minimum_session() -> None:
    path = PathVersion((Step("a", 130, splittable=True, min_session=40),))
    assert days(made(path)) == [("a", 0, 90), ("a", 1, 40)]


def test_an_unsplittable_step_lies_in_one_study_window() -> None:
    calendar = replace(CALENDAR, hours=(Hours(time(8), time(8, 45)), Hours(time(17), time(19))))
    planned = made(PathVersion(steps(60, 45)), calendar)
    assert [(slot.step, slot.start) for slot in planned.slots] == [("s1", time(8)), ("s0", time(17))]


def test_week_caps_and_other_paths_use_the_same_minutes() -> None:
    taken = (Taken(datetime(2026, 9, 7, 8, tzinfo=UTC), 90), Taken(datetime(2026, 9, 8, 8, tzinfo=UTC), 60))
    planned = made(PathVersion(steps(60, 60, 60)), replace(CALENDAR, week_cap=270), Learner(taken=taken))
    assert days(planned) == [("s0", 1, 60), ("s1", 2, 60), ("s2", 7, 60)]
    assert planned.slots[0].start == time(9)
    assert Reason(ReasonCode.DAY_FULL, on=MONDAY) in planned.slots[0].reasons
    assert ReasonCode.WEEK_FULL in {reason.code for reason in planned.slots[2].reasons}


def test_reasons_name_the_days_off() -> None:
    calendar = replace(CALENDAR, blackouts=frozenset({MONDAY}))
    learner = Learner(leave=frozenset({MONDAY + timedelta(days=1)}))
    reasons = made(PathVersion(steps(60)), calendar, learner).slots[0].reasons
    assert {reason.text for reason in reasons} == {"LEARNER_START", "BLACKOUT:2026-09-07", "LEAVE:2026-09-08"}


def test_windows_open_and_close_in_the_class_zone() -> None:
    calendar = replace(CALENDAR, zone="America/New_York")
    learner = Learner(zone="Asia/Tokyo", hours=(Hours(time(0), time(0)),), weekday_minutes=(120,) * 7)
    path = PathVersion((Step("a", 60, window=Window(release=DayOffset(2))),))
    assert made(path, calendar, learner).slots[0].starts_at == datetime(2026, 9, 9, 4, tzinfo=UTC)


def test_a_step_past_its_lock_is_unplaced_and_so_is_what_follows() -> None:
    path = PathVersion(
        (Step("a", 60, window=Window(DayOffset(5), lock=DayOffset(6))), Step("b", 60)), (Edge("a", "b"),)
    )
    report = made(path).report
    assert [(each.step, each.code) for each in report.unplaced] == [
        ("a", LeftOutCode.WINDOW_CLOSED),
        ("b", LeftOutCode.PREREQUISITE_UNPLACED),
    ]
    assert report.verdict is Verdict.INFEASIBLE
    later = Learner(extensions=(Extension("a", lock=DayOffset(9)),))
    assert made(path, learner=later).report.verdict is Verdict.FEASIBLE


def test_the_nearest_deadline_comes_first_only_when_author_order_is_late() -> None:
    easy = PathVersion((Step("a", 120), Step("b", 120, window=Window(due=DayOffset(1)))))
    assert [slot.step for slot in made(easy).slots] == ["a", "b"]
    tight = PathVersion((Step("a", 120), Step("b", 120, window=Window(due=DayOffset(0)))))
    assert [slot.step for slot in made(tight).slots] == ["b", "a"]


def test_a_late_joiner_gets_as_many_days_or_the_days_that_are_left() -> None:
    calendar = replace(CALENDAR, soft_ends_on=MONDAY + timedelta(days=4), hard_ends_on=MONDAY + timedelta(days=30))
    learner = Learner(starts_on=MONDAY + timedelta(days=3))
    path = PathVersion(steps(*[120] * 4))
    assert made(path, calendar, learner).report.verdict is Verdict.INFEASIBLE
    longer = replace(calendar, soft_ends_on=MONDAY + timedelta(days=5))
    assert made(path, longer, learner).report.verdict is Verdict.FEASIBLE
    compress = Policy(late_join=LateJoin.COMPRESS)
    assert made(path, longer, learner, compress).report.verdict is Verdict.INFEASIBLE
    longest = replace(calendar, soft_ends_on=MONDAY + timedelta(days=8))
    assert made(path, longest, learner, compress).report.verdict is Verdict.FEASIBLE


def test_a_late_joiner_may_skip_what_is_optional() -> None:
    path = PathVersion((Step("a", 60, required=False), Step("b", 60)), (Edge("a", "b"),))
    learner = Learner(starts_on=MONDAY + timedelta(days=2))
    planned = made(path, learner=learner, policy=Policy(late_join=LateJoin.SKIP_OPTIONAL))
    assert days(planned) == [("b", 2, 60)]
    assert [(each.step, each.code) for each in planned.left_out] == [("a", LeftOutCode.LATE_JOIN)]


def test_overload_extends_or_reports_or_drops_what_is_optional() -> None:
    calendar = replace(CALENDAR, soft_ends_on=MONDAY + timedelta(days=1), hard_ends_on=MONDAY + timedelta(days=20))
    path = PathVersion((Step("a", 120, required=False), Step("b", 120), Step("c", 60), Step("d", 60, required=False)))
    extended = made(path, calendar)
    assert [each.step for each in extended.report.late if each.required] == []
    reported = made(path, calendar, policy=Policy(overload=Overload.REPORT))
    assert [each.step for each in reported.report.unplaced] == ["a"]
    dropped = made(path, calendar, policy=Policy(overload=Overload.DROP_OPTIONAL))
    assert dropped.report.verdict is Verdict.FEASIBLE
    assert dropped.report.unplaced == ()
    assert [each.step for each in dropped.left_out] == ["a"]
    assert sorted(str(slot.step) for slot in dropped.slots) == ["b", "c", "d"]


def test_an_anchor_stands_on_its_instant_and_uses_the_day() -> None:
    sunday = datetime(2026, 9, 13, 9, tzinfo=UTC)
    meetings = (datetime(2026, 9, 8, 10, tzinfo=UTC),)
    path = PathVersion((Step("exam", 60, anchor=AtInstant(sunday)), Step("lab", 60, anchor=AtMeeting(1, 30))))
    planned = made(path, replace(CALENDAR, meetings=meetings))
    assert [(slot.step, slot.starts_at) for slot in planned.slots] == [
        ("lab", datetime(2026, 9, 8, 10, 30, tzinfo=UTC)),
        ("exam", sunday),
    ]
    assert [(each.step, each.code) for each in planned.report.conflicts] == [("exam", ConflictCode.NO_STUDY_DAY)]


def test_a_spread_goes_on_after_an_anchor_that_stands_after_the_end() -> None:
    late = AtInstant(datetime(2026, 9, 9, 9, tzinfo=UTC))
    path = PathVersion((Step("late", 30, anchor=late), *steps(30, 30)))
    calendar = replace(CALENDAR, soft_ends_on=MONDAY + timedelta(days=1))
    planned = made(path, calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    assert days(planned) == [("s0", 0, 30), ("s1", 1, 30), ("late", 2, 30)]


def test_a_weekday_anchor_is_kept() -> None:
    planned = made(PathVersion((Step("a", 60, anchor=OnWeekday(3)), Step("b", 60, anchor=OnWeekday(3)))))
    assert days(planned) == [("a", 3, 60), ("b", 3, 60)]


def test_effort_is_rounded_up_to_five_minutes() -> None:
    assert days(made(PathVersion(steps(41)), learner=Learner(pace_percent=150))) == [("s0", 0, 65)]


def test_nothing_starts_before_now() -> None:
    now = datetime(2026, 9, 7, 20, 58, 1, tzinfo=UTC)
    assert [slot.start for slot in made(PathVersion(steps(30, 40)), now=now).slots] == [time(21), time(8)]


def test_slack_counts_study_days_to_what_bounds_a_step() -> None:
    calendar = replace(CALENDAR, soft_ends_on=MONDAY + timedelta(days=8))
    path = PathVersion(steps(60, 60), (Edge("s0", "s1", lag=2),))
    assert [slot.slack_days for slot in made(path, calendar).slots] == [4, 4]
    assert [slot.slack_days for slot in made(path).slots] == [None, None]


def test_a_cadence_due_date_is_never_before_the_slot_ends() -> None:
    slot = made(PathVersion(steps(60)), replace(CALENDAR, due_time=time(8))).slots[0]
    assert slot.due_at == datetime(2026, 9, 7, 9, tzinfo=UTC)


def test_paths_out_of_order_and_values_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="before its prerequisite"):
        made(PathVersion(steps(60, 60), (Edge("s1", "s0"),)))
    with pytest.raises(ValueError, match="unknown"):
        made(PathVersion(steps(60), (Edge("x", "s0"),)))
    with pytest.raises(ValueError, match="twice"):
        made(PathVersion((Step("a", 5), Step("a", 5))))
    with pytest.raises(ValueError, match="zone"):
        made(PathVersion(steps(60)), now=datetime(2026, 9, 6, 12))  # noqa: DTZ001  # that is the point


def test_a_class_of_three_hundred_breaks_nothing() -> None:
    path = PathVersion(
        steps(*[20 + 5 * (number % 8) for number in range(40)], splittable=True),
        tuple(Edge(f"s{n // 2}", f"s{n}", lag=n % 3) for n in range(1, 40)),
    )
    calendar = replace(CALENDAR, zone="Europe/Berlin", soft_ends_on=date(2026, 12, 11), week_cap=400)
    learners = [
        Learner(
            id=number,
            starts_on=MONDAY + timedelta(days=number % 10),
            zone=("Europe/Berlin", "America/New_York", "Asia/Tokyo")[number % 3],
            pace_percent=150 if number % 7 == 0 else 100,
            leave=frozenset(MONDAY + timedelta(days=number % 30 + each) for each in range(3)),
        )
        for number in range(300)
    ]
    policy = Policy(arrangement=Arrangement.SPREAD)
    for learner, planned in zip(
        learners, plan_many(path, calendar, ((each, ()) for each in learners), policy, now=BEFORE), strict=True
    ):
        assert breaches(Case(path, calendar, learner, policy, (), BEFORE), planned) == []
        assert planned.report.verdict is Verdict.FEASIBLE


def test_learners_with_the_same_inputs_are_planned_once_and_keep_their_own_slots() -> None:
    path = PathVersion(steps(60, 60))
    first, second = plan_many(path, CALENDAR, ((Learner(id=1), ()), (Learner(id=2), ())), Policy(), now=BEFORE)
    assert first is second
    bases = [tuple(replace(slot, id=f"{who}{slot.step}") for slot in first.slots) for who in "ab"]
    off = replace(CALENDAR, blackouts=frozenset({MONDAY}))
    plans = plan_many(path, off, ((Learner(id=n), base) for n, base in enumerate(bases)), Policy(), now=BEFORE)
    for base, planned in zip(bases, plans, strict=True):
        assert planned == plan(path, off, Learner(), Policy(), base, BEFORE)
        assert {move.before.id for move in planned.diff.moved} == {slot.id for slot in base}
