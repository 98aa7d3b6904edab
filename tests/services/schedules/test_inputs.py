"""Each thing a person may say of a step, a class or her own work, seen in the plan it leads to."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from portal.curricula.queries import version_for_planning
from portal.models.classes import Blackout, ClassMeeting, ClassRole, Enrolment
from portal.progress import services as progress
from portal.schedules import queries
from portal.schedules.inputs import path_of
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import enrol, make_class

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 9, 7)
TUESDAY = date(2026, 9, 8)
WEDNESDAY = date(2026, 9, 9)


@pytest.fixture
def study(cast):
    """Publishes a path of independent steps with these options to a class of ben's; his items in author order."""

    def plan(minutes, options=(), *, arrangement="SOON", chain=False, **of_class):
        school = cast.ada.organization_id
        class_id = make_class(school, "A class", **of_class)
        enrol(school, class_id, cast.ben.member_id, ClassRole.STUDENT)
        path = make_path(school, minutes, chain=chain, options=options)
        (schedule,) = schedules(cast.ada, publish(path, class_id, cast.ada, arrangement=arrangement)).values()
        mine = items(cast.ada, schedule.id)
        return sorted(mine, key=lambda item: (path.step_ids.index(item.version_step_id), item.starts_at))

    return plan


def add(cast, row, **values):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.add(row(organization_id=cast.ada.organization_id, **values))


def meets(cast, class_id, weekday, start, **values):
    add(cast, ClassMeeting, class_id=class_id, weekday=weekday, start_time=start, minutes=90, **values)


def test_a_step_at_a_meeting_starts_by_that_meeting_s_clock(cast):
    school = cast.ada.organization_id
    class_id = make_class(school, "Berlin", zone="Europe/Berlin", starts_on=date(2026, 10, 12))
    enrol(school, class_id, cast.ben.member_id, ClassRole.STUDENT)
    meets(cast, class_id, 3, time(10), skipped_on=[date(2026, 10, 15)])
    add(cast, Blackout, class_id=class_id, starts_on=date(2026, 10, 29), ends_on=date(2026, 10, 29), label="Off")
    anchors = [{"anchor": {"meeting": number, "offset_minutes": minutes}} for number, minutes in ((1, 0), (2, -30))]
    path = make_path(school, (30, 30, 60), chain=False, options=anchors)
    (schedule,) = schedules(cast.ada, publish(path, class_id, cast.ada, arrangement="SOON")).values()
    at = {item.version_step_id: item.starts_at for item in items(cast.ada, schedule.id)}
    assert at[path.step_ids[0]] == datetime(2026, 10, 22, 10, tzinfo=BERLIN), "the 15th is skipped"
    assert at[path.step_ids[1]] == datetime(2026, 11, 5, 9, 30, tzinfo=BERLIN), "the 29th is off, and summer time over"


def test_a_meeting_that_is_not_there_anchors_nothing(cast, study):
    (item,) = study([30], [{"anchor": {"meeting": 9, "offset_minutes": 0}}])
    assert item.on_date == MONDAY


def test_a_step_on_a_weekday_waits_for_it(cast, study):
    first, second = study([30, 30], [{"anchor": {"weekday": 3}}])
    assert first.on_date == date(2026, 9, 10)
    assert second.on_date == MONDAY, "what is independent goes ahead"


def test_a_step_in_a_week_is_done_in_that_week(cast, study):
    (item,) = study([30], [{"anchor": {"week": 3}}])
    assert date(2026, 9, 21) <= item.on_date <= date(2026, 9, 27)


def test_a_step_at_a_fixed_time_of_the_class_stands_there_even_on_a_day_without_study(cast, study):
    (item,) = study([30], [{"anchor": {"at": "2026-09-13T10:00"}}], zone="Europe/Berlin")
    assert item.starts_at == datetime(2026, 9, 13, 10, tzinfo=BERLIN)


