"""Core launches that must be refused: a readable page with a reference, no session, one row and no other trace."""

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from portal import clock
from portal.extensions import valkey
from portal.lti import registry, states
from portal.lti.registration import disable
from portal.tenancy.scope import unit_of_work
from portal.web.sessions import LAUNCH_COOKIE
from tests.contract.lti.launching import GONE, INSTRUCTOR, Lms, security_log
from tests.contract.lti.platform import PLATFORM_KEY, new_key

STRANGER = new_key()


def no_parts(lms: Lms, body: Any) -> str:
    return lms.sign(body).rpartition(".")[0]


def unsigned(lms: Lms, body: Any) -> str:
    payload = lms.sign(body).split(".")[1]
    return "eyJhbGciOiJub25lIiwia2lkIjoiYSJ9." + payload + "."


def hmac_signed(lms: Lms, body: Any) -> str:
    """Signed with the platform's public key as a secret: the classic confusion of algorithms."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": lms.kid}, body)]
    signed = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    seal = hmac.new(PLATFORM_KEY[1].encode(), signed, hashlib.sha256).digest()
    return (signed + b"." + urlsafe_b64encode(seal).rstrip(b"=")).decode()


TOKENS: dict[str, tuple[str, Callable[[Lms, Any], str]]] = {
    "no kid": ("no_kid", lambda lms, body: lms.sign(body, {"kid": GONE})),
    "unknown kid": ("unknown_kid", lambda lms, body: lms.sign(body, {"kid": "imsglobal.unknown"})),
    "not an LTI token": ("claim_iss", lambda lms, body: lms.sign({"name": "badltilaunch"})),
    "a two-part token": ("malformed_token", no_parts),
    "alg none": ("algorithm", unsigned),
    "alg HS256": ("algorithm", hmac_signed),
    "signed by somebody else": ("signature", lambda lms, body: lms.sign(body, key=STRANGER[0])),
    "no token": ("malformed_token", lambda lms, body: ""),
    "not a JWT": ("malformed_token", lambda lms, body: "badltilaunch"),
}
CLAIMS: dict[str, tuple[str, dict[str, Any]]] = {
    "version 11.3": ("claim_version", {"version": "11.3"}),
    "no version": ("claim_version", {"version": GONE}),
    "exp and iat 22222/11111": ("expired", {"exp": 22222, "iat": 11111}),
    "message_type, version and roles missing": (
        "claim_version",
        {"message_type": GONE, "version": GONE, "roles": GONE},
    ),
    "message_type missing": ("claim_message_type", {"message_type": GONE}),
    "roles missing": ("claim_roles", {"roles": GONE}),
    "deployment_id missing": ("claim_deployment_id", {"deployment_id": GONE}),
    "resource_link missing": ("claim_resource_link", {"resource_link": GONE}),
    "sub an empty string": ("claim_sub", {"sub": ""}),
    "nonce of another launch": ("nonce", {"nonce": "imsglobal"}),
    "no nonce": ("nonce", {"nonce": GONE}),
    "wrong aud": ("claim_aud", {"aud": "somebody else"}),
    "several aud without azp": ("claim_azp", {"aud": ["OURS", "somebody else"]}),
    "wrong azp": ("claim_azp", {"azp": "somebody else"}),
    "another issuer": ("claim_iss", {"iss": "https://other.example.org"}),
    "a deployment not registered": ("unknown_deployment", {"deployment_id": "7"}),
    "target_link_uri off our host": ("foreign_target", {"target_link_uri": "https://evil.example.org/lti/launch"}),
    "target_link_uri missing": ("claim_target_link_uri", {"target_link_uri": GONE}),
    "issued in the future": ("from_the_future", {"iat": 4102444800, "exp": 4102444860}),
    "no exp": ("claim_exp", {"exp": GONE}),
    "a privacy request": ("claim_message_type", {"message_type": "DataPrivacyLaunchRequest"}),
}


def refused(lms: Lms, browser: Any, answer: Any, reason: str, *, before: tuple[int, int] = (0, 0)) -> None:
    """A readable page, no session, one row of the audit log, nothing else."""
    assert answer.status_code == 403
    assert "text/html" in answer.content_type
    assert re.search(r"Reference \w{12}", answer.text)
    assert "Traceback" not in answer.text
    assert browser.get_cookie(LAUNCH_COOKIE) is None
    assert browser.get("/today").status_code == 302
    assert lms.trace() == before
    assert lms.reasons()[-1:] == [reason]


@pytest.mark.parametrize("who", ["learner", "instructor"])
@pytest.mark.parametrize("case", CLAIMS)
def test_a_launch_with_wrong_claims_is_refused(lms: Lms, case, who):
    reason, changes = CLAIMS[case]
    browser = lms.browser()
    changes = {
        name: [lms.client_id, *value[1:]] if name == "aud" and value[0] == "OURS" else value
        for name, value in changes.items()
    }
    roles = {"roles": [INSTRUCTOR]} if who == "instructor" else {}
    answer = lms.launch(browser, **{**roles, **changes})
    refused(lms, browser, answer, reason)


@pytest.mark.parametrize("case", TOKENS)
def test_a_wrong_token_is_refused(lms: Lms, case):
    reason, make = TOKENS[case]
    browser = lms.browser()
    asked = lms.asked(browser)
    answer = lms.send(browser, asked["state"], make(lms, lms.claims(asked["nonce"])))
    refused(lms, browser, answer, reason)


def test_a_launch_is_taken_once(lms: Lms):
    browser = lms.browser()
    asked = lms.asked(browser)
    token = lms.sign(lms.claims(asked["nonce"]))
    assert lms.send(browser, asked["state"], token).status_code == 303
    again = lms.send(browser, asked["state"], token)
    assert again.status_code == 403
    assert lms.reasons() == ["used_state"]
    assert lms.trace() == (1, 1)


def test_a_nonce_is_taken_once(lms: Lms):
    browser = lms.browser()
    first, second = lms.asked(browser), lms.asked(browser)
    assert lms.send(browser, first["state"], lms.sign(lms.claims(first["nonce"]))).status_code == 303
    assert lms.send(browser, second["state"], lms.sign(lms.claims(first["nonce"]))).status_code == 403
    assert lms.reasons() == ["nonce"]


def test_a_state_of_another_browser_is_refused(lms: Lms):
    asked, thief = lms.asked(lms.browser()), lms.browser()
    thief.set_cookie(states.cookie_name(asked["state"]), "guessed", secure=True)
    answer = lms.send(thief, asked["state"], lms.sign(lms.claims(asked["nonce"])))
    refused(lms, thief, answer, "other_browser")


def test_a_browser_that_proves_nothing_is_offered_a_tab_of_its_own(lms: Lms):
    asked, browser = lms.asked(lms.browser(), lti_message_hint="m"), lms.browser()
    answer = lms.send(browser, asked["state"], lms.sign(lms.claims(asked["nonce"])))
    refused(lms, browser, answer, "no_cookies")
    assert 'target="_blank"' in answer.text
    assert answer.text.count("<button") == 1
    assert 'name="lti_message_hint" value="m"' in answer.text


@pytest.mark.parametrize("state", ["", "state-not-ours", "state-" + "0" * 32 + ".x", "\x00", "é" * 5000])
def test_a_state_not_ours_is_refused_and_kept_in_the_security_log(lms: Lms, owner: Connection, state):
    browser = lms.browser()
    answer = lms.send(browser, state, lms.sign(lms.claims("n")))
    assert answer.status_code == 403
    assert lms.trace() == (0, 0)
    assert lms.reasons() == []
    reference = re.search(r"Reference (\w{12})", answer.text)
    assert reference is not None
    assert security_log(owner, reference[1]) == [("lti.refused", "unknown_state")]


def test_an_expired_state_is_refused(lms: Lms):
    browser = lms.browser()
    asked = lms.asked(browser)
    (name,) = valkey.client.keys(f"lti:{lms.admin.organization_id.hex}:state:*")
    assert 0 < valkey.client.ttl(name) <= states.SECONDS
    valkey.client.delete(name)
    assert lms.send(browser, asked["state"], lms.sign(lms.claims(asked["nonce"]))).status_code == 403
    assert lms.trace() == (0, 0)


def test_an_expired_token_is_refused_after_a_minute_of_leeway(lms: Lms):
    seconds = int(clock.now().timestamp())
    assert lms.launch(iat=seconds - 100, exp=seconds - 50).status_code == 303
    assert lms.launch(iat=seconds - 130, exp=seconds - 65).status_code == 403
    assert lms.reasons() == ["expired"]


def test_a_key_set_in_a_private_network_is_not_asked(lms: Lms, settings, monkeypatch):
    monkeypatch.setitem(lms.app.extensions, "settings", replace(settings, lti_private_addresses=False))
    browser = lms.browser()
    answer = lms.launch(browser)
    refused(lms, browser, answer, "keys_blocked")
    assert lms.served.asked("GET", "/jwks") == []


LOGINS = {
    "no iss": ("login_incomplete", {"iss": GONE}),
    "no login_hint": ("login_incomplete", {"login_hint": GONE}),
    "an issuer nobody registered": ("unknown_registration", {"iss": "https://unknown.example.org"}),
    "a client nobody registered": ("unknown_registration", {"client_id": "unknown", "lti_deployment_id": GONE}),
    "target_link_uri off our host": ("foreign_target", {"target_link_uri": "https://evil.example.org/"}),
    "a NUL": ("login_incomplete", {"login_hint": "\x00"}),
}


@pytest.mark.parametrize("case", LOGINS)
def test_a_login_request_that_leads_nowhere_is_refused(lms: Lms, owner: Connection, case):
    reason, changes = LOGINS[case]
    answer = lms.begin(lms.browser(), **changes)
    assert answer.status_code == 403
    reference = re.search(r"Reference (\w{12})", answer.text)
    assert reference is not None
    assert security_log(owner, reference[1]) == [("lti.refused", reason)]


def test_a_client_that_was_switched_off_may_not_launch(lms: Lms):
    browser = lms.browser()
    asked = lms.asked(browser)
    with unit_of_work(organization_id=lms.admin.organization_id):
        found = registry.find(lms.issuer, lms.client_id, "", within=lms.admin.organization_id)
        disable(found.client_key, actor=lms.admin, now=clock.now())
    answer = lms.send(browser, asked["state"], lms.sign(lms.claims(asked["nonce"])))
    refused(lms, browser, answer, "registration_disabled")
    assert lms.begin(browser).status_code == 403


def test_what_the_platform_says_instead_of_a_token_is_shown(lms: Lms):
    browser = lms.browser()
    asked = lms.asked(browser)
    answer = browser.post(
        "/lti/launch",
        data={"state": asked["state"], "error": "login_required", "error_description": "Session <b>ended</b>"},
    )
    refused(lms, browser, answer, "platform_error")
    assert "Session &lt;b&gt;ended&lt;/b&gt;" in answer.text
