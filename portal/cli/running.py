"""``portal run``: the servers, migrations, the demo, then web server, workers and scheduler under one supervisor."""

import contextlib
import socket
import sys
import time

import click
from flask_migrate import upgrade
from redis.exceptions import RedisError

from portal import clock, config
from portal.cli import demo
from portal.cli.supervisor import Program, supervise
from portal.config import SettingError, Settings
from portal.embedded import servers
from portal.embedded.place import alone
from portal.extensions import valkey
from portal.factory import create_app

_LISTEN_SECONDS = 30
_FREE_SECONDS = 5


def run_all() -> None:
    """Run everything until SIGINT or SIGTERM. SettingError, EmbeddedError or ProgramDiedError say what is wrong."""
    settings = config.load()
    with _only_one(settings):
        _check_address(settings)
        settings, running = servers.start(settings)
        try:
            _prepare(settings, demo_wanted=running.postgres is not None and settings.demo)
            supervise(_programs(settings), ready=lambda: _welcome(settings), tend=lambda: running.revive(settings))
        finally:
            running.stop(found_too=True)


def _only_one(settings: Settings) -> contextlib.AbstractContextManager[None]:
    return alone(settings.instance_dir) if settings.embedded else contextlib.nullcontext()


def _check_address(settings: Settings) -> None:
    """Say at once that the address cannot be had: the web server shares a port without a word.

    Programs of a run that was just killed get some seconds to go.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    end = time.monotonic() + _FREE_SECONDS
    while True:
        try:
            socket.create_server((settings.host, settings.port), family=family).close()
            return
        except OSError as error:
            if time.monotonic() > end or isinstance(error, socket.gaierror):
                raise SettingError(
                    f"PORT {settings.port} on HOST {settings.host} cannot be listened on: {error.strerror}."
                ) from None
        time.sleep(0.1)


def _prepare(settings: Settings, *, demo_wanted: bool) -> None:
    app = create_app(settings)
    with app.app_context():
        try:
            valkey.client.ping()
        except RedisError as error:
            raise SettingError(f"REDIS_URL: the server does not answer ({error}).") from None
        upgrade()
        if demo_wanted:
            demo.ensure(settings, now=clock.now())
        demo.served(settings)


def _programs(settings: Settings) -> list[Program]:
    portal = [sys.executable, "-m", "portal.cli"]
    environment = config.child_environment(settings)
    programs = [
        Program("web", [*portal, "web"], environment),
        Program("scheduler", [*portal, "scheduler"], environment),
    ]
    for name, count in (("short", settings.short_workers), ("long", settings.long_workers)):
        programs += [Program(f"worker-{name}", [*portal, "worker", name], environment) for _ in range(count)]
    return programs


def _welcome(settings: Settings) -> None:
    """Greet once the web server listens, so that the address works when it is read."""
    end = time.monotonic() + _LISTEN_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection((settings.host, settings.port), timeout=1):
            break
        time.sleep(0.1)
    greet(settings)


def greet(settings: Settings) -> None:
    """Print the address and a sign-in for each role."""
    click.echo(f"\n  Orchestrator is ready at {settings.base_url}\n")
    made = demo.read(settings)
    if made is not None:
        for role, person in made["sign_ins"].items():
            click.echo(f"  {role:<8} {person['email']:<24} {person['password']}")
    if not settings.smtp_host:
        click.echo(f"\n  Mails are kept at {settings.base_url}/mailbox")
    click.echo("  Ctrl-C stops everything.\n")
