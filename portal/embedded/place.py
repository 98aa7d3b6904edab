"""Where an embedded server lives and as whom it runs.

PostgreSQL refuses to run as root. Started by root, it runs as ``nobody`` in folders of its own; where a parent
folder or the programs are closed to ``nobody`` (a checkout below a private home), it runs in a user
namespace that maps an ordinary user onto root.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SOCKET_PATH_BYTES = 100  # sun_path holds 107 bytes; the servers add a few of their own
_NAMESPACE = ("--user", "--map-user=1000", "--map-group=1000", "--")


class EmbeddedError(Exception):
    """An embedded server cannot run here; one readable line."""


@dataclass(frozen=True, slots=True)
class Account:
    """How a program is started: a prefix of the command, and the user and group to drop to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for `subprocess`."""
        return {} if self.user is None else {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Make a private folder this account can use."""
        folder.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), self.user):
            raise EmbeddedError(f"{folder} belongs to somebody else: remove it.")
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)
        folder.chmod(0o700)


def unprivileged(home: Path, programs: Path) -> Account:
    """The account PostgreSQL runs under. EmbeddedError when root can neither drop nor make a namespace."""
    if os.geteuid() != 0:
        return Account()
    with contextlib.suppress(KeyError):
        nobody = pwd.getpwnam("nobody")
        if _open_to_all(home) and _open_to_all(programs):
            return Account(user=nobody.pw_uid, group=nobody.pw_gid)
    unshare = shutil.which("unshare")
    if unshare is None:
        raise EmbeddedError(
            f"PostgreSQL will not run as root, and {home} is closed to other users: open it or use one."
        )
    return Account(prefix=(unshare, *_NAMESPACE))


def _open_to_all(path: Path) -> bool:
    """Whether any user may pass through the existing parents of ``path``."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents if parent.exists())


def socket_folder(home: Path, name: str) -> Path:
    """A folder for a socket called ``name``: below ``home``, or in the temporary folder when too long."""
    folder = home / "run"
    if len(os.fsencode(folder / name)) <= _SOCKET_PATH_BYTES:
        return folder
    return Path(tempfile.gettempdir()) / ("portal-" + hashlib.sha256(os.fsencode(home)).hexdigest()[:12])


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the folder for one supervisor; EmbeddedError when another one runs. A kill lets go of it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".running").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(f"The portal already runs on {home}: stop it, or set another INSTANCE_DIR.") from None
        yield


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the folder's lock: one process starts or stops a server at a time."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def runs(pid: int, place: str) -> bool:
    """Whether ``pid`` is a living process started on this path: neither a zombie nor a recycled number.

    The path is a whole argument, or ends one (Valkey rewrites its title to ``… unixsocket:PATH``).
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return state != "Z" and any(argument.endswith(os.fsencode(place)) for argument in arguments)


def wheel(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {package} is not installed.")
    return Path(spec.origin).parent


def clean_environment() -> dict[str, str]:
    """The least environment a server needs, with nothing of the person's locale or PG* variables."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def tail(path: Path, characters: int = 1500) -> str:
    """The end of a log."""
    return path.read_text(errors="replace")[-characters:] if path.exists() else ""
