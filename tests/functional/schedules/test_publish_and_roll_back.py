"""Publishing over plans there are, groups and single students, the history, and the way back."""

import html
import re
import threading
from datetime import date, time, timedelta

import icalendar
import pytest
from sqlalchemy import select

from portal import clock
from portal.models.classes import Classroom, Enrolment
from portal.models.plans import PlanChange
from portal.models.schedules import Assignment
from portal.progress import services as progress
from portal.schedules.changing import apply, preview
from portal.schedules.commands.overrides import ExtendStep
from portal.schedules.commands.personal import MoveItem
from portal.schedules.queries import step_keys
from portal.tenancy.scope import new_id, unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW
from tests.factories.classes import make_students
from tests.factories.pages import press, text_of
from tests.functional.progress.test_pages import counted

MON, TUE, WED, THU, FRI = [date(2026, 9, 7) + timedelta(days=number) for number in range(5)]
SOON = {"arrangement": "SOON"}


@pytest.fixture(autouse=True)
def at_the_tests_time():
    with clock.frozen(NOW):
        yield


@pytest.fixture
def path(cast):
    """Three hours in a chain, published: Monday to Wednesday for ben."""
    made = make_path(cast.ada.organization_id, (60, 60, 60), title="First chords")
    publish(made, cast.class_id, cast.ada, **SOON)
    return made


