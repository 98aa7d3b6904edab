"""The embedded servers: found running, stopped, started again after kills, whatever was left behind."""

import os
import signal
from pathlib import Path

import pytest
from redis import Redis

from portal.embedded.place import EmbeddedError, runs, socket_folder
from portal.embedded.postgres import APPLICATION, OWNER, ensure_database, start_postgres
from portal.embedded.valkey import start_valkey


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("servers")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    return folder


def postgres_pid(home: Path) -> int:
    return int((home / "data" / "postmaster.pid").read_text().splitlines()[0])


def test_postgres_starts_is_found_running_and_stops(home):
    first = start_postgres(home, durable=False)
    try:
        assert first.started
        assert not start_postgres(home, durable=False).started
        ensure_database(first, "portal")
        ensure_database(first, "portal")
        with first.connect("portal") as connection:
            version = connection.execute("SHOW server_version_num").fetchone()
            roles = dict(
                connection.execute(
                    "SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN (%s, %s)",
                    [OWNER, APPLICATION],
                ).fetchall()
            )
        assert int(version[0]) >= 180000
        assert roles == {OWNER: False, APPLICATION: False}
    finally:
        pid = postgres_pid(home)
        first.stop()
    assert not runs(pid, str(home / "data"))


def test_postgres_keeps_its_data_through_a_kill(home):
    server = start_postgres(home, durable=False)
    with server.connect() as connection:
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("CHECKPOINT")
    os.kill(postgres_pid(home), signal.SIGKILL)
    again = start_postgres(home, durable=False)
    try:
        with again.connect() as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        again.stop()


def test_a_recycled_process_number_does_not_stop_the_start(home):
    server = start_postgres(home, durable=False)
    server.stop()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'data'}\n")
    again = start_postgres(home, durable=False)
    try:
        assert again.started
    finally:
        again.stop()


def test_valkey_starts_is_found_running_and_survives_a_kill(home):
    first = start_valkey(home)
    assert not start_valkey(home).started
    pid = int((home / "valkey.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    again = start_valkey(home)
    try:
        assert again.started
        assert Redis(unix_socket_path=str(again.socket)).ping()
        assert again.url() == first.url()
    finally:
        again.stop()
    assert not runs(int((home / "valkey.pid").read_text()), str(again.socket))


def test_a_socket_whose_path_is_too_long_moves_to_the_temporary_folder(tmp_path):
    deep = tmp_path / ("x" * 90)
    assert socket_folder(deep, ".s.PGSQL.5432") != deep / "run"
    assert len(os.fsencode(socket_folder(deep, ".s.PGSQL.5432"))) < 90
    assert socket_folder(deep, "s") == socket_folder(deep, "s")


def test_a_wrong_folder_of_programs_is_named(home, tmp_path):
    with pytest.raises(EmbeddedError, match="POSTGRES_BIN"):
        start_postgres(home, bin_dir=tmp_path)
    with pytest.raises(EmbeddedError, match="VALKEY_BIN"):
        start_valkey(home, bin_dir=tmp_path)
