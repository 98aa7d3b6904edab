"""Whatever a token holds: never a session without every check, never a fault of ours, one row at the most."""

import json
import os
from base64 import urlsafe_b64encode
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.lti.claims import DEEP_LINKING, ENDPOINT, LTI, NAMES_AND_ROLES
from portal.web.sessions import LAUNCH_COOKIE
from tests.contract.lti.launching import Lms

EXAMPLES = 600 if os.environ.get("PROOF") else 40
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["iss", "aud", "azp", "sub", "iat", "exp", "nonce", "name", "given_name", "email", DEEP_LINKING, ENDPOINT]
NAMES += [NAMES_AND_ROLES, *(LTI + name for name in ("message_type", "version", "deployment_id", "target_link_uri"))]
NAMES += [
    LTI + name for name in ("resource_link", "roles", "context", "custom", "tool_platform", "launch_presentation")
]
NEEDED = {"iss", "aud", "sub", "iat", "exp", "nonce"} | {
    LTI + name for name in ("message_type", "version", "deployment_id", "target_link_uri", "resource_link", "roles")
}
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def shots(test):
    return settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)(test)


def check(browser: Any, answer: Any, *, may_pass: bool) -> None:
    assert answer.status_code in (303, 403), answer.text
    if answer.status_code == 403:
        assert browser.get_cookie(LAUNCH_COOKIE) is None
    else:
        assert may_pass


@shots
@given(changes=st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=4))
def test_claims_of_any_shape_with_a_good_signature(lms: Lms, changes):
    browser = lms.browser()
    asked = lms.asked(browser)
    body = lms.claims(asked["nonce"]) | changes
    answer = lms.send(browser, asked["state"], lms.sign(body))
    check(browser, answer, may_pass=True)
    if answer.status_code == 303:
        assert (body["iss"], body["nonce"], body[LTI + "version"]) == (lms.issuer, asked["nonce"], "1.3.0")
        assert all(body.get(name) for name in NEEDED - {LTI + "roles"})


@shots
@given(
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "jku", "b64", "zip"]), JSON), body=JSON
)
def test_headers_and_bodies_of_any_shape_without_a_signature(lms: Lms, header, body):
    browser = lms.browser()
    asked = lms.asked(browser)
    parts = [encoded(header), encoded(body), "c2lnbmF0dXJl"]
    check(browser, lms.send(browser, asked["state"], ".".join(parts)), may_pass=False)


def encoded(part: Any) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@shots
@given(token=st.text(max_size=200), state=st.text(max_size=80) | st.none())
def test_tokens_and_states_of_any_text(lms: Lms, token, state):
    browser = lms.browser()
    asked = lms.asked(browser)["state"] if state is None else state
    check(browser, lms.send(browser, asked, token), may_pass=False)


@shots
@given(position=st.integers(min_value=0), replacement=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_good_token_with_one_letter_changed(lms: Lms, position, replacement):
    browser = lms.browser()
    asked = lms.asked(browser)
    good = lms.sign(lms.claims(asked["nonce"]))
    place = position % (len(good) - 2)
    bad = good[:place] + replacement + good[place + 1 :]
    check(browser, lms.send(browser, asked["state"], bad), may_pass=bad == good)


@shots
@example(values={"iss": "\x00"})
@given(
    values=st.dictionaries(
        st.sampled_from(
            ["iss", "login_hint", "client_id", "target_link_uri", "lti_deployment_id", "lti_storage_target"]
        ),
        st.text(max_size=60),
    )
)
def test_logins_of_any_values(lms: Lms, values):
    answer = lms.begin(lms.browser(), **values)
    assert answer.status_code in (200, 302, 403)
