"""The pages of classes, as a browser without scripts uses them."""

import html
import io
import re
from datetime import date

import pytest
from sqlalchemy import event

from portal.classes import queries
from portal.extensions import db
from portal.models.classes import ClassRole
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import enrol, make_class
from tests.factories.classes import make_students, roster

CLASS_PAGES = ("people", "calendar", "edit", "people/{ben}", "paths", "progress")
FORM = {
    "name": "Evening course",
    "zone": "Europe/Berlin",
    "starts_on": "2026-09-07",
    "soft_ends_on": "2026-12-18",
    "hard_ends_on": "",
    **{f"weekday_minutes-{day}": "60" if day < 5 else "0" for day in range(7)},
    "weekly_cap_minutes": "",
    "study_from": "08:00",
    "study_until": "22:00",
    "due_time": "23:59",
    "cadence": "DAILY",
    "holiday_country": "DE",
    "holiday_subdivision": "by",
    "term_id": "",
}


def address(cast, page):
    return f"/classes/{cast.class_id}/" + page.format(ben=cast.ben.member_id)


def people(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return {person.email: person for person in queries.people(cast.class_id)}


def text_of(answer):
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.text))


@pytest.mark.parametrize("page", CLASS_PAGES)
@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 403), ("cleo", 404), ("dora", 404)])
def test_a_class_is_open_to_those_who_teach_it_only(cast, sign_in, page, who, status):
    assert sign_in(cast.everyone[who]).get(address(cast, page)).status_code == status


@pytest.mark.parametrize("page", CLASS_PAGES)
def test_a_visitor_is_sent_to_sign_in(cast, client, page):
    answer = client.get(address(cast, page))
    assert answer.status_code in (302, 303)
    assert "/sign-in" in answer.location


@pytest.mark.parametrize(("page", "status"), [("people", 200), ("calendar", 200), ("paths", 200), ("edit", 403)])
def test_an_assistant_sees_but_is_offered_nothing_to_change(cast, sign_in, page, status):
    enrol(cast.ada.organization_id, cast.class_id, cast.cleo.member_id, ClassRole.ASSISTANT)
    answer = sign_in(cast.cleo).get(address(cast, page))
    assert answer.status_code == status
    if status == 200:
        main = answer.text[answer.text.index('<main id="main"') : answer.text.index("</main>")]
        assert 'method="post"' not in main
        assert f"/classes/{cast.class_id}/publish" not in main


@pytest.mark.parametrize("page", ["/classes", "/classes/new", "/terms"])
@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("ben", 403), ("cleo", 200)])
def test_students_have_no_pages_of_educators(cast, sign_in, page, who, status):
    assert sign_in(cast.everyone[who]).get(page).status_code == status


def test_a_class_is_made_and_changed_by_a_form(cast, sign_in):
    browser = sign_in(cast.cleo)
    answer = browser.post("/classes/new", data=FORM)
    assert answer.status_code == 303
    class_page = answer.location.rsplit("/", 1)[0]
    edit = browser.get(f"{class_page}/edit")
    assert 'value="Evening course"' in edit.text
    assert 'value="BY"' in edit.text
    assert browser.post(f"{class_page}/edit", data={**FORM, "name": "Late course"}).status_code == 303
    assert "Late course" in browser.get("/classes").text
    holidays = text_of(browser.get(f"{class_page}/calendar"))
    assert "25 December 2026" in holidays


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "required"),
        ("weekday_minutes-0", "7", "multiple of 5"),
        ("hard_ends_on", "2026-10-01", "before the planned end"),
        ("study_until", "07:00", "must end after they begin"),
        ("break_from-0", "12:00", "Give both ends of a break"),
        ("break_until-1", "noon", "Not a valid time"),
        ("daily_cap_minutes", "61", "a multiple of 5"),
        ("holiday_subdivision", "ZZ", "has no region"),
    ],
)
def test_a_wrong_form_says_what_is_wrong_and_keeps_what_was_typed(cast, sign_in, field, value, words):
    answer = sign_in(cast.ada).post("/classes/new", data={**FORM, "name": "My class", field: value})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert field == "name" or 'value="My class"' in answer.text


def test_breaks_and_limits_are_kept_and_shown(cast, sign_in):
    browser = sign_in(cast.ada)
    limits = {"break_from-0": "14:00", "break_until-0": "15:30", "break_from-2": "11:00", "break_until-2": "12:00"}
    limits |= {"break_from-1": "", "break_until-1": "", "daily_cap_minutes": "90", "weekly_cap_minutes": "300"}
    answer = browser.post("/classes/new", data=FORM | limits)
    assert answer.status_code == 303
    class_page = answer.location.rsplit("/", 1)[0]
    shown = " ".join(text_of(browser.get(f"{class_page}/calendar")).split())
    assert "Hours 08:00–11:00, 12:00–14:00, 15:30–22:00" in shown
    assert "At most a day 1 h 30 min At most a week 5 h" in shown
    edit = browser.get(f"{class_page}/edit").text
    for name, value in (("break_from-0", "11:00"), ("break_until-1", "15:30"), ("daily_cap_minutes", "90")):
        assert re.search(rf'name="{name}"[^>]*value="{value}"', edit), name
    crossing = {"break_from-0": "11:00", "break_until-0": "13:00", "break_from-1": "12:00", "break_until-1": "14:00"}
    refused = browser.post("/classes/new", data=FORM | crossing)
    assert refused.status_code == 422
    assert "leave time between them" in text_of(refused)


