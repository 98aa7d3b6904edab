"""The page of one step and the upload, as a browser without scripts uses them."""

import html
import io
import re

import pytest

from portal.curricula import queries, services
from portal.library.services import ActivityDraft, create_category, save_activity
from portal.models.library import ActivityKind
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW

EMPTY = {
    **dict.fromkeys(("minutes", "release_offset_days", "due_offset_days", "lock_offset_days", "week"), ""),
    **dict.fromkeys(("release_at", "due_at", "lock_at", "anchor", "anchor_meeting", "anchor_offset_minutes"), ""),
    **dict.fromkeys(("anchor_week", "anchor_at", "review_offsets"), ""),
    "anchor_weekday": "0",
    "required": "y",
}


class Page:
    """A path of two steps, A and B, and the page of B."""

    def __init__(self, cast):
        self.cast = cast
        with unit_of_work(organization_id=cast.ada.organization_id):
            category = create_category("Sample", "Things", actor=cast.ada, now=NOW)
            drafts = [ActivityDraft(category.id, title, "", 30, 3, ActivityKind.STUDY) for title in ("A", "B")]
            ids = [save_activity(draft, actor=cast.ada, now=NOW).id for draft in drafts]
            curriculum = services.create("Letters", "", actor=cast.ada, now=NOW)
            self.a, self.b = (step.id for step in services.add_steps(curriculum, ids))
            self.path = curriculum.id

    def address(self, step=None):
        return f"/paths/{self.path}/steps/{step or self.b}"

    def draft(self):
        with unit_of_work(organization_id=self.cast.ada.organization_id):
            return queries.draft(self.path)

    @property
    def options(self):
        return next(step.options for step in self.draft().steps if step.id == self.b)


@pytest.fixture
def page(cast):
    return Page(cast)


def text_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


KEPT = [
    ({"due_offset_days": "3", "week": "2"}, {"due_offset_days": 3, "week": 2}, "due on day 3"),
    ({"lock_at": "2026-10-05T18:00"}, {"lock_at": "2026-10-05T18:00"}, "closes 5 Oct 2026, 18:00"),
    (
        {"anchor": "meeting", "anchor_meeting": "3", "anchor_offset_minutes": "-15"},
        {"anchor": {"meeting": 3, "offset_minutes": -15}},
        "15 min before meeting 3",
    ),
    ({"anchor": "weekday", "anchor_weekday": "4"}, {"anchor": {"weekday": 4}}, "only on a Friday"),
    ({"anchor": "week", "anchor_week": "2"}, {"anchor": {"week": 2}}, "only in week 2"),
    ({"anchor": "at", "anchor_at": "2026-12-12T10:00"}, {"anchor": {"at": "2026-12-12T10:00"}}, "at 12 Dec 2026"),
    ({"review_offsets": "1, 7 21"}, {"review_offsets": [1, 7, 21]}, "review after 1, 7, 21 days"),
    ({"anchor": "", "anchor_week": "2"}, {}, "30 min"),
]


@pytest.mark.parametrize(("values", "options", "words"), KEPT)
def test_what_is_said_of_a_step_is_kept_shown_and_frozen(cast, sign_in, page, values, options, words):
    browser = sign_in(cast.ada)
    assert browser.post(page.address(), data=EMPTY | values).status_code == 303
    assert page.options == options
    assert words in text_of(browser.get(f"/paths/{page.path}"))
    again = browser.get(page.address()).text
    for name, value in values.items():
        if options and name not in ("anchor", "anchor_weekday", "review_offsets"):
            assert re.search(rf'<input[^>]*name="{name}"[^>]*value="{value}"', again), name
    version = browser.post(f"/paths/{page.path}/publish").location
    assert words in text_of(browser.get(version))
    assert browser.post(page.address(), data=EMPTY).status_code == 303
    assert page.options == {}


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"minutes": "7"}, "minutes", "multiple of 5"),
        ({"due_offset_days": "3", "due_at": "2026-10-05T18:00"}, "due_at", "a day or a date and time, not both"),
        ({"release_offset_days": "5", "due_offset_days": "3"}, "due_offset_days", "opens before it is due"),
        ({"anchor": "meeting"}, "anchor_meeting", "Say which one"),
        ({"anchor": "meeting", "anchor_meeting": "x"}, "anchor_meeting", "Not a valid integer"),
        ({"anchor": "meeting", "anchor_meeting": "1", "anchor_offset_minutes": "7"}, "anchor_offset_minutes", "of 5"),
        ({"anchor": "week", "anchor_week": "0"}, "anchor_week", "between 1 and 150"),
        ({"anchor": "at"}, "anchor_at", "Say which one"),
        ({"anchor": "at", "anchor_at": "nonsense"}, "anchor_at", "Not a valid datetime"),
        ({"review_offsets": "7, 1"}, "review_offsets", "rising numbers"),
        ({"review_offsets": "a week"}, "review_offsets", "whole numbers of days"),
    ],
)
def test_a_wrong_value_is_said_at_its_field_and_nothing_is_kept(cast, sign_in, page, values, field, words):
    answer = sign_in(cast.ada).post(page.address(), data=EMPTY | values)
    assert answer.status_code == 422
    said = re.search(rf'id="{field}-error">(.*?)</span>', answer.text)
    assert said is not None
    assert words in html.unescape(said[1])
    assert page.options == {}


