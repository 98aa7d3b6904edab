"""When a class meets: weekly rules become numbered meetings by the clock of the class; schedules follow each change."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import select

from portal.classes import queries, services, timetable
from portal.classes.timetable import MeetingDraft
from portal.errors import Forbidden, Invalid, NotFound
from portal.models.classes import ClassRole
from portal.models.events import Event
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, enrol, make_class

THURSDAYS = MeetingDraft(3, time(10), 90)


@pytest.fixture
def here(cast):
    """A unit of work of ada's organization, open for the test."""
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        yield session


@pytest.fixture
def berlin(cast):
    """A class in Berlin over the end of summer time."""
    dates = {"starts_on": date(2026, 10, 12), "soft_ends_on": date(2026, 11, 8)}
    return make_class(cast.ada.organization_id, "Berlin", zone="Europe/Berlin", **dates)


def meetings(class_id):
    found = queries.classroom(class_id)
    return queries.meetings(found, queries.days_off(found))


def told(session):
    session.flush()
    return len(session.scalars(select(Event).where(Event.name == "class.changed")).all())


def test_meetings_keep_their_local_time_when_the_clocks_change(cast, here, berlin):
    timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    found = meetings(berlin)
    assert [meeting.on.day for meeting in found] == [15, 22, 29, 5]
    assert [meeting.starts_at.hour for meeting in found] == [8, 8, 9, 9], "UTC"
    assert {(meeting.start, meeting.minutes) for meeting in found} == {(time(10), 90)}


def test_a_meeting_on_the_day_the_clocks_change_starts_by_the_clock(cast, here, berlin):
    timetable.add_meetings(berlin, MeetingDraft(6, time(10), 60), actor=cast.ada, now=NOW)
    at = {meeting.on: meeting.starts_at for meeting in meetings(berlin)}
    assert at[date(2026, 10, 25)] == datetime(2026, 10, 25, 9, tzinfo=UTC)


def test_rules_are_numbered_together_in_time_order(cast, here, berlin):
    timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    tuesdays = MeetingDraft(1, time(18), 60, date(2026, 10, 19), date(2026, 10, 28))
    timetable.add_meetings(berlin, tuesdays, actor=cast.ada, now=NOW)
    assert [(m.number, m.on.month, m.on.day) for m in meetings(berlin)] == [
        *((1, 10, 15), (2, 10, 20), (3, 10, 22), (4, 10, 27), (5, 10, 29), (6, 11, 5)),
    ]


def test_days_off_and_skipped_days_have_no_meeting_and_no_number(cast, here, berlin):
    rule = timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    services.add_blackout(None, date(2026, 10, 22), date(2026, 10, 22), "Fair", actor=cast.ada, now=NOW)
    timetable.skip(berlin, rule.id, date(2026, 10, 29), actor=cast.ada, now=NOW)
    assert [(m.number, m.on.day) for m in meetings(berlin)] == [(1, 15), (2, 5)]
    timetable.hold(berlin, rule.id, date(2026, 10, 29), actor=cast.ada, now=NOW)
    assert [(m.number, m.on.day) for m in meetings(berlin)] == [(1, 15), (2, 29), (3, 5)]


def test_each_change_tells_the_schedules_and_what_changes_nothing_tells_nobody(cast, here, berlin):
    rule = timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    day = date(2026, 10, 29)
    timetable.skip(berlin, rule.id, day, actor=cast.ada, now=NOW)
    timetable.skip(berlin, rule.id, day, actor=cast.ada, now=NOW)
    timetable.hold(berlin, rule.id, day, actor=cast.ada, now=NOW)
    timetable.hold(berlin, rule.id, day, actor=cast.ada, now=NOW)
    timetable.remove_meetings(berlin, rule.id, actor=cast.ada, now=NOW)
    assert told(here) == 4
    assert meetings(berlin) == []


def test_only_a_day_of_the_rule_can_be_skipped(cast, here, berlin):
    rule = timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    for day in (date(2026, 10, 30), None):
        with pytest.raises(Invalid, match="no such meeting"):
            timetable.skip(berlin, rule.id, day, actor=cast.ada, now=NOW)
    with pytest.raises(NotFound):
        timetable.skip(cast.class_id, rule.id, date(2026, 10, 29), actor=cast.ada, now=NOW)


def test_who_does_not_edit_the_class_sets_no_meeting(cast, here, berlin):
    rule = timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    enrol(cast.ada.organization_id, cast.class_id, cast.cleo.member_id, ClassRole.ASSISTANT)
    with pytest.raises(Forbidden):
        timetable.add_meetings(cast.class_id, THURSDAYS, actor=cast.cleo, now=NOW)
    with pytest.raises(Forbidden):
        timetable.add_meetings(cast.class_id, THURSDAYS, actor=cast.ben, now=NOW)
    with pytest.raises((Forbidden, NotFound)):
        timetable.remove_meetings(berlin, rule.id, actor=cast.cleo, now=NOW)


def test_a_class_of_another_organization_has_no_meetings_to_see(cast, here, berlin):
    timetable.add_meetings(berlin, THURSDAYS, actor=cast.ada, now=NOW)
    here.commit()
    with unit_of_work(organization_id=cast.dora.organization_id):
        assert queries.meeting_rules(berlin) == []
