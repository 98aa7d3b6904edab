"""The pre-tenant directory: hashed keys that lead to a person or into an organization.

Only hashes are stored. Tokens are random, so a plain SHA-256 is enough; e-mail addresses are not, so they
are hashed with the secret directory key (HMAC), and a stolen table tells nobody's address.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from portal.models.people import DirectoryEntry, DirectoryKind
from portal.tenancy.scope import session

_directory_key = b""


def configure(directory_key: str) -> None:
    """Set the secret that e-mail addresses are hashed with; changing it later locks everybody out."""
    global _directory_key
    _directory_key = directory_key.encode()


def new_token() -> str:
    """A bearer token of 192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> bytes:
    """The stored form of a random token."""
    return hashlib.sha256(token.encode()).digest()


def hash_email(email: str) -> bytes:
    """The stored form of an e-mail address, equal for any spelling of its letters' case."""
    return hmac.new(_directory_key, email.strip().casefold().encode(), hashlib.sha256).digest()


def find(kind: DirectoryKind, key_hash: bytes, *, now: datetime) -> DirectoryEntry | None:
    """The unexpired entry, or None."""
    entry = session().get(DirectoryEntry, (kind.value, key_hash))
    if entry is None or (entry.expires_at is not None and entry.expires_at <= now):
        return None
    return entry


def put(
    kind: DirectoryKind,
    key_hash: bytes,
    target_id: uuid.UUID,
    *,
    organization_id: uuid.UUID | None = None,
    user_id: uuid.UUID | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Add an entry owned by an organization or by a person (exactly one), inside that owner's scope."""
    session().add(
        DirectoryEntry(
            kind=kind.value,
            key_hash=key_hash,
            target_id=target_id,
            organization_id=organization_id,
            user_id=user_id,
            expires_at=expires_at,
        )
    )


def mint(
    kind: DirectoryKind,
    target_id: uuid.UUID,
    *,
    organization_id: uuid.UUID | None = None,
    user_id: uuid.UUID | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A token that leads to ``target_id``, its hash added as by `put`; earlier tokens of this kind for it end."""
    token = new_token()
    remove(kind, target_id)
    put(kind, hash_token(token), target_id, organization_id=organization_id, user_id=user_id, expires_at=expires_at)
    return token


def remove(kind: DirectoryKind, target_id: uuid.UUID) -> None:
    """Delete every entry of this kind that leads to ``target_id``, inside its owner's scope."""
    session().execute(
        delete(DirectoryEntry).where(DirectoryEntry.kind == kind.value, DirectoryEntry.target_id == target_id)
    )


def share(kind: DirectoryKind, key_hash: bytes, target_id: uuid.UUID, *, organization_id: uuid.UUID) -> None:
    """Add an entry whose key several organizations may have, inside the organization's scope; again is no harm.

    Each organization's id stands behind the hash, so nobody can take a key away from another.
    """
    session().execute(
        insert(DirectoryEntry)
        .values(
            kind=kind.value,
            key_hash=key_hash + organization_id.bytes,
            target_id=target_id,
            organization_id=organization_id,
        )
        .on_conflict_do_nothing()
    )


def sharers(kind: DirectoryKind, key_hash: bytes, *, limit: int) -> Sequence[uuid.UUID]:
    """The organizations that have a key which several may have."""
    found = session().scalars(
        select(DirectoryEntry.organization_id)
        .where(
            DirectoryEntry.kind == kind.value,
            DirectoryEntry.key_hash.between(key_hash + bytes(16), key_hash + b"\xff" * 16),
        )
        .limit(limit)
    )
    return [owner for owner in found if owner is not None]


def holds(kind: DirectoryKind, key_hash: bytes) -> bool:
    """Whether the key is taken, expired or not."""
    found = session().scalar(
        select(DirectoryEntry.target_id).where(DirectoryEntry.kind == kind.value, DirectoryEntry.key_hash == key_hash)
    )
    return found is not None