def assignment_of(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.scalars(select(Assignment.id)).one()


def newer(cast, path):
    """A version without the second step, with a longer third and one more."""
    keys = (path.keys[0], path.keys[2], new_id())
    return make_path(cast.ada.organization_id, (60, 45, 60), title="First chords", of=path, keys=keys)


def of_ben(cast):
    return items(cast.ada, schedules(cast.ada, assignment_of(cast))["Ben"].id)


def places(cast):
    return [(item.id, item.on_date, item.start_time, item.minutes) for item in of_ben(cast)]


def do(actor, command):
    with unit_of_work(organization_id=actor.organization_id):
        stamp = preview(command, actor=actor, now=NOW).stamp
        apply(command, key=new_id().hex, stamp=stamp, actor=actor, now=NOW)


def look(browser, cast, version, **policy):
    query = {"version": version.version_id, "arrangement": "SOON", "notice_days": "0", **policy}
    query |= {name: policy.get(name, value) for name, value in WHOLE.items()}
    return browser.get(f"/classes/{cast.class_id}/publish/preview", query_string=query)


WHOLE = {"late_join": "SHIFT", "overload": "EXTEND", "missed": "ROLL_FORWARD"}


def test_a_new_version_is_shown_three_ways_before_it_is_published_and_rolled_back_whole(cast, path, sign_in):
    second = of_ben(cast)[1]
    with unit_of_work(organization_id=cast.ben.organization_id):
        progress.complete(of_ben(cast)[0].id, actor=cast.ben, now=NOW)
    do(cast.ada, ExtendStep(assignment_of(cast), (cast.ben.member_id,), path.keys[2], FRI))
    before = places(cast)
    browser = sign_in(cast.ada)
    shown = look(browser, cast, newer(cast, path))
    page = text_of(shown)
    assert "Three ways together version 1 → 2" in page
    assert "The version changes new Step 3 goes Step 2 1 h → 45 min Step 2" in page
    assert "Ben 1 item begun or done · 1 step of their own rules" in page
    assert "1 item of removed steps is cancelled, not deleted" in page
    assert re.search(r"Who moves, and why B Ben .* Step 2 Tue 8 Sep, 08:00 – goes", page)
    answer = press(browser, shown, "Publish to 1 student")
    assert answer.status_code == 303
    assert second.id not in {key for key, *_rest in places(cast)}
    removed = items(cast.ada, schedules(cast.ada, assignment_of(cast))["Ben"].id, removed=True)
    assert next(item for item in removed if item.id == second.id).removed_at == NOW
    assert press(browser, browser.get(answer.location), "Undo").location == f"/classes/{cast.class_id}/paths"
    assert places(cast) == before


def test_two_educators_publish_at_once_and_one_is_told(cast, path, sign_in):
    version = newer(cast, path)
    both, answers = threading.Barrier(2), []
    browsers = [sign_in(cast.ada), sign_in(cast.ada)]
    sent = [look(browser, cast, version) for browser in browsers]

    def send(number):
        both.wait()
        answers.append(press(browsers[number], sent[number], "Publish to 1 student"))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    told = next(answer for answer in answers if answer.status_code == 409)
    assert "Somebody else published this path to the class meanwhile." in text_of(told)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert len(db.scalars(select(PlanChange)).all()) == 2


def test_a_plan_that_changed_after_the_preview_is_not_published_over(cast, path, sign_in):
    browser = sign_in(cast.ada)
    shown = look(browser, cast, newer(cast, path))
    do(cast.ben, MoveItem(of_ben(cast)[2].id, FRI, time(9)))
    answer = press(browser, shown, "Publish to 1 student")
    assert answer.status_code == 409
    assert "These plans have changed meanwhile." in text_of(answer)


def test_what_was_put_by_hand_stays_when_a_version_is_published(cast, path, sign_in):
    third = of_ben(cast)[2]
    do(cast.ben, MoveItem(third.id, FRI, time(9)))
    browser = sign_in(cast.ada)
    shown = look(browser, cast, newer(cast, path))
    assert "Ben 1 put by hand" in text_of(shown)
    press(browser, shown, "Publish to 1 student")
    kept = next(item for item in of_ben(cast) if item.id == third.id)
    assert (kept.on_date, kept.start_time, kept.pinned) == (FRI, time(9), True)


def test_a_preview_begins_with_the_choices_the_plans_were_made_with(cast, path, sign_in):
    publish(path, cast.class_id, cast.ada, **SOON, missed="LEAVE", due_moves=True, left_out=[str(path.keys[2])])
    shown = sign_in(cast.ada).get(f"/classes/{cast.class_id}/publish/preview?version={path.version_id}")
    assert '<option selected value="LEAVE">' in shown.text
    assert re.search(r'<input checked[^>]*name="due_moves"', shown.text)
    assert f'value="{path.keys[2]}" checked' in shown.text


def test_who_will_not_make_a_publishing_is_mended_by_one_click_and_led_back(cast, sign_in):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Classroom, cast.class_id).soft_ends_on = TUE
        db.get_one(Classroom, cast.class_id).hard_ends_on = TUE
    made = make_path(cast.ada.organization_id, (60, 60, 60))
    browser = sign_in(cast.ada)
    shown = look(browser, cast, made)
    assert "Who will not make it, and why" in text_of(shown)
    href = html.unescape(re.search(r'<ul class="mends"><li><a [^>]*href="([^"]+)"', shown.text)[1])
    applied = press(browser, browser.get(href), "Apply")
    assert applied.location.startswith(f"/classes/{cast.class_id}/publish/preview?")
    assert "Everything fits for everybody" in text_of(browser.get(applied.location))


def test_the_history_says_what_who_when_and_rolls_back_with_a_preview(cast, path, sign_in):
    browser = sign_in(cast.ada)
    do(cast.ben, MoveItem(of_ben(cast)[1].id, FRI, time(9)))
    page = browser.get(f"/classes/{cast.class_id}/plans")
    assert "“Step 2” on 11 Sep, 09:00 for Ben First chords Ben 7 Sep, 09:00" in text_of(page)
    assert "Published “First chords”, version 1" in text_of(page)
    change = html.unescape(re.search(r'<a class="ti" href="([^"]+)"', page.text)[1])
    assert "Step 2 Tue 8 Sep, 08:00 Fri 11 Sep, 09:00 3 days later It was put here by hand." in text_of(
        browser.get(change)
    )
    back = html.unescape(re.search(r'href="(/plans/preview\?[^"]+)"', page.text)[1])
    shown = browser.get(back)
    assert "Taken back: “Step 2” on 11 Sep, 09:00" in text_of(shown)
    answer = press(browser, shown, "Apply")
    assert answer.location == f"/classes/{cast.class_id}/plans"
    assert [item.on_date for item in of_ben(cast)] == [MON, TUE, WED]
    assert "taken back" in text_of(browser.get(answer.location))


