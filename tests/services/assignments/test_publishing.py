"""Publishing a path to a class: the preview, the real thing, two educators at once, large classes."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.assignments import jobs, previewing, queries, services
from portal.classes import services as classes
from portal.classes.queries import students
from portal.classes.services import ClassDraft
from portal.errors import Conflict, Forbidden, NotFound
from portal.jobs.progress import begin_run
from portal.jobs.registry import EventRef
from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.models.events import AuditEntry, Event, JobState
from portal.models.schedules import Assignment, AssignmentState, Schedule, ScheduleItem
from portal.schedules import services as schedule_services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW, enrol, make_class
from tests.factories.classes import make_students

SOON = {"arrangement": "SOON"}


def count(cast, of):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        return session.scalar(select(func.count()).select_from(of))


def events(cast, name):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        return list(session.scalars(select(Event.data).where(Event.name == name)))


def preview(cast, path, *, actor=None, **policy):
    actor = actor or cast.ada
    with unit_of_work(organization_id=actor.organization_id):
        return previewing.preview(path.version_id, cast.class_id, policy={**SOON, **policy}, actor=actor, now=NOW)


def set_class(cast, **values):
    draft = ClassDraft("Year 5", "UTC", date(2026, 9, 7), **{"weekday_minutes": [60] * 5 + [0, 0], **values})
    with unit_of_work(organization_id=cast.ada.organization_id):
        classes.save_class(draft, class_id=cast.class_id, actor=cast.ada, now=NOW)


def run_of(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        run = queries.run_of(cast.class_id)
        session.expunge_all()
    return run


def state(cast, assignment_id):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        return session.get_one(Assignment, assignment_id).state


def test_a_preview_says_what_publishing_then_does_and_writes_nothing(cast):
    make_students(cast.ada.organization_id, cast.class_id, 2)
    path = make_path(cast.ada.organization_id, [60] * 7)
    found = preview(cast, path)
    assert (found.students, len(found.effects), found.count("added"), found.not_fitting) == (3, 3, 21, [])
    assert found.weeks == [(date(2026, 9, 7), 300, 300), (date(2026, 9, 14), 120, 120)]
    for table in (Assignment, Schedule, ScheduleItem):
        assert count(cast, table) == 0
    made = schedules(cast.ada, publish(path, cast.class_id, cast.ada, **SOON))
    assert [(each.finish_on, 3) for each in made.values()][:1] == found.finishes
    assert {each.finish_on for each in made.values()} == {found.finishes[0][0]}


def test_a_preview_names_who_does_not_fit_and_what(cast):
    set_class(cast, hard_ends_on=date(2026, 9, 8))
    enrol_late = make_students(cast.ada.organization_id, cast.class_id, 1)[0]
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        session.query(Enrolment).filter_by(member_id=enrol_late).update({"starts_on": date(2026, 9, 8)})
    found = preview(cast, make_path(cast.ada.organization_id, [60, 60]))
    assert [each.name for each in found.not_fitting] == ["Student 000"]
    assert [entry["title"] for entry in found.not_fitting[0].report["unplaced"]] == ["Step 2"]


def test_a_preview_of_a_path_there_is_counts_what_stays_and_what_moves(cast):
    path = make_path(cast.ada.organization_id)
    publish(path, cast.class_id, cast.ada, **SOON)
    with unit_of_work(organization_id=cast.ada.organization_id):
        day = date(2026, 9, 10)
        classes.add_blackout(cast.class_id, day, day, "x", actor=cast.ada, now=NOW)
    found = preview(cast, path)
    assert (found.kept, *map(found.count, ("moved", "added", "removed"))) == (3, 1, 0, 0)
    assert found.updates is not None


def test_a_preview_holds_no_learner(cast):
    path = make_path(cast.ada.organization_id)
    with unit_of_work(organization_id=cast.ada.organization_id):
        previewing.preview(path.version_id, cast.class_id, policy=SOON, actor=cast.ada, now=NOW)
        with unit_of_work(organization_id=cast.ada.organization_id) as meanwhile:
            meanwhile.execute(select(func.set_config("lock_timeout", "500ms", True)))
            services.publish_path(path.version_id, cast.class_id, policy=SOON, actor=cast.ada, now=NOW)
    assert count(cast, Schedule) == 1


def test_publishing_is_audited_and_told_once_with_the_assignment(cast):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    assert events(cast, "assignment.published") == [{"assignment_id": str(assignment)}]
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.target_id == assignment)).one()
        assert (entry.action, entry.actor_member_id) == ("assignment.published", cast.ada.member_id)


def test_publishing_to_nobody_waits_for_the_first_student(cast, settle):
    class_id = make_class(cast.ada.organization_id, "Empty")
    assignment = publish(make_path(cast.ada.organization_id), class_id, cast.ada, **SOON)
    assert schedules(cast.ada, assignment) == {}
    with unit_of_work(organization_id=cast.ada.organization_id):
        classes.enrol_member(class_id, cast.ben.member_id, ClassRole.STUDENT, actor=cast.ada, now=NOW)
    settle()
    assert list(schedules(cast.ada, assignment)) == ["Ben"]


def test_only_students_get_schedules(cast):
    enrol(cast.ada.organization_id, cast.class_id, cast.cleo.member_id, ClassRole.ASSISTANT)
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    assert list(schedules(cast.ada, assignment)) == ["Ben"]


def test_who_publishes_on_an_old_preview_is_told_so(cast):
    path = make_path(cast.ada.organization_id)

    def again(revision):
        with unit_of_work(organization_id=cast.ada.organization_id):
            services.publish_path(
                path.version_id, cast.class_id, policy=SOON, revision=revision, actor=cast.ada, now=NOW
            )

    again(0)
    with pytest.raises(Conflict):
        again(0)
    again(1)
    assert count(cast, Assignment) == 1


def test_a_second_publishing_waits_for_the_first_and_then_conflicts(cast):
    path = make_path(cast.ada.organization_id)
    with unit_of_work(organization_id=cast.ada.organization_id):
        services.publish_path(path.version_id, cast.class_id, policy=SOON, revision=0, actor=cast.ada, now=NOW)
        with unit_of_work(organization_id=cast.ada.organization_id) as second:
            second.execute(select(func.set_config("lock_timeout", "200ms", True)))
            with pytest.raises(OperationalError, match="lock timeout"):
                services.publish_path(path.version_id, cast.class_id, policy=SOON, revision=0, actor=cast.ada, now=NOW)
            second.rollback()
    assert count(cast, Assignment) == 1


@pytest.fixture
def large(cast, monkeypatch):
    """The class with more students than a request plans, in batches of two."""
    monkeypatch.setattr(services, "IN_REQUEST", 2)
    monkeypatch.setattr(schedule_services, "BATCH", 2)
    return make_students(cast.ada.organization_id, cast.class_id, 4)


def test_a_large_class_is_published_by_a_job_that_shows_how_far_it_is(cast, large, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    run = run_of(cast)
    assert (run.state, run.done, run.total) == (JobState.QUEUED, 0, 5)
    assert state(cast, assignment) is AssignmentState.PUBLISHING
    assert count(cast, Schedule) == 0
    assert events(cast, "assignment.published") == []
    settle()
    run = run_of(cast)
    assert (run.state, run.done, run.total, run.error) == (JobState.DONE, 5, 5, None)
    assert state(cast, assignment) is AssignmentState.PUBLISHED
    assert len(schedules(cast.ada, assignment)) == 5
    assert len(events(cast, "assignment.published")) == 1


def test_a_run_ends_when_its_job_ends(cast, large):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    ended = NOW + timedelta(minutes=20)
    with unit_of_work(organization_id=cast.ada.organization_id) as db, clock.frozen(ended):
        event = db.scalars(select(Event).where(Event.name == "assignment.publish_requested")).one()
        jobs.publish(EventRef(event.id, event.organization_id, event.name, event.data, NOW), NOW)
    assert run_of(cast).finished_at == ended


def test_while_a_job_publishes_to_a_class_nothing_else_is_published_there(cast, large, settle):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    other = make_path(cast.ada.organization_id, title="Another")
    with pytest.raises(Conflict):
        publish(other, cast.class_id, cast.ada)
    settle()
    publish(other, cast.class_id, cast.ada)


def test_a_job_that_dies_between_batches_goes_on_without_doing_anything_twice(cast, large, settle, monkeypatch):
    plan_class, calls = schedule_services.plan_class, []

    def dying(of, *args, **values):
        calls.extend([of] if of.organization_id == cast.ada.organization_id else [])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return plan_class(of, *args, **values)

    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    with monkeypatch.context() as patch:
        patch.setattr(schedule_services, "plan_class", dying)
        with pytest.raises(KeyboardInterrupt):
            settle()
    assert len(schedules(cast.ada, assignment)) == 2
    assert state(cast, assignment) is AssignmentState.PUBLISHING
    settle()
    found = schedules(cast.ada, assignment)
    assert len(found) == 5
    assert {each.revision for each in found.values()} == {1}
    assert all(len(items(cast.ada, each.id)) == 4 for each in found.values())


def test_a_job_that_fails_says_so_is_tried_again_and_does_not_block_the_class(cast, large, settle, monkeypatch):
    plan_class = schedule_services.plan_class

    def failing(of, *args, **values):
        if of.organization_id == cast.ada.organization_id:
            raise RuntimeError("broken")
        return plan_class(of, *args, **values)

    path = make_path(cast.ada.organization_id)
    assignment = publish(path, cast.class_id, cast.ada, **SOON)
    with monkeypatch.context() as patch:
        patch.setattr(schedule_services, "plan_class", failing)
        settle()
    run = run_of(cast)
    assert run.state is JobState.FAILED
    assert run.error
    assert publish(path, cast.class_id, cast.ada, **SOON) == assignment
    settle(NOW + timedelta(minutes=5))
    assert run_of(cast).state is JobState.DONE
    assert run_of(cast).error is None
    assert len(schedules(cast.ada, assignment)) == 5


def requests(cast):
    """The jobs asked for, oldest first."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        rows = db.scalars(select(Event).where(Event.name == "assignment.publish_requested").order_by(Event.id))
        return [EventRef(row.id, row.organization_id, row.name, row.data, NOW) for row in rows]


