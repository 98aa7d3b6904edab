"""`portal bench` prints figures beside a baseline and ends with 0, whatever they are."""

import pytest
from click.testing import CliRunner

from portal.cli import bench
from portal.cli.main import cli


def test_the_pacing_bench_prints_each_work_its_ratio_and_its_goal() -> None:
    made = CliRunner().invoke(cli, ["bench", "pacing", "--learners", "40", "--repeats", "1"])
    assert made.exit_code == 0, made.output
    for work in (
        *("one learner × 60 steps, first plan", "one learner × 200 steps, first plan"),
        *("60 steps, one completed", "200 steps, overload"),
        *("40 learners × 60 steps, all different", "40 learners × 60 steps, 95 % alike"),
        *("growth with steps: exponent", "growth with learners: exponent"),
    ):
        assert work in made.output
    assert made.output.count("×  ") >= 8
    assert made.output.count(" met") >= 8


def test_quick_takes_a_stated_part_of_the_learners() -> None:
    made = CliRunner().invoke(cli, ["bench", "pacing", "--learners", "40", "--quick"])
    assert made.exit_code == 0, made.output
    assert "median of 3; 2 learners" in made.output
    assert "growth with learners: too few" in made.output


def test_the_exponent_is_that_of_the_power_law() -> None:
    sizes = (10, 20, 40)
    assert bench.exponent(sizes, [3 * size**1.5 for size in sizes]) == pytest.approx(1.5)


def test_the_benchs_learners_all_differ_and_its_plans_have_room() -> None:
    learners = [bench.different_learner(number) for number in range(10_000)]
    assert len({(each.zone, each.pace_percent, each.leave) for each in learners}) == 10_000
    made = bench.one(bench.path_of(60), bench.calendar_of(60))
    assert made.report.unplaced == ()
    assert made.report.late == ()


def test_first_fit_keeps_days_off_caps_and_lags() -> None:
    path, calendar = bench.path_of(60), bench.calendar_of(60)
    (starts,) = bench.first_fit(path, calendar, [bench.different_learner(0)])
    days = [start.astimezone(bench.ZoneInfo(bench.ZONES[0])).date() for start in starts]
    assert not calendar.blackouts & set(days)
    minutes = {on: sum(step.minutes for step, day in zip(path.steps, days, strict=True) if day == on) for on in days}
    assert all(total <= calendar.weekday_minutes[on.weekday()] for on, total in minutes.items())
    assert all(days[edge.step] >= days[edge.prerequisite] for edge in path.edges)
