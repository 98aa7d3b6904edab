"""Columns of the gradebook: made, found, brought up to date, never doubled and never deleted."""

from datetime import timedelta

from sqlalchemy import select
from werkzeug import Response

from portal import clock
from portal.lti.grades import services
from portal.lti.target import Target
from portal.models.lti import LtiLineItem, LtiResourceLink
from portal.progress.services import complete
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.lti import make_lti_user
from tests.services.lti.grading import do


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


def test_units_and_steps_have_columns_of_their_own(cast, platform, course, begins_today, work):
    make_lti_user(course, "ben", cast.ben.member_id)
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


def test_a_column_that_cannot_be_made_yet_is_made_later_and_its_scores_follow(
    cast, platform, course, begins_today, work
):
    make_lti_user(course, "ben", cast.ben.member_id)
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


def test_a_deleted_column_is_made_again_and_the_score_arrives_there(cast, platform, course, graded, work):
    platform.line_items["kept"] = {"id": "kept"}
    del platform.line_items[next(iter(platform.line_items))]
    do(cast.ben, complete, graded[2][0])
    work()
    (made,) = (url for url in platform.line_items if url != "kept")
    assert [(item, score["scoreGiven"]) for item, score in platform.scores] == [(made, 25)]
    assert platform.asked("DELETE") == []
