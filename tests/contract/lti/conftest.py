"""A platform, and the portal's connector to it."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Connection, create_engine

from portal.config import Settings
from portal.lti import guard
from portal.lti.connector import Connector, Credentials
from tests.contract.lti.launching import Lms
from tests.contract.lti.platform import Platform, host_of, new_key, serve
from tests.factories.cast import Cast

TOOL_KEY = new_key()


class Clock:
    """The time as the connector reads it."""

    def __init__(self) -> None:
        self.offset = datetime.now(UTC) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(tool="http://127.0.0.1:9") as made:
        public = made.registration.get_jwk(TOOL_KEY[1]) | {"kid": "tool-key"}
        made.registration.set_tool_key_set({"keys": [public]})
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def credentials(platform: Platform) -> Credentials:
    return Credentials(
        key=uuid.uuid4().hex,
        client_id="client-1",
        token_url=platform.url + "/token",
        audience=None,
        private_key=TOOL_KEY[0],
        kid="tool-key",
        hosts=frozenset({host_of(platform.url)}),
    )


@pytest.fixture
def cache(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


@pytest.fixture
def connector(credentials: Credentials, cache: Redis, clock: Clock) -> Iterator[Connector]:
    with guard.session(private=True) as session:
        yield Connector(credentials, session, cache, clock)


@pytest.fixture
def private_network(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal may ask platforms on this machine."""
    monkeypatch.setitem(app.extensions, "settings", replace(settings, lti_private_addresses=True))


@pytest.fixture
def lms(app: Flask, cast: Cast, private_network: None) -> Iterator[Lms]:
    """A platform at which the portal is registered for ada's organization."""
    with serve(tool="http://127.0.0.1:9") as served:
        made = Lms(app, served, cast.ada)
        made.register()
        yield made


@pytest.fixture
def owner(settings: Settings) -> Iterator[Connection]:
    """A connection of the tables' owner, as commands have."""
    engine = create_engine(settings.migration_database_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
