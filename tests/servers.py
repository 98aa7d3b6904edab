"""Real servers for a test run: one pair, a migrated template database, a copy of it a worker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from flask_migrate import upgrade

from portal.config import ROOT, Settings
from portal.embedded.postgres import APPLICATION, OWNER, Postgres, ensure_database
from portal.factory import create_app

_PAIR = "PORTAL_TEST_PAIR"
_TEMPLATE = "portal_template"
_running: list["subprocess.Popen[str]"] = []


@dataclass(frozen=True)
class Database:
    """A database of this worker's own."""

    name: str
    owner_url: str
    app_url: str


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) starts the pair; workers read where it is."""
    if hasattr(config, "workerinput") or _PAIR in os.environ:
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.pair"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise pytest.UsageError("the test servers did not start; their reason stands above")
    _running.append(process)
    os.environ[_PAIR] = line
    ensure_database(_postgres(), _TEMPLATE)
    migrated = create_app(_settings(_TEMPLATE))
    with migrated.app_context():
        upgrade()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Closing the pipe stops the pair."""
    for process in _running:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=60)
        os.environ.pop(_PAIR, None)
    _running.clear()


def _where() -> dict[str, str]:
    found: dict[str, str] = json.loads(os.environ[_PAIR])
    return found


def _postgres() -> Postgres:
    return Postgres(Path(_where()["home"]) / "postgres", Path(_where()["sockets"]), started=False)


def _redis_url(db: int) -> str:
    return f"unix://{_where()['valkey']}?db={db}"


def _settings(name: str) -> Settings:
    return Settings(
        database_url=_postgres().url(APPLICATION, name),
        migration_database_url=_postgres().url(OWNER, name),
        redis_url=_redis_url(0),
        secret_key="k" * 40,
    )


@pytest.fixture(scope="session")
def superuser(worker_id: str) -> Callable[..., "psycopg.Connection"]:
    """Opens superuser connections to the test server (to make and drop databases, to kill sessions)."""
    return _postgres().connect


@pytest.fixture(scope="session")
def database(worker_id: str) -> Database:
    """This worker's database, copied from the migrated template."""
    name = f"portal_{worker_id}"
    ensure_database(_postgres(), name, template=_TEMPLATE)
    return Database(name, _postgres().url(OWNER, name), _postgres().url(APPLICATION, name))


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """This worker's Valkey database."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 1
    return _redis_url(number)


@pytest.fixture
def empty_database(worker_id: str) -> Iterator[Database]:
    """A database without tables, dropped afterwards."""
    name = f"empty_{worker_id}"
    ensure_database(_postgres(), name)
    yield Database(name, _postgres().url(OWNER, name), _postgres().url(APPLICATION, name))
    with _postgres().connect() as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