def test_fixed_dates_open_and_close_a_step_by_the_clock_of_the_class(cast, study):
    opened, closed, left = study(
        [30, 30, 60],
        [{"release_at": "2026-09-10T18:00"}, {"lock_at": "2026-09-09T09:00"}, {"due_at": "2026-09-16T12:00"}],
        zone="Europe/Berlin",
        arrangement="SPREAD",
        soft_ends_on=date(2026, 10, 30),
    )
    assert opened.starts_at >= datetime(2026, 9, 10, 18, tzinfo=BERLIN)
    assert closed.starts_at + timedelta(minutes=30) <= datetime(2026, 9, 9, 9, tzinfo=BERLIN)
    assert left.due_at == datetime(2026, 9, 16, 12, tzinfo=BERLIN)


def test_a_break_splits_the_day_and_a_cap_holds_beside_its_minutes(cast, study):
    found = study(
        [60] * 4,
        study_from=time(11),
        study_until=time(15),
        study_breaks=[{"from": "12:00", "until": "14:00"}],
        weekday_minutes=[240] * 5 + [0, 0],
    )
    assert [(item.on_date, item.start_time) for item in found] == [
        *((MONDAY, time(11)), (MONDAY, time(14)), (TUESDAY, time(11)), (TUESDAY, time(14)))
    ]
    capped = study([60] * 2, weekday_minutes=[240] * 5 + [0, 0], daily_cap_minutes=60)
    assert [item.on_date for item in capped] == [WEDNESDAY, date(2026, 9, 10)], "beside what the other class takes"


def do(cast, action, item, at, **values):
    with unit_of_work(organization_id=cast.ada.organization_id):
        action(item.id, actor=cast.ben, now=at, **values)


def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), UTC)


def plan_of(cast, schedule_id):
    return [(i.version_step_id, i.status.value, i.on_date, i.minutes) for i in items(cast.ada, schedule_id)]


def test_what_is_left_of_a_step_begun_is_planned_when_its_day_is_over(cast, settle):
    path = make_path(cast.ada.organization_id, (60, 60))
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    first, second = items(cast.ada, schedule.id)
    do(cast, progress.start, first, at(MONDAY, 10))
    do(cast, progress.pause, first, at(MONDAY, 10, 20))
    settle(at(MONDAY, 12))
    assert plan_of(cast, schedule.id) == [
        (first.version_step_id, "IN_PROGRESS", MONDAY, 60),
        (second.version_step_id, "PLANNED", TUESDAY, 60),
    ], "its day is not over"
    settle(at(TUESDAY, 1))
    assert plan_of(cast, schedule.id) == [
        (first.version_step_id, "IN_PROGRESS", MONDAY, 60),
        (first.version_step_id, "PLANNED", TUESDAY, 40),
        (second.version_step_id, "PLANNED", WEDNESDAY, 60),
    ]
    rest = items(cast.ada, schedule.id)[1]
    do(cast, progress.complete, rest, at(TUESDAY, 10), actual_minutes=35)
    settle(at(TUESDAY, 12))
    assert [(status, minutes) for _step, status, _on, minutes in plan_of(cast, schedule.id)] == [
        *(("COMPLETED", 60), ("COMPLETED", 40), ("PLANNED", 60))
    ], "the step is done, and with it the item that was left half done"


def test_an_item_begun_today_is_not_done_because_another_part_is(cast):
    path = make_path(cast.ada.organization_id, (120,), splittable=True)
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    first, second = items(cast.ada, schedule.id)
    do(cast, progress.start, first, at(MONDAY, 10))
    do(cast, progress.pause, first, at(MONDAY, 10, 20))
    do(cast, progress.complete, second, at(MONDAY, 12))
    assert [status for _step, status, _on, _minutes in plan_of(cast, schedule.id)] == ["IN_PROGRESS", "COMPLETED"]


