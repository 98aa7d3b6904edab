"""A learner's hand on her own plan: why a slot lies where it does, moves, leave, study days, catching up, undo."""

import html
import re
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.classes import services as classes
from portal.models.classes import ClassRole, Enrolment, Leave
from portal.models.schedules import ScheduleItem
from portal.progress import services as progress
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW
from tests.functional.progress.test_pages import counted

MON, TUE, WED, THU, FRI = [date(2026, 9, 7) + timedelta(days=number) for number in range(5)]
MORNING = NOW.replace(hour=7)


@pytest.fixture(autouse=True)
def at_the_tests_time():
    with clock.frozen(MORNING):
        yield


@pytest.fixture
def planned(cast):
    """Four hours in a chain, one each day from Monday, for ben; the assignment's id."""
    return plan(cast)


def plan(cast, **policy):
    return publish(
        make_path(cast.ada.organization_id), cast.class_id, cast.ada, now=MORNING, arrangement="SOON", **policy
    )


def of_ben(cast, assignment_id):
    return items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id)


def dates(cast, assignment_id):
    return [item.on_date for item in of_ben(cast, assignment_id)]


def text_of(answer):
    main = re.search(r"<main.*</main>", answer.text, re.DOTALL)[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def send(browser, answer, label, **typed):
    """Press the button ``label`` in the form that has the fields ``typed``, as a browser without scripts does."""
    button = rf"<button[^>]*>(<svg.*?</svg>)?{re.escape(label)}</button>"
    for form in re.findall(r"<form.*?</form>", answer.text, re.DOTALL):
        if all(f'name="{name}"' in form for name in typed) and re.search(button, form, re.DOTALL):
            fields = {}
            for tag in re.findall(r"<input[^>]*>", form):
                name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
                if name is not None and name[1] != "csrf_token":
                    fields.setdefault(name[1], []).append(html.unescape(value[1]) if value else "")
            address = html.unescape(re.search(r' action="([^"]+)"', form)[1])
            fields |= typed
            if 'method="post"' in form:
                return browser.post(address, data=fields)
            return browser.get(address, query_string=fields)
    raise AssertionError(f"no form with a button {label}")


def apply(browser, shown):
    """Apply what a preview shows and follow to the page it leads back to."""
    assert shown.status_code == 200, text_of(shown)
    return browser.get(send(browser, shown, "Apply").location)


def test_every_slot_says_why_it_lies_there_with_names_and_days(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    sentence = "“Step 1” has to be done first, and Monday 7 September was already full."
    second = of_ben(cast, planned)[1]
    assert sentence in text_of(browser.get(f"/items/{second.id}"))
    week = text_of(browser.get("/week"))
    assert week.count("Why here?") == 4
    assert sentence in week
    with clock.frozen(MORNING + timedelta(days=1)):
        assert sentence in text_of(sign_in(cast.ben).get("/today"))
    assert sentence in text_of(sign_in(cast.ada).get(f"/classes/{cast.class_id}/students/{cast.ben.member_id}"))


def test_a_week_costs_the_same_for_one_slot_and_for_twenty(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    browser.get("/week")
    with counted() as few:
        browser.get("/week")
    path = make_path(cast.ada.organization_id, [5] * 20)
    publish(path, cast.class_id, cast.ada, now=MORNING)
    with counted() as many:
        browser.get("/week")
    assert len(many) == len(few)


def test_an_item_is_moved_by_a_quick_choice_shows_its_pin_and_is_let_go_again(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    second = of_ben(cast, planned)[1]
    page = browser.get(f"/items/{second.id}?from=week")
    assert "pinned" not in text_of(page)
    assert 'name="on" value="2026-09-09"' in page.text, "the study day after Tuesday"
    after = apply(browser, send(browser, page, "Next study day"))
    assert dates(cast, planned) == [MON, WED, THU, FRI]
    assert after.request.path == "/week"
    page = browser.get(f"/items/{second.id}")
    assert "pinned" in text_of(page)
    assert "It was put here by hand." in text_of(page)
    assert "Tue 8 Sep, 08:00 to → Wed 9 Sep, 08:00" in text_of(page)
    apply(browser, send(browser, page, "Let the portal choose"))
    assert [item.pinned for item in of_ben(cast, planned)] == [False] * 4


def test_an_item_is_moved_to_a_date_and_time_and_the_move_is_undone_from_the_changes(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    page = browser.get(f"/items/{of_ben(cast, planned)[0].id}")
    apply(browser, send(browser, page, "See what would move", on=THU.isoformat(), start="18:30"))
    moved = of_ben(cast, planned)[0]
    assert (moved.on_date, moved.start_time) == (THU, time(18, 30))
    changes = browser.get("/changes")
    assert "Mon 7 Sep, 08:00 to → Thu 10 Sep, 18:30" in text_of(changes)
    assert "by Ben" in text_of(changes)
    apply(browser, send(browser, changes, "Undo"))
    assert dates(cast, planned) == [MON, TUE, WED, THU]


def test_a_time_that_has_passed_is_refused_with_what_to_do(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    page = browser.get(f"/items/{of_ben(cast, planned)[0].id}")
    answer = send(browser, page, "See what would move", on=MON.isoformat(), start="06:00")
    assert answer.status_code == 422
    assert "Choose a time that is still to come." in text_of(answer)


def test_what_was_started_cannot_be_moved_and_says_what_happens_to_it(cast, planned, sign_in):
    first = of_ben(cast, planned)[0]
    with unit_of_work(organization_id=cast.ben.organization_id):
        progress.start(first.id, actor=cast.ben, now=MORNING)
    page = sign_in(cast.ben).get(f"/items/{first.id}")
    assert "See what would move" not in page.text
    assert "What has been started stays where it is." in text_of(page)


def test_leave_is_added_shown_and_taken_away(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    form = browser.get("/settings/days")
    preview = send(browser, form, "See what would move", starts_on=TUE, ends_on=WED)
    page = apply(browser, preview)
    assert page.request.path == "/settings/days"
    assert "8 September 2026 – 9 September 2026" in text_of(page)
    assert dates(cast, planned) == [MON, THU, FRI, FRI + timedelta(days=3)]
    apply(browser, send(browser, page, "Take away"))
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalars(select(Leave)).all() == []


def test_own_study_days_are_previewed_and_given_back(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    page = browser.get("/settings/days")
    week = ["0", "0", "60", "60", "60", "0", "0"]
    page = apply(browser, send(browser, page, "See what would move", week=week))
    assert "your own days" in text_of(page)
    assert dates(cast, planned) == [WED, THU, FRI, WED + timedelta(days=7)]
    page = apply(browser, send(browser, page, "As the class again"))
    assert "your own days" not in text_of(page)
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        own = db.scalars(select(Enrolment).where(Enrolment.member_id == cast.ben.member_id)).one()
        assert (own.weekday_minutes, own.study_from) == (None, None)


def own_days(cast):
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        own = db.scalars(select(Enrolment).where(Enrolment.member_id == cast.ben.member_id)).one()
        return own.weekday_minutes, own.study_from, own.study_until


def test_what_stays_as_the_class_has_it_is_not_kept_as_ones_own(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    page = browser.get("/settings/days")
    page = apply(browser, send(browser, page, "See what would move", study_from="10:00", study_until="20:00"))
    assert own_days(cast) == (None, time(10), time(20))
    week = ["0", "0", "60", "60", "60", "0", "0"]
    with unit_of_work(organization_id=cast.ada.organization_id):
        classroom = classes.queries.classroom(cast.class_id)
        hours = {"study_from": f"{classroom.study_from:%H:%M}", "study_until": f"{classroom.study_until:%H:%M}"}
    apply(browser, send(browser, page, "See what would move", week=week, **hours))
    assert own_days(cast) == ([0, 0, 60, 60, 60, 0, 0], None, None)


def test_a_week_without_study_is_refused(cast, planned, sign_in):
    browser = sign_in(cast.ben)
    answer = send(browser, browser.get("/settings/days"), "See what would move", week=["0"] * 7)
    assert answer.status_code == 422
    assert "Give at least one study day some minutes." in text_of(answer)


def test_missed_work_is_offered_a_plan_to_catch_up(cast, sign_in):
    assignment_id = plan(cast, missed="LEAVE")
    with clock.frozen(MORNING + timedelta(days=2)):
        browser = sign_in(cast.ben)
        today = browser.get("/today")
        assert "2 missed in Sample path, about 2 h." in text_of(today)
        page = apply(browser, send(browser, today, "See a plan to catch up"))
        assert "missed in" not in text_of(page)
    assert dates(cast, assignment_id) == [WED, THU, FRI, FRI + timedelta(days=3)]


def late(cast, on, ends_on):
    """ben leaves and comes back on a later day, to a class that ends soon."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        classes.remove_enrolment(cast.class_id, cast.ben.member_id, actor=cast.ada, now=MORNING)
        classes.enrol_member(
            cast.class_id, cast.ben.member_id, ClassRole.STUDENT, starts_on=on, actor=cast.ada, now=MORNING
        )
        classroom = classes.queries.classroom(cast.class_id)
        classroom.soft_ends_on = classroom.hard_ends_on = ends_on
        db.flush()


def test_who_joins_late_reads_first_whether_it_fits_and_only_on_her_first_day(cast, sign_in):
    late(cast, WED, THU)
    plan(cast)
    with clock.frozen(MORNING + timedelta(days=2)):
        browser = sign_in(cast.ben)
        page = text_of(browser.get("/today"))
        assert page.index("Sample path: will it fit?") < page.index("Start activity")
        assert "The class began on Monday 7 September, you begin on Wednesday 9 September." in page
        assert "Not everything fits before the end." in page
        assert "Sample path: will it fit?" in text_of(browser.get("/today")), "the whole first day"
    with clock.frozen(MORNING + timedelta(days=3)):
        assert "will it fit?" not in text_of(browser.get("/today"))


def test_who_was_there_from_the_start_is_told_no_verdict(cast, planned, sign_in):
    assert "will it fit?" not in text_of(sign_in(cast.ben).get("/today"))


def test_changes_of_others_are_not_shown_and_cannot_be_taken_back(cast, planned, sign_in):
    assert "Nothing has changed" in text_of(sign_in(cast.cleo).get("/changes"))
    page = sign_in(cast.ben).get("/changes")
    assert "Published “Sample path”" in text_of(page)
    assert "Undo" not in text_of(page), "her teacher's publishing is not hers to undo"


def test_a_slot_that_is_done_says_why_and_offers_no_move(cast, planned, sign_in):
    first = of_ben(cast, planned)[0]
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        progress.complete(first.id, actor=cast.ben, now=MORNING)
        assert db.get_one(ScheduleItem, first.id).reasons
    page = text_of(sign_in(cast.ben).get(f"/items/{first.id}"))
    assert "Why here?" in page
    assert "Move it" not in page
