"""``portal run`` as a person has it: killed parts come back, a killed supervisor takes its programs along."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from portal.config import ROOT


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(ask: Callable[[], bool], seconds: float = 60) -> None:
    """Ask again and again until the answer is true."""
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.1)


class Run:
    """The portal on an instance folder of its own."""

    def __init__(self, instance: Path) -> None:
        self.instance, self.port = instance, free_port()
        self.environment = {**os.environ, "INSTANCE_DIR": str(instance), "PORT": str(self.port), "DEMO": "no"}

    def start(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.cli", "run"],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C stops everything" in line:
                return process
        raise AssertionError("".join(said))

    def refused(self, **environment: str) -> str:
        """What a start says that ends at once."""
        done = subprocess.run(
            [sys.executable, "-m", "portal.cli", "run"],
            env={**self.environment, **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 1
        return done.stdout + done.stderr

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (OSError, urllib.error.HTTPError):
            return False

    def programs(self) -> list[int]:
        """Every process with this instance in its environment: web server, workers, scheduler, supervisor."""
        mark = f"INSTANCE_DIR={self.instance}".encode()
        return [pid for pid in pids() if mark in read(f"/proc/{pid}/environ").split(b"\0")]

    def servers(self) -> dict[str, int]:
        return {
            "postgres": int((self.instance / "postgres/data/postmaster.pid").read_text().splitlines()[0]),
            "valkey": int((self.instance / "valkey/valkey.pid").read_text()),
        }


def pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


@pytest.fixture
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("run")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    run = Run(folder)
    yield run
    for pid in run.programs():
        os.kill(pid, signal.SIGKILL)


def test_killed_servers_come_back_and_a_killed_run_leaves_nothing_that_a_next_one_minds(portal):
    first = portal.start()
    assert portal.ready()
    before = portal.servers()
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: portal.ready() and not set(portal.servers().values()) & set(before.values()))

    first.kill()
    first.wait()
    until(lambda: not portal.programs(), 30)

    second = portal.start()
    assert portal.ready()
    assert "already runs on" in portal.refused(PORT=str(free_port()))
    second.send_signal(signal.SIGINT)
    said = second.communicate(timeout=60)[0]
    assert said.splitlines()[-1] == "all stopped"
    assert second.returncode == 0
    assert portal.programs() == []
    assert [pid for pid in pids() if str(portal.instance).encode() in read(f"/proc/{pid}/cmdline")] == []


def test_a_taken_port_is_named_in_one_line_before_anything_starts(portal):
    with socket.create_server(("127.0.0.1", portal.port)):
        said = portal.refused()
    assert said.startswith(f"portal: PORT {portal.port} on HOST 127.0.0.1 cannot be listened on")
    assert said.count("\n") == 1
    assert not (portal.instance / "postgres").exists()


def test_a_valkey_that_does_not_answer_is_named_in_one_line(portal):
    said = portal.refused(REDIS_URL=f"redis://127.0.0.1:{free_port()}")
    assert said.startswith("portal: REDIS_URL: the server does not answer")
    assert said.count("\n") == 1


def test_the_application_alone_migrates_its_database_and_stops_what_it_started(portal):
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        env=portal.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(portal.ready)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    assert [pid for pid in pids() if str(portal.instance).encode() in read(f"/proc/{pid}/cmdline")] == []
