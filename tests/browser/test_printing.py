"""What is printed: the week plan and a path, in dark on white, without what can only be clicked."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal import clock
from portal.curricula import services as curricula
from portal.library.origin import copy
from portal.models.library import Activity
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW


@pytest.fixture
def pages(cast):
    """The address of ben's week and of ada's path, and what stands on each."""
    organization = cast.ada.organization_id
    publish(make_path(organization, (30, 30, 30)), cast.class_id, cast.ada)
    with unit_of_work(organization_id=organization) as db:
        copy(now=NOW)
        path = curricula.create("Kitchen basics", "", actor=cast.ada, now=clock.now())
        curricula.add_steps(path, db.scalars(select(Activity.id).where(Activity.origin_key == "cooking/measure")).all())
        title = db.scalars(select(Activity.title).where(Activity.origin_key == "cooking/measure")).one()
        return {"week": (cast.ben, "/week?on=2026-09-07", "Step 1"), "path": (cast.ada, f"/paths/{path.id}", title)}


@pytest.mark.parametrize("name", ["week", "path"])
def test_a_printed_page_holds_the_plan_and_no_controls(pages, visit, name):
    actor, address, text = pages[name]
    here = visit(actor, scheme="dark")
    here.page.emulate_media(media="print")
    here.go(address)
    expect(here.page.get_by_text(text).first).to_be_visible()
    controls = here.page.locator("button, .btn, .grip, summary, nav, input:not([type=hidden]), select, textarea")
    assert [each.evaluate("e => e.outerHTML") for each in controls.all() if each.is_visible()] == []
    dark = here.page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert dark == "rgb(29, 29, 27)"