def fail(cast, monkeypatch, request, seen):
    """The job breaks at its first batch, when ``seen`` is told."""

    def failing(*args, **values):
        seen.append(run_of(cast).state)
        raise RuntimeError("broken")

    with monkeypatch.context() as patch, unit_of_work(organization_id=cast.ada.organization_id):
        patch.setattr(schedule_services, "plan_class", failing)
        with pytest.raises(RuntimeError):
            jobs.publish(request, NOW)


def test_a_job_tried_again_leaves_a_newer_publishing_alone(cast, large, settle, monkeypatch):
    path = make_path(cast.ada.organization_id)
    assignment = publish(path, cast.class_id, cast.ada, **SOON)
    (old,) = requests(cast)
    fail(cast, monkeypatch, old, [])
    publish(make_path(cast.ada.organization_id, of=path, keys=path.keys), cast.class_id, cast.ada, **SOON)
    with unit_of_work(organization_id=cast.ada.organization_id):
        jobs.publish(old, NOW)
    assert (run_of(cast).state, run_of(cast).done) == (JobState.QUEUED, 0)
    assert state(cast, assignment) is AssignmentState.PUBLISHING
    assert count(cast, Schedule) == 0
    settle()
    assert run_of(cast).state is JobState.DONE
    assert len(schedules(cast.ada, assignment)) == 5