MEETINGS = {"meet-weekday": "3", "meet-start_time": "10:00", "meet-minutes": "90"}


def meetings(page):
    return re.findall(r"(\d+) Thu, (\d+ \w+) 10:00", " ".join(text_of(page).split()))


def test_a_class_meets_each_week_but_on_days_that_are_skipped(cast, sign_in):
    browser = sign_in(cast.ada)
    until = {"meet-last_on": "2026-09-24"}
    assert browser.post(address(cast, "meetings"), data=MEETINGS | until).status_code == 303
    page = browser.get(address(cast, "calendar"))
    assert meetings(page) == [("1", "10 Sep"), ("2", "17 Sep"), ("3", "24 Sep")]
    skip = re.search(r'action="([^"]+/skip)"', page.text)[1]
    assert browser.post(skip, data={"on": "2026-09-17"}).status_code == 303
    page = browser.get(address(cast, "calendar"))
    assert meetings(page) == [("1", "10 Sep"), ("2", "24 Sep")]
    assert "Do not take place Thu, 17 September 2026, 10:00" in " ".join(text_of(page).split())
    hold = re.search(r'action="([^"]+/hold)"', page.text)[1]
    assert browser.post(hold, data={"on": "2026-09-17"}).status_code == 303
    assert len(meetings(browser.get(address(cast, "calendar")))) == 3
    remove = re.search(r'action="([^"]+/meetings/[^"]+/remove)"', page.text)[1]
    assert browser.post(remove).status_code == 303
    assert meetings(browser.get(address(cast, "calendar"))) == []


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"meet-start_time": "10:02"}, "start_time", "multiple of 5"),
        ({"meet-start_time": ""}, "start_time", "required"),
        ({"meet-minutes": "2000"}, "minutes", "between 5 and 1440"),
        ({"meet-first_on": "2026-10-02", "meet-last_on": "2026-10-01"}, "last_on", "before the start"),
        ({"meet-first_on": "2026-10-02", "meet-last_on": "2026-10-05"}, "weekday", "between the two dates"),
    ],
)
def test_wrong_meetings_are_explained_at_their_field(cast, sign_in, values, field, words):
    answer = sign_in(cast.ada).post(address(cast, "meetings"), data=MEETINGS | values)
    assert answer.status_code == 422
    assert words in html.unescape(re.search(rf'id="meet-{field}-error">(.*?)</span>', answer.text)[1])


def test_a_student_s_own_end_stays_when_the_form_is_saved_again(cast, sign_in):
    browser = sign_in(cast.ada)
    own = {"pace_multiplier_percent": "100", "zone": "", "ends_on": "2026-11-30"}
    assert browser.post(address(cast, "people/{ben}"), data=own).status_code == 303
    assert 'value="2026-11-30"' in browser.get(address(cast, "people/{ben}")).text


def test_somebody_is_enrolled_by_address_given_a_pace_and_taken_out_again(cast, sign_in):
    browser = sign_in(cast.ada)
    enrolled = {"name": "Eva", "email": "Eva@Example.org", "role": "STUDENT", "starts_on": "2026-10-01"}
    assert browser.post(address(cast, "people"), data=enrolled).status_code == 303
    eva = people(cast)["eva@example.org"]
    assert "invited" in text_of(browser.get(address(cast, "people")))
    own = {"pace_multiplier_percent": "150", "zone": "Asia/Tokyo", "study_from": "18:00", "study_until": "21:00"}
    assert browser.post(address(cast, f"people/{eva.member_id}"), data=own).status_code == 303
    shown = browser.get(address(cast, f"people/{eva.member_id}")).text
    assert '<option selected value="Asia/Tokyo">' in shown
    assert 'value="18:00"' in shown
    assert 'value="150"' in shown
    assert browser.post(address(cast, f"people/{eva.member_id}/remove")).status_code == 303
    assert "eva@example.org" not in people(cast)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"study_from": "18:00"}, "Give both ends"),
        ({"pace_multiplier_percent": "900"}, "between 25 and 400"),
        ({"weekday_minutes-0": "33"}, "multiple of 5"),
    ],
)
def test_wrong_dates_of_a_student_are_explained_on_the_page(cast, sign_in, values, words):
    answer = sign_in(cast.ada).post(
        address(cast, "people/{ben}"), data={"pace_multiplier_percent": "100", "zone": "", **values}
    )
    assert answer.status_code == 422
    assert words in text_of(answer)


