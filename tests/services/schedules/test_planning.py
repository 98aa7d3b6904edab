"""From rows to plans and back: what is written, what stays, who is told."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.engine.interfaces import ExecuteStyle

from portal.assignments.services import publish_path
from portal.classes import services as classes
from portal.classes.services import ClassDraft, Overrides
from portal.extensions import db
from portal.models.calendars import FeedVersion
from portal.models.classes import ClassRole, Leave
from portal.models.events import Event
from portal.models.schedules import ItemStatus, Schedule, ScheduleItem
from portal.tenancy.scope import Scope, Unit, unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW, make_class
from tests.factories.classes import make_students

WEEK = [date(2026, 9, 7) + timedelta(days=number) for number in range(7)]


def dates(found):
    return [item.on_date for item in found]


def told(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        rows = session.scalars(select(Event.data).where(Event.name == "schedule.changed").order_by(Event.created_at))
        return [data["schedule_ids"] for data in rows]


def complete(cast, item):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        session.execute(
            update(ScheduleItem)
            .where(ScheduleItem.id == item.id)
            .values(status=ItemStatus.COMPLETED, started_at=item.starts_at, finished_at=item.starts_at)
        )


def as_ada(cast, act, *arguments, **values):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return act(cast.class_id, *arguments, actor=cast.ada, now=NOW, **values)


def blackout(cast, day):
    as_ada(cast, classes.add_blackout, day, day, "Off")


def test_every_student_gets_a_schedule_that_breaks_nothing(cast):
    make_students(cast.ada.organization_id, cast.class_id, 2)
    blackout(cast, WEEK[2])
    path = make_path(cast.ada.organization_id, [60, 30, 30, 45, 20])
    found = schedules(cast.ada, publish(path, cast.class_id, cast.ada))
    assert sorted(found) == ["Ben", "Student 000", "Student 001"]
    for schedule in found.values():
        mine = items(cast.ada, schedule.id)
        assert [item.version_step_id for item in mine] == list(path.step_ids), "each after the one before"
        assert [item.minutes for item in mine] == [60, 30, 30, 45, 20]
        load = Counter()
        for item in mine:
            load[item.on_date] += item.minutes
            assert item.status is ItemStatus.PLANNED
            assert item.member_id == schedule.member_id
            assert item.starts_at == datetime.combine(item.on_date, item.start_time, UTC)
            assert item.starts_at >= NOW
            assert time(8) <= item.start_time
            assert item.due_at >= item.starts_at + timedelta(minutes=item.minutes)
            assert item.on_date.weekday() < 5
            assert item.on_date != WEEK[2]
        assert max(load.values()) <= 60
        assert (schedule.revision, schedule.verdict, schedule.zone) == (1, "FEASIBLE", "UTC")
        assert schedule.finish_on == max(load)


def test_publishing_the_same_again_changes_nothing(cast):
    path = make_path(cast.ada.organization_id)
    assignment = publish(path, cast.class_id, cast.ada)
    (schedule,) = schedules(cast.ada, assignment).values()
    before = [(i.id, i.starts_at, i.sequence, i.changed_at) for i in items(cast.ada, schedule.id)]
    assert publish(path, cast.class_id, cast.ada, now=NOW + timedelta(hours=1)) == assignment
    (again,) = schedules(cast.ada, assignment).values()
    assert again.revision == 1
    assert [(i.id, i.starts_at, i.sequence, i.changed_at) for i in items(cast.ada, schedule.id)] == before


def test_a_day_off_moves_what_it_hits_keeps_identity_and_tells(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    (schedule,) = schedules(cast.ada, assignment).values()
    before = items(cast.ada, schedule.id)
    assert dates(before) == WEEK[:4]
    settle()
    blackout(cast, WEEK[3])
    settle()
    after = items(cast.ada, schedule.id)
    assert dates(after) == [*WEEK[:3], WEEK[4]]
    assert [item.id for item in after] == [item.id for item in before]
    assert [item.sequence for item in after] == [0, 0, 0, 1]
    assert schedules(cast.ada, assignment)["Ben"].revision == 2
    assert schedules(cast.ada, assignment)["Ben"].finish_on == WEEK[4]
    assert told(cast) == [[str(schedule.id)]]


def test_a_day_off_that_hits_nobody_tells_nobody(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    blackout(cast, date(2026, 12, 1))
    settle()
    assert schedules(cast.ada, assignment)["Ben"].revision == 1
    assert told(cast) == []


def test_what_was_done_stays_as_it_was_done(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    (schedule,) = schedules(cast.ada, assignment).values()
    first = items(cast.ada, schedule.id)[0]
    complete(cast, first)
    blackout(cast, first.on_date)
    settle()
    again = next(item for item in items(cast.ada, schedule.id) if item.id == first.id)
    assert (again.on_date, again.start_time, again.status) == (first.on_date, first.start_time, ItemStatus.COMPLETED)


def test_a_verdict_that_changes_without_a_date_is_stored_and_tells_nobody(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    draft = ClassDraft(
        name="Year 5", zone="UTC", starts_on=WEEK[0], weekday_minutes=[60] * 5 + [0, 0], soft_ends_on=WEEK[1]
    )
    with unit_of_work(organization_id=cast.ada.organization_id):
        classes.save_class(draft, class_id=cast.class_id, actor=cast.ada, now=NOW)
    settle()
    schedule = schedules(cast.ada, assignment)["Ben"]
    assert schedule.verdict != "FEASIBLE"
    assert [entry["title"] for entry in schedule.report["late"]] == ["Step 3", "Step 4"]
    assert schedule.revision == 1
    assert told(cast) == []


def test_who_joins_late_is_planned_alone_from_their_own_start(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    before = [(i.id, i.starts_at, i.changed_at) for i in items(cast.ada, schedules(cast.ada, assignment)["Ben"].id)]
    as_ada(cast, classes.enrol_by_email, "eva@example.org", "Eva", ClassRole.STUDENT, starts_on=date(2026, 9, 14))
    settle()
    found = schedules(cast.ada, assignment)
    assert dates(items(cast.ada, found["Eva"].id)) == [date(2026, 9, 14) + timedelta(days=n) for n in range(4)]
    assert found["Eva"].starts_on == date(2026, 9, 14)
    assert [(i.id, i.starts_at, i.changed_at) for i in items(cast.ada, found["Ben"].id)] == before
    assert told(cast) == [[str(found["Eva"].id)]]


def test_own_days_zone_hours_and_pace_shape_the_schedule(cast):
    own = Overrides(
        zone="Asia/Tokyo",
        weekday_minutes=[0, 0, 0, 0, 0, 120, 0],
        study_from=time(18),
        study_until=time(21),
        pace_multiplier_percent=150,
    )
    as_ada(cast, classes.change_enrolment, cast.ben.member_id, own)
    found = schedules(cast.ada, publish(make_path(cast.ada.organization_id, [60, 60]), cast.class_id, cast.ada))
    assert found["Ben"].zone == "Asia/Tokyo"
    mine = items(cast.ada, found["Ben"].id)
    assert [item.minutes for item in mine] == [90, 90]
    assert all(item.on_date.weekday() == 5 for item in mine)
    assert all(time(18) <= item.start_time <= time(19, 30) for item in mine)
    assert [i.starts_at for i in mine] == [
        datetime.combine(i.on_date, i.start_time, UTC) - timedelta(hours=9) for i in mine
    ]


def test_leave_is_kept_free(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        session.add(
            Leave(
                organization_id=cast.ada.organization_id,
                member_id=cast.ben.member_id,
                starts_on=WEEK[0],
                ends_on=WEEK[2],
            )
        )
    found = schedules(
        cast.ada, publish(make_path(cast.ada.organization_id, [60]), cast.class_id, cast.ada, arrangement="SOON")
    )
    assert dates(items(cast.ada, found["Ben"].id)) == [WEEK[3]]


def test_two_paths_share_the_minutes_of_a_day(cast):
    first = publish(make_path(cast.ada.organization_id, title="A"), cast.class_id, cast.ada, arrangement="SOON")
    second = publish(make_path(cast.ada.organization_id, title="B"), cast.class_id, cast.ada, arrangement="SOON")
    mine = [i for key in (first, second) for i in items(cast.ada, schedules(cast.ada, key)["Ben"].id)]
    assert Counter(dates(mine)).most_common(1)[0][1] == 1, "an hour a day, whatever the path"
    assert len(mine) == 8


def test_two_paths_share_the_minutes_of_a_week_that_has_begun(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        classes.save_class(
            ClassDraft("Year 5", "UTC", WEEK[0], [60] * 5 + [0, 0], weekly_cap_minutes=120),
            class_id=cast.class_id,
            actor=cast.ada,
            now=NOW,
        )
        session.flush()
    first = publish(make_path(cast.ada.organization_id, [60, 60]), cast.class_id, cast.ada, arrangement="SOON")
    for item in items(cast.ada, schedules(cast.ada, first)["Ben"].id):
        complete(cast, item)
    wednesday = NOW + timedelta(days=2)
    second = publish(
        make_path(cast.ada.organization_id, [60]), cast.class_id, cast.ada, now=wednesday, arrangement="SOON"
    )
    assert dates(items(cast.ada, schedules(cast.ada, second)["Ben"].id)) == [date(2026, 9, 14)]


def test_who_leaves_keeps_what_was_done_and_loses_what_is_open(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    schedule = schedules(cast.ada, assignment)["Ben"]
    done, *open_ = items(cast.ada, schedule.id)
    complete(cast, done)
    as_ada(cast, classes.remove_enrolment, cast.ben.member_id)
    settle()
    assert [item.id for item in items(cast.ada, schedule.id)] == [done.id]
    gone = [item for item in items(cast.ada, schedule.id, removed=True) if item.removed_at]
    assert {item.id for item in gone} == {item.id for item in open_}
    assert all(item.sequence == 1 for item in gone), "calendars cancel them"


def test_who_comes_back_before_the_leaving_is_handled_loses_nothing(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    schedule = schedules(cast.ada, assignment)["Ben"]
    before = [item.id for item in items(cast.ada, schedule.id)]
    as_ada(cast, classes.remove_enrolment, cast.ben.member_id)
    as_ada(cast, classes.enrol_member, cast.ben.member_id, ClassRole.STUDENT)
    settle()
    assert [item.id for item in items(cast.ada, schedule.id)] == before


def test_who_comes_back_later_gets_the_open_work_again(cast, settle):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    schedule = schedules(cast.ada, assignment)["Ben"]
    complete(cast, items(cast.ada, schedule.id)[0])
    as_ada(cast, classes.remove_enrolment, cast.ben.member_id)
    settle()
    as_ada(cast, classes.enrol_member, cast.ben.member_id, ClassRole.STUDENT)
    settle()
    again = items(cast.ada, schedule.id)
    assert len({item.version_step_id for item in again}) == 4
    assert schedules(cast.ada, assignment)["Ben"].revision == 2


def test_a_new_version_keeps_the_dates_of_the_steps_it_still_has(cast):
    school = cast.ada.organization_id
    first = make_path(school)
    assignment = publish(first, cast.class_id, cast.ada, arrangement="SOON")
    schedule = schedules(cast.ada, assignment)["Ben"]
    before = items(cast.ada, schedule.id)
    complete(cast, before[0])
    second = make_path(school, [60, 60, 60], of=first, keys=[*first.keys[:2], first.keys[3]])
    assert publish(second, cast.class_id, cast.ada, arrangement="SOON") == assignment
    after = items(cast.ada, schedule.id)
    assert [(i.id, i.on_date) for i in after] == [(i.id, i.on_date) for i in before if i.id != before[2].id]
    assert [item.version_step_id for item in after] == list(second.step_ids)
    assert schedules(cast.ada, assignment)["Ben"].revision == 2


def test_a_learner_s_feed_rises_only_with_a_change(cast, settle):
    def version():
        with unit_of_work(organization_id=cast.ada.organization_id) as session:
            return session.scalar(select(FeedVersion.version).where(FeedVersion.member_id == cast.ben.member_id))

    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    published = version()
    assert published == 1
    blackout(cast, date(2026, 12, 1))
    settle()
    assert version() == published
    blackout(cast, WEEK[1])
    settle()
    assert version() == published + 1


def test_schedules_of_another_organization_are_invisible(cast):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    with unit_of_work(organization_id=cast.dora.organization_id) as session:
        assert session.scalar(select(func.count(Schedule.id))) == 0
        assert session.scalar(select(func.count(ScheduleItem.id))) == 0


def in_statements(cast, act):
    """How many statements ``act`` takes; none of them runs once a row. Nothing is kept."""
    seen = []

    def note(_connection, _cursor, statement, _parameters, context, _executemany):
        seen.append((" ".join(statement.split())[:70], context.execute_style))

    unit = Unit(Scope(cast.ada.organization_id))
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        unit.close()
    assert [statement for statement, style in seen if style is ExecuteStyle.EXECUTEMANY] == []
    return len(seen)


@pytest.mark.parametrize("again", [False, True], ids=["first plan", "re-plan"])
def test_the_number_of_statements_does_not_grow_with_the_students(cast, again):
    school = cast.ada.organization_id
    path = make_path(school)
    counts = []
    for students in (2, 40):
        class_id = make_class(school, f"Class of {students}")
        make_students(school, class_id, students)

        def act(class_id=class_id):
            if again:
                with unit_of_work(organization_id=school):
                    classes.add_blackout(class_id, WEEK[1], WEEK[1], "x", actor=cast.ada, now=NOW)
            publish_here(class_id)

        def publish_here(class_id):
            from_service = publish_path(path.version_id, class_id, policy={}, actor=cast.ada, now=NOW)
            assert from_service.state == "PUBLISHED"

        if again:
            publish(path, class_id, cast.ada)
        counts.append(in_statements(cast, act))
    assert counts[0] == counts[1]
