"""The keys the portal signs with towards an organization's platforms, and their rotation.

A new key is published a day before it signs and an old one stays published a week after it was replaced, so that a
platform that keeps key sets for a day never meets a signature it cannot check.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from portal.events.audit import audit
from portal.events.outbox import owe
from portal.models.lti import LtiToolKey
from portal.security.sealing import seal, unseal
from portal.tenancy.scope import organization_id, session

LIFETIME = timedelta(days=90)
AHEAD = timedelta(days=1)
OVERLAP = timedelta(days=7)
ROTATION = "lti.key_rotation"
KEY_SET_SECONDS = 3600  # how long platforms may keep the key set
_BITS = 2048


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key to sign with now: its id as the key set names it, and the private key (PEM, PKCS 8)."""

    kid: str
    private_key: str


def signing_key(*, now: datetime) -> SigningKey:
    """The bound organization's key to sign with at ``now``; its first one is made here."""
    found = session().scalar(_published(now).where(LtiToolKey.signs_from <= now).limit(1))
    if found is None:
        found = _make(signs_from=now, now=now)
    return SigningKey(found.kid, unseal(found.private_key))


def key_set(*, now: datetime) -> list[dict[str, Any]]:
    """The public keys (JWK, RFC 7517) of the bound organization; its first one is made here."""
    found = list(session().scalars(_published(now)))
    return [key.jwk for key in found or [_make(signs_from=now, now=now)]]


def keys(*, now: datetime) -> Sequence[LtiToolKey]:
    """The published keys, the one that signs next first."""
    return session().scalars(_published(now)).all()


def _published(now: datetime) -> Any:
    expired = LtiToolKey.expires_at.is_not(None) & (LtiToolKey.expires_at <= now)
    return select(LtiToolKey).where(~expired).order_by(LtiToolKey.signs_from.desc(), LtiToolKey.kid)


def rotate(*, actor_member_id: uuid.UUID | None, now: datetime) -> LtiToolKey:
    """Make the next key: published at once, signing a day later; the present one goes a week after that.

    A key that is waiting to sign already is the next one.
    """
    present = keys(now=now)
    waiting = next((key for key in present if key.signs_from > now), None)
    if waiting is not None:
        return waiting
    signs_from = now + AHEAD if present else now
    for key in present:
        if key.retired_at is None:
            key.retired_at, key.expires_at = signs_from, signs_from + OVERLAP
    made = _make(signs_from=signs_from, now=now)
    audit("lti.key_rotated", "lti_tool_key", made.id, actor_member_id=actor_member_id, now=now, kid=made.kid)
    return made


def rotate_old(*, now: datetime) -> bool:
    """Rotate when the newest key has served its time, and drop expired ones; whether a key was made."""
    session().execute(delete(LtiToolKey).where(LtiToolKey.expires_at <= now))
    newest = next(iter(keys(now=now)), None)
    if newest is None or newest.signs_from + LIFETIME > now:
        return False
    rotate(actor_member_id=None, now=now)
    return True


def _make(*, signs_from: datetime, now: datetime) -> LtiToolKey:
    """A key with a name of its own. Two that are made at once by two requests are both published; the first signs."""
    key = RSAKey.generate_key(_BITS, {"use": "sig", "alg": "RS256"}, private=True)
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid}
    values = {
        "organization_id": organization_id(),
        "kid": kid,
        "private_key": seal(key.as_pem(private=True).decode()),
        "jwk": public,
        "created_at": now,
        "signs_from": signs_from,
    }
    key_id = session().execute(insert(LtiToolKey).values(values).returning(LtiToolKey.id)).scalar_one()
    owe(ROTATION, key_id, due_at=signs_from + LIFETIME)
    return session().get_one(LtiToolKey, key_id)