def test_a_wrong_address_is_explained_on_the_page(cast, sign_in):
    answer = sign_in(cast.ada).post(
        address(cast, "people"), data={"name": "Eva", "email": "nowhere", "role": "STUDENT"}
    )
    assert answer.status_code == 422
    assert 'value="nowhere"' in answer.text


def upload(browser, cast, data):
    return browser.post(address(cast, "roster"), data={"file": (io.BytesIO(data), "roster.csv")})


def test_a_roster_is_previewed_and_then_imported(cast, sign_in):
    browser = sign_in(cast.ada)
    rows = [(f"Student {n}", f"student{n}@example.org", "2026-10-01") for n in range(9_000)]
    page = upload(browser, cast, roster(rows))
    assert page.status_code == 200
    assert "9000 students in the file" in " ".join(text_of(page).split())
    assert len(people(cast)) == 2
    confirmed = re.search(r'name="confirmed" value="([^"]+)"', page.text)
    answer = browser.post(address(cast, "roster"), data={"confirmed": confirmed[1]})
    assert answer.status_code == 303
    assert len(people(cast)) == 9_002


def test_a_wrong_roster_is_explained_line_by_line_and_nothing_is_imported(cast, sign_in):
    page = upload(sign_in(cast.ada), cast, roster([("Eva", "eva@example.org", ""), ("Finn", "nowhere", "")]))
    assert page.status_code == 422
    assert "“nowhere” is not an address" in text_of(page)
    assert len(people(cast)) == 2


@pytest.mark.parametrize("data", [{}, {"confirmed": "no base64!"}, {"confirmed": "bm90IGNvbXByZXNzZWQ="}])
def test_a_roster_without_a_file_is_refused(cast, sign_in, data):
    assert sign_in(cast.ada).post(address(cast, "roster"), data=data).status_code == 422


def test_days_off_are_added_to_a_class_and_to_all_classes(cast, sign_in):
    browser = sign_in(cast.ada)
    days = {"label": "Fair", "starts_on": "2026-10-05", "ends_on": "2026-10-06"}
    assert browser.post(address(cast, "blackouts"), data=days).status_code == 303
    for_all = {f"off-{name}": value for name, value in days.items()} | {"off-label": "Party"}
    assert browser.post("/days-off", data=for_all).status_code == 303
    wrong = browser.post("/days-off", data={**for_all, "off-ends_on": "2026-10-04"})
    assert wrong.status_code == 422
    assert "within a year after the start" in text_of(wrong)
    other = make_class(cast.ada.organization_id, "Year 9", starts_on=date(2026, 9, 7))
    assert "Party" in browser.get(f"/classes/{other}/calendar").text
    assert "Fair" not in browser.get(f"/classes/{other}/calendar").text
    remove = re.search(r'action="(/days-off/[^"]+/remove)"', browser.get("/terms").text)
    assert browser.post(remove[1]).status_code == 303
    assert "Party" not in browser.get("/terms").text


@pytest.mark.parametrize("page", ["/terms", "/classes/new", *(f"/classes/{{}}/{page}" for page in CLASS_PAGES)])
def test_no_id_stands_twice_on_a_page(cast, sign_in, page):
    address = page.format(cast.class_id, ben=cast.ben.member_id)
    ids = re.findall(r'\bid="([^"]+)"', sign_in(cast.ada).get(address).text)
    assert sorted(ids) == sorted(set(ids))


def test_only_admins_see_the_form_of_days_off_for_all(cast, sign_in):
    assert "/days-off" not in sign_in(cast.cleo).get("/terms").text
    assert sign_in(cast.cleo).post("/days-off", data={}).status_code == 403


def test_an_archived_class_is_gone_from_the_list(cast, sign_in):
    browser = sign_in(cast.ada)
    assert browser.post(address(cast, "archive")).status_code == 303
    assert "Year 5" not in browser.get("/classes").text


CHANGES = (
    *("edit", "archive", "people", "people/{ben}", "people/{ben}/remove", "roster", "blackouts", "publish"),
    "meetings",
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("who", "status"), [("ben", 403), ("cleo", 404), ("dora", 404)])
def test_nobody_else_changes_a_class(cast, sign_in, change, who, status):
    data = {"member": str(cast.cleo.member_id), "version": str(cast.class_id), "arrangement": "SOON"}
    data |= {"late_join": "SHIFT", "overload": "EXTEND"}
    assert sign_in(cast.everyone[who]).post(address(cast, change), data=data).status_code == status


@pytest.mark.parametrize("page", ["people", "calendar"])
def test_a_page_takes_as_many_statements_for_forty_students_as_for_one(cast, sign_in, page):
    browser = sign_in(cast.ada)

    def statements():
        seen = []

        def note(*arguments):
            seen.append(arguments[2])

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert browser.get(address(cast, page)).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    statements()
    before = statements()
    make_students(cast.ada.organization_id, cast.class_id, 40)
    assert statements() == before
