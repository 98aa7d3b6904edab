"""Commands through their pages, as a browser without scripts uses them: preview, apply, undo."""

import html
import re
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.models.classes import Classroom, Enrolment, Leave
from portal.schedules import changing
from portal.schedules import services as schedule_services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW
from tests.factories.classes import make_students
from tests.factories.pages import press, text_of

MON, TUE, WED, THU, FRI = [date(2026, 9, 7) + timedelta(days=number) for number in range(5)]


@pytest.fixture(autouse=True)
def at_the_tests_time():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def planned(cast):
    """Four hours in a chain, one each day from Monday, for ben; the assignment's id."""
    return publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")


def look(browser, **query):
    return browser.get("/plans/preview", query_string=query)


def of_ben(cast, assignment_id):
    return items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id)


def dates(cast, assignment_id):
    return [item.on_date for item in of_ben(cast, assignment_id)]


def test_a_student_previews_leave_in_the_first_person_applies_it_and_undoes_it(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    shown = look(browser, command="away", starts_on=TUE, ends_on=TUE, next="today")
    page = text_of(shown)
    assert "Away on 8 Sep" in page
    assert "Of your plan 3 items move. Your last day is Friday 11 September, 1 day later. Everything fits." in page
    assert "You are away on Tuesday 8 September." in page
    assert 'class="lead" id="summary"' in shown.text
    assert "Ben" not in re.search(r"<main.*</main>", shown.text, re.DOTALL)[0]
    assert dates(cast, planned) == [MON, TUE, WED, THU], "a preview writes nothing"
    applied = press(browser, shown, "Apply")
    assert applied.location == "/today"
    assert dates(cast, planned) == [MON, WED, THU, FRI]
    after = browser.get("/today")
    assert "Done: Away on 8 Sep." in text_of(after)
    assert press(browser, after, "Undo").location == "/today"
    assert dates(cast, planned) == [MON, TUE, WED, THU]
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalars(select(Leave)).all() == []


def test_a_teacher_sees_names_dates_and_reasons(cast, planned, sign_in):
    page = text_of(look(sign_in(cast.ada), command="away", starts_on=TUE, ends_on=TUE, members=cast.ben.member_id,
                        class_id=cast.class_id, next="class"))  # fmt: skip
    assert "For Ben, 3 items move. The last day is Friday 11 September, 1 day later." in page
    assert "Away on Tuesday 8 September." in page
    assert "Tue 8 Sep, 08:00 Wed 9 Sep, 08:00 1 day later" in page


def test_a_double_click_applies_once(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    shown = look(browser, command="away", starts_on=MON, ends_on=MON, next="today")
    for _click in range(2):
        assert press(browser, shown, "Apply").status_code == 303
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalar(select(func.count()).select_from(Leave)) == 1


def test_plans_changed_meanwhile_are_shown_again_and_nothing_is_written(cast, planned, sign_in):
    ada, ben = sign_in(cast.ada), sign_in(cast.ben)
    shown = look(ada, command="away", starts_on=TUE, ends_on=TUE, members=cast.ben.member_id, class_id=cast.class_id)
    press(ben, look(ben, command="away", starts_on=MON, ends_on=MON, next="today"), "Apply")
    answer = press(ada, shown, "Apply")
    assert answer.status_code == 409
    assert "These plans have changed meanwhile. Look at what would happen now." in text_of(answer)
    assert dates(cast, planned)[0] == TUE
    assert press(ada, answer, "Apply").status_code == 303
    assert dates(cast, planned)[0] == WED


def test_an_undo_after_another_change_shows_what_it_would_do_now(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    press(browser, look(browser, command="away", starts_on=MON, ends_on=MON, next="today"), "Apply")
    first = browser.get("/today")
    press(browser, look(browser, command="away", starts_on=THU, ends_on=THU, next="today"), "Apply")
    answer = press(browser, first, "Undo")
    assert answer.status_code == 409
    assert "Taken back: Away on 7 Sep" in text_of(answer)


def test_who_does_not_fit_gets_repairs_and_each_leads_to_its_own_preview_and_back(cast, planned, sign_in):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Classroom, cast.class_id).soft_ends_on = FRI
        db.get_one(Classroom, cast.class_id).hard_ends_on = FRI
    browser = sign_in(cast.ada)
    shown = look(browser, command="away", starts_on=TUE, ends_on=WED, members=cast.ben.member_id,
                 class_id=cast.class_id, next="class")  # fmt: skip
    page = text_of(shown)
    assert "Not everything fits then." in page
    assert "Who will not make it, and what would help" in page
    links = re.findall(r'<ul class="mends">.*?</ul>', shown.text, re.DOTALL)[0]
    href = html.unescape(re.search(r'href="([^"]+)"', links)[1])
    repair = browser.get(href)
    assert repair.status_code == 200
    applied = press(browser, repair, "Apply")
    assert applied.location.startswith("/plans/preview?")
    again = browser.get(applied.location)
    assert "Away from 8 Sep to 9 Sep" in text_of(again)
    assert "Everything fits." in text_of(again)
    assert press(browser, again, "Apply").location == f"/classes/{cast.class_id}/progress"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"command": "away", "starts_on": "2026-09-09", "ends_on": "2026-09-08"}, 422, "The end is before the start."),
        ({"command": "away", "starts_on": "soon", "ends_on": "2026-09-08"}, 422, "“soon” cannot be read here."),
        ({"command": "away", "ends_on": "2026-09-08"}, 422, "This is needed."),
        ({"command": "fly"}, 404, "There is no such action."),
        ({}, 404, "There is no such action."),
    ],
)
def test_what_cannot_be_done_is_said_and_leads_back(cast, planned, sign_in, query, status, says):
    answer = look(sign_in(cast.ben), next="week", **query)
    assert answer.status_code == status
    assert says in text_of(answer)
    if status == 422:
        assert 'href="/week"' in answer.text


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "nowhere", "", "class"])
def test_after_applying_one_never_leaves_the_portal(cast, planned, sign_in, wanted):
    browser = sign_in(cast.ben)
    shown = look(browser, command="away", starts_on=MON, ends_on=MON, next=wanted)
    assert press(browser, shown, "Apply").location == "/"


