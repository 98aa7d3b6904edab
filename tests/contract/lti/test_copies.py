"""A copied course: $Context.id.history and $ResourceLink.id.history take the bindings along."""

from sqlalchemy import select

from portal import clock
from portal.lti.grades import queries, services
from portal.lti.grades.policy import GradeKind, GradePolicy
from portal.lti.target import Target
from portal.models.classes import Classroom
from portal.models.lti import LtiContext, LtiLineItem, LtiResourceLink, LtiScore
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.launching import INSTRUCTOR
from tests.factories.assignments import make_path, publish


def launch(lms, context, link, **custom):
    answer = lms.launch(
        sub="teacher-1",
        roles=[INSTRUCTOR],
        context={"id": context, "title": f"Course {context}"},
        resource_link={"id": link, "title": "Guitar"},
        custom=custom,
    )
    assert answer.status_code == 303, answer.text


def links(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        rows = db.scalars(select(LtiResourceLink))
        return {row.resource_link_id: (row.curriculum_id, row.unit_id, row.step_id) for row in rows}


def test_a_copied_link_opens_what_the_original_opens(lms, cast):
    path = make_path(cast.ada.organization_id)
    launch(lms, "old", "l1", path=str(path.curriculum_id), step=str(path.keys[0]))
    launch(lms, "new", "l2", context_id_history="old", resource_link_id_history="l1")
    assert links(cast)["l2"] == links(cast)["l1"] == (path.curriculum_id, None, path.keys[0])


def test_the_nearest_original_counts(lms, cast):
    first, second = make_path(cast.ada.organization_id), make_path(cast.ada.organization_id)
    launch(lms, "oldest", "l0", path=str(first.curriculum_id))
    launch(lms, "old", "l1", path=str(second.curriculum_id))
    launch(lms, "new", "l2", context_id_history="old,oldest", resource_link_id_history="l1,l0")
    assert links(cast)["l2"][0] == second.curriculum_id


def test_what_the_link_says_itself_comes_before_its_history(lms, cast):
    first, second = make_path(cast.ada.organization_id), make_path(cast.ada.organization_id)
    launch(lms, "old", "l1", path=str(first.curriculum_id))
    launch(lms, "new", "l2", path=str(second.curriculum_id), resource_link_id_history="l1")
    assert links(cast)["l2"][0] == second.curriculum_id


def test_a_copied_course_is_a_class_of_its_own_with_the_originals_days(lms, cast):
    launch(lms, "old", "l1")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        old = db.get(Classroom, db.scalars(select(LtiContext.class_id)).one())
        old.weekday_minutes = [0, 0, 0, 0, 0, 90, 90]
    launch(lms, "new", "l2", context_id_history="old")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        new_id = db.scalars(select(LtiContext.class_id).where(LtiContext.context_id == "new")).one()
        new = db.get(Classroom, new_id)
        assert (new.id != old.id, new.weekday_minutes, new.name) == (True, [0, 0, 0, 0, 0, 90, 90], "Course new")


def test_a_history_of_unknown_ids_and_variables_that_came_as_they_are_bind_nothing(lms, cast):
    launch(lms, "new", "l2", context_id_history="$Context.id.history", resource_link_id_history="gone,other")
    assert links(cast)["l2"] == (None, None, None)


def test_a_path_of_another_organization_is_not_bound(lms, cast):
    foreign = make_path(cast.dora.organization_id)
    launch(lms, "new", "l2", path=str(foreign.curriculum_id))
    assert links(cast)["l2"] == (None, None, None)


def course(cast, context):
    """(its id, its class) of a course."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        row = db.execute(select(LtiContext.id, LtiContext.class_id).where(LtiContext.context_id == context)).one()
        return tuple(row)


def test_a_copied_course_wants_the_columns_of_the_original_without_their_addresses_dates_and_scores(lms, cast):
    path = make_path(cast.ada.organization_id)
    launch(lms, "old", "l1")
    old, _class_id = course(cast, "old")
    whole, step = Target(path.curriculum_id), Target(path.curriculum_id, step_id=path.keys[1])
    with unit_of_work(organization_id=cast.ada.organization_id):
        dates = {"starts_at": clock.now(), "ends_at": clock.now()}
        services.wish_column(old, whole, "Guitar", url="https://lms.example/1", now=clock.now(), **dates)
        services.wish_column(old, step, "Chords", now=clock.now())
    launch(lms, "new", "l2", context_id_history="old")
    new, _class_id = course(cast, "new")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        rows = db.scalars(select(LtiLineItem).where(LtiLineItem.lti_context_id == new).order_by(LtiLineItem.label))
        found = [(row.label, queries.target_of(row), row.url, row.starts_at, row.ends_at) for row in rows]
        assert found == [("Chords", step, None, None, None), ("Guitar", whole, None, None, None)]
        assert db.scalars(select(LtiScore)).all() == []


def published(cast, path, class_id):
    """The path in the class, as the platform part hears of it."""
    assignment_id = publish(path, class_id, cast.ada, now=clock.now())
    with unit_of_work(organization_id=cast.ada.organization_id):
        services.open_columns(assignment_id, now=clock.now())
    return assignment_id


def test_a_path_is_graded_in_the_copied_course_as_in_the_original_until_that_is_changed(lms, cast):
    path = make_path(cast.ada.organization_id)
    points = GradePolicy(GradeKind.POINTS, each=5, points={str(path.keys[0]): 20})
    launch(lms, "old", "l1")
    first = published(cast, path, course(cast, "old")[1])
    with unit_of_work(organization_id=cast.ada.organization_id):
        services.save_policy(first, points, actor=cast.ada, now=clock.now())
    launch(lms, "new", "l2", context_id_history="old")
    second = published(cast, path, course(cast, "new")[1])
    other = GradePolicy(GradeKind.PASS_FAIL, pass_percent=50)
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert queries.policy(second) == points
        services.save_policy(second, other, actor=cast.ada, now=clock.now())
        services.open_columns(second, now=clock.now())
        assert queries.policy(second) == other
        assert queries.policy(first) == points
