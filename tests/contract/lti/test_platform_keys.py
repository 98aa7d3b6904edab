"""Platforms' keys: kept by their headers, fetched once for an unknown kid, good for a day when the platform is away."""

import json
import uuid
from datetime import timedelta

import pytest
from werkzeug import Response

from portal import clock
from portal.lti import keysets
from portal.lti.refusals import Refused
from tests.contract.lti.launching import Lms
from tests.contract.lti.platform import Platform

NOW = clock.now()


@pytest.fixture
def keys(platform: Platform):
    """Asks for a key of the platform's set at an instant after the beginning; each test has an address of its own."""
    address = f"{platform.url}/jwks?{uuid.uuid4()}"

    def find(kid: str | None = None, **after: float):
        return keysets.find(address, kid or kid_of(platform), private=True, now=NOW + timedelta(**after))

    return find


def kid_of(platform: Platform) -> str:
    return platform.configuration.get_jwks()["keys"][0]["kid"]


def answer(platform: Platform, **headers: str) -> Response:
    body = json.dumps(platform.configuration.get_jwks())
    return Response(body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_set_is_fetched_once_and_kept_for_an_hour_by_itself(keys, platform):
    keys()
    keys(minutes=59)
    assert len(platform.asked("GET", "/jwks")) == 1
    keys(minutes=61)
    assert len(platform.asked("GET", "/jwks")) == 2


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"Cache_Control": "public, max-age=600"}, 10),
        ({"Cache_Control": "max-age=1"}, 5),
        ({"Cache_Control": "no-store"}, 5),
        ({"Cache_Control": "max-age=999999999"}, 24 * 60),
        ({"Expires": "not a date"}, 60),
    ],
)
def test_a_set_is_kept_as_its_headers_say_within_limits(keys, platform, headers, minutes):
    platform.script("GET", "/jwks", answer(platform, **headers))
    keys()
    keys(minutes=minutes - 1)
    assert len(platform.asked("GET", "/jwks")) == 1
    keys(minutes=minutes + 1)
    assert len(platform.asked("GET", "/jwks")) == 2


def test_an_unknown_kid_fetches_at_once_and_only_a_few_times_a_minute(keys, platform):
    keys()
    for _try in range(20):
        with pytest.raises(Refused, match="does not publish"):
            keys("unknown")
    assert len(platform.asked("GET", "/jwks")) == keysets.FETCHES
    with pytest.raises(Refused):
        keys("unknown", seconds=61)
    assert len(platform.asked("GET", "/jwks")) == keysets.FETCHES + 1


def test_a_rotated_key_is_found_at_the_first_launch(keys, platform):
    platform.script("GET", "/jwks", Response(json.dumps({"keys": []})))
    with pytest.raises(Refused):
        keys()
    assert keys(seconds=1) is not None


AWAY = {
    "500": Response("down", 500),
    "404": Response("gone", 404),
    "garbage": Response("<html>"),
    "a list": Response("[]"),
    "no keys": Response('{"keys": 7}'),
    "nested": Response("[" * 100_000),
    "a redirect": Response(status=302, headers={"Location": "/jwks?elsewhere"}),
}


@pytest.mark.parametrize("case", AWAY)
def test_a_platform_that_is_away_is_said_in_words_and_known_keys_stay_good_for_a_day(keys, platform, case):
    platform.script("GET", "/jwks", AWAY[case])
    with pytest.raises(Refused):
        keys()
    keys()
    platform.script("GET", "/jwks", AWAY[case], AWAY[case])
    assert keys(hours=23) is not None
    with pytest.raises(Refused):
        keys(hours=25)


def test_a_launch_during_an_outage_is_refused_readably_and_the_next_one_works(lms: Lms):
    lms.served.script("GET", "/jwks", Response("down", 500))
    refused = lms.launch()
    assert refused.status_code == 403
    assert "Open the link again in a minute" in refused.text
    assert lms.trace() == (0, 0)
    assert lms.launch().status_code == 303


def test_weak_and_foreign_keys_of_a_set_are_left_out():
    found = Response(
        json.dumps(
            {
                "keys": [
                    {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
                    {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "short"},
                    {"kty": "RSA", "kid": "empty"},
                    {"kty": "EC", "crv": "P-256", "x": "!", "y": "!", "kid": "broken"},
                    {"kid": 7},
                ]
            }
        )
    )
    assert keysets.parse(Plain(found.get_data())) == {}


class Plain:
    """A body as requests gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def json(self):
        return json.loads(self._body)
