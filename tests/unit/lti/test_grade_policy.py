"""From steps to scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.lti.grades.policy import GradeKind, GradePolicy, StepDone, check, full_score, policy_of, score_of

SHARE, POINTS, PASS_FAIL = (GradePolicy(kind) for kind in GradeKind)


def step(name="a", *, minutes=60, done=0, required=True):
    return StepDone(name, required, minutes, done, begun=done > 0)


def given_of(policy, *steps, scored=False):
    return score_of(policy, steps, maximum=full_score(policy, steps), scored=scored).given


def test_the_share_is_of_completed_minutes_of_required_steps():
    steps = (step("a", minutes=90, done=90), step("b", minutes=30), step("c", minutes=500, required=False))
    assert given_of(SHARE, *steps) == 75


def test_where_no_step_is_required_all_count():
    assert given_of(SHARE, step("a", done=60, required=False), step("b", required=False)) == 50


def test_a_part_of_a_step_counts_for_the_share_but_gives_no_points():
    assert given_of(SHARE, step(done=30)) == 50
    assert given_of(POINTS, step(done=30)) == 0


def test_points_are_those_of_completed_steps():
    policy = GradePolicy(GradeKind.POINTS, each=5, points={"b": 20})
    assert full_score(policy, [step("a"), step("b")]) == 25
    assert given_of(policy, step("a"), step("b", done=60)) == 20
    assert given_of(policy, step("a", done=60), step("b", done=60)) == 25


def test_points_of_nothing_still_make_a_maximum_above_zero():
    assert full_score(GradePolicy(GradeKind.POINTS, each=0), [step()]) > 0


@pytest.mark.parametrize(("done", "expected"), [(1, None), (2, 100.0), (3, 100.0)])
def test_pass_or_fail_is_all_or_nothing_at_the_share_that_passes(done, expected):
    policy = GradePolicy(GradeKind.PASS_FAIL, pass_percent=60)
    steps = [step(str(n), done=60 if n < done else 0) for n in range(3)]
    assert given_of(policy, *steps) == expected


def test_a_pass_that_is_taken_back_becomes_zero():
    score = score_of(PASS_FAIL, [step(done=0)], maximum=100, scored=True)
    assert (score.given, score.grading_progress) == (0, "FullyGraded")


@pytest.mark.parametrize(
    ("steps", "scored", "progress", "grading"),
    [
        ([step("a"), step("b")], False, "Initialized", "NotReady"),
        ([step("a"), step("b")], True, "Initialized", "FullyGraded"),
        ([step("a", done=60), step("b")], False, "InProgress", "FullyGraded"),
        ([step("a", done=60), step("b", done=60)], False, "Completed", "FullyGraded"),
        ([step("a", done=60), step("b", required=False)], False, "Completed", "FullyGraded"),
        ([], False, "Initialized", "NotReady"),
    ],
)
def test_progress_is_said_in_the_specifications_words(steps, scored, progress, grading):
    score = score_of(SHARE, steps, maximum=100, scored=scored)
    assert (score.activity_progress, score.grading_progress) == (progress, grading)


policies = st.builds(
    GradePolicy,
    st.sampled_from(GradeKind),
    maximum=st.floats(0.5, 1000),
    each=st.floats(0, 1000),
    points=st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1000)),
    pass_percent=st.integers(1, 100),
)
schedules = st.lists(
    st.builds(
        lambda name, minutes, share, required: step(
            name, minutes=minutes, done=minutes * share // 4, required=required
        ),
        st.sampled_from("abcd"),
        st.integers(5, 600),
        st.integers(0, 4),
        st.booleans(),
    ),
    max_size=4,
    unique_by=lambda each: each.step_id,
)


@given(policies, schedules, st.booleans())
def test_a_score_is_between_zero_and_the_maximum_and_full_when_all_is_done(policy, steps, scored):
    maximum = full_score(policy, steps)
    score = score_of(policy, steps, maximum=maximum, scored=scored)
    assert maximum > 0
    assert score.given is None or 0 <= score.given <= maximum + 0.01
    whole = [step(each.step_id, minutes=each.minutes, done=each.minutes, required=each.required) for each in steps]
    reached = score_of(policy, whole, maximum=maximum, scored=scored)
    if whole and (policy.kind is not GradeKind.POINTS or any(policy.of_step(s.step_id) for s in whole if s.required)):
        assert reached.given == round(maximum, 2)
        assert reached.activity_progress == "Completed"


@given(policies)
def test_a_policy_is_the_same_after_it_was_stored(policy):
    assert policy_of(policy.as_json()) == policy


def test_a_policy_of_an_older_form_has_the_defaults():
    assert policy_of({"later": 1}) == SHARE


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (GradePolicy(maximum=0), "maximum"),
        (GradePolicy(maximum=1001), "maximum"),
        (GradePolicy(GradeKind.POINTS, each=-1), "each"),
        (GradePolicy(GradeKind.POINTS, points={"a": 2000}), "each"),
        (GradePolicy(GradeKind.PASS_FAIL, pass_percent=0), "pass_percent"),
    ],
)
def test_a_policy_out_of_bounds_names_the_field(policy, field):
    with pytest.raises(Invalid) as caught:
        check(policy)
    assert caught.value.field == field
