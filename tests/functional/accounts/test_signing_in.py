"""Registering, signing in and out in a browser, and what strangers and attackers find."""

import re

import pytest

from portal.models.organizations import Role
from tests.factories.cast import PASSWORD, make_member, make_organization, make_user
from tests.factories.people import (
    cookie_token,
    find_user_id,
    is_signed_in,
    last_link,
    mails,
    new_address,
    register_person,
    send_mails,
    subjects,
    user_id_of,
)


def register(client, email, *, name="Eva", password=PASSWORD, zone="Europe/Paris"):
    return client.post("/register", data={"name": name, "email": email, "password": password, "zone": zone})


def sign_in_form(client, email, password=PASSWORD, **data):
    return client.post("/sign-in", data={"email": email, "password": password, **data})


def main_of(answer):
    main = re.search(r"<main.*?</main>", answer.text, re.DOTALL)[0]
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", main)


def test_visitors_are_told_what_this_is(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert 'href="/register"' in answer.text
    assert 'href="/sign-in"' in answer.text


def test_a_visitor_registers_and_is_signed_in_at_once(client):
    email = new_address()
    answer = register(client, email)
    assert answer.status_code == 200
    assert email in answer.text
    assert client.get("/").location == "/classes"
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"email": "no address"}, {"password": "short"}, {"email": ""}],
)
def test_a_wrong_registration_comes_back_with_its_errors_and_makes_nobody(client, app, wrong):
    email = wrong.get("email", new_address())
    answer = register(client, email, **{key: value for key, value in wrong.items() if key != "email"})
    assert answer.status_code == 422
    assert 'class="err"' in answer.text
    assert find_user_id(email) is None


def test_the_page_for_a_taken_address_is_the_page_for_a_new_one(application, app, mailbox):
    eva, email = register_person(), new_address()
    taken = register(application.test_client(), eva.email)
    fresh = register(application.test_client(), email)
    assert (taken.status_code, main_of(taken).replace(eva.email, email)) == (fresh.status_code, main_of(fresh))
    send_mails(eva.user_id)
    assert subjects(mailbox, eva.email)[-1] == "You have an account already"


def test_registering_with_a_taken_address_signs_nobody_in(client, app):
    register(client, register_person().email)
    assert not is_signed_in(client)


def test_unconfirmed_people_see_a_banner_until_they_open_the_mail_s_link(client, mailbox, app):
    email = new_address()
    register(client, email)
    assert f"Please confirm {email}" in client.get("/classes").text
    user_id = user_id_of(email)
    send_mails(user_id)
    link = last_link(mailbox, email)
    assert client.get(link).status_code == 200
    assert f"Please confirm {email}" in client.get("/classes").text, "opening the page alone must not confirm"
    assert client.post(link).status_code == 303
    assert "Please confirm" not in client.get("/classes").text
    assert client.post(link).status_code == 404


def test_confirming_in_another_browser_ends_the_banner_here(application, client, mailbox, app):
    email = new_address()
    register(client, email)
    send_mails(user_id_of(email))
    assert application.test_client().post(last_link(mailbox, email)).location == "/sign-in"
    assert "Please confirm" not in client.get("/classes").text
    with client.session_transaction() as session:
        assert "unverified" not in session, "who is confirmed costs no query any more"


def test_the_banner_sends_the_mail_again(client, mailbox, app):
    email = new_address()
    register(client, email)
    assert client.post("/verify").status_code == 303
    send_mails(user_id_of(email))
    assert subjects(mailbox, email) == ["Confirm your address"] * 2


@pytest.mark.parametrize(("role", "place"), [(Role.STUDENT, "/today"), (Role.MEMBER, "/classes")])
def test_people_land_where_their_role_works(sign_in, app, role, place):
    user = make_user("Eva")
    organization_id = make_organization()
    make_member(organization_id, user, role)
    browser = sign_in(user)
    assert browser.get("/").location == place
    assert browser.get(place).status_code == 200


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(application, app):
    eva, unknown = register_person(), new_address()
    wrong = sign_in_form(application.test_client(), eva.email, "not the password")
    nobody = sign_in_form(application.test_client(), unknown, "not the password")
    assert wrong.status_code == nobody.status_code == 422
    assert main_of(wrong).replace(eva.email, "") == main_of(nobody).replace(unknown, "")
    assert "do not fit together" in wrong.text


