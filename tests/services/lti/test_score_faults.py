"""Scores the platform does not take: sent again, or failed in words; never lost."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from werkzeug import Response

from portal import clock
from portal.lti.grades import queries, sending, services
from portal.models.lti import LtiClient, ScoreState
from portal.models.people import DueWork
from portal.progress.services import complete
from portal.tenancy.scope import unit_of_work
from tests.services.lti.grading import do, score_row


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_platform_gets_the_score_later_and_the_educator_sees_why(cast, platform, course, graded, work, status):
    platform.script("POST", "/7/lineitems/1/", Response("", status))
    do(cast.ben, complete, graded[2][0])
    work()
    row = score_row(course)
    assert (row.state, row.attempts, platform.scores) == (ScoreState.PENDING, 1, [])
    assert "learning platform" in row.last_error
    work(clock.now() + timedelta(minutes=1))
    row = score_row(course)
    assert (row.state, row.last_error, platform.score_of("ben")["scoreGiven"]) == (ScoreState.SENT, None, 25)


def test_the_waits_double(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", *[Response("", 500)] * 3)
    do(cast.ben, complete, graded[2][0])
    until = None
    for wait in (timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)):
        before = clock.now()
        work(until)
        after = clock.now()
        until = due_at(score_row(course))
        assert before + wait <= until <= after + wait
    work(until)
    assert due_at(score_row(course)) is None
    assert platform.score_of("ben")["scoreGiven"] == 25


def due_at(row):
    """When the score is owed next."""
    with unit_of_work() as db:
        return db.scalar(
            select(func.max(DueWork.due_at)).where(DueWork.kind == services.SCORE, DueWork.target_id == row.id)
        )


def test_a_platform_that_says_how_long_to_wait_is_left_alone_for_that_long(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 429, headers={"Retry-After": "900"}))
    do(cast.ben, complete, graded[2][0])
    work()
    work(clock.now() + timedelta(seconds=880))
    assert platform.scores == []
    work(clock.now() + timedelta(seconds=905))
    assert platform.score_of("ben")["scoreGiven"] == 25


@pytest.mark.parametrize(("status", "words"), [(400, "did not accept"), (403, "does not allow"), (422, "not know")])
def test_what_waiting_cannot_mend_fails_in_words_and_is_retried_by_the_educator(
    cast, platform, course, graded, work, status, words
):
    platform.script("POST", "/7/lineitems/1/", Response("", status))
    do(cast.ben, complete, graded[2][0])
    work()
    row = score_row(course)
    assert (row.state, words in row.last_error) == (ScoreState.FAILED, True)
    work(clock.now() + timedelta(hours=12))
    assert platform.scores == []
    with unit_of_work(organization_id=course.organization_id):
        assert services.retry(course.class_id, [row.id], actor=cast.ada, now=clock.now()) == 1
    work()
    assert platform.score_of("ben")["scoreGiven"] == 25
    assert score_row(course).state is ScoreState.SENT


def test_a_platform_that_never_recovers_ends_as_failed_and_is_not_lost(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", *[Response("", 500)] * sending.MAX_ATTEMPTS)
    do(cast.ben, complete, graded[2][0])
    for _ in range(sending.MAX_ATTEMPTS):
        work(clock.now() + timedelta(days=1))
    row = score_row(course)
    assert (row.state, platform.scores) == (ScoreState.FAILED, [])
    with unit_of_work(organization_id=course.organization_id):
        services.retry(course.class_id, None, actor=cast.ada, now=clock.now())
    work()
    assert platform.score_of("ben")["scoreGiven"] == 25


def test_a_failed_score_is_sent_again_when_the_learner_goes_on(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 403))
    do(cast.ben, complete, graded[2][0])
    work()
    do(cast.ben, complete, graded[2][1])
    work()
    assert platform.score_of("ben")["scoreGiven"] == 50
    assert score_row(course).state is ScoreState.SENT


def test_scores_that_are_always_gone_come_to_an_end(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", *[Response("", 404)] * 50)
    do(cast.ben, complete, graded[2][0])
    work()
    assert score_row(course).state is ScoreState.FAILED


def test_a_conflict_is_answered_with_a_later_timestamp(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 409))
    do(cast.ben, complete, graded[2][0])
    work()
    work(clock.now() + timedelta(seconds=3))
    first, second = (each.json["timestamp"] for each in platform.asked("POST", "/7/lineitems/1/"))
    assert first < second
    assert score_row(course).state is ScoreState.SENT


def test_a_disabled_client_sends_nothing_and_says_so(cast, platform, course, graded, work):
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(LtiClient).values(state="DISABLED"))
    do(cast.ben, complete, graded[2][0])
    work()
    row = score_row(course)
    assert (row.state, "not active" in row.last_error) == (ScoreState.FAILED, True)
    assert platform.scores == []


def test_scores_are_listed_with_those_that_failed_first(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 403))
    do(cast.ben, complete, graded[2][0])
    work()
    with unit_of_work(organization_id=course.organization_id):
        (row,) = queries.scores(course.class_id)
        assert (row.name, row.label, row.state) == ("Ben", "Sample path", ScoreState.FAILED)
        assert queries.counts(course.class_id)[ScoreState.FAILED] == 1