def test_finishing_the_begun_item_itself_takes_the_rest_away(cast, settle):
    path = make_path(cast.ada.organization_id, (60,))
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    (item,) = items(cast.ada, schedule.id)
    do(cast, progress.start, item, at(MONDAY, 10))
    do(cast, progress.pause, item, at(MONDAY, 10, 20))
    settle(at(TUESDAY, 1))
    assert len(items(cast.ada, schedule.id)) == 2
    do(cast, progress.complete, item, at(TUESDAY, 9))
    settle(at(TUESDAY, 12))
    assert plan_of(cast, schedule.id) == [(item.version_step_id, "COMPLETED", MONDAY, 60)]


def test_a_part_begun_today_leaves_the_other_parts_as_long_as_they_are(cast, settle):
    path = make_path(cast.ada.organization_id, (120,), splittable=True)
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    before = items(cast.ada, schedule.id)
    do(cast, progress.start, before[0], at(MONDAY, 10))
    do(cast, progress.pause, before[0], at(MONDAY, 10, 20))
    settle(at(MONDAY, 12))
    assert [(i.id, i.minutes) for i in items(cast.ada, schedule.id)] == [(i.id, i.minutes) for i in before]


def test_the_rest_counts_with_the_learner_s_own_pace(cast, settle):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        own = update(Enrolment).where(Enrolment.member_id == cast.ben.member_id).values(pace_multiplier_percent=150)
        db.execute(own)
    path = make_path(cast.ada.organization_id, (40,))
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    (item,) = items(cast.ada, schedule.id)
    assert item.minutes == 60
    do(cast, progress.start, item, at(MONDAY, 10))
    do(cast, progress.pause, item, at(MONDAY, 10, 25))
    settle(at(TUESDAY, 1))
    assert [minutes for _step, _status, _on, minutes in plan_of(cast, schedule.id)] == [60, 35]


def test_minutes_done_ahead_today_count_against_today(cast):
    school = cast.ada.organization_id
    ahead = make_path(school, (60,), options=[{"release_offset_days": 1}])
    (schedule,) = schedules(cast.ada, publish(ahead, cast.class_id, cast.ada, arrangement="SOON")).values()
    (item,) = items(cast.ada, schedule.id)
    assert item.on_date == TUESDAY
    do(cast, progress.start, item, at(MONDAY, 9, 5))
    do(cast, progress.pause, item, at(MONDAY, 9, 20))
    do(cast, progress.complete, item, at(MONDAY, 10), actual_minutes=45)
    with unit_of_work(organization_id=school):
        assert done_ahead(cast, "UTC", at(MONDAY, 11)) == 45
        assert done_ahead(cast, "UTC", at(TUESDAY, 1)) == 0
        assert done_ahead(cast, "Asia/Tokyo", at(MONDAY, 16)) == 0, "it is Tuesday there"
    more = publish(make_path(school, (30,)), cast.class_id, cast.ada, arrangement="SOON", now=at(MONDAY, 11))
    (found,) = items(cast.ada, schedules(cast.ada, more)["Ben"].id)
    assert found.on_date > MONDAY, "a quarter of an hour is left of Monday"


def test_minutes_of_today_s_own_work_are_not_counted_twice(cast):
    path = make_path(cast.ada.organization_id, (60,))
    (schedule,) = schedules(cast.ada, publish(path, cast.class_id, cast.ada, arrangement="SOON")).values()
    (item,) = items(cast.ada, schedule.id)
    do(cast, progress.complete, item, at(MONDAY, 10), actual_minutes=45)
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert done_ahead(cast, "UTC", at(MONDAY, 11)) == 0


def test_days_of_review_reach_the_engine(cast):
    path = make_path(cast.ada.organization_id, (30, 30), options=[{"review_offsets": [1, 7]}])
    with unit_of_work(organization_id=cast.ada.organization_id):
        steps = path_of(version_for_planning(path.version_id), "UTC").steps
    assert [step.review_offsets for step in steps] == [(1, 7), ()]


def done_ahead(cast, zone, now):
    return queries.minutes_on_other_days({cast.ben.member_id: ZoneInfo(zone)}, now=now).get(cast.ben.member_id, 0)
