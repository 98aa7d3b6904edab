"""Fixtures on real servers: a database a worker from one migrated template, a Valkey database a worker.

Tests need no clean-up: each makes organizations of its own, and row-level security keeps them apart.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, true

from portal import clock
from portal.config import Settings
from portal.factory import create_app
from portal.jobs import runner
from portal.models.people import DueWork
from portal.security.actor import Actor
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, PASSWORD, Cast, make_cast
from tests.servers import *  # noqa: F403  # fixtures
from tests.servers import Database

SECRET = "a secret key that only the tests ever use"

# Generated cases are the same ones each time, so that what passes here passes everywhere; `make proof` draws new ones.
hypothesis.settings.register_profile("sample", derandomize=True)
if "PROOF" not in os.environ:
    hypothesis.settings.load_profile("sample")


class Browser(FlaskClient):
    """A client whose requests never share the test's own application context, and so not its ``g`` either."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def settings(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the application under test."""
    return Settings(
        database_url=database.app_url,
        migration_database_url=database.owner_url,
        redis_url=redis_url,
        secret_key=SECRET,
        instance_dir=tmp_path_factory.mktemp("instance"),
        rate_limits=False,
    )


@pytest.fixture(scope="session")
def application(settings: Settings) -> Flask:
    """The application, wired once a worker."""
    made = create_app(settings)
    made.testing = True
    made.test_client_class = Browser
    made.config["WTF_CSRF_ENABLED"] = False
    return made


@pytest.fixture
def empty_database_app(empty_database: Database, settings: Settings) -> Flask:
    """An application on a database without tables."""
    return create_app(
        replace(settings, database_url=empty_database.app_url, migration_database_url=empty_database.owner_url)
    )


@pytest.fixture
def app(application: Flask) -> Iterator[Flask]:
    """The application with its context pushed, as jobs and commands have it."""
    with application.app_context():
        yield application


@pytest.fixture
def client(application: Flask) -> FlaskClient:
    """A visitor's browser."""
    return application.test_client()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """ada, ben, cleo and dora, fresh for this test."""
    return make_cast()


@pytest.fixture
def sign_in(application: Flask) -> Callable[[Actor], FlaskClient]:
    """A browser in which an actor has signed in through the form."""

    def browser(actor: Actor) -> FlaskClient:
        client = application.test_client()
        answer = client.post("/sign-in", data={"email": actor.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    return browser


@pytest.fixture
def drain(app: Flask) -> Callable[..., int]:
    """Run all work that is due, in this process, as the workers would; the number of pointers run.

    With ``kind`` only work of that kind, with ``of`` only an organization's: at the real time all other tests' work
    would be due too.
    """

    def run(now=NOW, limit: int = 2000, kind: str | None = None, of: uuid.UUID | None = None) -> int:
        done = 0
        while done < limit:
            with unit_of_work() as db:
                rows = db.execute(
                    select(DueWork.id, DueWork.organization_id, DueWork.user_id)
                    .where(DueWork.failed_at.is_(None), DueWork.due_at <= now)
                    .where(true() if kind is None else DueWork.kind == kind)
                    .where(true() if of is None else DueWork.organization_id == of)
                    .order_by(DueWork.due_at, DueWork.id)
                    .limit(100)
                ).all()
            if not rows:
                return done
            for pointer, organization_id, user_id in rows:
                runner.run(
                    str(pointer),
                    None if organization_id is None else str(organization_id),
                    None if user_id is None else str(user_id),
                )
            done += len(rows)
        raise AssertionError("due work does not come to an end")

    return run


@pytest.fixture
def settle(drain: Callable[..., int]) -> Callable[..., None]:
    """Run all work that is due at an instant, with the clock standing there."""

    def run(at: datetime = NOW) -> None:
        with clock.frozen(at):
            drain(at)

    return run


@pytest.fixture
def mailbox(settings: Settings) -> Path:
    """The folder mails go to."""
    return settings.instance_dir / "mailbox"
