"""The service client against a platform over HTTP: tokens, hosts, errors in words (IMS Security Framework 1.0, 4.1)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug import Response

from portal.extensions import Valkey
from portal.lti import guard
from portal.lti.connector import Connector, links_of
from portal.lti.faults import ServiceError
from tests.contract.lti.platform import NRPS, slow


def ask(connector):
    return connector.ask("GET", connector._credentials.token_url.replace("/token", "/Context/7/members"), [NRPS])


def failure(connector) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        ask(connector)
    return caught.value


def test_a_token_is_asked_for_once_and_kept_until_a_minute_before_it_expires(platform, connector, credentials, cache):
    ask(connector)
    ask(connector)
    assert len(platform.asked("POST", "/token")) == 1
    (name,) = cache.keys(f"lti:token:{credentials.key}:*")
    assert 3600 - 60 - 5 <= cache.ttl(name) <= 3600 - 60


def test_another_worker_uses_the_token_that_is_kept(platform, connector, credentials, cache, clock):
    ask(connector)
    with guard.session(private=True) as session:
        ask(Connector(credentials, session, cache, clock))
    assert len(platform.asked("POST", "/token")) == 1


def test_a_token_that_lives_for_less_than_a_minute_is_not_kept(platform, connector, credentials, cache):
    token = platform.configuration.get_access_token
    platform.script(
        "POST",
        "/token",
        lambda request: Response(json.dumps({**token(request.form.to_dict()), "expires_in": "59"})),
    )
    ask(connector)
    assert cache.keys(f"lti:token:{credentials.key}:*") == []


def test_tokens_of_other_scopes_are_other_tokens(platform, connector, credentials, cache):
    connector.get_access_token(["a"])
    connector.get_access_token(["b", "a"])
    connector.get_access_token(["a", "b"])
    assert len(cache.keys(f"lti:token:{credentials.key}:*")) == 2


def test_without_valkey_tokens_are_asked_for_each_time(platform, credentials, clock):
    with guard.session(private=True) as session:
        server = Valkey()
        server.connect("redis://127.0.0.1:1")
        away = Connector(credentials, session, server.client, clock)
        assert ask(away).body["members"] == []
        assert ask(away).body["members"] == []
    assert len(platform.asked("POST", "/token")) == 2


def test_a_401_gets_a_new_token_once(platform, connector):
    ask(connector)
    platform.script("GET", "/Context", Response("{}", 401))
    assert ask(connector).body["members"] == []
    assert len(platform.asked("POST", "/token")) == 2


def test_a_second_401_is_said_and_tried_later(platform, connector):
    platform.script("GET", "/Context", Response("{}", 401), Response('{"error": "bad token"}', 401))
    error = failure(connector)
    assert (error.code, error.again) == ("unauthorized", True)
    assert "401: bad token" in str(error)


def test_a_token_goes_to_no_other_host(platform, connector):
    with pytest.raises(ServiceError) as caught:
        connector.ask("GET", "https://elsewhere.example/7/members", [NRPS])
    assert (caught.value.code, caught.value.again) == ("blocked", False)
    assert platform.seen == []


@pytest.mark.parametrize(
    ("url", "owned"),
    [
        ("https://school.instructure.com/x", True),
        ("https://instructure.com/x", True),
        ("https://notinstructure.com/x", False),
        ("https://instructure.com.evil.example/x", False),
        ("https://lms.example:8443/x", True),
        ("https://LMS.example:8443/x", True),
        ("https://lms.example/x", False),
        ("https://lms.example:8443@evil.example/x", False),
    ],
)
def test_hosts_are_compared_whole(credentials, url, owned):
    assert replace(credentials, hosts=frozenset({".instructure.com", "lms.example:8443"})).owns(url) is owned


def test_a_redirect_is_not_followed(platform, connector):
    platform.script("GET", "/Context", Response(status=302, headers={"Location": "https://elsewhere.example/"}))
    assert failure(connector).code == "blocked"


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        *((400, "bad_request", False), (403, "forbidden", False), (404, "gone", False), (409, "conflict", True)),
        *((418, "refused", False), (422, "unknown_user", False), (429, "busy", True), (500, "failed", True)),
        (503, "failed", True),
    ],
)
def test_each_status_has_words_and_says_whether_to_try_again(platform, connector, status, code, again):
    platform.script("GET", "/Context", Response(json.dumps({"message": "its own words"}), status))
    error = failure(connector)
    assert (error.code, error.again) == (code, again)
    assert status in (429,) or f"{status}: its own words" in str(error)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("99999", 3600), ("soon", None), ("", None)])
def test_a_platform_may_say_how_long_to_wait(platform, connector, header, seconds):
    platform.script("GET", "/Context", Response("", 429, headers={"Retry-After": header}))
    assert failure(connector).after_seconds == seconds


def test_a_platform_may_say_until_when_to_wait(platform, connector, clock):
    until = (clock() + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    platform.script("GET", "/Context", Response("", 503, headers={"Retry-After": until}))
    assert 80 <= failure(connector).after_seconds <= 90


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "{", "[" * 100_000, "\xff"])
def test_garbage_is_said_and_tried_later(platform, connector, body):
    platform.script("GET", "/Context", Response(body))
    error = failure(connector)
    assert (error.code, error.again) == ("unreadable", True)


def test_a_slow_platform_is_given_up(platform, connector, monkeypatch):
    monkeypatch.setattr(guard, "READ_SECONDS", 0.2)
    platform.script("GET", "/Context", slow(0.6))
    error = failure(connector)
    assert (error.code, error.again) == ("unreachable", True)


@pytest.mark.parametrize(
    "answer",
    [
        *(Response("[]"), Response("{}"), Response('{"access_token": ""}'), Response('{"access_token": 7}')),
        Response('{"access_token": "a\\r\\nX: y"}'),
    ],
    ids=["list", "nothing", "empty", "number", "newline"],
)
def test_a_token_answer_of_another_shape_is_unreadable(platform, connector, answer):
    platform.script("POST", "/token", answer)
    assert failure(connector).code == "unreadable"


def test_a_refused_token_names_what_to_look_at(platform, connector):
    platform.registration.set_tool_key_set({"keys": []})
    error = failure(connector)
    assert (error.code, error.again) == ("no_token", True)
    assert "key set" in str(error)


def test_a_token_endpoint_that_fails_is_a_fault_of_the_platform(platform, connector):
    platform.script("POST", "/token", Response("", 502))
    assert failure(connector).code == "failed"


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ('<https://x.example/A?P=b>; rel="next"', {"next": "https://x.example/A?P=b"}),
        ("<https://x.example/A>; rel=next", {"next": "https://x.example/A"}),
        ("<https://x.example/A>; rel=“next”", {"next": "https://x.example/A"}),
        ("<https://x.example/A?a=1&amp;b=2>; REL='next'", {"next": "https://x.example/A?a=1&b=2"}),
        ("</B?page=2>; rel=next", {"next": "https://x.example/B?page=2"}),
        (
            '<https://x.example/a,b>; rel="next", <https://x.example/D>; rel="differences"',
            {"next": "https://x.example/a,b", "differences": "https://x.example/D"},
        ),
        (
            '<https://x.example/1>; title="t"; rel="first next"',
            {"first": "https://x.example/1", "next": "https://x.example/1"},
        ),
        ("<https://x.example/1>", {}),
        ("nonsense", {}),
        ("", {}),
    ],
)
def test_a_link_header_is_read_leniently(header, links):
    assert links_of(header.encode().decode("latin-1"), "https://x.example/A") == links
