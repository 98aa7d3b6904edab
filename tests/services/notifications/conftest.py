"""A real SMTP server that keeps what it accepts and can act at each stage; worker processes that can be killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from portal import clock
from portal.config import ROOT, Settings, child_environment
from portal.extensions import valkey
from portal.jobs.dispatch import sweep
from portal.notifications import services
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import Cast


@dataclass
class Post:
    """What the server accepted, and what it does when a mail to ``only`` is announced or its data has been taken.

    Mails that other tests have left behind pass by.
    """

    accepted: list[Envelope] = field(default_factory=list)
    on_recipient: Callable[[], str | None] = lambda: None
    on_accepted: Callable[[], str | None] = lambda: None
    only: str = ""
    port: int = 0

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.on_recipient() if address == self.only else None
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        self.accepted.append(envelope)
        return (self.on_accepted() if envelope.rcpt_tos == [self.only] else None) or "250 OK"

    def ids_for(self, address: str) -> list[str]:
        """The Message-IDs accepted for one address."""
        return [
            line.split(":", 1)[1].strip()
            for envelope in self.accepted
            if envelope.rcpt_tos == [address]
            for line in envelope.content.decode().split("\r\n\r\n")[0].splitlines()
            if line.lower().startswith("message-id:")
        ]


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def post(free_port: int) -> Iterator[Post]:
    """An SMTP server on a free port."""
    box = Post(port=free_port)
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


@dataclass
class Worker:
    """A real worker process over this test's servers, delivering to the given SMTP server."""

    settings: Settings
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def begin(self) -> "subprocess.Popen[bytes]":
        """Start the process, which works until the queue is empty or it is killed."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.burst"],
            cwd=ROOT,
            env={
                **child_environment(self.settings),
                "INSTANCE_DIR": str(self.settings.instance_dir),
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(self.port),
                "SMTP_SECURITY": "none",
            },
        )
        return self.process

    def run(self) -> int:
        """Sweep and `begin`, to the end; its exit status."""
        sweep(clock.now())
        return self.begin().wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)


@pytest.fixture
def worker(app, settings: Settings, post: Post) -> Worker:
    """A worker on an empty queue."""
    valkey.client.flushdb()
    return Worker(settings, post.port)


@pytest.fixture
def told(cast: Cast, post: Post, superuser, database) -> Cast:
    """ben has a test message on its way, whatever the hour, and no other work is left over from other tests."""
    with superuser(database.name) as connection:
        connection.execute("DELETE FROM due_work")
    post.only = cast.ben.email
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.send_test(actor=cast.ben, now=clock.now())
    return cast
