"""What makes plans follow: each happening moves what it must, once, by one job a class; the others write nothing."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, func, select

from portal import clock
from portal.accounts.queries import user_of
from portal.accounts.services import change_profile
from portal.classes import services as classes
from portal.classes.services import ClassDraft, Overrides
from portal.config import ROOT
from portal.events.outbox import EVENT
from portal.models.calendars import FeedVersion
from portal.models.classes import ClassRole, Enrolment
from portal.models.notifications import Delivery, Notification
from portal.models.organizations import Member, Role
from portal.models.people import DueWork
from portal.models.plans import ChangeKind, PlanChange, PlanDiff, PlanRequest
from portal.models.schedules import Schedule, ScheduleItem
from portal.organizations import services as organizations
from portal.progress import services as progress
from portal.schedules import triggers
from portal.schedules.services import BATCH
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW, enrol, make_class, make_member, make_user
from tests.factories.classes import make_students
from tests.factories.people import link_in, mails, register_person, send_mails, token_of

MON, TUE, WED, THU, FRI, SAT = [date(2026, 9, 7) + timedelta(days=number) for number in range(6)]
MIDNIGHT = datetime(2026, 9, 8, tzinfo=UTC)
BEFORE_TUESDAY_S_STUDY = MIDNIGHT.replace(hour=7)
PLANS = (Schedule, ScheduleItem, PlanChange, PlanDiff, PlanRequest)
TELLING = (Notification, Delivery)


@pytest.fixture
def planned(cast, settle):
    """Four hours in a chain with a day between, one each day from Monday, for ben; the assignment's id."""
    path = make_path(cast.ada.organization_id, lag_days=1)
    assignment_id = publish(path, cast.class_id, cast.ada, arrangement="SOON")
    settle()
    return assignment_id


def within(cast):
    return unit_of_work(organization_id=cast.ada.organization_id)


def of_ben(cast, assignment_id):
    return items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id)


def dates(cast, assignment_id):
    return [item.on_date for item in of_ben(cast, assignment_id)]


def rows(cast, *models):
    """Every row of these tables."""
    with within(cast) as db:
        return [db.execute(select(model.__table__).order_by(model.__table__.c[0])).all() for model in models]


def feeds(cast):
    with within(cast) as db:
        return db.execute(select(FeedVersion.member_id, FeedVersion.version).order_by(FeedVersion.member_id)).all()


def replanned(cast):
    with within(cast) as db:
        found = db.scalars(select(PlanChange).where(PlanChange.kind == ChangeKind.REPLANNED)).all()
        db.expunge_all()
    return found


def told(cast):
    """Who got a notice of changed dates, a name a notice."""
    with within(cast) as db:
        return db.scalars(
            select(Member.name)
            .join(Notification, Notification.member_id == Member.id)
            .where(Notification.kind == "schedule.changed")
            .order_by(Member.name)
        ).all()


def as_ada(cast, act, *arguments, **values):
    with within(cast):
        return act(*arguments, actor=cast.ada, now=NOW, **values)


def finish_first_on_tuesday(cast, assignment_id):
    first = of_ben(cast, assignment_id)[0]
    with within(cast):
        progress.complete(first.id, actor=cast.ben, now=BEFORE_TUESDAY_S_STUDY)


def join_on_wednesday(cast, assignment_id):
    as_ada(cast, classes.change_enrolment, cast.class_id, cast.ben.member_id, Overrides(starts_on=WED))


def study_other_days(cast, assignment_id):
    own = Overrides(weekday_minutes=[0, 0, 60, 60, 60, 0, 0])
    as_ada(cast, classes.change_enrolment, cast.class_id, cast.ben.member_id, own)


def close_tuesday(cast, assignment_id):
    as_ada(cast, classes.add_blackout, cast.class_id, TUE, TUE, "Trip")


def close_tuesday_everywhere(cast, assignment_id):
    as_ada(cast, classes.add_blackout, None, TUE, TUE, "Holiday")


def begin_on_wednesday(cast, assignment_id):
    draft = ClassDraft(name="Year 5", zone="UTC", starts_on=WED, weekday_minutes=[60] * 5 + [0, 0])
    as_ada(cast, classes.save_class, draft, class_id=cast.class_id)


def go_to_tokyo(cast, assignment_id):
    change_profile(cast.ben.user_id, name="Ben", zone="Asia/Tokyo", locale="en", now=NOW)


@pytest.mark.parametrize(
    ("happening", "cause", "at"),
    [
        (finish_first_on_tuesday, "completion", BEFORE_TUESDAY_S_STUDY),
        (join_on_wednesday, "roster", NOW),
        (study_other_days, "roster", NOW),
        (close_tuesday, "calendar", NOW),
        (close_tuesday_everywhere, "calendar", NOW),
        (begin_on_wednesday, "calendar", NOW),
        (go_to_tokyo, "preference", NOW),
    ],
)
def test_each_happening_moves_dates_once_and_tells_once(cast, planned, settle, happening, cause, at):
    before = [item.starts_at for item in of_ben(cast, planned)]
    happening(cast, planned)
    settle(at)
    assert [item.starts_at for item in of_ben(cast, planned)] != before
    (change,) = replanned(cast)
    assert change.detail == {"causes": [cause]}
    assert change.learners == 1
    assert told(cast) == ["Ben"]
    after = rows(cast, *PLANS, *TELLING)
    settle(at + timedelta(minutes=1))
    assert rows(cast, *PLANS, *TELLING) == after, "met once"