@pytest.mark.parametrize("who", ["ben", "cleo", "dora"])
def test_nobody_else_changes_a_class(cast, planned, sign_in, who):
    browser = sign_in(cast.everyone[who])
    first = of_ben(cast, planned)[0]
    commands = [
        {"command": "relevel", "assignment": planned},
        {"command": "minutes", "class_id": cast.class_id, "minutes": 30, "weekdays": 0},
        {"command": "end", "class_id": cast.class_id, "ends_on": "2026-12-01"},
        {"command": "differ", "class_id": cast.class_id, "member": cast.ben.member_id, "pace": 150},
        {"command": "away", "starts_on": MON, "ends_on": MON, "class_id": cast.class_id, "members": cast.ada.member_id},
    ]
    if who != "ben":
        commands.append({"command": "move", "item": first.id, "on": THU, "start": "10:00"})
    for command in commands:
        assert look(browser, **command).status_code in (403, 404), command
        sent = {**command, "key": "k", "stamp": "1-1"}
        assert browser.post("/plans/apply", data=sent).status_code in (403, 404), command


def test_a_large_class_is_planned_by_a_job_with_progress(cast, planned, sign_in, drain, monkeypatch):
    monkeypatch.setattr(changing, "PREVIEWED", 2)
    monkeypatch.setattr(schedule_services, "BATCH", 2)
    make_students(cast.ada.organization_id, cast.class_id, 4)
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    browser = sign_in(cast.ada)
    shown = look(browser, command="minutes", class_id=cast.class_id, minutes=30, weekdays=[0, 1, 2, 3, 4], next="class")
    assert "The first 2 students were planned for this preview." in text_of(shown)
    answer = press(browser, shown, "Apply")
    assert re.fullmatch(rf"/classes/{cast.class_id}/publish/[0-9a-f-]+", answer.location)
    drain(NOW)
    assert "Published" in text_of(browser.get(answer.location))
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(Classroom, cast.class_id).weekday_minutes == [90] * 5 + [0, 0]


def test_a_move_by_hand_keeps_its_time(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    second = of_ben(cast, planned)[1]
    shown = look(browser, command="move", item=second.id, on=THU, start="10:00", next="item")
    assert "“Step 2” on 10 Sep, 10:00" in text_of(shown)
    assert press(browser, shown, "Apply").location == f"/items/{second.id}"
    assert next((i.on_date, i.start_time) for i in of_ben(cast, planned) if i.id == second.id) == (THU, time(10))


def test_a_student_mends_her_own_plan_with_more_minutes_only(cast, planned, sign_in):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Classroom, cast.class_id).hard_ends_on = FRI
    browser = sign_in(cast.ben)
    shown = look(browser, command="away", starts_on=TUE, ends_on=WED, next="today")
    mends = re.findall(r'<ul class="mends">.*?</ul>', shown.text, re.DOTALL)[0]
    hrefs = [html.unescape(each) for each in re.findall(r'<a [^>]*href="([^"]+)"', mends)]
    assert hrefs
    assert all("command=minutes" in each and f"members={cast.ben.member_id}" in each for each in hrefs)
    press(browser, browser.get(hrefs[0]), "Apply")
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(Enrolment).where(Enrolment.member_id == cast.ben.member_id)).one().weekday_minutes
