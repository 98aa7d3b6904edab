"""Nothing the engine places ever breaks a hard constraint, whatever it is given (PACING: H1-H10)."""

from hypothesis import given

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
