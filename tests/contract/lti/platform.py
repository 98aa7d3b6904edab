"""A learning platform over HTTP, on the platform library lti1p3platform: launches, tokens, roster, gradebook.

It answers as the specifications say; ``script`` makes it answer otherwise (401, 429, 500, slow, garbage).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lti1p3platform.exceptions import LtiException
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from markupsafe import Markup
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"


def new_key() -> tuple[str, str]:
    """An RSA key as PEM: (private, public)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


PLATFORM_KEY = new_key()


# What a platform's page does for tools (LTI Client Side postMessages, 1.0, and LTI postMessage Storage, 0.1).
_STORAGE = """
window.kept = {}
addEventListener('message', ({ data, origin, source }) => {
  if (data.subject !== 'lti.put_data' && data.subject !== 'lti.get_data') return
  const { subject, message_id, key, value } = data
  const own = kept[origin] ??= {}
  if (subject === 'lti.put_data') own[key] = value
  source.postMessage({ subject: subject + '.response', message_id, key, value: own[key] }, origin)
})
"""


class _Configuration(LTI1P3PlatformConfAbstract):
    def init_platform_config(self, *, registration: Registration) -> None:
        self._registration = registration
        self._jwt_verify_options = {"verify_aud": False, "verify_iat": False}  # tests travel in time

    def get_registration_by_params(self, **kwargs: Any) -> Registration:
        assert self._registration is not None
        return self._registration


class _Login(OIDCLoginAbstract):
    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["hint"]

    storage = ""

    def get_redirect(self, url: str) -> Response:
        more = "&" + urlencode({"lti_storage_target": self.storage}) if self.storage else ""
        return Response(status=302, headers={"Location": url + more})


class _Launch(LTIAdvantageMessageLaunchAbstract):
    def get_preflight_response(self) -> dict[str, Any]:
        return self._request  # type: ignore[return-value]  # the library asks for its own class, ours has what it uses

    def render_launch_form(self, launch_data: dict[str, Any], **kwargs: Any) -> Response:
        fields = Markup("").join(
            Markup('<input type="hidden" name="{}" value="{}">').format(name, launch_data[name])
            for name in ("id_token", "state")
        )
        form = Markup('<form id="f" method="post" action="{}">{}</form><script>f.submit()</script>').format(
            launch_data["launch_url"], fields
        )
        return Response(str(form), mimetype="text/html")


@dataclass
class Message:
    """A launch the platform can start: who, as what, and the claims beside the base ones."""

    sub: str
    roles: list[str]
    name: str | None = None
    email: str | None = None
    target: str | None = None
    deep_linking: dict[str, Any] | None = None
    resource_link: dict[str, str] | None = None
    context: dict[str, Any] | None = None
    claims: dict[str, Any] = field(default_factory=dict)


