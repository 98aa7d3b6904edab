"""Launches of browsers that keep no cookies: the platform's storage, else one button for a tab of its own."""

import re

import pytest

from portal.web.sessions import LAUNCH_COOKIE
from tests.contract.lti.launching import Lms


def begun(lms: Lms, **changes):
    """A login of a browser that keeps nothing: what its page would put into the platform's storage."""
    browser = lms.browser()
    page = lms.begin(browser, lti_storage_target="post_message_forwarding", **changes)
    assert page.status_code == 200
    found = {
        name: re.search(f'data-{name}="([^"]*)"', page.text)[1] for name in ("url", "key", "value", "frame", "origin")
    }
    asked = re.search(r"nonce=([^&]*)", found["url"])
    found["nonce"] = asked[1]
    return found


def test_the_state_is_put_into_the_platforms_frame_at_its_origin_alone(lms: Lms):
    found = begun(lms)
    assert found["frame"] == "post_message_forwarding"
    assert found["origin"] == lms.issuer
    assert found["value"] not in found["url"]


def test_a_login_sets_a_partitioned_cookie_beside_it(lms: Lms):
    answer = lms.begin(lms.browser())
    cookie = answer.headers["Set-Cookie"]
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert part in cookie


def test_a_launch_proves_itself_through_the_storage(lms: Lms):
    kept, browser = begun(lms), lms.browser()
    token = lms.sign(lms.claims(kept["nonce"]))
    ask = lms.send(browser, kept["key"], token)
    assert ask.status_code == 200
    assert 'data-lti="prove"' in ask.text
    assert kept["value"] not in ask.text
    assert lms.trace() == (0, 0)
    done = lms.send(browser, kept["key"], token, stored=kept["value"])
    assert done.status_code == 200
    assert 'data-lti="enter"' in done.text
    assert browser.get("/lti/here").status_code == 204


@pytest.mark.parametrize(("stored", "reason"), [("guessed", "other_browser"), ("", "no_cookies")])
def test_a_launch_that_cannot_prove_itself_is_refused(lms: Lms, stored, reason):
    kept, browser = begun(lms), lms.browser()
    answer = lms.send(browser, kept["key"], lms.sign(lms.claims(kept["nonce"])), stored=stored)
    assert answer.status_code == 403
    assert lms.reasons() == [reason]
    assert browser.get_cookie(LAUNCH_COOKIE) is None


def test_a_frame_without_cookies_goes_on_in_a_tab_once(lms: Lms):
    kept = begun(lms)
    frame = lms.browser()
    done = lms.send(frame, kept["key"], lms.sign(lms.claims(kept["nonce"])), stored=kept["value"])
    assert lms.browser().get("/lti/here").status_code == 403
    code = re.search(r'name="code" value="([^"]*)"', done.text)[1]
    tab = lms.browser()
    on = tab.post("/lti/continue", data={"code": code})
    assert on.status_code == 303
    assert code not in on.headers["Location"]
    assert tab.get(on.headers["Location"]).status_code == 200
    assert lms.browser().post("/lti/continue", data={"code": code}).status_code == 403


def test_no_address_of_a_launch_carries_a_session(lms: Lms):
    browser = lms.browser()
    answer = lms.launch(browser)
    cookie = browser.get_cookie(LAUNCH_COOKIE)
    assert "?" not in answer.headers["Location"]
    assert cookie is not None
    assert cookie.value not in answer.text


def test_only_the_platforms_origins_may_frame_a_launchs_pages(lms: Lms, sign_in):
    browser = lms.browser()
    page = browser.get(lms.launch(browser).headers["Location"])
    assert f"frame-ancestors {lms.issuer};" in page.headers["Content-Security-Policy"]
    own = sign_in(lms.admin).get("/settings")
    assert "frame-ancestors 'none'" in own.headers["Content-Security-Policy"]
