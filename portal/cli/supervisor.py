"""One supervisor for several programs: joined, prefixed logs; Ctrl-C stops all of it; a dead child is restarted."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

_MAX_QUICK_DEATHS = 4
_QUICK_SECONDS = 10.0
_STOP_SECONDS = 15.0
_TEND_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1
_PRCTL = getattr(ctypes.CDLL(None), "prctl", None)  # Linux only


@dataclass(frozen=True, slots=True)
class Program:
    """A child: its name in the log, its command, its environment."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]


class ProgramDiedError(Exception):
    """A program does not stay alive; one readable line."""


class _Child:
    """A running program; counts deaths that come quickly after a start."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.deaths = 0
        self.unfinished = b""
        self.start()

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own programs
            list(self.program.command),
            env=self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_stop_with_parent,
        )

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None  # noqa: S101  # it is a pipe
        return self.process.stdout

    def stop(self, number: int) -> None:
        """Signal the whole group, so that a worker's own children go too."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def _stop_with_parent() -> None:
    """Have the kernel stop this child when the supervisor ends in any way, even by kill -9."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGTERM)


def supervise(
    programs: Sequence[Program],
    *,
    ready: Callable[[], None] = lambda: None,
    tend: Callable[[], Sequence[str]] = tuple,
    out: IO[str] = sys.stdout,
) -> None:
    """Run all programs until SIGINT or SIGTERM, then stop them and return.

    ``ready`` is called once all have been started; ``tend`` each second, it starts what died beneath the
    programs and names it. A program that dies is started again; one that dies
    quickly `_MAX_QUICK_DEATHS` times ends everything with ProgramDiedError.
    """
    with _stop_pipe() as stop:
        children = [_Child(program) for program in programs]
        try:
            ready()
            out.flush()
            _watch(children, stop, tend, out)
        finally:
            _stop_all(children, out)


@contextlib.contextmanager
def _stop_pipe() -> Iterator[int]:
    """A pipe that becomes readable when SIGINT or SIGTERM arrives."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {
        number: signal.signal(number, lambda *_: os.write(writing, b".")) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _watch(children: list[_Child], stop: int, tend: Callable[[], Sequence[str]], out: IO[str]) -> None:
    width = max(len(child.program.name) for child in children)
    with selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ, None)
        for child in children:
            selector.register(child.output, selectors.EVENT_READ, child)
        tend_at = 0.0
        while True:
            if time.monotonic() >= tend_at:
                for name in tend():
                    print(f"{name} had ended; started it again", file=out, flush=True)
                tend_at = time.monotonic() + _TEND_SECONDS
            for key, _events in selector.select(_TEND_SECONDS):
                spoke: _Child | None = key.data
                if spoke is None:
                    return
                data = os.read(spoke.output.fileno(), 65536)
                _print(spoke, data, width, out)
                if not data:
                    selector.unregister(spoke.output)
                    _restart(spoke, out)
                    selector.register(spoke.output, selectors.EVENT_READ, spoke)


def _restart(child: _Child, out: IO[str]) -> None:
    code = child.process.wait()
    quick = time.monotonic() - child.started_at < _QUICK_SECONDS
    child.deaths = child.deaths + 1 if quick else 1
    if child.deaths >= _MAX_QUICK_DEATHS:
        raise ProgramDiedError(
            f"{child.program.name} ended {child.deaths} times in a row (status {code}); see its lines above."
        )
    print(f"{child.program.name} ended with status {code}; starting it again", file=out, flush=True)
    child.output.close()
    child.start()


def _print(child: _Child, data: bytes, width: int, out: IO[str]) -> None:
    """Print whole lines; what comes after the last line break waits for the rest, or for the program's end."""
    *lines, child.unfinished = (child.unfinished + data).split(b"\n")
    if not data and child.unfinished:
        lines, child.unfinished = [*lines, child.unfinished], b""
    for line in lines:
        text = line.decode(errors="replace")
        out.write(f"{child.program.name.ljust(width)} | {text}\n")
    out.flush()


def _stop_all(children: list[_Child], out: IO[str]) -> None:
    for child in children:
        child.stop(signal.SIGTERM)
    end = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.stop(signal.SIGKILL)
            child.process.wait()
        child.output.close()
    print("all stopped", file=out, flush=True)
