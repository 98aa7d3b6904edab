"""The settings page and the forms on it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.accounts.queries import user_of
from tests.factories.cast import PASSWORD
from tests.factories.people import (
    find_user_id,
    is_signed_in,
    last_link,
    new_address,
    register_person,
    send_mails,
)

NEW = "another good password"


@pytest.mark.parametrize("path", ["/settings", "/organizations"])
def test_visitors_are_asked_to_sign_in(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, f"/sign-in?next={path}")


@pytest.mark.parametrize(
    ("came_from", "back"),
    [("http://localhost/items/1?week=2", "/items/1?week=2"), ("https://elsewhere.example/page", None), ("", None)],
)
def test_a_form_sent_after_the_sign_in_was_lost_leads_back_to_its_page(client, came_from, back):
    answer = client.post("/settings/profile", headers={"Referer": came_from})
    assert urlsplit(answer.location).path == "/sign-in"
    assert parse_qs(urlsplit(answer.location).query).get("next", [None]) == [back]


@pytest.mark.parametrize(
    ("asking", "back"),
    [
        ("http://localhost/library?q=chords&page=2", "?next=/library?q%3Dchords%26page%3D2"),
        ("http://[", ""),
        ("https://elsewhere.example/library", ""),
    ],
)
def test_a_part_asked_for_after_the_sign_in_was_lost_leads_the_whole_page_to_sign_in(client, asking, back):
    answer = client.get("/sign-in", headers={"HX-Current-URL": asking})
    assert answer.data == b""
    assert answer.headers["HX-Redirect"] == f"/sign-in{back}"


def test_the_page_has_all_sections_and_marks_this_device(sign_in, app):
    page = sign_in(register_person()).get("/settings").text
    titles = re.findall(r"<h2>([^<]+)</h2>", page)
    assert titles == ["Profile", "E-mail", "Password", "Where you are signed in", "Organizations"]
    assert page.count("Signed in ") == 2
    assert page.count(">this device<") == 1


def test_name_zone_and_language_are_kept_and_shown(sign_in, app):
    eva = register_person()
    browser = sign_in(eva)
    answer = browser.post("/settings/profile", data={"name": "Eva Sample", "zone": "Asia/Tokyo", "locale": "en"})
    assert (answer.status_code, answer.location) == (303, "/settings")
    page = browser.get("/settings").text
    assert 'value="Eva Sample"' in page
    assert '<option selected value="Asia/Tokyo">' in page
    assert "Saved." in page


@pytest.mark.parametrize("wrong", [{"name": ""}, {"zone": "Mars/Olympus"}, {"locale": "xx"}])
def test_a_wrong_profile_comes_back_with_its_error_and_changes_nothing(sign_in, app, wrong):
    eva = register_person()
    answer = sign_in(eva).post(
        "/settings/profile", data={"name": "Else", "zone": "Asia/Tokyo", "locale": "en", **wrong}
    )
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert (user_of(eva.user_id).name, user_of(eva.user_id).zone) == ("Eva", "Europe/Paris")


def test_a_new_password_signs_out_other_browsers_but_not_this_one(sign_in, app):
    eva = register_person()
    here, there = sign_in(eva), sign_in(eva)
    answer = here.post("/settings/password", data={"old": PASSWORD, "new": NEW})
    assert (answer.status_code, answer.location) == (303, "/settings")
    assert [is_signed_in(browser) for browser in (here, there)] == [True, False]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"old": NEW, "new": NEW}, "That is not your password."),
        ({"old": PASSWORD, "new": "short"}, "Field must be between 10 and 200 characters long."),
        ({}, "This field is required."),
    ],
)
def test_a_refused_password_says_why_and_signs_nobody_out(sign_in, app, data, message):
    eva = register_person()
    here, there = sign_in(eva), sign_in(eva)
    answer = here.post("/settings/password", data=data)
    assert answer.status_code == 422
    assert message in answer.text
    assert [is_signed_in(browser) for browser in (here, there)] == [True, True]


def test_the_address_changes_by_the_link_in_the_new_mailbox(sign_in, app, mailbox):
    eva, email = register_person(), new_address()
    browser = sign_in(eva)
    assert browser.post("/settings/email", data={"email": email, "password": PASSWORD}).status_code == 303
    assert f"waiting for {email} to be confirmed" in browser.get("/settings").text
    send_mails(eva.user_id)
    link = last_link(mailbox, email)
    assert browser.get(link).status_code == 200
    assert find_user_id(email) is None
    assert browser.post(link).status_code == 303
    assert find_user_id(email) == eva.user_id
    assert f"Now: {email}" in browser.get("/settings").text


def test_changing_to_a_taken_address_gets_the_same_answer_as_to_a_free_one(sign_in, app):
    eva, finn = register_person(), register_person("Finn")
    browser = sign_in(eva)
    for email in (finn.email, new_address()):
        answer = browser.post("/settings/email", data={"email": email, "password": PASSWORD})
        assert (answer.status_code, answer.location) == (303, "/settings")


def test_changing_the_address_with_a_wrong_password_says_so(sign_in, app):
    eva = register_person()
    answer = sign_in(eva).post("/settings/email", data={"email": new_address(), "password": NEW})
    assert answer.status_code == 422
    assert "That is not your password." in answer.text
    assert user_of(eva.user_id).pending_email is None