def test_a_cycle_is_refused_by_name_beside_what_was_chosen(cast, sign_in, page):
    browser = sign_in(cast.ada)
    lag = {"needs": str(page.a), f"lag-{page.a}": "2", f"study-{page.a}": "on"}
    assert browser.post(page.address(), data=EMPTY | lag).status_code == 303
    (edge,) = page.draft().edges
    assert (edge.step_id, edge.prerequisite_id, edge.lag_days, edge.lag_in_study_days) == (page.b, page.a, 2, True)
    answer = browser.post(page.address(page.a), data=EMPTY | {"needs": str(page.b), f"lag-{page.b}": "4"})
    assert answer.status_code == 422
    needs = answer.text[answer.text.index('id="needs"') :]
    assert "A → B → A" in html.unescape(needs)
    assert re.search(rf'name="needs" value="{page.b}" checked', needs)
    assert re.search(rf'name="lag-{page.b}" value="4"', needs)
    assert len(page.draft().edges) == 1


def test_the_editor_says_what_keeps_the_draft_from_being_published(cast, sign_in, page):
    with unit_of_work(organization_id=cast.ada.organization_id):
        curriculum = queries.draft(page.path).curriculum
        services.set_step(curriculum, page.a, minutes=None, required=True, options={}, needs={page.b: (0, False)})
        services.add_unit(curriculum, "100 % new")
    shown = text_of(sign_in(cast.ada).get(f"/paths/{page.path}"))
    assert "“A” stands before “B”, which it needs: move it down." in shown
    assert "The unit “100 % new” has no step: add one or remove the unit." in shown


@pytest.mark.parametrize("days", ["-1", "367", "some"])
def test_days_between_steps_are_a_whole_number(cast, sign_in, page, days):
    answer = sign_in(cast.ada).post(page.address(), data=EMPTY | {"needs": str(page.a), f"lag-{page.a}": days})
    assert answer.status_code == 422
    assert "a whole number between 0 and 366" in text_of(answer)
    assert page.draft().edges == ()


def test_a_changed_rule_stands_among_the_changes_of_a_version(cast, sign_in, page):
    browser = sign_in(cast.ada)
    browser.post(f"/paths/{page.path}/publish")
    browser.post(page.address(), data=EMPTY | {"anchor": "week", "anchor_week": "2"})
    shown = text_of(browser.get(browser.post(f"/paths/{page.path}/publish").location))
    assert "What changed when B" in shown


@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("cleo", 200), ("dora", 404)])
def test_educators_of_the_organization_open_a_step(cast, sign_in, page, who, status):
    assert sign_in(cast.everyone[who]).get(page.address()).status_code == status


def test_a_file_with_anchors_becomes_a_path_and_a_wrong_one_names_row_and_column(cast, sign_in):
    browser = sign_in(cast.ada)

    def upload(data):
        return browser.post("/paths/import", data={"file": (io.BytesIO(data), "path.csv"), "title": "Letters"})

    wrong = upload(b"title,minutes,at\nA,30,meeting x\n")
    assert wrong.status_code == 422
    assert "2 at: “meeting x” is not like" in text_of(wrong)
    made = upload(b"title,minutes,at\nA,30,meeting 2 -15\n")
    assert made.status_code == 303
    assert "15 min before meeting 2" in text_of(browser.get(made.location))
