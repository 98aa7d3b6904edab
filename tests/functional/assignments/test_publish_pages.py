"""From a path to a class in three pages, as a browser without scripts uses them."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.assignments import services
from portal.models.schedules import Assignment, AssignmentState, ProgressEvent
from portal.schedules import services as schedule_services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish, schedules
from tests.factories.cast import NOW
from tests.factories.classes import make_students

POLICY = {"arrangement": "SOON", "late_join": "SHIFT", "overload": "EXTEND", "notice_days": "0"}


@pytest.fixture(autouse=True)
def at_the_tests_time():
    with clock.frozen(NOW):
        yield


def text_of(answer):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def form_of(answer):
    """The hidden fields of the page's form that publishes."""
    form = re.search(r'<form method="post" action="[^"]+/publish">.*?</form>', answer.text, re.DOTALL)
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]))


def preview(browser, cast, path, **policy):
    query = {"version": path.version_id, **POLICY, **policy}
    return browser.get(f"/classes/{cast.class_id}/publish/preview", query_string=query)


def test_a_preview_then_a_publishing(cast, sign_in):
    make_students(cast.ada.organization_id, cast.class_id, 2)
    path = make_path(cast.ada.organization_id, title="First chords")
    browser = sign_in(cast.ada)
    shown = preview(browser, cast, path)
    assert "Publish to 3 students" in text_of(shown)
    assert "Everything fits for everybody" in text_of(shown)
    answer = browser.post(f"/classes/{cast.class_id}/publish", data=form_of(shown))
    assert answer.status_code == 303
    page = browser.get(answer.location)
    assert page.status_code == 200
    for name in ("Ben", "Student 000", "Student 001"):
        assert name in page.text
    listed = text_of(browser.get(f"/classes/{cast.class_id}/paths"))
    assert "First chords" in listed
    assert "3 schedules" in listed


def test_a_newer_version_is_offered_where_the_path_stands(cast, sign_in):
    first = make_path(cast.ada.organization_id)
    publish(first, cast.class_id, cast.ada, **POLICY)
    browser = sign_in(cast.ada)
    assert "Update to version" not in browser.get(f"/classes/{cast.class_id}/paths").text
    second = make_path(cast.ada.organization_id, of=first, keys=first.keys)
    third = make_path(cast.ada.organization_id, of=second, keys=first.keys)
    shown = browser.get(f"/classes/{cast.class_id}/paths").text
    (link,) = re.findall(r'href="([^"]+)">Update to version 3<', shown)
    assert link.endswith(f"/publish/preview?version={third.version_id}")
    assert "Version 3 for" in browser.get(link).text


def test_a_withdrawn_path_is_named_and_leads_nowhere(cast, sign_in):
    withdrawn = publish(make_path(cast.ada.organization_id, title="Withdrawn"), cast.class_id, cast.ada, **POLICY)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Assignment, withdrawn).state = AssignmentState.WITHDRAWN
    browser = sign_in(cast.ada)
    listed = browser.get(f"/classes/{cast.class_id}/paths")
    assert "Withdrawn" in text_of(listed)
    assert str(withdrawn) not in listed.text
    progress = text_of(browser.get(f"/classes/{cast.class_id}/progress?assignment={withdrawn}"))
    assert "No path published yet" in progress


def test_the_preview_says_for_whom_it_worked_out_what_would_help(cast, sign_in):
    make_students(cast.ada.organization_id, cast.class_id, 4)
    path = make_path(cast.ada.organization_id, [600])
    shown = text_of(preview(sign_in(cast.ada), cast, path))
    assert "2 more What would help was worked out for the first 3. Once published," in shown


def test_the_preview_says_who_will_not_make_it_and_why(cast, sign_in):
    path = make_path(cast.ada.organization_id, [600])
    shown = text_of(preview(sign_in(cast.ada), cast, path))
    assert re.search(r"Who will not make it, and why \w+ Ben", shown)
    assert "“Step 1” (10 h) is longer than any study day." in shown


def test_the_choices_of_the_preview_go_on_to_the_publishing(cast, sign_in):
    path = make_path(cast.ada.organization_id)
    browser = sign_in(cast.ada)
    chosen = {"overload": "REPORT", "notice_days": "3", "late_join": "CATCH_UP", "catch_up_weeks": "4"}
    chosen |= {"missed": "COMPRESS", "due_moves": "y"}
    sent = form_of(preview(browser, cast, path, **chosen))
    assert {name: sent[name] for name in chosen} == chosen


