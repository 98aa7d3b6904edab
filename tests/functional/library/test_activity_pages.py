"""An activity's form, as a browser without scripts uses it."""

import re

import pytest

from portal.library.services import ActivityDraft, create_category, save_activity
from portal.models.library import Activity, ActivityKind
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW
from tests.factories.pages import text_of


@pytest.fixture
def written(cast):
    """Two activities, the second after the first; their ids."""
    with unit_of_work(organization_id=cast.ada.organization_id):
        category = create_category("Sample", "Things", actor=cast.ada, now=NOW)
        first = save_activity(
            ActivityDraft(category.id, "First", "Do it.", 30, 3, ActivityKind.STUDY),
            actor=cast.ada,
            now=NOW,
        )
        second = save_activity(
            ActivityDraft(
                category.id, "Second", "", 45, 4, ActivityKind.PRACTICE, tags=("knife", "basics"), needs=(first.id,)
            ),
            actor=cast.ada,
            now=NOW,
        )
        return first.id, second.id


def test_the_form_shows_what_is_stored_as_it_is_typed(cast, written, sign_in):
    page = sign_in(cast.ada).get(f"/library/activities/{written[1]}/edit").text
    assert re.search(r'name="tags"[^>]* value="knife, basics"', page)
    assert f'<option selected value="{written[0]}">First</option>' in page
    assert '<option selected value="practice">' in page


def test_a_prerequisite_that_would_close_a_circle_is_refused_naming_it(cast, written, sign_in):
    first, second = written
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        category_id = db.get_one(Activity, first).category_id
    sent = {"title": "First", "category_id": category_id, "minutes": 30, "difficulty": 3, "kind": "study"}
    sent |= {"tags": "typed, again", "needs": second}
    answer = sign_in(cast.ada).post(f"/library/activities/{first}/edit", data=sent)
    assert answer.status_code == 422
    assert "First → Second → First" in text_of(answer)
    assert 'value="typed, again"' in answer.text
