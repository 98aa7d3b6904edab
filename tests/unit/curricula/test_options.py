"""A step's options: how they are written in a file, and what is refused."""

import pytest

from portal.curricula import options
from portal.curricula.pathfile import read
from portal.errors import Invalid, InvalidRows

ANCHORS = [
    ("meeting 3", {"meeting": 3, "offset_minutes": 0}),
    ("Meeting 3 -15", {"meeting": 3, "offset_minutes": -15}),
    ("meeting  12 + 30", {"meeting": 12, "offset_minutes": 30}),
    ("week 2", {"week": 2}),
    ("Friday", {"weekday": 4}),
    ("2026-12-12 10:00", {"at": "2026-12-12T10:00"}),
    ("2026-12-12T10:00:00", {"at": "2026-12-12T10:00"}),
    ("soon", None),
    ("meeting", None),
    ("meeting 3 15", None),
    ("2026-12-12", None),
    ("2026-12-12 10:00+02:00", None),
]


@pytest.mark.parametrize(("text", "anchor"), ANCHORS)
def test_an_anchor_is_written_in_words(text, anchor):
    assert options.read_anchor(text) == anchor


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"due_offset_days": 3, "due_at": "2026-10-05T18:00"}, "due_at"),
        ({"release_offset_days": 4, "due_offset_days": 3}, "due_offset_days"),
        ({"release_offset_days": 4, "lock_offset_days": 3}, "lock_offset_days"),
        ({"due_at": "2026-10-05T18:00", "lock_at": "2026-10-05T17:55"}, "lock_at"),
        ({"anchor": {"meeting": 0, "offset_minutes": 0}}, "anchor_meeting"),
        ({"anchor": {"meeting": 1, "offset_minutes": 7}}, "anchor_offset_minutes"),
        ({"anchor": {"week": 151}}, "anchor_week"),
        ({"anchor": {"weekday": 7}}, "anchor_weekday"),
        ({"anchor": {"at": "2026-10-05T18:01"}}, "anchor_at"),
        ({"review_offsets": [3, 1]}, "review_offsets"),
        ({"review_offsets": [0, 1]}, "review_offsets"),
        ({"review_offsets": list(range(1, 12))}, "review_offsets"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_field(given, field):
    with pytest.raises(Invalid) as caught:
        options.check(given)
    assert caught.value.field == field


def test_what_can_be_meant_is_not_refused():
    options.check({})
    options.check({"release_offset_days": 0, "due_at": "2026-10-05T18:00", "lock_offset_days": 0})
    options.check({"anchor": {"meeting": 2, "offset_minutes": -90}, "review_offsets": [1, 7, 30], "week": 3})


CSV = """title,minutes,splittable,min_session,opens,due,closes,at,week,review_after,needs,lag_in_study_days
One,60,yes,20,0,3,2026-10-05 18:00,,2,1;7,,
Two,30,,,,,,meeting 2 -15,,,One,2
"""
YAML = """
title: A path
units:
  - title: Unit 1
    steps:
      - {title: One, minutes: 60, splittable: yes, min_session: 20, opens: 0, due: 3, closes: 2026-10-05 18:00:00,
         week: 2, review_after: [1, 7]}
      - {title: Two, minutes: 30, at: meeting 2 -15, needs: [{key: One, lag_in_study_days: 2}]}
"""


@pytest.mark.parametrize(("text", "file_format"), [(CSV, "csv"), (YAML, "yaml")])
def test_both_formats_say_when_and_how(text, file_format):
    one, two = read(text.encode(), file_format, title="A path").steps
    assert (one.splittable, one.min_session) == (True, 20)
    assert one.options == {
        "release_offset_days": 0,
        "due_offset_days": 3,
        "lock_at": "2026-10-05T18:00",
        "week": 2,
        "review_offsets": [1, 7],
    }
    assert (two.splittable, two.options) == (False, {"anchor": {"meeting": 2, "offset_minutes": -15}})
    assert [(need.key, need.lag_days, need.in_study_days) for need in two.needs] == [("One", 2, True)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("opens", "tomorrow"),
        ("due", "2026-10-05"),
        ("closes", "1001"),
        ("at", "meeting three"),
        ("at", "meeting 3 +7"),
        ("week", "0"),
        ("review_after", "7;1"),
        ("review_after", "x"),
        ("splittable", "perhaps"),
        ("min_session", "3"),
    ],
)
def test_a_wrong_value_of_a_file_names_its_column(column, value):
    with pytest.raises(InvalidRows) as caught:
        read(f"title,minutes,{column}\nOne,60,{value}\n".encode(), "csv", title="A path")
    ((line, error),) = caught.value.rows
    assert (line, error.field) == (2, column)
    assert str(error).startswith(f"{column}: ")