def test_a_roll_back_raises_the_sequence_in_the_feed(cast, path, sign_in):
    ben, ada = sign_in(cast.ben), sign_in(cast.ada)
    ben.post("/settings/calendar")
    feed = re.search(r"(/feeds/[\w-]{20,}\.ics)", ben.get("/settings/calendar").text)[1]

    def events():
        found = icalendar.Calendar.from_ical(ben.get(feed).data).walk("VEVENT")
        return {str(each["UID"]): (each["SEQUENCE"], each["DTSTART"].dt) for each in found}

    first = events()
    do(cast.ada, MoveItem(of_ben(cast)[2].id, FRI, time(9)))
    press(ada, ada.get("/plans/preview", query_string={"command": "roll-back", "change": newest(cast)}), "Apply")
    last = events()
    assert {uid: start for uid, (_sequence, start) in last.items()} == {
        uid: start for uid, (_sequence, start) in first.items()
    }
    assert sorted(last[uid][0] - first[uid][0] for uid in first) == [0, 0, 2]


def newest(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.scalars(select(PlanChange.id).order_by(PlanChange.id.desc()).limit(1)).one()


def test_those_ticked_get_more_time_and_nobody_else(cast, path, sign_in):
    first, second, _third = make_students(cast.ada.organization_id, cast.class_id, 3)
    publish(path, cast.class_id, cast.ada, **SOON)
    browser = sign_in(cast.ada)
    chosen = browser.post(f"/classes/{cast.class_id}/plans/new", data={"members": [first, second]})
    assert "Student 000" in text_of(chosen)
    assert "Student 002" not in text_of(chosen)
    form = next(f for f in re.findall(r"<form.*?</form>", chosen.text, re.DOTALL) if 'name="command" value="pace"' in f)
    sent = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(value)
    shown = browser.post("/plans/preview", data={**sent, "pace": "150"})
    assert "For 2 of 2 students," in text_of(shown)
    assert press(browser, shown, "Apply").location == f"/classes/{cast.class_id}/progress"
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        paces = dict(db.execute(select(Enrolment.member_id, Enrolment.pace_multiplier_percent)).all())
    assert sorted(key for key, pace in paces.items() if pace == 150) == sorted([first, second])


def test_the_class_page_offers_to_catch_up_who_is_behind(cast, sign_in):
    publish(make_path(cast.ada.organization_id, (60, 60, 60)), cast.class_id, cast.ada, **SOON, missed="LEAVE")
    browser = sign_in(cast.ada)
    with clock.frozen(NOW + timedelta(days=3)):
        shown = press(browser, browser.get(f"/classes/{cast.class_id}/progress"), "Catch up 1 behind")
        assert "For Ben, 3 items move." in text_of(shown)
        press(browser, shown, "Apply")
    assert of_ben(cast)[0].on_date == THU


def test_catching_up_brings_missed_work_forward_that_took_late_free_days(cast, sign_in, drain):
    path = make_path(cast.ada.organization_id, (60,) * 5, chain=False)
    publish(path, cast.class_id, cast.ada, **SOON)
    browser, thursday = sign_in(cast.ada), NOW + timedelta(days=3)

    def order():
        with unit_of_work(organization_id=cast.ada.organization_id):
            keys = step_keys([item.version_step_id for item in of_ben(cast)])
        return [path.keys.index(keys[item.version_step_id]) for item in of_ben(cast)]

    with clock.frozen(thursday):
        drain(thursday)
        assert order() == [3, 4, 0, 1, 2]
        shown = press(browser, browser.get(f"/classes/{cast.class_id}/progress"), "Catch up 1 behind")
        press(browser, shown, "Apply")
    assert order() == [0, 1, 2, 3, 4]
    assert of_ben(cast)[0].on_date == THU


def test_a_preview_that_changes_nothing_offers_nothing_to_apply(cast, sign_in):
    publish(make_path(cast.ada.organization_id, (60, 60, 60)), cast.class_id, cast.ada, **SOON)
    browser = sign_in(cast.ada)
    address = f"/plans/preview?command=relevel&assignment={assignment_of(cast)}&next=class&class_id={cast.class_id}"
    shown = browser.get(address)
    assert "There is nothing to change." in text_of(shown)
    assert 'action="/plans/apply"' not in shown.text


def test_who_does_not_fit_and_who_joined_later_stand_on_the_class_page(cast, path, sign_in):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Classroom, cast.class_id).hard_ends_on = WED
        db.scalars(select(Enrolment).where(Enrolment.member_id == cast.ben.member_id)).one().starts_on = WED
    publish(path, cast.class_id, cast.ada, **SOON)
    browser = sign_in(cast.ada)
    page = text_of(browser.get(f"/classes/{cast.class_id}/progress"))
    assert "Ben will not make it." in page
    assert "Joined later does not fit Ben from 9 Sep" in page
    helped = browser.get(f"/classes/{cast.class_id}/plans/feasibility")
    assert "Ben" in text_of(helped)
    href = html.unescape(re.search(r'<ul class="mends"><li><a [^>]*href="([^"]+)"', helped.text)[1])
    applied = press(browser, browser.get(href), "Apply")
    assert applied.location.startswith(f"/classes/{cast.class_id}/plans/feasibility")
    assert "Everybody makes it" in text_of(browser.get(applied.location))


