"""The feed over HTTP: secret, cheap to poll, right after each change, gone when it must be."""

import gzip
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import icalendar
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.classes.services import add_blackout, archive_class, remove_enrolment
from portal.config import Settings
from portal.extensions import limiter, valkey
from portal.factory import create_app
from portal.models.calendars import Feed
from portal.models.schedules import ScheduleItem
from portal.organizations.services import remove_member
from portal.progress import services as progress
from portal.security.actor import Actor
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, Cast

AT = NOW + timedelta(hours=1)


@pytest.fixture
def school(cast: Cast, drain: Callable[..., int]) -> Cast:
    """A published path for ben."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    drain(NOW)
    return cast


@pytest.fixture
def limited(settings: Settings) -> Iterator[FlaskClient]:
    """A client of an application that limits."""
    valkey.client.flushdb()
    yield create_app(replace(settings, rate_limits=True)).test_client()
    limiter.enabled = False


def mint(client: FlaskClient) -> str:
    assert client.post("/settings/calendar").status_code == 303
    page = client.get("/settings/calendar").text
    found = re.search(r"(/feeds/[\w-]{20,}\.ics)", page)
    assert found is not None
    return found[1]


@pytest.fixture
def address(school: Cast, sign_in: Callable[[Actor], FlaskClient]) -> str:
    return mint(sign_in(school.ben))


def poll(client: FlaskClient, address: str, at: datetime = AT, **headers: str):
    with clock.frozen(at):
        return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_calendar_reads_the_slots_without_signing_in(client, address):
    answer = poll(client, address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    events = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")
    assert len(events) > 0
    assert all(event["STATUS"] == "CONFIRMED" for event in events)


def test_the_address_is_shown_once(school, sign_in):
    browser = sign_in(school.ben)
    mint(browser)
    assert "/feeds/" not in browser.get("/settings/calendar").text


def test_a_step_with_a_due_day_has_a_marker_that_stays_one_event(client, cast, sign_in, drain):
    options = [{"due_offset_days": 2}, {}, {}, {}]
    publish(make_path(cast.ada.organization_id, options=options), cast.class_id, cast.ada)
    drain(NOW)
    address = mint(sign_in(cast.ben))
    (marker,) = markers(client, address)
    assert (str(marker["SUMMARY"]), marker["TRANSP"]) == ("Due: Step 1", "TRANSPARENT")
    assert marker["DTEND"].dt - marker["DTSTART"].dt == timedelta(minutes=30)
    assert marker["DTEND"].dt.isoformat() == "2026-09-09T23:59:00+00:00"
    with clock.frozen(AT), unit_of_work(organization_id=cast.ben.organization_id) as db:
        first = db.scalars(
            select(ScheduleItem.id).where(ScheduleItem.member_id == cast.ben.member_id).order_by(ScheduleItem.starts_at)
        ).first()
        progress.complete(first, actor=cast.ben, now=AT)
    (after,) = markers(client, address)
    assert (after["UID"], str(after["SUMMARY"])) == (marker["UID"], "✓ Due: Step 1")
    assert after["SEQUENCE"] > marker["SEQUENCE"]


def markers(client, address):
    events = icalendar.Calendar.from_ical(poll(client, address).data).walk("VEVENT")
    return [event for event in events if str(event["UID"]).endswith(".due@portal")]


def test_an_unchanged_feed_answers_304_with_the_same_validators(client, address):
    first = poll(client, address)
    again = poll(client, address, If_None_Match=first.headers["ETag"])
    since = poll(client, address, If_Modified_Since=first.headers["Last-Modified"])
    for answer in (again, since):
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_a_new_day_moves_the_window_also_for_who_asks_by_date_alone(client, address):
    first = poll(client, address)
    later = poll(client, address, AT + timedelta(days=1), If_Modified_Since=first.headers["Last-Modified"])
    assert later.status_code == 200
    assert later.headers["ETag"] != first.headers["ETag"]
    assert parsedate_to_datetime(later.headers["Last-Modified"]) > parsedate_to_datetime(first.headers["Last-Modified"])


def test_a_poll_that_brings_nothing_new_is_a_use_too(client, school, address):
    tag = poll(client, address).headers["ETag"]
    at = AT + timedelta(hours=7)
    assert poll(client, address, at, If_None_Match=tag).status_code == 304
    with unit_of_work(organization_id=school.ben.organization_id) as db:
        assert db.scalars(select(Feed.last_used_at).where(Feed.member_id == school.ben.member_id)).one() == at


def test_a_wrong_etag_wins_over_the_date(client, address):
    first = poll(client, address)
    answer = poll(client, address, If_None_Match='"other"', If_Modified_Since=first.headers["Last-Modified"])
    assert answer.status_code == 200


def test_head_has_the_headers_and_no_body(client, address):
    with clock.frozen(AT):
        answer = client.head(address)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["ETag"]


def test_gzip_is_used_when_it_is_understood(client, address):
    packed = poll(client, address, Accept_Encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = poll(client, address)
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"].startswith("Accept-Encoding")


def test_a_completion_shows_at_the_next_poll_under_the_same_uid(client, school, address):
    first = poll(client, address)
    event = icalendar.Calendar.from_ical(first.data).walk("VEVENT")[0]
    item_id = str(event["UID"]).split("@")[0]
    with unit_of_work(organization_id=school.ben.organization_id):
        progress.complete(item_id, actor=school.ben, now=AT)
    second = poll(client, address, If_None_Match=first.headers["ETag"])
    after = {str(each["UID"]): each for each in icalendar.Calendar.from_ical(second.data).walk("VEVENT")}
    changed = after[str(event["UID"])]
    assert str(changed["SUMMARY"]) == f"✓ {event['SUMMARY']}"
    assert changed["SEQUENCE"] == event["SEQUENCE"] + 1
    assert changed["LAST-MODIFIED"].dt == AT


def test_a_new_link_ends_the_old_one(client, school, address, sign_in):
    fresh = mint(sign_in(school.ben))
    assert poll(client, address).status_code == 404
    assert poll(client, fresh).status_code == 200


def test_a_revoked_link_and_an_unknown_one_are_404_and_never_a_redirect(client, school, address, sign_in):
    sign_in(school.ben).post("/settings/calendar/revoke")
    assert poll(client, address).status_code == 404
    assert poll(client, "/feeds/nothing-of-the-kind-at-all.ics").status_code == 404


def test_who_leaves_the_organization_loses_the_feed(client, school, address, drain):
    with unit_of_work(organization_id=school.ada.organization_id):
        remove_member(school.ben.member_id, actor=school.ada, now=AT)
    assert poll(client, address).status_code == 404
    drain(AT)
    assert poll(client, address).status_code == 404


def test_who_leaves_the_class_sees_its_slots_cancelled_for_thirty_days(client, school, address, settle):
    before = icalendar.Calendar.from_ical(poll(client, address).data).walk("VEVENT")
    with unit_of_work(organization_id=school.ada.organization_id):
        remove_enrolment(school.class_id, school.ben.member_id, actor=school.ada, now=AT)
    settle(AT)
    after = icalendar.Calendar.from_ical(poll(client, address).data).walk("VEVENT")
    assert {str(each["UID"]) for each in after} == {str(each["UID"]) for each in before}
    assert {each["STATUS"] for each in after} == {"CANCELLED"}
    later = poll(client, address, AT + timedelta(days=31))
    assert later.status_code == 200
    assert icalendar.Calendar.from_ical(later.data).walk("VEVENT") == []


def test_an_archived_class_leaves_the_feed(client, school, address):
    assert b"BEGIN:VEVENT" in poll(client, address).data
    with unit_of_work(organization_id=school.ada.organization_id):
        archive_class(school.class_id, actor=school.ada, now=AT)
    assert b"BEGIN:VEVENT" not in poll(client, address).data


def test_an_event_keeps_its_uid_and_raises_its_sequence_when_it_moves(client, school, address, drain):
    first = icalendar.Calendar.from_ical(poll(client, address).data).walk("VEVENT")[0]
    day = first["DTSTART"].dt.date()
    with unit_of_work(organization_id=school.ada.organization_id):
        add_blackout(school.class_id, day, day, "Closed", actor=school.ada, now=NOW)
    drain(NOW)
    after = {str(each["UID"]): each for each in icalendar.Calendar.from_ical(poll(client, address).data).walk("VEVENT")}
    moved = after[str(first["UID"])]
    assert moved["DTSTART"].dt > first["DTSTART"].dt
    assert moved["SEQUENCE"] > first["SEQUENCE"]


def test_too_many_polls_are_told_when_to_come_back(limited, school, sign_in):
    address = mint(sign_in(school.ben))
    for _ in range(60):
        answer = limited.get(address)
        assert (answer.status_code, "Retry-After" in answer.headers) == (200, False)
    answer = limited.get(address)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many tries. You can go on in" in answer.text
