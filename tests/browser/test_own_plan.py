"""A student moves an item with the keyboard on a phone, sees what would move, applies it and undoes it."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from portal import clock
from portal.models.classes import ClassRole
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import enrol, make_class, morning


@pytest.fixture
def studying(cast):
    """ben has one item a day from today on, in a class that studies every day; the assignment's id."""
    now = clock.now()
    organization = cast.ada.organization_id
    zone = morning(now)
    today = now.astimezone(zone).date()
    class_id = make_class(organization, "Every day", zone=zone.key, starts_on=today, weekday_minutes=[30] * 7)
    enrol(organization, class_id, cast.ben.member_id, ClassRole.STUDENT)
    return publish(make_path(organization, (30, 30, 30), now=now), class_id, cast.ada, now=now, arrangement="SOON")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_student_moves_an_item_by_keyboard_and_takes_it_back(cast, studying, visit, javascript):
    def places():
        return [(item.on_date, item.start_time, item.pinned) for item in of_ben()]

    def of_ben():
        return items(cast.ada, schedules(cast.ada, studying)["Ben"].id)

    before, last = places(), of_ben()[-1]
    here = visit(cast.ben, width=390, javascript=javascript)
    page = here.page
    here.go(f"/items/{last.id}?from=week#move")
    page.get_by_label("Date").focus()
    page.get_by_label("Date").fill((last.on_date + timedelta(days=2)).isoformat())
    page.get_by_label("Start").fill("18:30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("18:30")
    assert places() == before, "a preview changes nothing"
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Week plan")
    assert places() == [*before[:2], (last.on_date + timedelta(days=2), time(18, 30), True)]
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back")).to_be_visible()
    assert places() == before
    assert not here.overflows()
    assert here.said == []
