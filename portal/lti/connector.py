"""Asking a learning platform's services: PyLTI1p3's connector with expiring tokens, limits, and errors in words.

A token is kept per client and scopes until `EARLY_SECONDS` before it expires (IMS Security Framework 1.0, 4.1). It
goes only to hosts that belong to the platform. A 401 gets a new token once.
"""

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import structlog
from pylti1p3.registration import Registration
from pylti1p3.service_connector import ServiceConnector, TServiceConnectorResponse
from redis import Redis
from redis.exceptions import RedisError

from portal.lti.faults import blocked, of_response, unreachable, unreadable
from portal.lti.guard import BlockedAddressError, GuardedSession

log = structlog.get_logger(__name__)

EARLY_SECONDS = 60
_UNSAID_SECONDS = 300  # a token whose answer names no lifetime
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*[\"'“”]?\s*([^\"'“”;,]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs to ask for tokens. ``key`` names it in the cache; ``hosts`` may be given the token.

    A host is ``name`` or ``name:port``; one beginning with a dot stands for every name below it.
    """

    key: str
    client_id: str
    token_url: str
    audience: str | None
    private_key: str
    kid: str
    hosts: frozenset[str]

    def owns(self, url: str) -> bool:
        """Whether the URL's host is one of this platform's."""
        parts = urlsplit(url)
        if parts.netloc.lower() in self.hosts:
            return True
        return any(host.startswith(".") and ("." + (parts.hostname or "")).endswith(host) for host in self.hosts)


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform's answer: its JSON (None when empty), headers, and links (rel → URL)."""

    body: Any
    headers: MutableMapping[str, str]
    links: Mapping[str, str]


class Registered(Registration):
    """PyLTI1p3's registration with our key, under the id our key set names it by."""

    def __init__(self, client_id: str, private_key: str, kid: str) -> None:
        """``private_key`` is PEM."""
        self._kid = kid
        self.set_client_id(client_id)
        self.set_tool_private_key(private_key)

    def get_kid(self) -> str:
        """The key's id."""
        return self._kid


class Connector(ServiceConnector):
    """Requests to one platform on behalf of one client; not shared between threads."""

    def __init__(
        self, credentials: Credentials, session: GuardedSession, cache: Redis, now: Callable[[], datetime]
    ) -> None:
        """``now`` is read anew for each token, since a long roster outlives one."""
        super().__init__(Registered(credentials.client_id, credentials.private_key, credentials.kid), session)
        self._credentials, self._session, self._cache, self._now = credentials, session, cache, now

    def get_access_token(self, scopes: Sequence[str], *, fresh: bool = False) -> str:
        """The cached token for the scopes, or a new one. ServiceError."""
        name = self._cache_name(scopes)
        if not fresh and (kept := self._kept(name)) is not None:
            return kept
        answer = self._ask_for_token(sorted(scopes))
        token, lifetime = answer.get("access_token"), _seconds(answer.get("expires_in"))
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise unreadable()
        if lifetime > EARLY_SECONDS:
            self._keep(name, token, lifetime - EARLY_SECONDS)
        return token

    def make_service_request(
        self,
        scopes: Sequence[str],
        url: str,
        is_post: bool = False,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
        case_insensitive_headers: bool = False,
    ) -> TServiceConnectorResponse:
        """What PyLTI1p3's service objects call. ServiceError for any answer outside 200–299."""
        method = "POST" if is_post else "GET"
        answer = self.ask(method, url, scopes, data=data, content_type=content_type, accept=accept)
        headers = answer.headers if case_insensitive_headers else dict(answer.headers)
        return {"headers": headers, "body": answer.body, "next_page_url": answer.links.get("next")}

    def ask(
        self,
        method: str,
        url: str,
        scopes: Sequence[str],
        *,
        data: str | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        """One request with a token for ``scopes``. ServiceError for any answer outside 200–299."""
        if not self._credentials.owns(url):
            raise blocked("it belongs to another host than the platform's")
        headers = {"Accept": accept} | ({"Content-Type": content_type} if data is not None else {})
        response = self._with_token(scopes, method, url, data, headers, fresh=False)
        if response.status_code == 401:
            response = self._with_token(scopes, method, url, data, headers, fresh=True)
        if not response.ok:
            raise of_response(response, now=self._now())
        body = _json(response) if response.content.strip() else None
        return Answer(body, response.headers, links_of(response.headers.get("Link", ""), url))

    def _with_token(
        self, scopes: Sequence[str], method: str, url: str, data: str | None, headers: Mapping[str, str], *, fresh: bool
    ) -> requests.Response:
        token = self.get_access_token(scopes, fresh=fresh)
        body = None if data is None else data.encode()
        return self._send(method, url, data=body, headers={**headers, "Authorization": f"Bearer {token}"})

    def _send(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        try:
            return self._session.request(method, url, **kwargs)
        except BlockedAddressError as error:
            raise blocked(str(error)) from error
        except (requests.RequestException, ValueError) as error:
            log.info("platform_unreachable", host=urlsplit(url).hostname, error=type(error).__name__)
            raise unreachable() from error

    def _ask_for_token(self, scopes: Sequence[str]) -> dict[str, Any]:
        made = self._now()
        seconds = int(made.timestamp())
        who = self._credentials
        assertion = self.encode_jwt(
            {
                "iss": who.client_id,
                "sub": who.client_id,
                "aud": who.audience or who.token_url,
                "iat": seconds - 5,
                "exp": seconds + 60,
                "jti": hashlib.sha256(f"{who.key}|{made.isoformat()}|{scopes}".encode()).hexdigest(),
            },
            who.private_key,
            {"kid": who.kid},
        )
        response = self._send(
            "POST",
            who.token_url,
            headers={"Accept": "application/json"},
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion,
                "scope": " ".join(scopes),
            },
        )
        if not response.ok:
            raise of_response(response, now=self._now(), token=True)
        answer = _json(response)
        if not isinstance(answer, dict):
            raise unreadable()
        return answer

    def _cache_name(self, scopes: Sequence[str]) -> str:
        asked = "|".join((self._credentials.token_url, self._credentials.client_id, *sorted(scopes)))
        return f"lti:token:{self._credentials.key}:{hashlib.sha256(asked.encode()).hexdigest()}"

    def _kept(self, name: str) -> str | None:
        try:
            found: Any = self._cache.get(name)
        except RedisError:
            return None
        return None if found is None else bytes(found).decode()

    def _keep(self, name: str, token: str, seconds: int) -> None:
        try:
            self._cache.set(name, token, ex=seconds)
        except RedisError as error:
            log.info("token_not_kept", error=type(error).__name__)


def links_of(header: str, base: str) -> dict[str, str]:
    """rel → absolute URL of a Link header (RFC 8288), read leniently; the first of each rel counts.

    Platforms quote ``rel`` with straight or curly quotes or not at all, and write ``&amp;`` into URLs.
    """
    try:
        header = header.encode("latin-1").decode()
    except UnicodeError:
        log.debug("link_header_not_utf8")
    found: dict[str, str] = {}
    for url, parameters in _LINK.findall(header):
        rels = _REL.search(parameters)
        for rel in rels.group(1).lower().split() if rels else ():
            found.setdefault(rel, urljoin(base, html.unescape(url.strip())))
    return found


def _json(response: requests.Response) -> Any:
    """The body as JSON whatever its Content-Type says (Moodle's token answer says text/html). ServiceError."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise unreadable() from error


def _seconds(value: object) -> int:
    try:
        return int(float(value))  # type: ignore[arg-type]  # whatever JSON held
    except (TypeError, ValueError, OverflowError):
        return _UNSAID_SECONDS
