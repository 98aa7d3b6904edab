"""Guessing and flooding are slowed down; a school behind one address is not."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from portal.config import Settings
from portal.extensions import limiter
from portal.factory import create_app
from tests.conftest import Browser
from tests.factories.cast import PASSWORD
from tests.factories.people import last_link, new_address, new_ip, register_person, send_mails

# Windows are fixed in time: so many tries cannot all fall into two neighbouring windows and stay below each limit.
TWICE = 2


@pytest.fixture
def visitor(settings: Settings) -> Iterator[Callable[..., FlaskClient]]:
    """Makes browsers of an application that limits; each has an address of its own unless it gets one."""
    application = create_app(replace(settings, rate_limits=True))
    application.config["WTF_CSRF_ENABLED"] = False
    application.test_client_class = Browser

    def browser(address: str | None = None) -> FlaskClient:
        client = application.test_client()
        client.environ_base["REMOTE_ADDR"] = address or new_ip()
        return client

    yield browser
    limiter.enabled = False


def sign_in(client, email, password="not the password"):
    return client.post("/sign-in", data={"email": email, "password": password})


def refused(answers):
    return next((answer for answer in answers if answer.status_code == 429), None)


def test_guessing_one_account_s_password_from_many_addresses_is_stopped(visitor, app):
    email = register_person().email
    answer = refused(sign_in(visitor(), email) for _ in range(20 * TWICE + 1))
    assert answer is not None
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert "Too many tries. You can go on in" in answer.text
    assert "<html" in answer.text


def shut_out(visitor, email):
    """Strangers guess until nobody unknown gets in, not even with the right password."""
    assert refused(sign_in(visitor(), email) for _ in range(20 * TWICE + 1)) is not None
    assert sign_in(visitor(), email, PASSWORD).status_code == 429


def test_strangers_guesses_do_not_shut_out_a_browser_that_signed_in_before(visitor, app):
    email, home = register_person().email, visitor()
    assert sign_in(home, email, PASSWORD).status_code == 303
    home.post("/sign-out")
    shut_out(visitor, email)
    assert sign_in(home, email, PASSWORD).status_code == 303


def test_a_browser_that_signed_in_before_cannot_guess_without_end(visitor, app):
    email, home = register_person().email, visitor()
    sign_in(home, email, PASSWORD)
    home.post("/sign-out")
    assert refused(sign_in(home, email) for _ in range(8 * TWICE + 1)) is not None


def test_a_browser_of_one_account_is_a_stranger_to_another_and_so_is_a_forged_one(visitor, app):
    email, mallory = register_person().email, visitor()
    sign_in(mallory, register_person("Mallory").email, PASSWORD)
    forged = visitor()
    forged.set_cookie("device", "forged")
    shut_out(visitor, email)
    assert sign_in(mallory, email, PASSWORD).status_code == 429
    assert sign_in(forged, email, PASSWORD).status_code == 429


def test_who_sets_a_new_password_by_mail_gets_in_however_much_strangers_guess(visitor, app, mailbox):
    person, home = register_person(), visitor()
    shut_out(visitor, person.email)
    home.post("/reset", data={"email": person.email})
    send_mails(person.user_id)
    assert home.post(last_link(mailbox, person.email), data={"password": "quite another password"}).status_code == 303
    assert sign_in(home, person.email, "quite another password").status_code == 303


def test_an_unknown_address_is_limited_as_a_known_one_is(visitor, app):
    email, address = new_address(), new_ip()
    assert refused(sign_in(visitor(address), email.swapcase()) for _ in range(8 * TWICE + 1)) is not None


def test_trying_many_accounts_from_one_address_is_stopped(visitor, app):
    client = visitor()
    assert refused(client.post("/sign-in", data={"email": new_address()}) for _ in range(60 * TWICE + 1)) is not None


def test_right_passwords_count_for_nothing_so_that_a_school_can_share_an_address(visitor, app):
    eva, address = register_person(), new_ip()
    answers = [sign_in(visitor(address), eva.email, PASSWORD) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["X-RateLimit-Remaining"] for answer in answers}) == 1


def test_one_person_s_limit_is_not_another_s(visitor, app):
    eva, finn, address = register_person(), register_person("Finn"), new_ip()
    assert refused(sign_in(visitor(address), eva.email) for _ in range(8 * TWICE + 1)) is not None
    assert sign_in(visitor(address), finn.email, PASSWORD).status_code == 303


@pytest.mark.parametrize("path", ["/reset", "/register"])
def test_nobody_s_mailbox_can_be_flooded(visitor, app, path):
    data = {"email": register_person().email, "name": "Mallory", "password": PASSWORD, "zone": "UTC"}
    answer = refused(visitor().post(path, data=data) for _ in range(5 * TWICE + 1))
    assert answer is not None
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_mistakes_in_the_registration_form_do_not_count_as_mails(visitor, app):
    client, data = visitor(), {"email": new_address(), "name": "Eva", "zone": "UTC"}
    for _ in range(6):
        assert client.post("/register", data={**data, "password": "short"}).status_code == 422
    assert client.post("/register", data={**data, "password": PASSWORD}).status_code == 200


def test_registering_in_masses_from_one_address_is_stopped(visitor, app):
    client = visitor()
    assert refused(client.post("/register", data={}) for _ in range(120 * TWICE + 1)) is not None


@pytest.mark.parametrize(
    ("path", "data", "tries"),
    [
        ("/verify", {}, 5),
        ("/settings/password", {"old": "not the password", "new": "another good password"}, 8),
        ("/settings/email", {"email": "x@example.org", "password": "not the password"}, 8),
        ("/settings/email", {"email": "x@example.org", "password": PASSWORD}, 5),
    ],
)
def test_who_is_signed_in_cannot_guess_or_flood_either(visitor, app, path, data, tries):
    client = visitor()
    assert sign_in(client, register_person().email, PASSWORD).status_code == 303
    answer = refused(client.post(path, data=data) for _ in range(tries * TWICE + 1))
    assert answer is not None
    assert "Too many tries" in answer.text
