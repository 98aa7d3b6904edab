"""Columns and scores from what learners do to what the platform's gradebook holds."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from werkzeug import Response

from portal import clock
from portal.errors import Forbidden, Invalid, NotFound
from portal.lti.grades import queries, sending, services
from portal.lti.grades.policy import GradeKind, GradePolicy
from portal.lti.target import Target
from portal.models.classes import Classroom
from portal.models.lti import LtiClient, LtiLineItem, LtiPlatform, LtiResourceLink, LtiScore, PlatformKind, ScoreState
from portal.models.people import DueWork
from portal.progress.services import complete, reopen
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.lti import make_lti_user

HOUR = timedelta(hours=1)


@pytest.fixture
def graded(cast, course, platform, work):
    """ben studies a path of four hours, begun today, whose column is in the gradebook; his items in order."""
    make_lti_user(course, "ben", cast.ben.member_id)
    today = clock.now().date()
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(Classroom).where(Classroom.id == cast.class_id).values(starts_on=today))
    path = make_path(course.organization_id)
    assignment_id = publish(path, cast.class_id, cast.ada, now=clock.now())
    work()
    (schedule,) = schedules(cast.ada, assignment_id).values()
    return path, assignment_id, items(cast.ada, schedule.id)


def do(actor, what, item):
    with unit_of_work(organization_id=actor.organization_id):
        what(item.id, actor=actor, now=clock.now())


def score_row(course):
    with unit_of_work(organization_id=course.organization_id) as db:
        row = db.scalars(select(LtiScore)).one()
        db.expunge(row)
        return row


def test_a_published_path_gets_a_column_with_its_due_date(platform, course, graded):
    path, _, found = graded
    ((url, column),) = platform.line_items.items()
    assert (column["label"], column["scoreMaximum"]) == ("Sample path", 100)
    assert (column["resourceId"], column["tag"]) == (str(path.curriculum_id), "path")
    last = max(item.due_at for item in found)
    assert column["endDateTime"] == last.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with unit_of_work(organization_id=course.organization_id) as db:
        assert db.scalars(select(LtiLineItem.url)).one() == url


def test_a_new_version_brings_the_column_up_to_date(cast, platform, course, graded, work):
    path, _, _ = graded
    newer = make_path(course.organization_id, (60, 60), of=path, keys=path.keys[:2])
    publish(newer, cast.class_id, cast.ada, now=clock.now())
    before = dict(platform.line_items)
    work()
    assert platform.line_items.keys() == before.keys()
    assert len(platform.asked("PUT")) == 1


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
    waits = []
    work()
    for _ in range(3):
        row = score_row(course)
        with unit_of_work() as db:
            due = db.scalars(
                select(DueWork.due_at).where(DueWork.kind == services.SCORE, DueWork.target_id == row.id)
            ).all()
        waits.append(round((max(due) - clock.now()).total_seconds()) if due else 0)
        if due:
            work(max(due))
    assert waits[0] in (29, 30)
    assert waits[1] in (59, 60)


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
    work(clock.now() + 12 * HOUR)
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


def test_a_deleted_column_is_made_again_and_the_score_arrives_there(cast, platform, course, graded, work):
    platform.line_items["kept"] = {"id": "kept"}
    del platform.line_items[next(iter(platform.line_items))]
    do(cast.ben, complete, graded[2][0])
    work()
    (made,) = (url for url in platform.line_items if url != "kept")
    assert [(item, score["scoreGiven"]) for item, score in platform.scores] == [(made, 25)]
    assert platform.asked("DELETE") == []


def test_scores_that_are_always_gone_come_to_an_end(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", *[Response("", 404)] * 50)
    do(cast.ben, complete, graded[2][0])
    work()
    assert score_row(course).state is ScoreState.FAILED


def test_moodle_compares_whole_seconds_and_still_gets_every_score(cast, platform, course, graded, work):
    platform.whole_seconds = True
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(LtiPlatform).values(kind=PlatformKind.MOODLE))
    for item in graded[2]:
        do(cast.ben, complete, item)
        work()
    given = [score["scoreGiven"] for _item, score in platform.scores]
    assert given == [25, 50, 75, 100]


def test_a_conflict_is_answered_with_a_later_timestamp(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 409))
    do(cast.ben, complete, graded[2][0])
    work()
    work(clock.now() + timedelta(seconds=3))
    first, second = (each.json["timestamp"] for each in platform.asked("POST", "/7/lineitems/1/"))
    assert first < second
    assert score_row(course).state is ScoreState.SENT


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


def test_a_worker_killed_after_the_platform_took_the_score_leaves_a_later_one(cast, platform, course, graded, work):
    class Killed(BaseException):
        pass

    do(cast.ben, complete, graded[2][0])

    def die(request):
        answer = platform._score(next(iter(platform.line_items)), json.loads(request.get_data()))
        assert answer.status_code == 200
        return answer

    platform.script("POST", "/7/lineitems/1/", die)
    score_id = _owed(course, work, stop=Killed)
    row = score_row(course)
    assert row.id == score_id
    assert row.state is ScoreState.PENDING
    assert len(platform.scores) == 1
    work()
    assert score_row(course).state is ScoreState.SENT
    stamps = [score["timestamp"] for _item, score in platform.scores]
    assert len(stamps) == 2
    assert stamps[0] < stamps[1]


def _owed(course, work, *, stop):
    """Run the work with a worker that dies right after the platform's answer; the score's id."""
    real = sending.Gradebook.post

    def post(self, *arguments, **named):
        real(self, *arguments, **named)
        raise stop

    sending.Gradebook.post = post
    try:
        with pytest.raises(stop):
            work()
    finally:
        sending.Gradebook.post = real
    return score_row(course).id


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


def test_a_disabled_client_sends_nothing_and_says_so(cast, platform, course, graded, work):
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(LtiClient).values(state="DISABLED"))
    do(cast.ben, complete, graded[2][0])
    work()
    row = score_row(course)
    assert (row.state, "not active" in row.last_error) == (ScoreState.FAILED, True)
    assert platform.scores == []


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


def test_units_and_steps_have_columns_of_their_own(cast, platform, course, work):
    make_lti_user(course, "ben", cast.ben.member_id)
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(Classroom).where(Classroom.id == cast.class_id).values(starts_on=clock.now().date()))
    path = make_path(course.organization_id)
    step = Target(path.curriculum_id, step_id=path.keys[1])
    unit = Target(path.curriculum_id, unit_id=path.version_id)
    with unit_of_work(organization_id=course.organization_id):
        services.wish_column(course.context_id, step, "Second step", now=clock.now())
        services.wish_column(course.context_id, unit, "Unit", now=clock.now())
    assignment_id = publish(path, cast.class_id, cast.ada, now=clock.now())
    work()
    assert sorted(column["tag"] for column in platform.line_items.values()) == ["step", "unit"]
    (schedule,) = schedules(cast.ada, assignment_id).values()
    first, second, *_ = items(cast.ada, schedule.id)
    do(cast.ben, complete, first)
    work()
    assert [platform.line_items[item]["tag"] for item, _score in platform.scores] == ["unit"]
    do(cast.ben, complete, second)
    work()
    by_tag = {platform.line_items[item]["tag"]: score["scoreGiven"] for item, score in platform.scores}
    assert by_tag == {"unit": 50, "step": 100}


def test_a_path_linked_without_a_column_gets_none(cast, platform, course, work):
    path = make_path(course.organization_id)
    with unit_of_work(organization_id=course.organization_id) as db:
        db.add(
            LtiResourceLink(
                organization_id=course.organization_id,
                lti_context_id=course.context_id,
                resource_link_id="r1",
                curriculum_id=path.curriculum_id,
                created_at=clock.now(),
            )
        )
    publish(path, cast.class_id, cast.ada, now=clock.now())
    work()
    assert platform.line_items == {}


def test_a_column_the_platform_made_for_a_deep_link_is_found_and_not_doubled(cast, platform, course, work):
    path = make_path(course.organization_id)
    target = Target(path.curriculum_id)
    url = f"{platform.url}/7/lineitems/77/lineitem?type_id=2"
    platform.line_items[url] = {
        "id": url,
        "label": "Guitar",
        "scoreMaximum": 100,
        "resourceId": target.resource_id,
        "tag": target.tag,
        "resourceLinkId": "r1",
    }
    with unit_of_work(organization_id=course.organization_id):
        services.wish_column(course.context_id, target, "Guitar", now=clock.now())
    publish(path, cast.class_id, cast.ada, now=clock.now())
    work()
    assert list(platform.line_items) == [url]
    assert platform.line_items[url]["resourceLinkId"] == "r1"


def test_a_column_that_cannot_be_made_yet_is_made_later_and_its_scores_follow(cast, platform, course, work):
    make_lti_user(course, "ben", cast.ben.member_id)
    with unit_of_work(organization_id=course.organization_id) as db:
        db.execute(update(Classroom).where(Classroom.id == cast.class_id).values(starts_on=clock.now().date()))
    platform.script("GET", "/7/lineitems", Response("", 503))
    assignment_id = publish(make_path(course.organization_id), cast.class_id, cast.ada, now=clock.now())
    work()
    with unit_of_work(organization_id=course.organization_id) as db:
        assert "fault of its own" in db.scalars(select(LtiLineItem.last_error)).one()
    (schedule,) = schedules(cast.ada, assignment_id).values()
    do(cast.ben, complete, items(cast.ada, schedule.id)[0])
    work()
    assert platform.scores == []
    work(clock.now() + timedelta(minutes=2))
    assert platform.score_of("ben")["scoreGiven"] == 25
    with unit_of_work(organization_id=course.organization_id) as db:
        assert db.scalars(select(LtiLineItem.last_error)).one() is None


def test_who_is_no_person_of_the_platform_sends_nothing(cast, platform, course, graded, work):
    with unit_of_work(organization_id=course.organization_id) as db:
        assert queries.places_of_item(graded[2][0].id) != []
        db.rollback()
    assert queries_of_stranger(course) == []


def queries_of_stranger(course):
    with unit_of_work(organization_id=course.organization_id):
        return queries.places_of_item(course.class_id)


def test_scores_are_listed_with_those_that_failed_first(cast, platform, course, graded, work):
    platform.script("POST", "/7/lineitems/1/", Response("", 403))
    do(cast.ben, complete, graded[2][0])
    work()
    with unit_of_work(organization_id=course.organization_id):
        (row,) = queries.scores(course.class_id)
        assert (row.name, row.label, row.state) == ("Ben", "Sample path", ScoreState.FAILED)
        assert queries.counts(course.class_id)[ScoreState.FAILED] == 1


def test_the_due_date_is_a_date_a_learner_has(graded, course):
    with unit_of_work(organization_id=course.organization_id) as db:
        ends_at = db.scalars(select(LtiLineItem.ends_at)).one()
    assert isinstance(ends_at.date(), date)
    assert ends_at in {item.due_at for item in graded[2]}