def close_a_saturday(cast, assignment_id):
    as_ada(cast, classes.add_blackout, cast.class_id, SAT, SAT, "Fair")


def close_a_saturday_everywhere(cast, assignment_id):
    as_ada(cast, classes.add_blackout, None, SAT, SAT, "Fair")


def save_the_class_as_it_is(cast, assignment_id):
    draft = ClassDraft(
        name="Year 5",
        zone="UTC",
        starts_on=MON,
        weekday_minutes=[60] * 5 + [0, 0],
        study_from=time(8),
        study_until=time(22),
    )
    as_ada(cast, classes.save_class, draft, class_id=cast.class_id)


def save_the_student_as_he_is(cast, assignment_id):
    as_ada(cast, classes.change_enrolment, cast.class_id, cast.ben.member_id, Overrides())


def name_the_zone_there_is(cast, assignment_id):
    change_profile(cast.ben.user_id, name="Ben", zone="UTC", locale="en", now=NOW)


@pytest.mark.parametrize(
    "happening",
    [
        close_a_saturday,
        close_a_saturday_everywhere,
        save_the_class_as_it_is,
        save_the_student_as_he_is,
        name_the_zone_there_is,
    ],
)
def test_a_happening_that_changes_no_date_writes_nothing_and_tells_nobody(cast, planned, settle, happening):
    before = rows(cast, *PLANS, *TELLING), feeds(cast)
    happening(cast, planned)
    settle()
    assert (rows(cast, *PLANS, *TELLING), feeds(cast)) == before


def test_work_done_in_time_plans_nothing_again(cast, planned, settle):
    with within(cast):
        progress.complete(of_ben(cast, planned)[0].id, actor=cast.ben, now=NOW)
    before = rows(cast, *PLANS, *TELLING)
    settle()
    assert rows(cast, *PLANS, *TELLING) == before


@pytest.mark.parametrize("again", [False, True], ids=["the same version", "a new version that says the same"])
def test_a_publishing_that_changes_no_date_writes_no_item_and_tells_nobody(cast, settle, again):
    path = make_path(cast.ada.organization_id)
    assignment = publish(path, cast.class_id, cast.ada, arrangement="SOON")
    settle()
    before = rows(cast, Schedule, PlanChange, PlanDiff, *TELLING)
    places = [(item.id, item.starts_at, item.sequence) for item in of_ben(cast, assignment)]
    newer = make_path(cast.ada.organization_id, of=path, keys=path.keys) if again else path
    assert publish(newer, cast.class_id, cast.ada, arrangement="SOON") == assignment
    settle()
    after = rows(cast, Schedule, PlanChange, PlanDiff, *TELLING)
    assert after[0] == before[0]
    assert after[2:] == before[2:]
    assert [(item.id, item.starts_at, item.sequence) for item in of_ben(cast, assignment)] == places
    assert [item.version_step_id for item in of_ben(cast, assignment)] == list(newer.step_ids)


def test_missed_work_that_is_left_by_policy_is_looked_at_without_a_trace(cast, settle):
    assignment = publish(
        make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON", missed="LEAVE"
    )
    settle()
    before = rows(cast, *PLANS)
    settle(MIDNIGHT)
    settle(MIDNIGHT + timedelta(days=1))
    assert rows(cast, *PLANS) == before
    assert dates(cast, assignment) == [MON, TUE, WED, THU]
    assert told(cast) == []


def test_what_happens_within_one_window_is_met_by_one_job(cast, planned, settle, drain):
    close_tuesday(cast, planned)
    study_other_days(cast, planned)
    as_ada(cast, classes.add_blackout, cast.class_id, WED, WED, "Trip")
    with clock.frozen(NOW):
        drain(NOW, kind=EVENT)
    with within(cast) as db:
        due = select(func.count()).where(DueWork.kind == triggers.WANTED, DueWork.target_id == cast.class_id)
        assert db.scalar(due) == 1
        assert db.scalar(select(func.count()).select_from(PlanRequest)) == 3
    settle()
    (change,) = replanned(cast)
    assert change.detail == {"causes": ["calendar", "roster"]}
    assert told(cast) == ["Ben"]
    assert dates(cast, planned) == [THU, FRI, WED + timedelta(days=7), THU + timedelta(days=7)]
    assert rows(cast, PlanRequest) == [[]]


