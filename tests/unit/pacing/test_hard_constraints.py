"""Nothing the engine places ever breaks a hard constraint, whatever it is given (PACING: H1-H10)."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, time

from hypothesis import given

from portal.pacing.engine import plan
from portal.pacing.types import ClassCalendar, Edge, Learner, PathVersion, Pin, Policy, Step
from tests.unit.pacing.case import Case
from tests.unit.pacing.checker import breaches
from tests.unit.pacing.strategies import QUICK, cases, replans, run


@QUICK
@given(cases())
def test_a_first_plan_breaks_nothing(case: Case) -> None:
    assert breaches(case, run(case)) == []


@QUICK
@given(replans())
def test_a_re_plan_breaks_nothing(case: Case) -> None:
    assert breaches(case, run(case)) == []


@QUICK
@given(cases())
def test_equal_inputs_give_equal_plans(case: Case) -> None:
    assert run(case) == run(case)


def test_a_plan_does_not_depend_on_the_order_of_hashes() -> None:
    """Strings hash differently in every process; what is reported of one pin keeps the order of the path."""
    monday = date(2026, 9, 7)
    names = [f"step {number}" for number in range(8)]
    path = PathVersion(tuple(Step(name, 60) for name in names), tuple(Edge(name, names[-1]) for name in names[:-1]))
    learner = Learner(pins=(Pin(names[-1], monday, time(8)),))
    made = plan(path, ClassCalendar("UTC", monday, (60,) * 7), learner, Policy(), (), datetime(2026, 9, 6, tzinfo=UTC))
    assert [each.prerequisite for each in made.report.conflicts if each.prerequisite] == names[:-1]


def test_every_process_makes_the_same_plans() -> None:
    code = """
from dataclasses import replace
from tests.unit.pacing.oracle import instances
from tests.unit.pacing.strategies import run
for number in range(40):
    case = instances.mixed(number)
    steps = tuple(replace(step, id=str(step.id)) for step in case.path.steps)
    edges = tuple(replace(each, step=str(each.step), prerequisite=str(each.prerequisite)) for each in case.path.edges)
    pins = tuple(replace(pin, step=str(pin.step)) for pin in case.learner.pins)
    case = replace(case, path=replace(case.path, steps=steps, edges=edges), learner=replace(case.learner, pins=pins))
    print(run(case))
"""
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1
