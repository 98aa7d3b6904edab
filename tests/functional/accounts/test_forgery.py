"""No form of accounts and organizations works without the token of its own session."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.factory import FEATURES
from tests.factories.cast import PASSWORD
from tests.factories.people import is_signed_in, register_person

POSTS = {
    "accounts.do_sign_in",
    "accounts.do_register",
    "accounts.sign_out",
    "accounts.sign_out_everywhere",
    "accounts.do_verify",
    "accounts.ask_for_verification",
    "accounts.do_forgot",
    "accounts.do_reset",
    "accounts.do_confirm_email",
    "accounts.change_profile",
    "accounts.change_password",
    "accounts.change_email",
    "organizations.create",
    "organizations.switch",
    "organizations.change",
    "organizations.invite",
    "organizations.resend",
    "organizations.change_role",
    "organizations.remove",
    "organizations.accept",
}


@pytest.fixture
def guarded(application: Flask) -> Iterator[Flask]:
    """The application as it is outside tests: with protection against forged requests."""
    application.config["WTF_CSRF_ENABLED"] = True
    yield application
    application.config["WTF_CSRF_ENABLED"] = False


def test_every_form_is_listed_here(application):
    assert {feature.name for feature in FEATURES} >= {"accounts", "organizations"}
    found = {
        rule.endpoint
        for rule in application.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.split(".")[0] in ("accounts", "organizations")
    }
    assert found == POSTS


@pytest.mark.parametrize("token", [None, "made up", "another session's"])
@pytest.mark.parametrize("endpoint", sorted(POSTS))
def test_a_forged_form_is_refused(request, application, sign_in, cast, endpoint, token):
    browser = sign_in(cast.ada)
    application = request.getfixturevalue("guarded")
    if token == "another session's":
        token = csrf_of(application.test_client().get("/sign-in"))
    (rule,) = application.url_map.iter_rules(endpoint)
    values = {"member_id": cast.ben.member_id, "token": "x"}
    path = rule.build({name: values[name] for name in rule.arguments})[1]
    answer = browser.post(path, data={} if token is None else {"csrf_token": token})
    assert answer.status_code == 400
    assert "<h1>This form was open for too long</h1>" in answer.text
    assert "reload the page" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert is_signed_in(browser)


def csrf_of(page):
    return re.search(r'name="csrf-token" content="([^"]+)"', page.text)[1]


def test_the_token_of_before_signing_in_is_worth_nothing_afterwards(guarded, app):
    browser = guarded.test_client()
    before = csrf_of(browser.get("/sign-in"))
    data = {"email": register_person().email, "password": PASSWORD, "csrf_token": before}
    assert browser.post("/sign-in", data=data).status_code == 303
    assert browser.post("/sign-out", data={"csrf_token": before}).status_code == 400
    after = csrf_of(browser.get("/settings"))
    assert browser.post("/sign-out", data={"csrf_token": after}).status_code == 303
    assert not is_signed_in(browser)
