"""The editor of a path whose draft is not in order: each fault in words, with the titles that it names."""

import html

import pytest
from sqlalchemy import select

from portal.curricula import queries, services
from portal.library.services import ActivityDraft, create_category, save_activity
from portal.models.library import Activity, ActivityKind
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


@pytest.fixture
def path(cast):
    """The id of a path in ada's organization whose step “Loaf” stands before “Dough”, which it needs."""
    with unit_of_work(organization_id=cast.ada.organization_id):
        category = create_category("Sample", "Things", actor=cast.ada, now=NOW)
        dough = save_activity(
            ActivityDraft(category.id, "Dough", "", 30, 3, ActivityKind.STUDY), actor=cast.ada, now=NOW
        )
        draft = ActivityDraft(category.id, "Loaf", "", 30, 3, ActivityKind.STUDY, needs=(dough.id,))
        loaf = save_activity(draft, actor=cast.ada, now=NOW)
        curriculum = services.create("Bread", "", actor=cast.ada, now=NOW)
        services.add_steps(curriculum, [loaf.id])
        services.add_steps(curriculum, [dough.id])
        return curriculum.id


def test_the_editor_says_which_step_stands_before_what_it_needs(cast, sign_in, path):
    answer = sign_in(cast.ada).get(f"/paths/{path}")
    assert answer.status_code == 200
    assert "“Loaf” stands before “Dough”, which it needs: move it down." in html.unescape(answer.text)


def test_the_editor_names_the_unit_that_has_no_step(cast, sign_in, path):
    browser = sign_in(cast.ada)
    assert browser.post(f"/paths/{path}/units", data={"title": "100 % rye"}).status_code == 303
    answer = browser.get(f"/paths/{path}")
    assert "The unit “100 % rye” has no step: add one or remove the unit." in html.unescape(answer.text)


def test_activities_chosen_together_are_added_in_the_order_of_their_needs(cast, sign_in, path):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        ids = [db.scalars(select(Activity.id).where(Activity.title == title)).one() for title in ("Loaf", "Dough")]
        other = services.create("Bread again", "", actor=cast.ada, now=NOW).id
    answer = sign_in(cast.ada).post(f"/paths/{other}/steps", data={"activity": [str(key) for key in ids]})
    assert answer.status_code == 303
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert [step.title for step in queries.draft(other).steps] == ["Dough", "Loaf"]
