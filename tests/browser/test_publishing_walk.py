"""An educator's walk: a new version, its diff, published, rolled back; a student who will not make it, mended."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal import clock
from portal.models.classes import Classroom
from portal.models.schedules import Assignment
from portal.tenancy.scope import new_id, unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules


@pytest.mark.parametrize("javascript", [True, False])
def test_a_new_version_is_previewed_published_and_rolled_back(cast, visit, javascript):
    now = clock.now()
    path = make_path(cast.ada.organization_id, (60, 60, 60), title="First chords", now=now)
    assignment_id = publish(path, cast.class_id, cast.ada, now=now)
    before = [(item.id, item.on_date) for item in of_ben(cast, assignment_id)]
    keys = (path.keys[0], path.keys[2], new_id())
    make_path(cast.ada.organization_id, (60, 45, 30), title="First chords", of=path, keys=keys, now=now)
    here = visit(cast.ada, javascript=javascript)
    here.go(f"/classes/{cast.class_id}/paths")
    here.page.get_by_role("link", name="Update to version 2").click()
    expect(here.page.get_by_role("heading", name="Three ways together")).to_be_visible()
    here.page.locator(".diffs summary").first.click()
    expect(here.page.get_by_role("cell", name="Step 2").first).to_be_visible()
    here.page.get_by_role("button", name="Publish to 1 student").click()
    expect(here.page.get_by_text("Published. Every student has a schedule")).to_be_visible()
    here.page.get_by_role("link", name="Plan history").click()
    here.page.get_by_role("link", name="Roll back: Published “First chords”, version 2").click()
    here.page.get_by_role("button", name="Apply").click()
    expect(here.page.get_by_text("taken back", exact=True)).to_be_visible()
    assert [(item.id, item.on_date) for item in of_ben(cast, assignment_id)] == before
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(Assignment.version_id)).one() == path.version_id
    assert here.said == []


def test_a_student_who_will_not_make_it_is_mended_by_a_click(cast, visit):
    now = clock.now()
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        classroom = db.get_one(Classroom, cast.class_id)
        classroom.starts_on = (now + timedelta(days=1)).date()
        classroom.hard_ends_on = (now + timedelta(days=3)).date()
        classroom.weekday_minutes = [60] * 7
        classroom.study_from, classroom.study_until = time(8), time(22)
    publish(make_path(cast.ada.organization_id, (60, 60, 60, 60), now=now), cast.class_id, cast.ada, now=now)
    here = visit(cast.ada)
    here.go(f"/classes/{cast.class_id}/progress")
    here.page.get_by_role("link", name="See why, and what would help").click()
    here.page.locator(".mends a.btn").first.click()
    expect(here.page.get_by_text("Everything fits")).to_be_visible()
    here.page.get_by_role("button", name="Apply").click()
    expect(here.page.get_by_text("Everybody makes it")).to_be_visible()
    assert here.said == []


def of_ben(cast, assignment_id):
    return items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id)
