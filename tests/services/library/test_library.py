"""The library: search finds, facets count, prerequisites never form a cycle."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from portal.errors import Forbidden, Invalid
from portal.library import origin, queries
from portal.library.queries import Filters
from portal.library.services import ActivityDraft, archive_activity, create_category, save_activity
from portal.models.library import Activity, ActivityKind, Category, Domain
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


@pytest.fixture
def library(cast):
    """ada's organization with the starter library."""
    with unit_of_work(organization_id=cast.ada.organization_id):
        origin.copy(now=NOW)
    return cast


def find(cast, **filters):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return queries.search(Filters(**filters))


def draft(cast, title, *needs, **values):
    with unit_of_work(organization_id=cast.ada.organization_id):
        category = create_category("Sample", "Things", actor=cast.ada, now=NOW)
        made = ActivityDraft(category.id, title, "What to do.", 30, 3, ActivityKind.STUDY, needs=tuple(needs))
        return save_activity(replace(made, **values), actor=cast.ada, now=NOW).id


def test_copying_the_starter_library_twice_makes_it_once(library):
    with unit_of_work(organization_id=library.ada.organization_id) as db:
        origin.copy(now=NOW)
        counts = [db.scalar(select(func.count()).select_from(model)) for model in (Domain, Category, Activity)]
    assert counts == [len(origin.load().domains), len(origin.load().categories), len(origin.load().activities)]


def test_words_are_found_in_titles_first_and_in_any_form(library):
    assert "loop" in find(library, text="loops").rows[0].title.lower()
    assert find(library, text="looping").total > 0


def test_a_typing_error_in_a_title_still_finds_it(library):
    assert "Dictionaries" in [row.title for row in find(library, text="dictionries").rows]


def test_odd_search_text_finds_nothing_and_breaks_nothing(library):
    for text in ("'", '"', "a & | !", "%", "\\", ":*", "   "):
        assert find(library, text=text.strip()).page.count >= 1


def test_facets_count_what_choosing_them_would_show(library):
    everything = find(library)
    music = next(facet for facet in everything.domains if facet.label == "Music")
    chosen = find(library, domains=frozenset({uuid.UUID(music.value)}))
    assert chosen.total == music.count == 42
    assert {facet.label: facet.count for facet in chosen.domains} == {f.label: f.count for f in everything.domains}
    for band, count in everything.minutes.items():
        assert find(library, minutes=frozenset({band})).total == count


def test_filters_narrow_together(library):
    found = find(library, minutes=frozenset({"30"}), difficulty=frozenset({"easy"}), kinds=frozenset({"practice"}))
    assert found.total > 0
    assert all(16 <= row.minutes <= 30 and row.difficulty <= 3 and row.kind == "practice" for row in found.rows)


def test_pages_hold_each_activity_once(library):
    pages = [find(library, page=number).rows for number in range(1, find(library).page.count + 1)]
    ids = [row.id for rows in pages for row in rows]
    assert len(ids) == len(set(ids)) == 168


def test_a_cycle_is_refused_and_named_and_changes_nothing(cast):
    first = draft(cast, "First")
    second = draft(cast, "Second", first)
    third = draft(cast, "Third", second)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        activity = db.get(Activity, first)
        again = ActivityDraft(activity.category_id, "First", "", 30, 3, ActivityKind.STUDY, needs=(third,))
    with (
        pytest.raises(Invalid, match="First → Third → Second → First"),
        unit_of_work(organization_id=cast.ada.organization_id),
    ):
        save_activity(again, activity_id=first, actor=cast.ada, now=NOW)
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert queries.detail(first).needs == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"minutes": 7}, "minutes"),
        ({"minutes": 0}, "minutes"),
        ({"difficulty": 11}, "difficulty"),
        ({"resource_url": "javascript:alert(1)"}, "resource_url"),
        ({"splittable": True, "min_session_minutes": 3}, "min_session_minutes"),
    ],
)
def test_wrong_values_name_their_field(cast, values, field):
    with pytest.raises(Invalid) as caught:
        draft(cast, values.pop("title", "Sample"), **values)
    assert caught.value.field == field


def test_students_look_and_do_not_touch(cast):
    with pytest.raises(Forbidden), unit_of_work(organization_id=cast.ben.organization_id):
        create_category("Sample", "Things", actor=cast.ben, now=NOW)


def test_archived_activities_leave_the_list(library):
    with unit_of_work(organization_id=library.ada.organization_id):
        row = queries.search(Filters(text="loops")).rows[0]
        archive_activity(row.id, archived=True, actor=library.ada, now=NOW)
    assert row.id not in [each.id for each in find(library, text="loops").rows]


def test_an_activity_that_may_be_split_is_split_into_quarters_of_an_hour_unless_told(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        category = create_category("Cooking", "Bread", actor=cast.ada, now=NOW)
        draft = ActivityDraft(category.id, "Knead", "", 60, 3, ActivityKind.PRACTICE, splittable=True)
        assert save_activity(draft, actor=cast.ada, now=NOW).min_session_minutes == 15
        assert save_activity(replace(draft, splittable=False), actor=cast.ada, now=NOW).min_session_minutes == 60
