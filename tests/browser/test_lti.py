"""A launch in a real browser: the portal over https in a frame of another site, third-party cookies blocked.

The platform is lti1p3platform over HTTP at lms.test, the portal stands at tool.test; both names lead to this machine.
"""

import json
import re
import uuid
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from werkzeug import Response

from portal import clock
from portal.lti.keys import key_set
from portal.models.lti import LtiContext
from portal.models.organizations import Role
from portal.tenancy.scope import unit_of_work
from tests.browser.embedding import COURSE, inside
from tests.contract.lti.launching import INSTRUCTOR, LEARNER
from tests.contract.lti.platform import Message
from tests.factories.assignments import make_path, publish
from tests.factories.cast import PASSWORD, make_actor, make_member, make_user


def class_and_teacher(app, tool, course):
    """The teacher's launch makes the class; the class's id and its organization."""
    lms, visit = course
    frame = inside(visit("teacher"), tool, "/classes/")
    assert "Biology" in frame.inner_text("main")
    organization = uuid.UUID(hex=lms.registration.get_client_id())
    with unit_of_work(organization_id=organization) as db:
        found = db.scalars(select(LtiContext)).one()
        return organization, found.class_id


def test_a_learner_completes_an_item_in_a_frame_on_the_first_try(app, tool, course, drain):
    _lms, visit = course
    organization, class_id = class_and_teacher(app, tool, course)
    waiting = inside(visit("learner"), tool, "/lti/learn/")
    assert "No path yet" in waiting.inner_text("main")
    teacher = make_actor(organization, make_member(organization, make_user("Eve"), Role.OWNER))
    now = clock.now()
    publish(make_path(organization, (30, 30, 30), now=now), class_id, teacher, now=now)
    drain(clock.now(), of=organization)
    page = visit("learner")
    frame = inside(page, tool, "/lti/learn/")
    assert frame.locator(".side").count() == 0
    assert frame.locator("h2", has_text="The whole path").count() == 1
    frame.locator(".list a.ti").first.click()
    item = inside(page, tool, "/items/")
    item.get_by_role("button", name="Mark as completed").click()
    item.get_by_text("Finished").wait_for()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["launch"]["sameSite"] == "None"
    assert cookies["launch"]["secure"]
    assert "session" not in cookies
    item.evaluate("document.cookie = 'plain=1; SameSite=None; Secure'")
    assert "plain" not in item.evaluate("document.cookie"), "third-party cookies must be blocked for this test to tell"
    again = inside(visit("learner"), tool, "/lti/learn/")
    assert again.locator(".list .badge.ok").count() == 1


def test_a_teacher_links_a_path_publishes_it_and_the_score_arrives(app, tool, course, drain, monkeypatch):
    """The educator's way: content chosen in a frame, the roster comes over, a preview, a column with a due date."""
    lms, visit = course
    lms.services = lms.url.replace("lms.test", "127.0.0.1")
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], lti_private_addresses=True))
    organization = uuid.UUID(hex=lms.registration.get_client_id())
    path = make_path(organization, (30, 30), title="Cells and tissues", now=clock.now())
    with unit_of_work(organization_id=organization):
        lms.registration.set_tool_key_set({"keys": key_set(now=clock.now())})
    lms.people = [
        {"user_id": "teacher-1", "name": "Tea Cher", "roles": [INSTRUCTOR]},
        {"user_id": "learner-1", "name": "Lee Learner", "roles": [LEARNER]},
        {"user_id": "mia-1", "name": "Mia Absent", "roles": [LEARNER]},
    ]
    lms.messages["content"] = Message("teacher-1", [INSTRUCTOR], "Tea Cher", deep_linking={}, context=COURSE)

    page = visit("content")
    picker = inside(page, tool, "/lti/content/")
    picker.get_by_role("checkbox", name=re.compile("^Cells and tissues")).check()
    picker.get_by_role("button", name="Put into the course").click()
    page.frames[1].get_by_role("heading", name="1 items came back").wait_for()
    assert [item["title"] for item in lms.returned] == ["Cells and tissues"]
    assert lms.returned[0]["lineItem"]["resourceId"] == str(path.curriculum_id)

    drain(clock.now() + timedelta(minutes=1), of=organization)
    frame = inside(visit("teacher"), tool, "/classes/")
    frame.get_by_text("3 people in the course").wait_for()
    frame.get_by_role("link", name="Preview and publish Cells and tissues").click()
    frame.get_by_role("button", name=re.compile("Publish to 2 students")).click()
    frame.wait_for_url(re.compile("/progress"))

    drain(clock.now() + timedelta(minutes=1), of=organization)
    (column,) = lms.line_items.values()
    assert (column["label"], column["tag"]) == ("Cells and tissues", "path")
    assert column["endDateTime"] > clock.now().isoformat()

    page = visit("learner")
    inside(page, tool, "/lti/learn/").locator(".list a.ti").first.click()
    item = inside(page, tool, "/items/")
    item.get_by_role("button", name="Mark as completed").click()
    item.get_by_text("Finished").wait_for()
    drain(clock.now() + timedelta(minutes=1), of=organization)
    score = lms.score_of("learner-1")
    assert (score["scoreGiven"], score["activityProgress"]) == (50, "InProgress")


def test_the_frame_says_how_high_its_page_is(tool, course):
    _lms, visit = course
    page = visit("teacher")
    inside(page, tool, "/classes/")
    page.evaluate(
        "window.heights = []; addEventListener('message', e => e.data.subject === 'lti.frameResize' "
        "&& heights.push(e.data.height))"
    )
    inside(page, tool, "/classes/").evaluate("location.reload()")
    page.wait_for_function("window.heights.some(height => height > 100)")


def test_a_platform_is_registered_in_at_most_six_actions_on_our_side(tool, course, strict):
    lms, _visit = course
    organization = uuid.UUID(hex=lms.registration.get_client_id())
    user = make_user("Ola")
    make_member(organization, user, Role.OWNER)
    context = strict.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    page, actions = context.new_page(), 0

    def click(where) -> None:
        nonlocal actions
        actions += 1
        where.click()

    page.goto(tool + "/sign-in")
    page.fill("#email", user.email)
    page.fill("#password", PASSWORD)
    page.click("main button.pri")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    click(page.locator("#who summary"))
    click(page.locator("#who").get_by_role("link", name="Settings"))
    click(page.get_by_role("link", name="Learning platforms"))
    click(page.get_by_role("button", name="Make a registration link"))
    link = page.locator("#link").inner_text()
    local = lms.url.replace("lms.test", "127.0.0.1")
    endpoints = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "registration_endpoint": "/register"}
    configuration = {name: local + path for name, path in endpoints.items()}
    configuration |= {"issuer": local, "jwks_uri": local + "/jwks"}
    lms.script("GET", "/openid", Response(json.dumps(configuration)))
    lms.script("POST", "/register", Response(json.dumps({"client_id": "made-by-the-platform"})))
    elsewhere = context.new_page()
    elsewhere.goto(f"{link}?openid_configuration={local}/openid&registration_token=once")
    elsewhere.get_by_role("heading", name="Registered").wait_for()
    click(page.get_by_role("button", name="Approve"))
    page.get_by_text("made-by-the-platform").wait_for()
    page.locator("section", has_text="made-by-the-platform").get_by_text("active", exact=True).wait_for()
    context.close()
    assert actions <= 6