def test_asking_for_a_reset_gets_the_same_answer_known_or_not(application, app, mailbox):
    eva, unknown = register_person(), new_address()
    known = application.test_client().post("/reset", data={"email": eva.email})
    nobody = application.test_client().post("/reset", data={"email": unknown})
    assert (known.status_code, main_of(known).replace(eva.email, "")) == (
        nobody.status_code,
        main_of(nobody).replace(unknown, ""),
    )
    send_mails(eva.user_id)
    assert subjects(mailbox, eva.email)[-1] == "Set a new password"
    assert mails(mailbox, unknown) == []


def test_signing_in_gives_a_new_token_and_ends_the_one_before(application, app):
    eva = register_person()
    browser, thief = application.test_client(), application.test_client()
    sign_in_form(browser, eva.email)
    before = cookie_token(browser)
    with thief.session_transaction() as session, browser.session_transaction() as stolen:
        session.update(stolen)
    sign_in_form(browser, eva.email)
    assert cookie_token(browser) != before
    assert is_signed_in(browser)
    assert not is_signed_in(thief)


def test_signing_in_keeps_nothing_of_the_session_before(client, app):
    with client.session_transaction() as session:
        session.update({"planted": "by an attacker", "csrf_token": "known to an attacker"})
    sign_in_form(client, register_person().email)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known to an attacker"


def test_signing_out_ends_the_sign_in_on_the_server_too(application, app):
    eva = register_person()
    browser, thief = application.test_client(), application.test_client()
    sign_in_form(browser, eva.email)
    with thief.session_transaction() as session, browser.session_transaction() as stolen:
        session.update(stolen)
    assert browser.post("/sign-out").status_code == 303
    assert not is_signed_in(browser)
    assert not is_signed_in(thief)


def test_signing_out_everywhere_signs_out_every_browser_of_this_person(application, app):
    eva, finn = register_person(), register_person("Finn")
    here, there, other = (application.test_client() for _ in range(3))
    for browser, person in ((here, eva), (there, eva), (other, finn)):
        sign_in_form(browser, person.email)
    assert here.post("/sign-out/everywhere").location == "/sign-in"
    assert [is_signed_in(browser) for browser in (here, there, other)] == [False, False, True]


def test_a_visitor_comes_back_to_the_page_that_asked_to_sign_in(client, app):
    asked = client.get("/settings?tab=1")
    assert asked.status_code == 302
    page = client.get(asked.location)
    wanted = re.search(r'name="next" value="([^"]+)"', page.text)[1]
    assert wanted == "/settings?tab=1"
    assert sign_in_form(client, register_person().email, next=wanted).location == "/settings?tab=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.com/",
        "//example.com/",
        "///example.com/",
        "/\\example.com/",
        "\\\\example.com/",
        "/\t/example.com/",
        "/\n/example.com",
        "http:/example.com",
        "javascript:alert(1)",
        "//[",
        "example.com",
        " //example.com",
    ],
)
def test_signing_in_never_leads_to_another_site(client, app, elsewhere):
    assert "example.com" not in client.get("/sign-in", query_string={"next": elsewhere}).text
    assert sign_in_form(client, register_person().email, next=elsewhere).location == "/"


def test_session_cookies_are_out_of_reach_of_scripts_and_other_sites(client, app):
    cookie = sign_in_form(client, register_person().email).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_reset_link_lets_in_with_the_new_password_once(application, app, mailbox):
    eva, new = register_person(), "another good password"
    client, elsewhere = application.test_client(), application.test_client()
    sign_in_form(elsewhere, eva.email)
    client.post("/reset", data={"email": eva.email})
    send_mails(eva.user_id)
    link = last_link(mailbox, eva.email)
    assert client.get(link).status_code == 200
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": new}).location == "/sign-in"
    assert not is_signed_in(elsewhere)
    assert sign_in_form(client, eva.email).status_code == 422
    assert sign_in_form(client, eva.email, new).status_code == 303
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": PASSWORD}).status_code == 404


def test_pages_with_a_token_in_their_address_are_neither_kept_nor_told_to_other_sites(client, app, mailbox):
    eva = register_person()
    send_mails(eva.user_id)
    answer = client.get(last_link(mailbox, eva.email))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
