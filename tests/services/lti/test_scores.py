"""Scores: what learners do arrives in the gradebook, the newest last."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.errors import Forbidden, Invalid, NotFound
from portal.events.outbox import emit
from portal.lti import people
from portal.lti.grades import queries, sending, services
from portal.lti.grades.policy import GradeKind, GradePolicy
from portal.models.lti import LtiPlatform, LtiScore, PlatformKind, ScoreState
from portal.models.organizations import Member, MemberStatus
from portal.progress.services import complete, reopen
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import make_actor
from tests.factories.lti import join
from tests.services.lti.grading import do, score_row


def test_a_completed_item_arrives_in_the_gradebook(cast, platform, graded, work):
    _, _, (first, *_) = graded
    do(cast.ben, complete, first)
    work()
    score = platform.score_of("ben")
    assert (score["scoreGiven"], score["scoreMaximum"]) == (25, 100)
    assert (score["activityProgress"], score["gradingProgress"]) == ("InProgress", "FullyGraded")


def test_a_reopened_item_takes_its_share_back(cast, platform, graded, work):
    _, _, (first, *_) = graded
    do(cast.ben, complete, first)
    work()
    do(cast.ben, reopen, first)
    work()
    assert platform.score_of("ben")["scoreGiven"] == 0
    stamps = [score["timestamp"] for _item, score in platform.scores]
    assert stamps == sorted(set(stamps))


def test_many_changes_at_once_are_sent_as_they_end(cast, platform, course, graded, work):
    for item in graded[2]:
        do(cast.ben, complete, item)
    work()
    assert platform.score_of("ben")["activityProgress"] == "Completed"
    assert [score["scoreGiven"] for _item, score in platform.scores][-1] == 100
    assert score_row(course).state is ScoreState.SENT


def test_nothing_is_sent_for_who_has_not_begun(platform, graded, work, cast, course):
    with unit_of_work(organization_id=course.organization_id):
        services.owe_scores(queries.places_of_assignment(graded[1]), now=clock.now())
    work()
    assert platform.scores == []
    assert score_row(course).state is ScoreState.SENT


def test_moodle_compares_whole_seconds_and_still_gets_every_score(cast, platform, course, graded, work):
    platform.whole_seconds = True
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(LtiPlatform).values(kind=PlatformKind.MOODLE))
    for item in graded[2]:
        do(cast.ben, complete, item)
        work()
    given = [score["scoreGiven"] for _item, score in platform.scores]
    assert given == [25, 50, 75, 100]


def test_a_newer_state_of_work_while_one_is_sent_is_sent_too_and_last(app, cast, platform, course, graded, work):
    first, second, *_ = graded[2]

    def meanwhile(request):
        with app.app_context():
            do(cast.ben, complete, second)
        return platform._score(next(iter(platform.line_items)), json.loads(request.get_data()))

    platform.script("POST", "/7/lineitems/1/", meanwhile)
    do(cast.ben, complete, first)
    work()
    assert [score["scoreGiven"] for _item, score in platform.scores] == [25, 50]
    assert score_row(course).state is ScoreState.SENT


def test_two_workers_never_send_one_score_at_a_time(cast, platform, course, graded, work):
    do(cast.ben, complete, graded[2][0])
    work()
    do(cast.ben, complete, graded[2][1])
    row = score_row(course)
    with unit_of_work(organization_id=course.organization_id):
        assert sending._alone(row.id)
        work()
        assert len(platform.scores) == 1
    work(clock.now() + timedelta(seconds=10))
    assert platform.score_of("ben")["scoreGiven"] == 50


def test_another_policy_changes_the_column_and_sends_everybody_again(cast, platform, course, graded, work):
    path, assignment_id, found = graded
    do(cast.ben, complete, found[0])
    work()
    policy = GradePolicy(GradeKind.POINTS, each=5, points={str(path.keys[0]): 20})
    with unit_of_work(organization_id=course.organization_id):
        services.save_policy(assignment_id, policy, actor=cast.ada, now=clock.now())
    work()
    (column,) = platform.line_items.values()
    assert column["scoreMaximum"] == 35
    score = platform.score_of("ben")
    assert (score["scoreGiven"], score["scoreMaximum"]) == (20, 35)
    with unit_of_work(organization_id=course.organization_id):
        assert queries.policy(assignment_id) == policy


def test_a_policy_is_checked_and_only_who_publishes_changes_it(cast, course, graded):
    with unit_of_work(organization_id=course.organization_id):
        with pytest.raises(Invalid):
            services.save_policy(graded[1], GradePolicy(maximum=0), actor=cast.ada, now=clock.now())
        with pytest.raises(Forbidden):
            services.save_policy(graded[1], GradePolicy(), actor=cast.ben, now=clock.now())
        with pytest.raises(NotFound):
            services.save_policy(graded[1], GradePolicy(), actor=cast.cleo, now=clock.now())
    with unit_of_work(organization_id=cast.dora.organization_id), pytest.raises(NotFound):
        services.save_policy(graded[1], GradePolicy(), actor=cast.dora, now=clock.now())


def test_who_is_no_person_of_the_platform_sends_nothing(cast, platform, course, begins_today, work):
    assignment_id = publish(make_path(course.organization_id), cast.class_id, cast.ada, now=clock.now())
    (schedule,) = schedules(cast.ada, assignment_id).values()
    do(cast.ben, complete, items(cast.ada, schedule.id)[0])
    work()
    assert platform.scores == []
    with unit_of_work(organization_id=course.organization_id) as db:
        assert db.scalars(select(LtiScore)).all() == []


def test_the_work_of_two_who_become_one_is_one_score(cast, platform, course, graded, work):
    """ben's twin came from the platform and finished the second step; ben finished the first."""
    _path, assignment_id, found = graded
    twin = join(cast, course, "twin")
    with unit_of_work(organization_id=course.organization_id) as db:
        emit("enrolment.added", now=clock.now(), class_id=course.class_id, member_ids=[str(twin)])
        db.get_one(Member, twin).status = MemberStatus.ACTIVE
    work(clock.now() + timedelta(minutes=5))  # plans are gathered for a while
    do(cast.ben, complete, found[0])
    theirs = items(cast.ada, schedules(cast.ada, assignment_id)["Twin"].id)
    do(make_actor(course.organization_id, twin), complete, theirs[1])
    work()
    assert platform.score_of("twin")["scoreGiven"] == 25
    with unit_of_work(organization_id=course.organization_id):
        people.link(twin, cast.ben.user_id, now=clock.now())
    work()
    assert [score["scoreGiven"] for _item, score in platform.scores][-1] == 50
