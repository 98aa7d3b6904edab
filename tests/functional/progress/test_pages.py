"""The learner's and the educator's pages: what they show, and that their cost does not grow with their rows."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from portal import clock
from portal.extensions import db as database
from portal.models.classes import ClassRole
from portal.models.organizations import Role
from portal.models.schedules import ProgressEvent, ScheduleItem
from portal.progress.pace import Standing, pace_of
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, enrol, make_member, make_user

MORNING = NOW.replace(hour=7)


@pytest.fixture
def school(cast):
    publish(make_path(cast.ada.organization_id, (30, 30, 60, 60), chain=True), cast.class_id, cast.ada, now=MORNING)
    return cast


def get(browser, address, at=MORNING):
    with clock.frozen(at):
        return browser.get(address)


def first_item(actor):
    with unit_of_work(organization_id=actor.organization_id) as db:
        return db.scalars(
            select(ScheduleItem).where(ScheduleItem.member_id == actor.member_id).order_by(ScheduleItem.starts_at)
        ).first()


def test_today_shows_the_days_items_and_one_primary_button(school, sign_in):
    page = get(sign_in(school.ben), "/today").text
    assert "2 activities left, about 1 h" in page
    assert page.count("btn pri") == 1
    assert "Start activity" in page


def test_the_whole_day_by_forms_alone(school, sign_in):
    browser = sign_in(school.ben)
    item = first_item(school.ben)
    with clock.frozen(MORNING):
        assert browser.post(f"/items/{item.id}/start", data={"next": "today"}).location == "/today"
    assert "Complete" in get(browser, "/today").text
    with clock.frozen(MORNING + timedelta(minutes=20)):
        browser.post(f"/items/{item.id}/complete", data={"next": "item"})
    page = get(browser, f"/items/{item.id}").text
    assert "20 min" in page
    assert "Reopen" in page


def test_minutes_that_are_no_number_are_answered_in_place(school, sign_in):
    browser = sign_in(school.ben)
    item = first_item(school.ben)
    answer = browser.post(f"/items/{item.id}/complete", data={"actual_minutes": "many"})
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text


def test_a_study_day_with_nothing_planned_is_called_that(school, sign_in):
    page = get(sign_in(school.ben), "/today", NOW - timedelta(days=7)).text
    assert "Nothing planned today" in page
    assert "without study" not in page


def test_work_of_earlier_days_waits_under_catch_up(school, sign_in):
    page = get(sign_in(school.ben), "/today", NOW + timedelta(days=1)).text
    assert "Catch up" in page
    assert "1 day late" in page


def test_the_week_shows_monday_to_sunday_and_refuses_nonsense(school, sign_in):
    browser = sign_in(school.ben)
    assert get(browser, "/week?on=2026-09-09").text.count('class="day') == 7
    assert get(browser, "/week?on=soon").status_code == 422


def test_a_note_stays_the_students_own(school, sign_in):
    item = first_item(school.ben)
    browser = sign_in(school.ben)
    browser.post(f"/items/{item.id}/note", data={"note": "too difficult for me"})
    assert "too difficult for me" in get(browser, f"/items/{item.id}").text
    page = get(sign_in(school.ada), f"/classes/{school.class_id}/students/{school.ben.member_id}").text
    assert "Step 1" in page
    assert "too difficult for me" not in page


def test_the_class_grid_says_who_is_behind(school, sign_in):
    page = get(sign_in(school.ada), f"/classes/{school.class_id}/progress", NOW + timedelta(days=3)).text
    assert "Ben" in page
    assert "behind" in page


def test_pages_take_the_same_number_of_statements_for_2_students_and_for_12(school, sign_in):
    browser = sign_in(school.ada)
    address = f"/classes/{school.class_id}/progress"
    get(browser, address)
    with counted() as few:
        get(browser, address)
    for number in range(10):
        member = make_member(school.ada.organization_id, make_user(f"Student{number}"), Role.STUDENT)
        enrol(school.ada.organization_id, school.class_id, member, ClassRole.STUDENT)
    publish(make_path(school.ada.organization_id, (30, 30)), school.class_id, school.ada, now=MORNING)
    with counted() as many:
        get(browser, address)
    assert len(many) == len(few)


def test_the_streak_shows_on_today_and_milestones_on_progress_until_the_learner_hides_them(school, sign_in):
    browser, item = sign_in(school.ben), first_item(school.ben)
    with clock.frozen(MORNING):
        browser.post(f"/items/{item.id}/complete", data={"next": "today"})
    assert "1</b> study day in a row" in get(browser, "/today").text
    assert "Monday 7 September: studied" in get(browser, "/progress").text
    item = first_item(school.ben)
    with clock.frozen(MORNING):
        browser.post(f"/items/{item.id}/complete", data={"actual_minutes": "70"})
    assert "1 hour studied" in get(browser, "/progress").text
    answer = browser.post("/settings/days/encouragement", data={})
    assert (answer.status_code, answer.location) == (303, "/settings/days")
    page = get(browser, "/today").text + get(browser, "/progress").text
    assert "in a row" not in page
    assert "hour studied" not in page
    browser.post("/settings/days/encouragement", data={"streaks": "y"})
    assert "in a row" in get(browser, "/today").text


def test_a_teacher_sees_no_streak_of_a_student(school, sign_in):
    page = get(sign_in(school.ada), f"/classes/{school.class_id}/students/{school.ben.member_id}").text
    assert "in a row" not in page


def test_today_takes_as_many_statements_after_a_week_of_work_as_before(school, sign_in):
    browser = sign_in(school.ben)
    get(browser, "/today")
    with counted() as few:
        get(browser, "/today")
    with unit_of_work(organization_id=school.ben.organization_id) as db:
        ids = db.scalars(
            select(ScheduleItem.id)
            .where(ScheduleItem.member_id == school.ben.member_id)
            .order_by(ScheduleItem.starts_at)
        ).all()
    for item_id in ids[1:]:
        browser.post(f"/items/{item_id}/complete", data={"next": "today"})
    with counted() as many:
        get(browser, "/today")
    assert len(many) <= len(few)


@contextmanager
def counted():
    statements = []

    def note(connection, cursor, statement, *_):
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("expected", "done", "early", "left", "standing", "minutes"),
    [
        (120, 120, 0, 60, Standing.ON_PACE, 0),
        (120, 60, 0, 120, Standing.ON_PACE, -60),
        (180, 60, 0, 200, Standing.BEHIND, -120),
        (60, 60, 90, 30, Standing.AHEAD, 90),
        (120, 120, 60, 0, Standing.FINISHED, 0),
    ],
)
def test_pace(expected, done, early, left, standing, minutes):
    found = pace_of(
        expected_minutes=expected, done_expected_minutes=done, done_early_minutes=early, open_minutes=left, tolerance=60
    )
    assert (found.standing, found.minutes) == (standing, minutes)


def test_use_of_a_page_is_kept(school, sign_in):
    get(sign_in(school.ben), "/today")
    with unit_of_work(organization_id=school.ben.organization_id) as db:
        assert "page.today" in db.scalars(select(ProgressEvent.name)).all()
