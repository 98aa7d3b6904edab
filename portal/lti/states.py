"""What is kept between a platform's login request and its launch: once, for ten minutes, in Valkey.

Every name carries the organization. The nonce belongs to the state and the state is taken once, so neither can be
used twice; a taken one stays empty until its time is over, to tell "used already" from "never ours".
"""

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.extensions import valkey
from portal.lti.registry import Registered
from portal.web.parse import maybe_uuid

SECONDS = 600
HINTS = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")
MOST_COOKIES = 8  # launches of one browser that may be on their way at once
_COOKIE = "lti_"
_USED = b""


@dataclass(frozen=True, slots=True)
class LoginState:
    """A login that was begun for a client. ``proof`` is the hash of what only the browser that began it holds."""

    registered: Registered
    nonce: str
    proof: str
    storage: str
    hints: dict[str, str]

    def proven_by(self, secret: str) -> bool:
        """Whether ``secret`` is the one given to the browser at login."""
        return hmac.compare_digest(self.proof, _hash(secret))


def new(organization_id: uuid.UUID) -> str:
    """A fresh state parameter, before PyLTI1p3 puts its ``state-`` in front."""
    return f"{organization_id.hex}.{secrets.token_urlsafe(24)}"


def new_secret(now: datetime) -> str:
    """What only the browser that begins a login holds; it begins with the time, by which old ones are told."""
    return f"{int(now.timestamp() * 1_000_000):014x}.{secrets.token_urlsafe(24)}"


def proof_of(secret: str) -> str:
    """What is kept of the browser's secret."""
    return _hash(secret)


def cookie_name(state: str) -> str:
    """The name of the cookie that proves the browser; one a login, so that several may run at once."""
    return _COOKIE + _hash(state)[:16]


def spare_cookies(cookies: Mapping[str, str]) -> list[str]:
    """The names of a browser's oldest logins, so that with one more there are `MOST_COOKIES` at the most."""
    ours = sorted((value, name) for name, value in cookies.items() if name.startswith(_COOKIE))
    return [name for _value, name in ours[: max(len(ours) - MOST_COOKIES + 1, 0)]]


def keep(state: str, value: LoginState) -> None:
    """Keep a login until its launch."""
    fields = {
        "registered": value.registered.as_json(),
        "nonce": value.nonce,
        "proof": value.proof,
        "storage": value.storage,
        "hints": value.hints,
    }
    valkey.client.set(_name(state), json.dumps(fields), ex=SECONDS)


def read(state: str) -> LoginState | None:
    """The login behind a state that was not used yet."""
    return _load(valkey.client.get(_name(state)))


def take(state: str) -> LoginState | None:
    """The login behind a state, which is used up by this; None when there is none, or somebody was faster."""
    return _load(valkey.client.set(_name(state), _USED, xx=True, get=True, keepttl=True))


def owner_of_used(state: str) -> uuid.UUID | None:
    """The organization of a state that was used before, or None for one that was never ours or has expired."""
    return _owner(state) if valkey.client.get(_name(state)) == _USED else None


def _name(state: str) -> str:
    return f"lti:{_owner(state).hex}:state:{_hash(state)}"


def _owner(state: str) -> uuid.UUID:
    """The organization a state claims to be of."""
    return maybe_uuid(state.removeprefix("state-").partition(".")[0][:32])


def _load(found: Any) -> LoginState | None:
    if not found:
        return None
    fields = json.loads(found)
    return LoginState(**{**fields, "registered": Registered.of_json(fields["registered"])})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