def test_a_students_page_says_what_differs_why_each_date_and_what_changed(cast, path, sign_in):
    browser = sign_in(cast.ada)
    for command in (
        {"command": "away", "starts_on": TUE, "ends_on": TUE, "members": cast.ben.member_id, "class_id": cast.class_id},
        {"command": "pace", "pace": 150, "members": cast.ben.member_id, "class_id": cast.class_id},
        {"command": "extend", "assignment": assignment_of(cast), "members": cast.ben.member_id, "step": path.keys[2],
         "due_on": FRI},
    ):  # fmt: skip
        answer = press(browser, browser.get("/plans/preview", query_string=command), "Apply")
        assert answer.status_code == 303, command
    page = text_of(browser.get(f"/classes/{cast.class_id}/students/{cast.ben.member_id}"))
    assert "What differs for Ben Effort 150 % of the plan" in page
    assert "Away 8 Sep Not away after all" in page
    assert "Step 3 due 11 Sep, 23:59" in page
    assert "Plan history" in page
    assert "Away on 8 Sep" in page


@pytest.mark.parametrize(
    "page",
    ["plans", "plans/new", "progress", "publish/preview?version={version}", "plans/{change}", "students/{ben}"],
)
def test_pages_take_the_same_number_of_statements_for_1_student_and_for_9(cast, path, sign_in, page):
    browser = sign_in(cast.ada)
    ids = {"version": path.version_id, "change": newest(cast), "ben": cast.ben.member_id}
    address = f"/classes/{cast.class_id}/{page.format(**ids)}"
    browser.get(address)
    with counted() as few:
        assert browser.get(address).status_code == 200
    make_students(cast.ada.organization_id, cast.class_id, 8)
    publish(path, cast.class_id, cast.ada, **SOON)
    do(cast.ben, MoveItem(of_ben(cast)[1].id, FRI, time(9)))
    with counted() as many:
        assert browser.get(address).status_code == 200
    assert len(many) <= len(few) + 2, "what differs for one may take two statements more, rows none"
