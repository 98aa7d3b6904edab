"""Assignment and Grade Services 2.0: columns and scores, at a platform over HTTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Response

from portal.lti.faults import ServiceError
from portal.lti.grades.gradebook import Column, Gradebook, rising, timestamp, with_query
from portal.lti.grades.policy import Score
from portal.lti.platforms.canvas import CANVAS
from portal.lti.platforms.generic import GENERIC
from portal.lti.platforms.known import capabilities_of
from portal.lti.platforms.moodle import MOODLE

DUE = datetime(2026, 12, 1, 22, 59, tzinfo=UTC)
COLUMN = Column("Scales", 100, "path-1", "path", ends_at=DUE, opens="https://portal.example/lti/launch?path=1")
HALF = Score(50.0, 100.0, "InProgress", "FullyGraded")
FULL = Score(100.0, 100.0, "Completed", "FullyGraded")
AT = datetime(2026, 11, 25, 10, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def gradebook(platform, connector):
    return Gradebook(connector, GENERIC, platform.line_items_url)


def test_a_column_is_made_with_its_resource_id_tag_maximum_and_due_date(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    assert platform.line_items[url] == {
        "id": url,
        "label": "Scales",
        "scoreMaximum": 100,
        "resourceId": "path-1",
        "tag": "path",
        "endDateTime": "2026-12-01T22:59:00.000Z",
    }


def test_a_column_is_found_by_resource_id_and_tag(platform, gradebook):
    made = gradebook.ensure(COLUMN, known_url=None)
    assert gradebook.ensure(COLUMN, known_url=None) == made
    assert len(platform.line_items) == 1
    assert platform.asked("GET", "/7/lineitems")[-1].query == {
        "type_id": ["2"],
        "resource_id": ["path-1"],
        "tag": ["path"],
    }


def test_a_platform_that_ignores_the_filters_gives_no_wrong_column(platform, gradebook):
    other = {"id": f"{platform.url}/7/lineitems/9/lineitem", "resourceId": "path-1", "tag": "unit", "scoreMaximum": 1}
    platform.script("GET", "/7/lineitems", Response(json.dumps([other])))
    made = gradebook.ensure(COLUMN, known_url=None)
    assert made != other["id"]
    assert platform.line_items[made]["tag"] == "path"


def test_a_column_on_the_second_page_is_found(platform, gradebook):
    made = gradebook.ensure(COLUMN, known_url=None)
    link = f"<{platform.url}/7/lineitems?type_id=2&amp;page=2>; rel=“next”".encode().decode("latin-1")
    platform.script("GET", "/7/lineitems", Response("[]", headers={"Link": link}))
    assert gradebook.ensure(COLUMN, known_url=None) == made
    assert platform.asked("GET", "/7/lineitems")[-1].query == {"type_id": ["2"], "page": ["2"]}


def test_an_update_keeps_what_the_platform_and_the_teacher_have_put_there(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    platform.line_items[url] |= {"label": "Renamed by the teacher", "resourceLinkId": "5", "x": {"own": 1}}
    later = Column("Scales", 40, "path-1", "path", ends_at=DUE + timedelta(days=1))
    assert gradebook.ensure(later, known_url=url) == url
    assert platform.line_items[url] == {
        "id": url,
        "label": "Renamed by the teacher",
        "scoreMaximum": 40,
        "resourceId": "path-1",
        "tag": "path",
        "endDateTime": "2026-12-02T22:59:00.000Z",
        "resourceLinkId": "5",
        "x": {"own": 1},
    }


def test_a_column_that_is_as_wanted_is_not_written(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    gradebook.ensure(COLUMN, known_url=url)
    assert platform.asked("PUT") == []


def test_a_column_that_was_deleted_is_made_again(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    platform.line_items.clear()
    platform.line_items["another"] = {"id": "another"}
    assert gradebook.ensure(COLUMN, known_url=url) != url
    assert len(platform.line_items) == 2


def test_a_column_that_cannot_be_made_again_is_said_to_be_gone(platform, connector):
    with pytest.raises(ServiceError) as caught:
        Gradebook(connector, GENERIC, None).ensure(COLUMN, known_url=f"{platform.url}/7/lineitems/3/lineitem")
    assert caught.value.code == "gone"


def test_nothing_is_ever_deleted(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    gradebook.ensure(COLUMN, known_url=url)
    gradebook.post(url, "u1", FULL, at=AT)
    assert platform.asked("DELETE") == []


def test_moodle_is_given_no_dates(platform, connector):
    url = Gradebook(connector, MOODLE, platform.line_items_url).ensure(COLUMN, known_url=None)
    assert "endDateTime" not in platform.line_items[url]


def test_canvas_columns_open_the_portal(platform, connector):
    url = Gradebook(connector, CANVAS, platform.line_items_url).ensure(COLUMN, known_url=None)
    assert platform.line_items[url]["https://canvas.instructure.com/lti/submission_type"] == {
        "type": "external_tool",
        "external_tool_url": "https://portal.example/lti/launch?path=1",
    }
    assert platform.line_items[url]["endDateTime"] == "2026-12-01T22:59:00.000Z"


def test_scores_stand_before_the_query_string(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    gradebook.post(url, "u1", HALF, at=AT)
    (asked,) = platform.asked("POST", "/7/lineitems/1/")
    assert (asked.path, asked.query) == ("/7/lineitems/1/lineitem/scores", {"type_id": ["2"]})
    assert asked.headers["content-type"] == "application/vnd.ims.lis.v1.score+json"
    assert asked.json == {
        "userId": "u1",
        "scoreGiven": 50.0,
        "scoreMaximum": 100.0,
        "activityProgress": "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-11-25T10:00:00.250Z",
    }


def test_without_a_score_neither_score_given_nor_its_maximum_is_sent(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    gradebook.post(url, "u1", Score(None, 100.0, "InProgress", "NotReady"), at=AT)
    assert set(platform.score_of("u1")) == {"userId", "timestamp", "activityProgress", "gradingProgress"}


def test_a_score_of_zero_is_sent_as_zero(platform, gradebook):
    url = gradebook.ensure(COLUMN, known_url=None)
    gradebook.post(url, "u1", Score(0.0, 100.0, "InProgress", "FullyGraded"), at=AT)
    assert platform.score_of("u1")["scoreGiven"] == 0


@pytest.mark.parametrize(("score", "sent"), [(HALF, {"new_submission": False}), (FULL, None)])
def test_on_canvas_progress_is_no_new_submission(platform, connector, score, sent):
    gradebook = Gradebook(connector, CANVAS, platform.line_items_url)
    gradebook.post(gradebook.ensure(COLUMN, known_url=None), "u1", score, at=AT)
    assert platform.score_of("u1").get("https://canvas.instructure.com/lti/submission") == sent


def test_a_score_of_somebody_unknown_is_said(platform, gradebook):
    platform.people = [{"user_id": "u1"}]
    url = gradebook.ensure(COLUMN, known_url=None)
    with pytest.raises(ServiceError) as caught:
        gradebook.post(url, "stranger", FULL, at=AT)
    assert (caught.value.code, caught.value.again) == ("unknown_user", False)


@pytest.mark.parametrize("capabilities", [MOODLE, CANVAS, GENERIC], ids=lambda each: each.family)
def test_timestamps_rise_as_the_platform_compares_them(platform, connector, capabilities):
    platform.whole_seconds = capabilities is MOODLE
    gradebook = Gradebook(connector, capabilities, platform.line_items_url)
    url = gradebook.ensure(COLUMN, known_url=None)
    last = None
    for milliseconds in (0, 0, 1, 300, 900, 901, 5000, 5000):
        last = rising(AT + timedelta(milliseconds=milliseconds), last, capabilities)
        gradebook.post(url, "u1", FULL, at=last)
    stamps = [score["timestamp"] for _item, score in platform.scores]
    assert len(stamps) == 8
    assert stamps == sorted(set(stamps))


def test_a_clock_that_goes_back_sends_no_older_timestamp():
    assert rising(AT - timedelta(hours=1), AT, GENERIC) == AT + timedelta(milliseconds=1)


def test_a_timestamp_is_utc_with_milliseconds():
    assert timestamp(AT) == "2026-11-25T10:00:00.250Z"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/items", "https://x.example/items?tag=a+b"),
        ("https://x.example/items?type_id=2", "https://x.example/items?type_id=2&tag=a+b"),
    ],
)
def test_filters_stand_behind_the_parameters_there_are(url, expected):
    assert with_query(url, {"tag": "a b"}) == expected


@pytest.mark.parametrize("body", ["{}", "[7]", '[{"label": "no id"}]', "<html>"])
def test_garbage_instead_of_columns_is_said(platform, gradebook, body):
    platform.script("GET", "/7/lineitems", Response(body))
    with pytest.raises(ServiceError) as caught:
        gradebook.ensure(COLUMN, known_url=None)
    assert caught.value.code == "unreadable"
    assert platform.line_items == {}


@pytest.mark.parametrize(
    ("family", "expected"),
    [("moodle", MOODLE), ("Canvas", CANVAS), (" MOODLE ", MOODLE), ("desire2learn", GENERIC), (None, GENERIC)],
)
def test_a_family_code_leads_to_its_capabilities(family, expected):
    assert capabilities_of(family) is expected
