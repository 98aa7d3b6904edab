"""From a platform's listing to the class."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from werkzeug import Response

from portal import clock
from portal.classes.queries import people, role_of
from portal.errors import Forbidden, NotFound
from portal.lti.roster import queries, services
from portal.lti.roster.listing import Listed, Listing, Status
from portal.models.classes import ClassRole
from portal.models.events import JobState
from portal.models.lti import LtiContext, LtiUser
from portal.models.organizations import Member, MemberStatus, Role
from portal.models.people import DueWork
from portal.models.schedules import Schedule, ScheduleItem
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.lti import join, make_lti_user

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"


def listed(sub, role="Learner", **more):
    return {"user_id": sub, "roles": [f"{M}#{role}"], "name": sub.title(), **more}


@pytest.fixture
def read(cast, course, work):
    """Ask for the roster and let the job run; the run."""

    def go(*, whole=False):
        with unit_of_work(organization_id=course.organization_id):
            services.begin(course.class_id, whole=whole, now=clock.now())
        work()
        with unit_of_work(organization_id=course.organization_id) as db:
            run = queries.run_of(course.class_id)
            db.expunge(run)
            return run

    return go


def names(course):
    with unit_of_work(organization_id=course.organization_id):
        return {person.name: person.role for person in people(course.class_id)}


def test_the_course_comes_over_as_members_without_an_account(platform, course, read):
    platform.people = [listed("mia", email="mia@example.org"), listed("noah"), listed("tom", "Instructor")]
    run = read()
    assert (run.state, run.done, run.total, run.data) == (JobState.DONE, 3, 3, {"added": 3, "removed": 0})
    found = names(course)
    assert {name: found[name] for name in ("Mia", "Noah", "Tom")} == {
        "Mia": ClassRole.STUDENT,
        "Noah": ClassRole.STUDENT,
        "Tom": ClassRole.TEACHER,
    }
    with unit_of_work(organization_id=course.organization_id) as db:
        mia = db.scalars(select(Member).where(Member.name == "Mia")).one()
        assert (mia.user_id, mia.status, mia.email, mia.role) == (
            None,
            MemberStatus.ACTIVE,
            "mia@example.org",
            Role.STUDENT,
        )
        assert db.scalars(select(Member.role).where(Member.name == "Tom")).one() is Role.MEMBER


def test_who_is_absent_from_a_full_listing_leaves_the_class_and_stays_a_member(cast, platform, course, read, work):
    mia = join(cast, course, "mia")
    publish(make_path(course.organization_id), course.class_id, cast.ada, now=clock.now())
    platform.people = [listed("noah")]
    assert read().data == {"added": 1, "removed": 1}
    with unit_of_work(organization_id=course.organization_id) as db:
        assert role_of(course.class_id, mia) is None
        assert db.get(Member, mia).status is not MemberStatus.REMOVED
        open_items = select(ScheduleItem.id).where(ScheduleItem.member_id == mia, ScheduleItem.removed_at.is_(None))
        assert db.scalars(open_items).all() == []


def test_who_was_enrolled_in_the_portal_stays(cast, platform, course, read):
    platform.people = [listed("noah")]
    read()
    assert {"Ada", "Ben"} <= names(course).keys()


def test_who_comes_back_is_in_the_class_again(cast, platform, course, read):
    mia = join(cast, course, "mia")
    platform.people = [listed("noah")]
    read()
    platform.people = [listed("noah"), listed("mia")]
    assert read().data == {"added": 1, "removed": 0}
    with unit_of_work(organization_id=course.organization_id):
        assert role_of(course.class_id, mia) is ClassRole.STUDENT


@pytest.mark.parametrize("status", ["Inactive", "Deleted"])
def test_who_is_inactive_or_deleted_is_out(cast, platform, course, read, status):
    mia = join(cast, course, "mia")
    platform.people = [listed("noah"), listed("mia", status=status), listed("zoe", status=status)]
    read()
    with unit_of_work(organization_id=course.organization_id) as db:
        assert role_of(course.class_id, mia) is None
        assert db.scalars(select(Member.id).where(Member.name == "Zoe")).all() == []


def test_differences_take_out_only_who_is_named(cast, platform, course, read):
    mia, noah = join(cast, course, "mia"), join(cast, course, "noah")
    with unit_of_work(organization_id=course.organization_id) as db:
        db.get(LtiContext, course.context_id).differences_url = platform.members_url + "?since=5"
    platform.people = [listed("mia", status="Deleted"), listed("zoe")]
    assert read().data == {"added": 1, "removed": 1}
    with unit_of_work(organization_id=course.organization_id):
        assert role_of(course.class_id, mia) is None
        assert role_of(course.class_id, noah) is ClassRole.STUDENT
    assert platform.asked("GET", "/Context")[-1].query == {"since": ["5"]}


def test_roles_follow_the_course_but_no_teacher_is_made_less(cast, platform, course, read):
    make_lti_user(course, "ada", cast.ada.member_id)
    mia = join(cast, course, "mia")
    platform.people = [
        listed("ada", "Learner"),
        listed("mia", "Instructor#TeachingAssistant".replace("Instructor#", "")),
    ]
    platform.people[1]["roles"] = [f"{M}/Instructor#TeachingAssistant"]
    read()
    with unit_of_work(organization_id=course.organization_id):
        assert role_of(course.class_id, cast.ada.member_id) is ClassRole.TEACHER
        assert role_of(course.class_id, mia) is ClassRole.ASSISTANT


def test_names_follow_the_course_unless_the_person_has_an_account(cast, platform, course, read):
    make_lti_user(course, "ben", cast.ben.member_id)
    join(cast, course, "mia")
    platform.people = [listed("ben", name="Benjamin"), listed("mia", name="Mia Smith")]
    read()
    assert {"Ben", "Mia Smith"} <= names(course).keys()


def test_an_address_another_member_has_is_offered_as_a_merge_and_not_taken(cast, platform, course, read):
    platform.people = [listed("mia", email=cast.ben.email.upper()), listed("zoe", email="one@example.org")]
    platform.people.append(listed("zak", email="ONE@example.org"))
    read()
    with unit_of_work(organization_id=course.organization_id) as db:
        user = db.scalars(select(LtiUser).where(LtiUser.sub == "mia")).one()
        assert user.merge_with_id == cast.ben.member_id != user.member_id
        emails = dict(db.execute(select(Member.name, Member.email).where(Member.name.in_(("Mia", "Zoe", "Zak")))).all())
        assert emails == {"Mia": None, "Zoe": "one@example.org", "Zak": None}


def test_new_students_get_the_class_paths(cast, platform, course, read, work):
    publish(make_path(course.organization_id), course.class_id, cast.ada, now=clock.now())
    platform.people = [listed("mia")]
    read()
    work(clock.now() + timedelta(minutes=1))
    with unit_of_work(organization_id=course.organization_id) as db:
        mia = db.scalars(select(Member.id).where(Member.name == "Mia")).one()
        assert len(db.scalars(select(Schedule.id).where(Schedule.member_id == mia)).all()) == 1


def test_a_listing_of_nobody_changes_nothing_and_says_so(cast, platform, course, read):
    join(cast, course, "mia")
    run = read()
    assert (run.state, "lists nobody" in run.error) == (JobState.FAILED, True)
    assert "Mia" in names(course)


def test_a_fault_on_the_second_page_changes_nothing_is_said_and_is_tried_again(cast, platform, course, read, work):
    join(cast, course, "mia")
    platform.people, platform.page_size = [listed("noah"), listed("zoe")], 1

    platform.script("GET", "/Context", platform._members, Response("", 500))
    run = read()
    assert run.state is JobState.FAILED
    assert "fault of its own" in run.error
    assert names(course).keys() >= {"Mia"}
    assert "Noah" not in names(course)
    with unit_of_work(organization_id=course.organization_id) as db:
        assert "fault of its own" in db.get(LtiContext, course.context_id).roster_error
    work(clock.now() + timedelta(hours=1))
    assert {"Noah", "Zoe"} <= names(course).keys()
    with unit_of_work(organization_id=course.organization_id) as db:
        context = db.get(LtiContext, course.context_id)
        assert context.roster_error is None
        assert context.roster_synced_at is not None
        assert queries.run_of(course.class_id).state is JobState.DONE


def test_what_trying_again_cannot_mend_is_not_tried_again(platform, course, read, work):
    platform.allowed_scopes = set()
    run = read()
    assert run.state is JobState.FAILED
    assert "does not allow this" in run.error
    asked = len(platform.asked("GET", "/Context"))
    work(clock.now() + timedelta(hours=2))
    assert len(platform.asked("GET", "/Context")) == asked


def test_reading_twice_changes_nothing(platform, course, read):
    platform.people = [listed("mia"), listed("tom", "Instructor")]
    read()
    before = names(course)
    assert read().data == {"added": 0, "removed": 0}
    assert names(course) == before


def test_everybody_is_listed_again_each_night(platform, course, read, work):
    platform.people = [listed("mia")]
    read()
    with unit_of_work() as db:
        (due_at,) = db.scalars(
            select(DueWork.due_at).where(DueWork.kind == services.NIGHTLY, DueWork.target_id == course.class_id)
        ).all()
    assert timedelta(0) < due_at - clock.now() <= timedelta(hours=30)
    assert 2 <= due_at.hour < 5
    with unit_of_work(organization_id=course.organization_id) as db:
        db.get(LtiContext, course.context_id).differences_url = platform.members_url + "?since=5"
    platform.people = [listed("noah")]
    with clock.frozen(due_at):
        work()
    found = names(course)
    assert ("Noah" in found, "Mia" in found) == (True, False)
    assert "since" not in platform.asked("GET", "/Context")[-1].query


def test_two_courses_of_one_class_are_read_together(cast, platform, course, read):
    with unit_of_work(organization_id=course.organization_id) as db:
        first = db.get(LtiContext, course.context_id)
        db.add(
            LtiContext(
                organization_id=course.organization_id,
                lti_deployment_id=course.deployment_id,
                context_id="8",
                class_id=course.class_id,
                title="Second section",
                memberships_url=first.memberships_url,
                scopes=[],
                created_at=clock.now(),
            )
        )
    mia = join(cast, course, "mia")

    platform.script(
        "GET",
        "/Context",
        Response(json.dumps({"members": [listed("noah")]})),
        Response(json.dumps({"members": [listed("mia")]})),
    )
    read()
    with unit_of_work(organization_id=course.organization_id):
        assert role_of(course.class_id, mia) is ClassRole.STUDENT
    assert "Noah" in names(course)


def test_only_who_may_enrol_asks_for_a_roster(cast, course):
    with unit_of_work(organization_id=course.organization_id):
        with pytest.raises(NotFound):
            services.request_sync(course.class_id, actor=cast.cleo, now=clock.now())
        with pytest.raises(Forbidden):
            services.request_sync(course.class_id, actor=cast.ben, now=clock.now())
        run_id = services.request_sync(course.class_id, actor=cast.ada, now=clock.now())
        assert services.request_sync(course.class_id, actor=cast.ada, now=clock.now()) == run_id


def test_many_people_take_no_more_statements_than_few(platform, course, app):
    def statements(first, last):
        listing = Listing(
            tuple(
                Listed(f"p{n}", f"P {n}", f"p{n}@example.org", ("Learner",), Status.ACTIVE) for n in range(first, last)
            ),
            full=False,
            differences=None,
        )
        seen = []
        with unit_of_work(organization_id=course.organization_id) as db:
            count = lambda *arguments: seen.append(arguments[2])  # noqa: E731  # a name for what stands in for a method
            event.listen(db.get_bind(), "before_cursor_execute", count)
            services.apply(course.class_id, [(course.platform_id, listing)], now=clock.now())
            event.remove(db.get_bind(), "before_cursor_execute", count)
        return len(seen)

    assert statements(0, 3) == statements(3, 303)
