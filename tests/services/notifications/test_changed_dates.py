"""A learner whose dates changed reads from when to when, and why, once."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.classes import services as classes
from portal.models.schedules import ScheduleItem
from portal.progress import services as progress
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW
from tests.factories.people import mails

WED, THU, FRI = [date(2026, 9, 9) + timedelta(days=number) for number in range(3)]
NIGHT = NOW.replace(hour=22)
NEXT_MORNING = NOW.replace(day=8, hour=7)


@pytest.fixture
def school(cast, settle):
    """Four hours, one a day from Monday, announced to ben."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    settle()
    return cast


def close(cast, day, now=NOW):
    with unit_of_work(organization_id=cast.ada.organization_id):
        classes.add_blackout(cast.class_id, day, day, "Trip", actor=cast.ada, now=now)


def do_the_first(cast):
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        first = db.scalars(select(ScheduleItem.id).order_by(ScheduleItem.starts_at).limit(1)).one()
        progress.complete(first, actor=cast.ben, now=NOW)


def changed(mailbox, cast):
    return [mail for mail in mails(mailbox, cast.ben.email) if "new date" in mail["Subject"]]


def text(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


def test_the_mail_says_old_and_new_dates_and_why(school, settle, mailbox):
    close(school, WED)
    settle()
    (mail,) = changed(mailbox, school)
    assert mail["Subject"] == "2 new dates for Sample path"
    assert "Planned again because of the class calendar." in text(mail)
    assert "Step 3: Wed 9 Sep, 08:00 → Thu 10 Sep, 08:00" in text(mail)
    assert "Step 4: Thu 10 Sep, 08:00 → Fri 11 Sep, 08:00" in text(mail)
    assert "Step 2" not in text(mail)
    assert "Your last day is Friday 11 September." in text(mail)
    assert "<b>Thu 10 Sep, 08:00</b>" in text(mail, "html")


def test_the_text_of_a_mail_has_the_way_out_on_a_line_of_its_own(school, settle, mailbox):
    close(school, WED)
    settle()
    (mail,) = changed(mailbox, school)
    last = text(mail).splitlines()[-1]
    assert last.startswith("Stop these mails: http")


def test_changes_in_quiet_hours_are_told_together_by_one_mail(school, settle, mailbox):
    do_the_first(school)
    close(school, WED, NIGHT)
    settle(NIGHT)
    later = NIGHT + timedelta(minutes=5)
    close(school, THU, later)
    settle(later)
    assert changed(mailbox, school) == []
    settle(NEXT_MORNING)
    (mail,) = changed(mailbox, school)
    assert "Step 3: Wed 9 Sep, 08:00 → Fri 11 Sep, 08:00" in text(mail)


def test_what_was_told_is_not_told_again(school, settle, mailbox):
    close(school, WED)
    settle()
    close(school, FRI, NOW + timedelta(hours=1))
    settle(NOW + timedelta(hours=1))
    _first, second = changed(mailbox, school)
    assert second["Subject"] == "1 new date for Sample path"
    assert "Step 4: Fri 11 Sep, 08:00 → Mon 14 Sep, 08:00" in text(second)
    assert "Step 3" not in text(second)


def test_the_bell_says_how_many_dates_and_why_and_leads_to_them(school, settle, sign_in):
    close(school, WED)
    settle()
    with clock.frozen(NOW):
        page = sign_in(school.ben).get("/notifications").text
    assert "Sample path: 2 new dates" in page
    assert "Planned again because of the class calendar" in page
    assert 'href="/changes"' in page
