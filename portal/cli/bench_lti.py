"""`portal bench lti`: what a whole launch costs, beside the signature alone and PyLTI1p3's bare example."""

import json
import secrets
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
from flask import Flask, jsonify, request
from joserfc import jws, jwt
from joserfc.jwk import RSAKey
from pylti1p3.contrib import flask as pylti1p3_flask
from pylti1p3.tool_config.dict import ToolConfDict
from werkzeug.serving import WSGIRequestHandler, make_server

from portal import clock, config
from portal.accounts.services import register as register_person
from portal.factory import create_app
from portal.lti import registration
from portal.lti.claims import LTI
from portal.lti.registration import PlatformDraft
from portal.security import sign_ins
from portal.security.identity import load_actor
from portal.tenancy.scope import unit_of_work

_library: Any = pylti1p3_flask  # its contributions carry no types

_SAME_AS_EXAMPLE = 1.1
_FLOORS = 2.5

Work = Callable[[], tuple[float, float]]
"""What is timed; (CPU, wall) seconds of it that are not to be counted."""


@dataclass(frozen=True, slots=True)
class Sender:
    """A platform that signs launches; ``issuer`` is also where its key set is served."""

    issuer: str
    client_id: str
    key: RSAKey

    def token(self, nonce: str, launch_url: str, role: str = "Learner") -> str:
        """A launch into a course."""
        seconds = int(time.time())
        body = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": f"{role}-1",
            "iat": seconds,
            "exp": seconds + 60,
            "nonce": nonce,
            "name": "Sam Sample",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": "1",
            LTI + "target_link_uri": launch_url,
            LTI + "resource_link": {"id": "link-1", "title": "Week 1"},
            LTI + "roles": [f"http://purl.imsglobal.org/vocab/lis/v2/membership#{role}"],
            LTI + "context": {"id": "course-1", "title": "Biology"},
        }
        return jws.serialize_compact({"alg": "RS256", "kid": self.key.thumbprint()}, json.dumps(body), self.key)

    def key_set(self) -> dict[str, Any]:
        """The public key."""
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key.thumbprint(), "alg": "RS256"}]}


class _Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        """Nothing is said of requests."""


@contextmanager
def _sender() -> Iterator[Sender]:
    app = Flask("platform")
    found: list[Sender] = []
    app.add_url_rule("/jwks", view_func=lambda: jsonify(found[0].key_set()))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    key = RSAKey.generate_key(2048, private=True)
    found.append(Sender(f"http://127.0.0.1:{server.port}", secrets.token_hex(8), key))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        thread.join()


@click.command("lti")
@click.option("--launches", default=200, show_default=True, help="Launches of one round.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of which the median counts.")
def bench_lti(launches: int, rounds: int) -> None:
    """Time whole launches (login and launch) in this process, with its database; PostgreSQL's own CPU is not in it."""
    settings = replace(config.load(), lti_private_addresses=True, rate_limits=False, log_format="json")
    app = create_app(settings)
    with _sender() as sender:
        with app.app_context():
            organization_id = _register(sender, settings.default_zone)
        url = settings.base_url + "/lti/launch"
        login = f"/lti/login?organization={organization_id}"
        _launch(app, sender, url, login, "/lti/launch", "Instructor")  # the course becomes a class
        example = _example(sender)
        work: dict[str, Work] = {
            "RSA verification alone": _verification(sender, url),
            "PyLTI1p3's bare example": lambda: _launch(example, sender, "http://localhost/launch", "/login", "/launch"),
            "health page of the portal": lambda: _get(app, "/healthz"),
            "whole launch": lambda: _launch(app, sender, url, login, "/lti/launch"),
        }
        found = {name: _rounds(one, launches, rounds) for name, one in work.items()}
    _print(found, launches, rounds)


def _print(found: dict[str, tuple[float, float]], launches: int, rounds: int) -> None:
    click.echo(f"CPU and wall time of one, median of {rounds} rounds of {launches}.\n")
    cpu, _wall = found["whole launch"]
    for name, (each_cpu, each_wall) in found.items():
        ratio = f"{cpu / each_cpu:>7.1f} ×"
        click.echo(f"{name:<28}{each_cpu * 1e3:>9.3f} ms CPU{1 / each_wall:>9.0f} a second   launch is {ratio}")
    verdict = "met" if cpu <= _SAME_AS_EXAMPLE * found["PyLTI1p3's bare example"][0] else "NOT met"
    click.echo(f"\ngoal: ≤ {_SAME_AS_EXAMPLE} × PyLTI1p3's bare example  {verdict}")
    floors = 2 * found["health page of the portal"][0]  # a launch is two requests
    verdict = "met" if cpu <= _FLOORS * floors else "NOT met"
    click.echo(f"goal: ≤ {_FLOORS} × two requests that do nothing ({floors * 1e3:.3f} ms)  {verdict}")


