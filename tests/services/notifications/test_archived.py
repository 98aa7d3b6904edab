"""A class that was archived is silent: no digest, no mail of new dates, nothing on today's page."""

from datetime import timedelta

import pytest

from portal import clock
from portal.classes import services as classes
from portal.progress import queries as progress
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW
from tests.factories.people import subjects

MORNINGS = [NOW.replace(day=day, hour=7) for day in (8, 9, 10)]


@pytest.fixture
def school(cast, settle):
    """Four hours, one a day from Monday, announced to ben."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    settle()
    return cast


def archive(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        classes.archive_class(cast.class_id, actor=cast.ada, now=NOW)


def seen(cast):
    today = NOW.date()
    with unit_of_work(organization_id=cast.ben.organization_id):
        return (
            len(progress.items_between(cast.ben.member_id, today, today + timedelta(days=6))),
            len(progress.open_before(cast.ben.member_id, today + timedelta(days=7))),
            progress.next_open(cast.ben.member_id, today) is not None,
        )


@pytest.mark.parametrize("archived", [False, True])
def test_its_digest_stops(school, drain, mailbox, archived):
    before = len(subjects(mailbox, school.ben.email))
    if archived:
        archive(school)
    for morning in MORNINGS:
        with clock.frozen(morning):
            drain(morning)
    assert (len(subjects(mailbox, school.ben.email)) > before) is not archived


@pytest.mark.parametrize("archived", [False, True])
def test_new_dates_are_told_no_more_even_when_they_were_made_before(school, settle, mailbox, archived):
    night = NOW.replace(hour=22)
    with unit_of_work(organization_id=school.ada.organization_id):
        classes.add_blackout(
            school.class_id, MORNINGS[1].date(), MORNINGS[1].date(), "Trip", actor=school.ada, now=night
        )
    settle(night)
    if archived:
        archive(school)
    settle(MORNINGS[0])
    told = [subject for subject in subjects(mailbox, school.ben.email) if "new date" in subject]
    assert bool(told) is not archived


def test_a_schedule_made_for_it_is_not_announced(cast, settle, mailbox):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    archive(cast)
    settle()
    assert subjects(mailbox, cast.ben.email) == []


def test_its_activities_leave_the_learners_day_and_week(school):
    assert seen(school) == (4, 4, True)
    archive(school)
    assert seen(school) == (0, 0, False)
