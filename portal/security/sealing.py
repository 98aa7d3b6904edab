"""Secrets at rest: sealed with a key derived from ``SECRET_KEY``, so that a copy of the database alone opens none."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_box: Fernet | None = None


class SealError(RuntimeError):
    """What was sealed cannot be opened: ``SECRET_KEY`` has changed, or `configure` has not run."""


def configure(secret_key: str) -> None:
    """Derive the sealing key (HKDF, RFC 5869)."""
    global _box
    derived = HKDF(SHA256(), 32, salt=None, info=b"portal sealing").derive(secret_key.encode())
    _box = Fernet(base64.urlsafe_b64encode(derived))


def seal(secret: str) -> bytes:
    """The encrypted and authenticated form of ``secret``. SealError before `configure`."""
    return _opened().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """The secret again. SealError when it was sealed with another key."""
    try:
        return _opened().decrypt(sealed).decode()
    except InvalidToken as error:
        raise SealError("a stored secret cannot be opened: has SECRET_KEY changed?") from error


def _opened() -> Fernet:
    if _box is None:
        raise SealError("portal.security.sealing.configure() has not run")
    return _box
