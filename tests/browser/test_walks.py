"""The main flows, walked as people do: by clicks, by keyboard, and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal import clock
from portal.curricula import services as curricula
from portal.events.outbox import PERSON_EVENT
from portal.library.origin import copy
from portal.models.classes import ClassRole
from portal.models.library import Activity
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import enrol, make_class, morning


@pytest.fixture
def drafted(cast):
    """A draft of three steps in ada's library."""
    now = clock.now()
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        copy(now=now)
        curriculum = curricula.create("Kitchen basics", "", actor=cast.ada, now=now)
        easy = select(Activity.id).where(Activity.origin_key.in_(("cooking/measure", "music/staff", "music/warm-up")))
        curricula.add_steps(curriculum, db.scalars(easy.order_by(Activity.title)).all())
        return cast, curriculum.id


@pytest.fixture
def studying(cast):
    """ben has work today: a class with study time on every day, published now."""
    now = clock.now()
    organization = cast.ada.organization_id
    zone = morning(now)
    today = now.astimezone(zone).date()
    class_id = make_class(organization, "Every day", zone=zone.key, starts_on=today, weekday_minutes=[240] * 7)
    enrol(organization, class_id, cast.ben.member_id, ClassRole.STUDENT)
    publish(make_path(organization, (30, 30, 30), now=now), class_id, cast.ada, now=now, arrangement="SOON")
    return cast


@pytest.mark.parametrize("javascript", [True, False])
def test_an_educator_publishes_a_path_to_a_class(drafted, visit, javascript):
    cast, curriculum_id = drafted
    page = visit(cast.ada, javascript=javascript).page
    page.goto(page.url.split("/classes")[0] + f"/paths/{curriculum_id}")
    page.get_by_role("button", name="Publish version").click()
    page.get_by_role("link", name="Publish to a class").click()
    page.get_by_role("link", name="Year 5").click()
    expect(page.get_by_text("Everything fits for everybody")).to_be_visible()
    page.get_by_role("button", name=re.compile("Publish to 1 student")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Year 5")
    expect(page.get_by_role("link", name="Ben").first).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_student_starts_pauses_completes_and_skips(studying, visit, javascript):
    page = visit(studying.ben, javascript=javascript).page
    page.get_by_role("button", name="Start activity").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Continue activity").click()
    page.get_by_role("button", name="Complete", exact=True).click()
    expect(page.get_by_text("Done", exact=True).first).to_be_visible()
    page.locator("#now-h a").click()
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    page.get_by_label("Your note").fill("Too easy")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_label("Your note")).to_have_value("Too easy")


def test_a_step_is_moved_by_keyboard_and_stays_there(drafted, visit):
    cast, curriculum_id = drafted
    here = visit(cast.ada)
    here.go(f"/paths/{curriculum_id}")
    titles = here.page.locator(".path > li .ti")
    before = titles.all_text_contents()
    handle = here.page.get_by_role("button", name=f"Reorder {before[0]}")
    handle.focus()
    with here.page.expect_response(lambda answer: answer.url.endswith("/order")) as saved:
        for key in ("Space", "ArrowDown", "ArrowDown", "Space"):
            here.page.keyboard.press(key)
    assert saved.value.status == 200
    assert here.page.evaluate("document.activeElement.className") == "grip"
    here.page.reload()
    assert titles.all_text_contents() == [before[1], before[2], before[0]]


def test_a_move_that_cannot_be_saved_is_put_back_and_said(drafted, visit):
    cast, curriculum_id = drafted
    here = visit(cast.ada)
    here.go(f"/paths/{curriculum_id}")
    titles = here.page.locator(".path > li .ti")
    before = titles.all_text_contents()
    here.page.route("**/order", lambda route: route.fulfill(status=500, body="{}"))
    here.page.get_by_role("button", name=f"Reorder {before[0]}").focus()
    for key in ("Space", "ArrowDown", "Space"):
        here.page.keyboard.press(key)
    expect(here.page.locator("#live")).to_contain_text("Could not be saved")
    assert titles.all_text_contents() == before


def test_the_library_is_filtered_without_javascript(drafted, visit):
    cast, _ = drafted
    here = visit(cast.ada, javascript=False)
    here.go("/library")
    here.page.get_by_label(re.compile("^Music")).check()
    here.page.get_by_role("button", name="Apply filters").click()
    expect(here.page.get_by_role("status").first).to_contain_text("42 activities")


def test_a_person_registers_and_confirms_the_address_from_the_mailbox(app, visit, settings, drain):
    here = visit(None)
    here.go("/register")
    here.page.get_by_label("Your name").fill("Nina Sample")
    here.page.get_by_label("E-mail").fill("nina.sample@example.org")
    here.page.get_by_label("Password").fill("a long enough password")
    here.page.get_by_role("button", name="Create account").click()
    expect(here.page.get_by_role("heading", name="Check your mail")).to_be_visible()
    drain(clock.now(), kind=PERSON_EVENT)
    here.go("/mailbox")
    here.page.get_by_role("link", name="Confirm your address").first.click()
    link = here.page.locator("pre.mail a").first.get_attribute("href")
    here.page.goto(here.site + "/verify/" + link.rsplit("/", 1)[1])
    here.page.get_by_role("button", name="Confirm").click()
    expect(here.page.get_by_text("your address is confirmed")).to_be_visible()


def test_who_signs_out_everywhere_leaves_the_whole_page(cast, visit):
    here = visit(cast.ada)
    other = visit(cast.ada)
    here.go("/settings")
    here.page.get_by_role("button", name="Sign out everywhere").click()
    expect(here.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(here.page.get_by_role("link", name="Classes")).to_have_count(0)
    other.page.goto(other.site + "/settings")
    assert "/sign-in" in other.page.url