def _rounds(one: Work, count: int, rounds: int) -> tuple[float, float]:
    """(CPU, wall) seconds of one call, medians of the rounds; the first call is not counted."""
    one()
    cpu, wall = [], []
    for _ in range(rounds):
        began, began_wall = time.process_time(), time.perf_counter()
        others = [one() for _ in range(count)]
        cpu.append((time.process_time() - began - sum(other for other, _ in others)) / count)
        wall.append((time.perf_counter() - began_wall - sum(other for _, other in others)) / count)
    return statistics.median(cpu), statistics.median(wall)


def _verification(sender: Sender, url: str) -> Work:
    token = sender.token("nonce", url)
    public = RSAKey.import_key(sender.key.as_dict(private=False))

    def verify() -> tuple[float, float]:
        jwt.decode(token, public, algorithms=["RS256"])
        return 0, 0

    return verify


def _get(app: Flask, path: str) -> tuple[float, float]:
    app.test_client().get(path)
    return 0, 0


def _launch(
    app: Flask, sender: Sender, url: str, login: str, launch: str, role: str = "Learner"
) -> tuple[float, float]:
    """Login and launch as a new browser does them; the time of signing, which is the platform's work."""
    client = app.test_client()
    values = {
        "iss": sender.issuer,
        "client_id": sender.client_id,
        "login_hint": "someone",
        "lti_message_hint": "x",
        "lti_deployment_id": "1",
        "target_link_uri": url,
    }
    base = url.rsplit("/", url.count("/") - 2)[0]
    answer = client.post(login, data=values, base_url=base)
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    began, began_wall = time.process_time(), time.perf_counter()
    token = sender.token(asked["nonce"][0], url, role)
    signing = time.process_time() - began, time.perf_counter() - began_wall
    answer = client.post(launch, data={"state": asked["state"][0], "id_token": token}, base_url=base)
    if answer.status_code not in (200, 303):
        raise click.ClickException(f"a launch was refused with {answer.status_code}")
    return signing


def _register(sender: Sender, zone: str) -> uuid.UUID:
    """A sample organization with the platform registered; its id."""
    now = clock.now()
    email = f"bench-{uuid.uuid4().hex}@example.org"
    made = register_person(name="Bench", email=email, password=secrets.token_urlsafe(16), zone=zone, now=now)
    found = sign_ins.find(made.token or "", now=now)
    if not isinstance(found, sign_ins.Identity) or found.member_id is None:
        raise click.ClickException("the sample organization could not be made")
    with unit_of_work(organization_id=found.organization_id, user_id=found.user_id):
        actor = load_actor(found.member_id)
        if actor is None:
            raise click.ClickException("the sample organization could not be made")
        draft = PlatformDraft(
            "Bench",
            sender.issuer,
            sender.client_id,
            sender.issuer + "/auth",
            sender.issuer + "/token",
            sender.issuer + "/jwks",
            deployment_ids=("1",),
        )
        registration.register(draft, private=True, actor=actor, now=now)
        return actor.organization_id


class _Memory:
    """A cache as the example's storage wants one."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self._values.get(key)

    def set(self, key: str, value: Any, _lifetime: int | None = None) -> None:
        self._values[key] = value


def _example(sender: Sender) -> Flask:
    """PyLTI1p3's Flask example without its game: login, launch, and the name said back; keys are given, not fetched."""
    app = Flask("example")
    app.secret_key = secrets.token_hex()
    app.testing = True  # its errors are this command's
    client: Any = {
        "default": True,
        "client_id": sender.client_id,
        "auth_login_url": sender.issuer + "/auth",
        "auth_token_url": sender.issuer + "/token",
        "key_set": sender.key_set(),
        "deployment_ids": ["1"],
    }
    conf = ToolConfDict({sender.issuer: [client]})
    storage = _library.FlaskCacheDataStorage(_Memory())

    @app.post("/login")
    def login() -> Any:
        begun = _library.FlaskOIDCLogin(_library.FlaskRequest(), conf, launch_data_storage=storage)
        return begun.redirect(request.form["target_link_uri"])

    @app.post("/launch")
    def launch() -> str:
        message = _library.FlaskMessageLaunch(_library.FlaskRequest(), conf, launch_data_storage=storage)
        return str(message.get_launch_data()["name"])

    return app