def test_a_worker_killed_between_two_batches_leaves_the_rest_to_the_next(cast, settle, settings):
    """The last student's row is held, so that the first batch is written and the second waits; then SIGKILL."""
    school = cast.ada.organization_id
    class_id = make_class(school, "Large")
    members = make_students(school, class_id, BATCH + 1)
    assignment = publish(make_path(school, (60,)), class_id, cast.ada, arrangement="SOON")
    settle()
    with clock.frozen(NOW):
        carried_out = as_ada(cast, classes.add_blackout, class_id, MON, MON, "Trip")
    assert carried_out.starts_on == MON
    with within(cast) as db:
        db.execute(delete(DueWork).where(DueWork.organization_id == school))
        triggers.ask(class_id, members, "calendar", now=NOW)
        db.flush()
        pointer = db.scalars(select(DueWork.id).where(DueWork.target_id == class_id)).one()
    with within(cast) as db:
        db.execute(select(Member.id).where(Member.id == max(members)).with_for_update()).one()
        worker = begin(pointer, school, settings)
        while not any(change.learners == BATCH for change in replanned(cast)):
            assert worker.poll() is None, "the worker ended by itself"
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=60)
    moved = len([schedule for schedule in schedules(cast.ada, assignment).values() if schedule.revision == 2])
    assert moved == BATCH
    assert len(rows(cast, PlanRequest)[0]) == BATCH + 1, "the wishes stand"
    settle()
    assert {schedule.revision for schedule in schedules(cast.ada, assignment).values()} == {2}
    (change,) = replanned(cast)
    assert (change.learners, change.moved) == (BATCH + 1, BATCH + 1)
    assert len(told(cast)) == len(set(told(cast))) == BATCH + 1, "everybody once"
    assert rows(cast, PlanRequest) == [[]]


def begin(pointer, organization_id, settings):
    """A process that does one piece of due work at the tests' time."""
    code = (
        "from datetime import datetime; from portal import clock; from portal.factory import create_app;"
        "from portal.jobs import runner; app = create_app();"
        f"context = app.app_context(); context.push(); frozen = clock.frozen(datetime.fromisoformat('{NOW}'));"
        f"frozen.__enter__(); runner.run('{pointer}', '{organization_id}', None)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "MIGRATION_DATABASE_URL": settings.migration_database_url,
            "REDIS_URL": settings.redis_url,
            "SECRET_KEY": settings.secret_key,
            "INSTANCE_DIR": str(settings.instance_dir),
        },
    )


def test_each_learner_s_day_ends_where_she_is(cast, settle):
    """At each local midnight the plan of whoever is there is made again, and no other."""
    zones = {"Kiritimati": "Pacific/Kiritimati", "London": "Europe/London", "Pago": "Pacific/Pago_Pago"}
    school = cast.ada.organization_id
    class_id = make_class(school, "Everywhere", weekday_minutes=[60] * 7)
    for name, zone in zones.items():
        member = make_member(school, make_user(name), Role.STUDENT)
        enrolment = enrol(school, class_id, member, ClassRole.STUDENT)
        with within(cast) as db:
            db.get_one(Enrolment, enrolment).zone = zone
    assignment = publish(make_path(school, (60, 60)), class_id, cast.ada, arrangement="SOON")

    def firsts():
        return {
            name: items(cast.ada, schedule.id)[0].on_date for name, schedule in schedules(cast.ada, assignment).items()
        }

    begun = firsts()
    ends = {
        name: datetime.combine(begun[name] + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
        for name, zone in zones.items()
    }
    for name in sorted(ends, key=ends.__getitem__):
        before = firsts()
        settle(ends[name] - timedelta(seconds=1))
        assert firsts()[name] == begun[name], "her day is not over"
        settle(ends[name])
        changed = {each for each, day in firsts().items() if day != before[each]}
        assert changed == {name}
    assert len(replanned(cast)) == 3


def test_who_accepts_an_invitation_from_another_zone_is_planned_by_her_own_clock(cast, planned, settle, mailbox):
    eva = register_person(zone="Europe/Paris")
    as_ada(cast, classes.enrol_by_email, cast.class_id, eva.email, "Eva", ClassRole.STUDENT)
    settle()
    first = items(cast.ada, schedules(cast.ada, planned)["Eva"].id)[1]
    assert first.starts_at.time() == time(8)
    send_mails(cast.ada.organization_id)
    (link,) = [link for mail in mails(mailbox, eva.email) if (link := link_in(mail)).startswith("/invitation")]
    organizations.accept(token_of(link), user=user_of(eva.user_id), now=NOW)
    settle()
    again = items(cast.ada, schedules(cast.ada, planned)["Eva"].id)[1]
    assert (again.start_time, again.starts_at.time()) == (time(8), time(6)), "08:00 in Paris"
    assert again.id == first.id


def test_an_archived_class_is_planned_no_more(cast, planned, settle):
    as_ada(cast, classes.archive_class, cast.class_id)
    before = rows(cast, *PLANS)
    close_tuesday(cast, planned)
    settle()
    settle(MIDNIGHT)
    assert rows(cast, *PLANS) == before
    assert told(cast) == []