def test_a_job_tried_again_keeps_newer_publishings_out_from_its_start(cast, large, monkeypatch):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    (request,) = requests(cast)
    seen = []
    fail(cast, monkeypatch, request, seen)
    fail(cast, monkeypatch, request, seen)
    assert seen == [JobState.RUNNING, JobState.RUNNING]


def test_who_is_enrolled_while_the_job_runs_gets_a_schedule_too(cast, large, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        begin_run("publish", f"publish:{cast.class_id}", assignment, total=5, created_by_id=None, now=NOW)
        session.query(Event).filter_by(name="assignment.publish_requested").update({"name": "held.back"})
        classes.enrol_by_email(cast.class_id, "eva@example.org", "Eva", ClassRole.STUDENT, actor=cast.ada, now=NOW)
    settle()
    assert state(cast, assignment) is AssignmentState.PUBLISHING
    assert list(schedules(cast.ada, assignment)) == ["Eva"]


def test_a_roster_of_removed_people_is_not_planned(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        session.query(Enrolment).filter_by(class_id=cast.class_id).update({"status": EnrolmentStatus.REMOVED})
        assert students(cast.class_id) == []
    assert schedules(cast.ada, publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)) == {}


@pytest.mark.parametrize(("who", "error"), [("ben", Forbidden), ("cleo", NotFound), ("dora", NotFound)])
@pytest.mark.parametrize("what", [previewing.preview, services.publish_path])
def test_only_the_class_s_teachers_and_admins_may_publish(cast, what, who, error):
    path = make_path(cast.ada.organization_id)
    actor = cast.everyone[who]
    with unit_of_work(organization_id=actor.organization_id), pytest.raises(error):
        what(path.version_id, cast.class_id, policy=SOON, actor=actor, now=NOW)


def test_a_version_of_another_organization_is_not_there(cast):
    foreign = make_path(cast.dora.organization_id)
    with pytest.raises(NotFound):
        publish(foreign, cast.class_id, cast.ada)


def test_the_class_s_list_shows_schedules_and_who_does_not_fit(cast):
    set_class(cast, hard_ends_on=date(2026, 9, 8))
    path = make_path(cast.ada.organization_id)
    publish(path, cast.class_id, cast.ada, **SOON)
    make_path(cast.ada.organization_id, of=path, keys=path.keys)
    with unit_of_work(organization_id=cast.ada.organization_id):
        (row,) = queries.assignments(cast.class_id)
    assert (row.schedules, row.not_fitting, row.number, row.newest) == (1, 1, 1, 2)
