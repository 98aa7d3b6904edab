"""Streaks and milestones of what learners really did: zones, midnight, missed work that moved, and the switches."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from portal.models.classes import Blackout, ClassRole, Classroom, Leave
from portal.models.organizations import Member, Organization, Role
from portal.models.schedules import Schedule, ScheduleItem
from portal.progress import services, streak_queries
from portal.progress.milestones import Kind
from portal.progress.streaks import Mark
from portal.schedules.changing import apply, preview
from portal.schedules.commands.arranging import CatchUp
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW, enrol, make_member, make_user

DAY = timedelta(days=1)


@pytest.fixture
def plan(cast):
    """ben's plan: an hour on each weekday of two weeks from Monday; its items."""
    assignment_id = publish(make_path(cast.ada.organization_id, (60,) * 10), cast.class_id, cast.ada)
    (schedule,) = schedules(cast.ada, assignment_id).values()
    return items(cast.ada, schedule.id)


def do(actor, action, item, at, **values):
    with unit_of_work(organization_id=actor.organization_id):
        action(item.id, actor=actor, now=at, **values)


def complete_on(actor, plan, *days):
    for number in days:
        do(actor, services.complete, plan[number if number < 5 else number - 2], NOW + number * DAY)


def streak(actor, day):
    with unit_of_work(organization_id=actor.organization_id):
        return streak_queries.streak(actor.member_id, today=(NOW + day * DAY).date())


def marks(found):
    return "".join(mark.value[0] for _day, mark in found.week)


def change(actor, *statements):
    with unit_of_work(organization_id=actor.organization_id) as db:
        for statement in statements:
            db.execute(statement)


def test_days_in_a_row_over_a_weekend(cast, plan):
    complete_on(cast.ben, plan, 0, 1, 2, 3, 4, 7)
    assert streak(cast.ben, 7).current == 6


def test_work_missed_stays_missed_after_it_was_caught_up(cast, plan):
    complete_on(cast.ben, plan, 0)
    before = streak(cast.ben, 3)
    command, at = CatchUp(plan_assignment(cast, plan), (cast.ben.member_id,)), NOW + 3 * DAY
    with unit_of_work(organization_id=cast.ben.organization_id):
        stamp = preview(command, actor=cast.ada, now=at).stamp
        apply(command, key="once", stamp=stamp, actor=cast.ada, now=at)
    assert all(item.on_date >= at.date() for item in items(cast.ada, plan[0].schedule_id) if item.finished_at is None)
    assert marks(before) == "SBMOORR"
    assert streak(cast.ben, 3) == before


def plan_assignment(cast, plan):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.get_one(Schedule, plan[0].schedule_id).assignment_id


def test_leave_and_days_off_break_nothing(cast, plan):
    complete_on(cast.ben, plan, 0, 4)
    assert marks(streak(cast.ben, 4)) == "SBMMSRR"
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        tuesday = (NOW + DAY).date()
        db.add(Leave(organization_id=cast.ben.organization_id, member_id=cast.ben.member_id,
                     starts_on=tuesday, ends_on=tuesday + DAY))  # fmt: skip
        db.add(Blackout(organization_id=cast.ben.organization_id, class_id=None, label="Trip",
                        starts_on=tuesday + 2 * DAY, ends_on=tuesday + 2 * DAY))  # fmt: skip
    found = streak(cast.ben, 4)
    assert (found.current, marks(found)) == (2, "SRRRSRR")


def test_a_sitting_over_midnight_counts_on_both_days(cast, plan):
    late = NOW.replace(hour=23, minute=40)
    do(cast.ben, services.start, plan[0], late)
    do(cast.ben, services.complete, plan[0], late + timedelta(minutes=45))
    assert streak(cast.ben, 1).current == 2


def test_ticking_off_after_midnight_without_the_clock_counts_on_that_day_alone(cast, plan):
    do(cast.ben, services.complete, plan[0], NOW.replace(hour=0, minute=10) + DAY)
    assert [mark for _day, mark in streak(cast.ben, 1).week[:2]] == [Mark.MISSED, Mark.STUDIED]


def test_the_day_of_what_was_done_stays_when_the_learner_travels_on(cast, plan):
    """23:30 on Monday in Honolulu is Tuesday in UTC and wherever she is next."""
    zone = ZoneInfo("Pacific/Honolulu")
    change(cast.ben, update(Schedule).where(Schedule.id == plan[0].schedule_id).values(zone=zone.key))
    do(cast.ben, services.complete, plan[0], datetime(2026, 9, 7, 23, 30, tzinfo=zone))
    change(cast.ben, update(Schedule).where(Schedule.id == plan[0].schedule_id).values(zone="Asia/Tokyo"))
    assert marks(streak(cast.ben, 0)) == "SOOOORR"


def test_what_was_reopened_or_skipped_was_not_done(cast, plan):
    do(cast.ben, services.complete, plan[0], NOW)
    do(cast.ben, services.reopen, plan[0], NOW)
    do(cast.ben, services.skip, plan[1], NOW)
    assert streak(cast.ben, 0).current == 0


@pytest.mark.parametrize("where", [Organization, Classroom, Member])
def test_each_of_learner_class_and_organization_can_switch_both_off(cast, plan, where):
    complete_on(cast.ben, plan, *range(3))
    with unit_of_work(organization_id=cast.ben.organization_id):
        assert streak_queries.milestones(cast.ben.member_id)
    change(cast.ben, update(where).values(streaks=False, milestones=False))
    assert streak(cast.ben, 3) is None
    with unit_of_work(organization_id=cast.ben.organization_id):
        assert streak_queries.milestones(cast.ben.member_id) == []


def test_nobody_else_has_a_streak_of_it(cast, plan):
    complete_on(cast.ben, plan, 0)
    other = make_member(cast.ada.organization_id, make_user("Other"), Role.STUDENT)
    enrol(cast.ada.organization_id, cast.class_id, other, ClassRole.STUDENT)
    assert streak(cast.ada, 0) is None
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert streak_queries.streak(other, today=NOW.date()).current == 0


def test_milestones_say_when_a_part_of_the_path_and_hours_in_a_category_were_reached(cast, plan):
    complete_on(cast.ben, plan, *range(3))
    do(cast.ben, services.skip, plan[9], NOW + 2 * DAY)
    with unit_of_work(organization_id=cast.ben.organization_id):
        found = streak_queries.milestones(cast.ben.member_id)
    assert [(each.kind, each.threshold, each.reached_at) for each in found] == [
        (Kind.PATH, 25, NOW + 2 * DAY),
        (Kind.CATEGORY, 1, NOW),
    ]
    complete_on(cast.ben, plan, 3, 4, 7, 8, 9, 10)
    with unit_of_work(organization_id=cast.ben.organization_id):
        found = streak_queries.milestones(cast.ben.member_id)
    assert [(each.subject, each.threshold) for each in found if each.kind is Kind.PATH] == [
        ("Sample path", 100),
        ("Sample path", 75),
        ("Sample path", 50),
        ("Sample path", 25),
    ]


def test_an_item_that_moved_ahead_of_its_day_leaves_no_missed_day(cast, plan):
    change(cast.ben, update(ScheduleItem).where(ScheduleItem.id == plan[1].id).values(on_date=(NOW + 2 * DAY).date()))
    complete_on(cast.ben, plan, 0)
    assert marks(streak(cast.ben, 2)) == "SROOORR"