@pytest.mark.parametrize("policy", [{"arrangement": "NEVER"}, {"notice_days": "many"}])
def test_a_choice_there_is_not_is_explained_and_not_published(cast, sign_in, policy):
    path = make_path(cast.ada.organization_id)
    browser = sign_in(cast.ada)
    assert preview(browser, cast, path, **policy).status_code == 422
    answer = browser.post(
        f"/classes/{cast.class_id}/publish", data={"version": path.version_id, "revision": 0, **POLICY, **policy}
    )
    assert answer.status_code == 303
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert services.queries.assignments(cast.class_id) == []


def test_a_class_without_students_says_what_to_do(cast, sign_in):
    path = make_path(cast.ada.organization_id)
    shown = sign_in(cast.ada).get(
        f"/classes/{cast.other_class_id}/publish/preview", query_string={"version": path.version_id}
    )
    assert "Nobody to publish to" in text_of(shown)


@pytest.mark.parametrize("version", ["", "nonsense", "00000000-0000-0000-0000-000000000001"])
def test_a_version_there_is_not_is_not_found(cast, sign_in, version):
    browser = sign_in(cast.ada)
    assert browser.get(f"/classes/{cast.class_id}/publish/preview?version={version}").status_code == 404
    assert browser.post(f"/classes/{cast.class_id}/publish", data={"version": version, **POLICY}).status_code == 404


def test_who_comes_second_is_told_and_nothing_is_published_over_it(cast, sign_in):
    path = make_path(cast.ada.organization_id)
    browser = sign_in(cast.ada)
    sent = form_of(preview(browser, cast, path))
    publish(path, cast.class_id, cast.ada, **POLICY)
    answer = browser.post(f"/classes/{cast.class_id}/publish", data=sent)
    assert answer.status_code == 409
    assert "Somebody else published this path" in text_of(answer)


def test_a_large_class_leads_to_a_page_that_shows_how_far_it_is(cast, sign_in, drain, monkeypatch):
    monkeypatch.setattr(services, "IN_REQUEST", 2)
    monkeypatch.setattr(schedule_services, "BATCH", 2)
    make_students(cast.ada.organization_id, cast.class_id, 4)
    path = make_path(cast.ada.organization_id)
    browser = sign_in(cast.ada)
    answer = browser.post(f"/classes/{cast.class_id}/publish", data=form_of(preview(browser, cast, path)))
    assert answer.status_code == 303
    waiting = browser.get(answer.location)
    assert "0 of 5 students" in text_of(waiting)
    assert 'hx-trigger="every 1s"' in waiting.text
    assert "being published" in text_of(browser.get(f"/classes/{cast.class_id}/paths"))
    drain(NOW)
    done = browser.get(answer.location)
    assert "5 of 5 students" in text_of(done)
    assert "hx-trigger" not in done.text
    for who in ("ben", "cleo", "dora"):
        assert sign_in(cast.everyone[who]).get(answer.location).status_code in (403, 404)


@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("cleo", 404), ("dora", 404)])
@pytest.mark.parametrize("page", ["publish", "publish/preview?version={}", "paths"])
def test_nobody_else_sees_these_pages(cast, sign_in, page, who, status):
    path = make_path(cast.ada.organization_id)
    address = f"/classes/{cast.class_id}/{page.format(path.version_id)}"
    assert sign_in(cast.everyone[who]).get(address).status_code == status


def test_a_student_sees_the_new_schedule_today(cast, sign_in):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **POLICY)
    assert list(schedules(cast.ada, assignment)) == ["Ben"]
    assert "Step 1" in sign_in(cast.ben).get("/today").text


def test_the_time_spent_on_planning_is_kept(cast, sign_in):
    browser = sign_in(cast.ada)
    shown = preview(browser, cast, make_path(cast.ada.organization_id))
    with clock.frozen(NOW + timedelta(minutes=10)):
        preview(browser, cast, make_path(cast.ada.organization_id))
        browser.post(f"/classes/{cast.class_id}/publish", data=form_of(shown))
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        data = db.scalars(select(ProgressEvent.data).where(ProgressEvent.name == "plan.published")).one()
    assert data == {"class_id": str(cast.class_id), "seconds": 600}


def test_the_preview_says_what_the_class_does_not_have(cast, sign_in):
    anchors = [{"anchor": {"meeting": 9, "offset_minutes": 0}}, {"anchor": {"weekday": 6}}]
    options = [*anchors, {"lock_at": "2026-09-01T08:00"}]
    version = make_path(cast.ada.organization_id, (30, 30, 30, 30), options=options).version_id
    page = sign_in(cast.ada).get(f"/classes/{cast.class_id}/publish/preview?version={version}")
    assert page.status_code == 200
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
    assert "“Step 1” is set to meeting 9, but the class has 0 meetings: it is planned like any other step." in text
    assert "“Step 2” is done on a Sunday only, which is no study day of the class." in text
    assert "“Step 3” is due or closes on 1 September 2026, before the class begins." in text
    assert "“Step 4”" not in text
