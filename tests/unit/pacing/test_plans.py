"""Plans that can be checked by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from portal.pacing.engine import diagnose, plan, plan_many
from portal.pacing.results import CertificateCode, LeftOutCode, ReasonCode, RepairCode, Verdict
from portal.pacing.types import (
    Arrangement,
    Cadence,
    ClassCalendar,
    DayOffset,
    Edge,
    Hours,
    LateJoin,
    Learner,
    Overload,
    PathVersion,
    Pin,
    Policy,
    Step,
    Taken,
    Window,
)

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
CALENDAR = ClassCalendar(zone="Europe/Berlin", starts_on=date(2026, 9, 7), weekday_minutes=(60, 60, 60, 60, 60, 0, 0))


def path(*minutes: int, edges: tuple[Edge, ...] = (), **options) -> PathVersion:
    return PathVersion(tuple(Step(number, each, **options) for number, each in enumerate(minutes)), edges)


def make(steps, calendar=CALENDAR, learner=None, policy=None, base=(), now=NOW):
    return plan(steps, calendar, learner or Learner(), policy or Policy(), base, now)


def days(made) -> list[date]:
    return [slot.on for slot in made.slots]


def test_twenty_hours_spread_over_ten_days_are_two_hours_each():
    calendar = replace(CALENDAR, weekday_minutes=(180,) * 5 + (0, 0), soft_ends_on=date(2026, 9, 18))
    made = make(path(*[60] * 20), calendar, policy=Policy(arrangement=Arrangement.SPREAD))
    minutes = Counter()
    for slot in made.slots:
        minutes[slot.on] += slot.minutes
    assert set(minutes.values()) == {120}
    assert len(minutes) == 10
    assert made.report.verdict is Verdict.FEASIBLE


def test_as_soon_as_possible_fills_the_first_days():
    assert days(make(path(30, 30, 30))) == [date(2026, 9, 7), date(2026, 9, 7), date(2026, 9, 8)]


def test_a_path_out_of_order_is_refused():
    with pytest.raises(ValueError, match="before its prerequisite"):
        make(path(30, 30, edges=(Edge(1, 0),)))


def test_a_lag_in_days_and_one_in_study_days():
    in_days = make(path(30, 30, edges=(Edge(0, 1, lag=5),)))
    in_study_days = make(path(30, 30, edges=(Edge(0, 1, lag=5, study_days=True),)))
    assert days(in_days) == [date(2026, 9, 7), date(2026, 9, 14)]  # the 12th is a Saturday
    assert days(in_study_days) == [date(2026, 9, 7), date(2026, 9, 14)]
    weekend = make(
        path(30, 30, edges=(Edge(0, 1, lag=2, study_days=True),)), learner=Learner(starts_on=date(2026, 9, 11))
    )
    assert days(weekend) == [date(2026, 9, 11), date(2026, 9, 15)]


def test_independent_work_goes_ahead_while_a_window_is_closed():
    steps = PathVersion((Step(0, 60, window=Window(release=DayOffset(3))), Step(1, 60)))
    made = make(steps)
    assert [(slot.step, slot.on) for slot in made.slots] == [(1, date(2026, 9, 7)), (0, date(2026, 9, 10))]
    assert made.slots[1].reasons[0].code is ReasonCode.RELEASE


def test_a_long_step_is_split_and_no_part_is_too_short():
    made = make(path(100, splittable=True, min_session=30))
    assert [slot.minutes for slot in made.slots] == [60, 40]
    tight = make(path(70, splittable=True, min_session=30))
    assert [slot.minutes for slot in tight.slots] == [40, 30]
    assert [(slot.part, slot.parts) for slot in tight.slots] == [(1, 2), (2, 2)]


def test_a_step_longer_than_any_day_has_a_certificate():
    made = make(path(30, 90))
    assert made.report.verdict is Verdict.INFEASIBLE
    assert made.report.certificate.code is CertificateCode.STEP_TOO_LONG
    assert made.report.unplaced[0].code is LeftOutCode.TOO_LONG


def test_more_work_than_time_has_a_certificate_and_repairs_that_work():
    calendar = replace(CALENDAR, soft_ends_on=date(2026, 9, 11), hard_ends_on=date(2026, 9, 11))
    steps = path(*[30] * 14)
    made = make(steps, calendar)
    proof = made.report.certificate
    assert (made.report.verdict, proof.code) == (Verdict.INFEASIBLE, CertificateCode.WINDOW_OVERFULL)
    assert (proof.needed, proof.available) == (420, 300)
    repairs = {repair.code: repair for repair in diagnose(steps, calendar, Learner(), Policy(), (), NOW).repairs}
    assert repairs[RepairCode.ADD_MINUTES].minutes == 30
    assert repairs[RepairCode.EXTEND].study_days == 2
    longer = replace(calendar, soft_ends_on=date(2026, 9, 15), hard_ends_on=date(2026, 9, 15))
    assert make(steps, longer).report.verdict is Verdict.FEASIBLE


def test_a_late_joiner_ends_later_or_with_the_class():
    calendar = replace(CALENDAR, soft_ends_on=date(2026, 9, 18), hard_ends_on=date(2026, 10, 30))
    late = Learner(starts_on=date(2026, 9, 14))
    steps = path(*[60] * 8)
    assert make(steps, calendar, late).report.verdict is Verdict.FEASIBLE
    squeezed = make(steps, calendar, late, Policy(late_join=LateJoin.COMPRESS))
    assert [entry.minutes for entry in squeezed.report.late] == [60, 60, 60]


def test_optional_steps_go_when_the_policy_says_so():
    calendar = replace(CALENDAR, soft_ends_on=date(2026, 9, 8), hard_ends_on=date(2026, 9, 8))
    steps = PathVersion((Step(0, 60, required=False), Step(1, 60), Step(2, 60)))
    made = make(steps, calendar, policy=Policy(overload=Overload.DROP_OPTIONAL))
    assert [slot.step for slot in made.slots] == [1, 2]
    assert made.report.verdict is Verdict.FEASIBLE


def test_effort_grows_with_the_pace():
    assert make(path(30), learner=Learner(pace_percent=150)).slots[0].minutes == 45


def test_what_is_planned_elsewhere_uses_the_day():
    elsewhere = Taken(datetime(2026, 9, 7, 8, tzinfo=UTC), 45)
    assert days(make(path(30), learner=Learner(taken=(elsewhere,)))) == [date(2026, 9, 8)]


def test_a_weekly_cap_moves_work_to_the_next_week():
    made = make(path(60, 60, 60), replace(CALENDAR, week_cap=120))
    assert days(made) == [date(2026, 9, 7), date(2026, 9, 8), date(2026, 9, 14)]


def test_missed_work_moves_to_the_next_room_and_keeps_its_due_date():
    base = tuple(replace(slot, id=slot.step) for slot in make(path(60, 60)).slots)
    later = datetime(2026, 9, 9, 5, tzinfo=UTC)
    made = make(path(60, 60), base=base, now=later)
    assert days(made) == [date(2026, 9, 9), date(2026, 9, 10)]
    assert [slot.id for slot in made.slots] == [0, 1]
    assert [slot.due_at for slot in made.slots] == [slot.due_at for slot in base]
    assert made.slots[0].reasons[0].code is ReasonCode.MISSED


def test_what_was_planned_for_earlier_today_stays():
    base = tuple(replace(slot, id=slot.step) for slot in make(path(60)).slots)
    made = make(path(60), base=base, now=datetime(2026, 9, 7, 15, tzinfo=UTC))
    assert made.diff.empty


def test_a_pin_against_the_rules_is_kept_and_reported():
    made = make(path(30), learner=Learner(pins=(Pin(0, date(2026, 9, 12), time(10)),)))
    assert days(made) == [date(2026, 9, 12)]
    assert [conflict.code for conflict in made.report.conflicts] == ["NO_STUDY_DAY"]


def test_due_dates_follow_the_cadence():
    weekly = make(path(30), replace(CALENDAR, cadence=Cadence.WEEKLY)).slots[0]
    monthly = make(path(30), replace(CALENDAR, cadence=Cadence.MONTHLY)).slots[0]
    assert (weekly.bucket_on, weekly.due_at) == (date(2026, 9, 7), datetime(2026, 9, 13, 21, 59, tzinfo=UTC))
    assert (monthly.bucket_on, monthly.due_at) == (date(2026, 9, 1), datetime(2026, 9, 30, 21, 59, tzinfo=UTC))


def test_a_local_time_that_the_clock_change_skips_is_the_next_valid_minute():
    calendar = ClassCalendar(
        zone="Europe/Berlin",
        starts_on=date(2026, 3, 29),
        weekday_minutes=(0, 0, 0, 0, 0, 0, 60),
        hours=(Hours(time(2), time(5)),),
    )
    slot = make(path(30), calendar, now=datetime(2026, 3, 1, tzinfo=UTC)).slots[0]
    assert (slot.start, slot.starts_at) == (time(3), datetime(2026, 3, 29, 1, tzinfo=UTC))


def test_learners_with_equal_inputs_are_planned_once():
    learners = [(Learner(id=number), ()) for number in range(300)]
    plans = list(plan_many(path(*[30] * 40), CALENDAR, learners, Policy(), now=NOW))
    assert len(plans) == 300
    assert len({id(each) for each in plans}) == 1


def test_a_removed_step_leaves_and_a_new_one_finds_the_next_room():
    base = tuple(replace(slot, id=slot.step) for slot in make(path(60, 60, 60)).slots)
    changed = PathVersion((Step(0, 60), Step(2, 60), Step(9, 60)))
    made = make(changed, base=base)
    assert [removed.slot.id for removed in made.diff.removed] == [1]
    assert [(slot.step, slot.on) for slot in made.diff.added] == [(9, date(2026, 9, 8))]
    assert {slot.id for slot in made.diff.kept} == {0, 2}


def test_slack_counts_study_days_to_the_end():
    calendar = replace(CALENDAR, soft_ends_on=date(2026, 9, 18))
    made = make(path(60), calendar)
    assert made.slots[0].slack_days == 9
    assert made.finish_on == date(2026, 9, 7)
