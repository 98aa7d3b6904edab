"""Verdicts, certificates, conflicts, and what `diagnose` proposes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given

from portal.pacing.diagnose import Question
from portal.pacing.engine import diagnose, plan, prepare
from portal.pacing.graph import graph_of
from portal.pacing.proof import certificate
from portal.pacing.results import CertificateCode, ConflictCode, LateCode, Plan, Repair, RepairCode, Report, Verdict
from portal.pacing.types import (
    AtInstant,
    ClassCalendar,
    DayOffset,
    Edge,
    Learner,
    Overload,
    PathVersion,
    Pin,
    Policy,
    Step,
    Window,
)
from tests.unit.pacing.case import Case
from tests.unit.pacing.oracle import instances
from tests.unit.pacing.strategies import PROOF, QUICK, cases, replans, run

MONDAY = date(2026, 9, 7)
FRIDAY = MONDAY + timedelta(days=4)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
WEEK = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0), soft_ends_on=FRIDAY)


def report(path: PathVersion, calendar: ClassCalendar = WEEK, learner: Learner | None = None) -> Report:
    return plan(path, calendar, learner or Learner(), Policy(), (), BEFORE).report


def proof(case: Case) -> object:
    return certificate(prepare(graph_of(case.path), case.calendar, case.learner, case.policy, case.base, case.now))


@QUICK
@given(cases())
def test_nothing_that_fits_is_ever_proved_impossible(case: Case) -> None:
    if run(case).report.verdict is Verdict.FEASIBLE:
        assert proof(case) is None


@QUICK
@given(replans())
def test_no_re_plan_that_fits_is_ever_proved_impossible(case: Case) -> None:
    if run(case).report.verdict is Verdict.FEASIBLE:
        assert proof(case) is None


def test_more_work_than_days_is_proved_and_counted() -> None:
    found = report(PathVersion(tuple(Step(f"s{number}", 60) for number in range(7))))
    assert found.verdict is Verdict.INFEASIBLE
    proved = found.certificate
    assert proved is not None
    assert (proved.code, proved.needed, proved.available) == (CertificateCode.WINDOW_OVERFULL, 420, 300)
    assert (proved.from_on, proved.until_on) == (MONDAY, FRIDAY)
    assert [(late.step, late.code, late.minutes) for late in found.late] == [
        ("s5", LateCode.SOFT_END, 60),
        ("s6", LateCode.SOFT_END, 60),
    ]


def test_exactly_full_is_feasible() -> None:
    assert report(PathVersion(tuple(Step(f"s{number}", 60) for number in range(5)))).verdict is Verdict.FEASIBLE


def test_a_step_longer_than_any_block_is_proved() -> None:
    found = report(PathVersion((Step("a", 90),)))
    assert found.certificate is not None
    assert (found.certificate.code, found.certificate.available) == (CertificateCode.STEP_TOO_LONG, 60)
    assert report(PathVersion((Step("a", 90, splittable=True),))).verdict is Verdict.FEASIBLE


def test_a_chain_longer_than_its_days_is_proved() -> None:
    lags = (Edge("a", "b", lag=3), Edge("b", "c", lag=3))
    found = report(PathVersion((Step("a", 30), Step("b", 30), Step("c", 30)), lags))
    proved = found.certificate
    assert proved is not None
    assert (proved.code, proved.steps) == (CertificateCode.CHAIN_TOO_LONG, ("a", "b", "c"))
    assert proved.earliest_on == MONDAY + timedelta(days=7)


def test_what_no_proof_covers_is_not_called_impossible() -> None:
    tight = tuple(Step(f"s{number}", 40, window=Window(due=DayOffset(1))) for number in range(3))
    found = report(PathVersion(tight))
    assert (found.verdict, found.certificate) == (Verdict.NOT_FOUND, None)


def test_optional_work_that_is_late_or_unplaced_is_no_trouble() -> None:
    path = PathVersion((Step("a", 300, splittable=True), Step("b", 60, required=False)))
    assert report(path).verdict is Verdict.FEASIBLE
    assert report(path).late[0].required is False


def test_each_rule_a_pin_breaks_is_one_conflict() -> None:
    calendar = replace(WEEK, hard_ends_on=FRIDAY, week_cap=100)
    path = PathVersion((Step("a", 60, window=Window(DayOffset(1), lock=DayOffset(2))), Step("b", 90)))
    for on, at, step, codes in (
        (MONDAY, time(9), "a", {ConflictCode.BEFORE_RELEASE}),
        (MONDAY + timedelta(days=3), time(9), "a", {ConflictCode.AFTER_LOCK}),
        (MONDAY + timedelta(days=1), time(6), "a", {ConflictCode.OUTSIDE_HOURS}),
        (MONDAY, time(9), "b", {ConflictCode.DAY_OVER_CAP}),
        (FRIDAY + timedelta(days=1), time(9), "b", {ConflictCode.NO_STUDY_DAY, ConflictCode.AFTER_HARD_END}),
        (MONDAY - timedelta(days=1), time(11), "b", {ConflictCode.NO_STUDY_DAY, ConflictCode.BEFORE_START}),
    ):
        found = report(path, calendar, Learner(pins=(Pin(step, on, at),)))
        assert {each.code for each in found.conflicts} == codes, (on, at, step)
        assert {(each.step, each.on) for each in found.conflicts} == {(step, on)}


def test_anchors_over_each_other_and_over_the_week_are_reported() -> None:
    at = datetime(2026, 9, 8, 9, tzinfo=UTC)
    path = PathVersion(
        (Step("a", 30, anchor=AtInstant(at)), Step("b", 30, anchor=AtInstant(at + timedelta(minutes=15))))
    )
    found = report(path, replace(WEEK, week_cap=45))
    assert {(each.step, each.code) for each in found.conflicts} == {
        (step, code) for step in "ab" for code in (ConflictCode.OVERLAP, ConflictCode.WEEK_OVER_CAP)
    }


@pytest.mark.parametrize(("days", "told"), [(0, ["a"]), (1, ["a"]), (2, [])])
def test_study_days_between_anchors_count_also_after_the_end_of_the_class(days: int, told: list[str]) -> None:
    at = datetime(2026, 9, 18, 9, tzinfo=UTC)
    after = Step("b", 30, anchor=AtInstant(at + timedelta(days=days)))
    path = PathVersion((Step("a", 30, anchor=AtInstant(at)), after), (Edge("a", "b", lag=1, study_days=True),))
    calendar = replace(WEEK, weekday_minutes=(60, 60, 60, 60, 60, 0, 60))
    made = plan(path, calendar, Learner(), Policy(overload=Overload.REPORT), (), BEFORE)
    assert [each.prerequisite for each in made.report.conflicts if each.prerequisite] == told


def test_what_fits_needs_no_diagnosis() -> None:
    found = diagnose(PathVersion((Step("a", 60),)), WEEK, Learner(), Policy(), (), BEFORE)
    assert (found.conflict_set, found.repairs) == ((), ())


@pytest.mark.parametrize("number", range(400 if PROOF else 40))
def test_no_step_of_a_conflict_set_is_to_spare_and_every_repair_makes_all_fit(number: int) -> None:
    case = instances.mixed(number)
    question = Question(case.path, case.calendar, case.learner, case.policy, case.base, case.now, plan)
    found = diagnose(case.path, case.calendar, case.learner, case.policy, case.base, case.now)
    if run(case).report.verdict is Verdict.FEASIBLE:
        assert (found.conflict_set, found.repairs) == ((), ())
    away = frozenset(step.id for step in case.path.steps) - {*found.conflict_set}
    for step in found.conflict_set:
        assert question.fresh().without(away | {step}).fits(), step
    for each in found.repairs:
        assert _applied(case, each).report.verdict is Verdict.FEASIBLE, each


def _applied(case: Case, repair: Repair) -> Plan:
    """The plan with a repair, made from what it says alone."""
    calendar, learner, path = case.calendar, case.learner, case.path
    if repair.code is RepairCode.ADD_MINUTES:
        week = enumerate(calendar.weekday_minutes)
        more = tuple(minutes + repair.minutes * (day in repair.weekdays) for day, minutes in week)
        calendar = replace(calendar, weekday_minutes=more)
    elif repair.code is RepairCode.EXTEND and learner.ends_on is not None:
        learner = replace(learner, ends_on=max(learner.ends_on, repair.ends_on))
    if repair.code is RepairCode.EXTEND:
        soft, hard = calendar.soft_ends_on, calendar.hard_ends_on
        calendar = replace(
            calendar, soft_ends_on=soft and max(soft, repair.ends_on), hard_ends_on=hard and max(hard, repair.ends_on)
        )
    gone = {*repair.steps}
    steps = tuple(step for step in path.steps if step.id not in gone)
    edges = tuple(edge for edge in path.edges if not gone & {edge.step, edge.prerequisite})
    learner = replace(learner, pins=tuple(pin for pin in learner.pins if pin.step not in gone))
    return run(replace(case, path=PathVersion(steps, edges), calendar=calendar, learner=learner))


def test_repairs_are_the_smallest_and_each_fits_when_applied() -> None:
    path = PathVersion((*(Step(f"s{n}", 60) for n in range(5)), Step("o", 60, required=False), Step("last", 60)))
    found = diagnose(path, WEEK, Learner(), Policy(), (), BEFORE)
    assert found.conflict_set == ("s0", "s1", "s2", "s3", "s4", "last")
    repairs = {each.code: each for each in found.repairs}
    extend = repairs[RepairCode.EXTEND]
    assert (extend.study_days, extend.ends_on) == (1, MONDAY + timedelta(days=7))
    assert report(path, replace(WEEK, soft_ends_on=extend.ends_on)).verdict is Verdict.FEASIBLE
    more = repairs[RepairCode.ADD_MINUTES]
    assert (more.minutes, more.weekdays) == (60, (0,))
    assert report(path, replace(WEEK, weekday_minutes=(120, 60, 60, 60, 60, 0, 0))).verdict is Verdict.FEASIBLE
    assert RepairCode.DROP_OPTIONAL not in repairs


def test_only_as_many_optional_steps_as_needed_are_proposed_to_go() -> None:
    steps = (Step("o1", 60, required=False), Step("a", 60), Step("o2", 60, required=False), Step("b", 60))
    edges = (Edge("o1", "a"), Edge("a", "o2"), Edge("o2", "b"))
    calendar = replace(WEEK, soft_ends_on=MONDAY + timedelta(days=2))
    found = diagnose(PathVersion(steps, edges), calendar, Learner(), Policy(overload=Overload.REPORT), (), BEFORE)
    drop = next(each for each in found.repairs if each.code is RepairCode.DROP_OPTIONAL)
    assert drop.steps == ("o2",)


def test_a_learners_own_end_holds_instead_of_the_classs() -> None:
    path = PathVersion(tuple(Step(number, 60) for number in range(6)))
    assert report(path).late[0].code is LateCode.SOFT_END
    own = Learner(ends_on=FRIDAY + timedelta(days=3))
    assert report(path, learner=own).verdict is Verdict.FEASIBLE
    earlier = replace(own, ends_on=FRIDAY - timedelta(days=1))
    assert sum(late.minutes for late in report(path, learner=earlier).late) == 120
    assert diagnose(path, WEEK, earlier, Policy(), (), BEFORE).repairs[-1].ends_on == FRIDAY + timedelta(days=3)
