"""What is kept between a platform's login request and its launch: once, for ten minutes, in Valkey.

Every name carries the organization. The nonce belongs to the state and the state is taken once, so neither can be
used twice; a mark of the taken one stays, to tell "used already" from "never ours".
"""

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from portal.extensions import valkey
from portal.web.parse import maybe_uuid

SECONDS = 600
HINTS = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")


@dataclass(frozen=True, slots=True)
class LoginState:
    """A login that was begun. ``proof`` is the hash of what only the browser that began it holds."""

    organization_id: uuid.UUID
    client_key: uuid.UUID
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


def cookie_name(state: str) -> str:
    """The name of the cookie that proves the browser; one a login, so that several may run at once."""
    return "lti_" + _hash(state)[:16]


def proof_of(secret: str) -> str:
    """What is kept of the browser's secret."""
    return _hash(secret)


def keep(state: str, value: LoginState) -> None:
    """Keep a login until its launch."""
    fields = {**asdict(value), "organization_id": value.organization_id.hex, "client_key": value.client_key.hex}
    valkey.client.set(_name(state), json.dumps(fields), ex=SECONDS)


def read(state: str) -> LoginState | None:
    """The login behind a state that was not used yet."""
    return _load(valkey.client.get(_name(state)))


def take(state: str) -> bool:
    """Use the state up; False when somebody was faster."""
    name = _name(state)
    with valkey.client.pipeline(transaction=True) as pipe:
        pipe.delete(name)
        pipe.set(name + ":used", 1, ex=SECONDS, nx=True)
        gone, _marked = pipe.execute()
    return bool(gone)


def owner_of_used(state: str) -> uuid.UUID | None:
    """The organization of a state that was used before, or None for one that was never ours or has expired."""
    if not valkey.client.exists(_name(state) + ":used"):
        return None
    return _owner(state)


def _name(state: str) -> str:
    return f"lti:{_owner(state).hex}:state:{_hash(state)}"


def _owner(state: str) -> uuid.UUID:
    """The organization a state claims to be of."""
    return maybe_uuid(state.removeprefix("state-").partition(".")[0][:32])


def _load(found: Any) -> LoginState | None:
    if found is None:
        return None
    fields = json.loads(found)
    fields["organization_id"], fields["client_key"] = (
        uuid.UUID(fields["organization_id"]),
        uuid.UUID(fields["client_key"]),
    )
    return LoginState(**fields)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