@dataclass
class Seen:
    """A request the platform got."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Platform:
    """The platform as a test sees it. Times are whatever the tool says; nothing here reads a clock but tokens.

    ``storage`` names the frame that keeps data for tools, for platforms that have one.
    """

    url: str
    registration: Registration
    people: list[dict[str, Any]] = field(default_factory=list)
    line_items: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    returned: list[dict[str, Any]] = field(default_factory=list)
    returned_data: Any = None
    seen: list[Seen] = field(default_factory=list)
    page_size: int = 1000
    whole_seconds: bool = False
    next_link: str = '<{url}>; rel="next"'
    allowed_scopes: set[str] | None = None
    services: str = ""
    storage: str = ""
    _script: list[tuple[str, str, Callable[[Request], Response]]] = field(default_factory=list)

    @property
    def configuration(self) -> LTI1P3PlatformConfAbstract:
        return _Configuration(registration=self.registration)

    @property
    def members_url(self) -> str:
        return (self.services or self.url) + "/Context/7/members"

    @property
    def line_items_url(self) -> str:
        return (self.services or self.url) + "/7/lineitems?type_id=2"

    def script(self, method: str, path: str, *answers: Response | Callable[[Request], Response]) -> None:
        """Answer the next requests of this kind so, one each."""
        for answer in answers:
            made = _of(answer) if isinstance(answer, Response) else answer
            self._script.append((method, path, made))

    def asked(self, method: str, path: str = "") -> list[Seen]:
        """The requests of a method whose path begins so."""
        return [each for each in self.seen if each.method == method and each.path.startswith(path)]

    def score_of(self, sub: str) -> dict[str, Any] | None:
        """The newest score a person has."""
        return next((score for _item, score in reversed(self.scores) if score["userId"] == sub), None)

    def answer(self, request: Request) -> Response:
        """One request."""
        headers = {name.lower(): value for name, value in request.headers}
        self.seen.append(
            Seen(request.method, request.path, parse_qs(request.query_string.decode()), headers, request.get_data())
        )
        for entry in list(self._script):
            method, path, made = entry
            if request.method == method and request.path.startswith(path):
                self._script.remove(entry)
                return made(request)
        try:
            return self._route(request)
        except LtiException as error:
            return Response(json.dumps({"error": "invalid_client", "error_description": str(error)}), 400)

    def _route(self, request: Request) -> Response:
        path = request.path
        if path == "/token":
            found = self.configuration.get_access_token(request.form.to_dict())
            return Response(json.dumps(found), mimetype="text/html")  # as Moodle says it
        if path == "/jwks":
            return _json(self.configuration.get_jwks())
        if path == "/Context/7/members":
            return self._guarded(request, [NRPS], self._members)
        if path == "/7/lineitems":
            return self._guarded(request, [AGS + "lineitem"], self._line_items)
        if path.startswith("/7/lineitems/"):
            scope = "score" if path.endswith("/scores") else "lineitem"
            return self._guarded(request, [AGS + scope], self._line_item)
        if path.startswith("/course/"):
            return self._course(path.rsplit("/", 1)[1])
        if path.startswith("/initiate/"):
            return self._initiate(path.rsplit("/", 1)[1])
        if path == "/auth":
            return self._auth(request)
        if path == "/return":
            return self._return(request)
        return Response("not found", 404)

    def _guarded(self, request: Request, scopes: list[str], then: Callable[[Request], Response]) -> Response:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            return Response(json.dumps({"error": "no token"}), 401)
        if self.allowed_scopes is not None and not self.allowed_scopes & set(scopes):
            return Response(json.dumps({"error": "insufficient_scope"}), 403)
        if not self.configuration.validate_token(token, scopes):
            return Response(json.dumps({"error": "insufficient_scope"}), 401)
        return then(request)

    def _members(self, request: Request) -> Response:
        page = int(request.args.get("Page", "0"))
        first = page * self.page_size
        headers = {"Content-Type": "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"}
        if first + self.page_size < len(self.people):
            url = f"{self.url}/Context/7/members?X=1&Page={page + 1}"
            headers["Link"] = (
                self.next_link.format(url=url, escaped=url.replace("&", "&amp;")).encode().decode("latin-1")
            )
        body = {"id": self.members_url, "context": {"id": "7"}, "members": self.people[first : first + self.page_size]}
        return Response(json.dumps(body), headers=headers)

    def _line_items(self, request: Request) -> Response:
        if request.method == "POST":
            item = json.loads(request.get_data())
            item["id"] = f"{self.services or self.url}/7/lineitems/{len(self.line_items) + 1}/lineitem?type_id=2"
            self.line_items[item["id"]] = item
            return _json(item, 201)
        found = [
            item
            for item in self.line_items.values()
            if request.args.get("resource_id") in (None, item.get("resourceId"))
            if request.args.get("tag") in (None, item.get("tag"))
        ]
        return _json(found)

    def _line_item(self, request: Request) -> Response:
        number = request.path.split("/")[3]
        key = f"{self.services or self.url}/7/lineitems/{number}/lineitem?type_id=2"
        if key not in self.line_items:
            return Response(json.dumps({"message": "no such line item"}), 404)
        if request.path.endswith("/scores"):
            return self._score(key, json.loads(request.get_data()))
        if "lineitem+json" not in request.headers.get("Accept", ""):
            return Response("not acceptable", 406)
        if request.method == "PUT":
            self.line_items[key] = json.loads(request.get_data())
        return _json(self.line_items[key])

    def _score(self, key: str, score: dict[str, Any]) -> Response:
        if self.people and score["userId"] not in {each["user_id"] for each in self.people}:
            return Response(json.dumps({"message": "unknown user"}), 422)
        cut = 19 if self.whole_seconds else 23
        last = [old["timestamp"] for item, old in self.scores if item == key and old["userId"] == score["userId"]]
        if last and score["timestamp"][:cut] <= max(last)[:cut]:
            return Response(json.dumps({"message": "older than the stored one"}), 409)
        self.scores.append((key, score))
        return Response(status=200)

    def _course(self, name: str) -> Response:
        frame = Markup('<h1>A course</h1><iframe title="Tool" width="700" height="500" src="/initiate/{}"></iframe>')
        storage = f"<script>{_STORAGE}</script>" if self.storage else ""
        return Response("<!doctype html>" + storage + str(frame.format(name)), mimetype="text/html")

    def _initiate(self, name: str) -> Response:
        message = self.messages[name]
        login = _Login(None, self.configuration)
        login.storage = self.storage
        login.set_lti_message_hint(hint=name)
        if message.deep_linking is not None:
            login.set_deeplinking_launch_url()
        elif message.target is not None:
            login.set_launch_url(message.target)
        return login.initiate_login(message.sub)  # type: ignore[no-any-return]  # lti1p3platform leaves it untyped

    def _auth(self, request: Request) -> Response:
        asked = request.values.to_dict()
        message = self.messages[asked["lti_message_hint"]]
        assert asked["login_hint"] == message.sub
        launch = _Launch(asked, self.configuration)  # type: ignore[arg-type]  # as its request: ours has what it uses
        if message.target is not None:
            launch.set_launch_url(message.target)
        launch.set_user_data(message.sub, message.roles, message.name, message.email)
        if message.resource_link is not None:
            launch.set_resource_link_claim(message.resource_link["id"], title=message.resource_link.get("title"))
        if message.context is not None:
            launch.set_launch_context_claim(
                message.context["id"], message.context.get("type"), message.context.get("title")
            )
        launch.set_ags(self.line_items_url)
        launch.set_nrps(self.members_url)
        if message.deep_linking is not None:
            launch.set_dl(self.url + "/return", extra_data={"opaque": "as it came"})
            settings = launch._deep_linking_launch_data[
                "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
            ]
            settings.update(message.deep_linking)
        launch.set_extra_claims(message.claims)
        return launch.lti_launch()  # type: ignore[no-any-return]  # lti1p3platform leaves it untyped

    def _return(self, request: Request) -> Response:
        form = request.form.to_dict()
        configuration = self.configuration
        self.returned = configuration.validate_deeplinking_resp(form)
        self.returned_data = configuration.tool_validate_and_decode(form["JWT"])
        page = f"<!doctype html><title>Course</title><h1>{len(self.returned)} items came back</h1>"
        return Response(page, mimetype="text/html")


def _of(answer: Response) -> Callable[[Request], Response]:
    return lambda request: answer


def slow(seconds: float) -> Callable[[Request], Response]:
    """An answer that takes its time."""

    def wait(request: Request) -> Response:
        time.sleep(seconds)
        return Response("late")

    return wait


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


class _Quiet(WSGIRequestHandler):
    def log_request(self, *args: Any) -> None:
        """Requests are kept in `Platform.seen`."""


@contextmanager
def serve(
    *, tool: str, client_id: str = "client-1", deployment_id: str = "1", host: str = "127.0.0.1", **ssl: Any
) -> Iterator[Platform]:
    """A platform at which the tool at address ``tool`` is registered, served until the block ends."""
    registration = (
        Registration()
        .set_client_id(client_id)
        .set_deployment_id(deployment_id)
        .set_launch_url(f"{tool}/lti/launch")
        .set_deeplink_launch_url(f"{tool}/lti/launch")
        .set_oidc_login_url(f"{tool}/lti/login")
        .set_platform_private_key(PLATFORM_KEY[0])
        .set_platform_public_key(PLATFORM_KEY[1])
    )
    registration.set_tool_key_set_url(f"{tool}/lti/jwks")
    made: list[Platform] = []
    server = make_server(
        "127.0.0.1",
        0,
        Request.application(lambda request: made[0].answer(request)),
        threaded=True,
        request_handler=_Quiet,
        **ssl,
    )
    scheme = "https" if ssl else "http"
    url = f"{scheme}://{host}:{server.port}"
    registration.set_iss(url)
    made.append(Platform(url, registration))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made[0]
    finally:
        server.shutdown()
        thread.join()


def host_of(url: str) -> str:
    """The host and port of an address."""
    return urlsplit(url).netloc
