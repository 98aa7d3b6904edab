"""Platforms' public keys, parsed once and kept by ``kid`` as long as the platform's headers allow.

An unknown ``kid`` fetches the set again at once, since platforms rotate without warning, but no more than a few
times a minute. When a platform is away, keys that are known stay good for a day.
"""

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from portal.errors import N_
from portal.lti import guard
from portal.lti.refusals import Refused

log = structlog.get_logger(__name__)

PublicKey = RSAKey | ECKey

SHORTEST, USUAL, LONGEST = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
STALE = timedelta(days=1)
FETCHES, WINDOW = 5, timedelta(minutes=1)
_MOST_SETS, _MOST_KEYS = 512, 64
_MAX_AGE = re.compile(r"max-age\s*=\s*(\d{1,9})", re.IGNORECASE)
_MIN_RSA_BITS = 2048


@dataclass(slots=True)
class _Set:
    keys: dict[str, PublicKey] = field(default_factory=dict)
    fetched_at: datetime | None = None
    fresh_until: datetime | None = None
    tries: list[datetime] = field(default_factory=list)


_sets: OrderedDict[str, _Set] = OrderedDict()
_lock = threading.Lock()


def find(jwks_url: str, kid: str, *, private: bool, now: datetime) -> PublicKey:
    """The key that ``kid`` names in the set at ``jwks_url``. Refused when it cannot be had."""
    kept = _kept(jwks_url)
    fresh = kept.fresh_until is not None and now < kept.fresh_until
    if fresh and kid in kept.keys:
        return kept.keys[kid]
    known = kept.keys.get(kid) if kept.fetched_at is not None and now < kept.fetched_at + STALE else None
    if not _may_fetch(kept, now):
        return known or _unknown_kid()
    try:
        _fetch(kept, jwks_url, private=private, now=now)
    except Refused:
        if known is None:
            raise
        log.warning("platform_keys_stale", url=jwks_url)
        return known
    return kept.keys.get(kid) or _unknown_kid()


def _unknown_kid() -> PublicKey:
    raise Refused(
        "unknown_kid",
        N_("The learning platform signed with a key it does not publish. Try again in a minute; else tell its admin."),
    )


def _kept(jwks_url: str) -> _Set:
    with _lock:
        kept = _sets.setdefault(jwks_url, _Set())
        _sets.move_to_end(jwks_url)
        while len(_sets) > _MOST_SETS:
            _sets.popitem(last=False)
        return kept


def _may_fetch(kept: _Set, now: datetime) -> bool:
    with _lock:
        kept.tries = [at for at in kept.tries if now - at < WINDOW]
        if len(kept.tries) >= FETCHES:
            return False
        kept.tries.append(now)
        return True


def ask(jwks_url: str, *, private: bool) -> int:
    """Fetch a set without keeping it: how many usable keys it has. Refused."""
    return len(parse(_get(jwks_url, private=private)))


def _fetch(kept: _Set, jwks_url: str, *, private: bool, now: datetime) -> None:
    response = _get(jwks_url, private=private)
    keys = parse(response)
    kept.keys, kept.fetched_at = keys, now
    kept.fresh_until = now + lifetime(response, now=now)


def _get(jwks_url: str, *, private: bool) -> requests.Response:
    try:
        with guard.session(private=private) as http:
            response = http.get(jwks_url, headers={"Accept": "application/json"})
            response.raise_for_status()
            return response
    except guard.BlockedAddressError as error:
        raise Refused(
            "keys_blocked", N_("The learning platform's key-set address may not be asked: %(why)s."), why=str(error)
        ) from error
    except (requests.RequestException, ValueError) as error:
        raise Refused(
            "keys_unreachable",
            N_("The learning platform's keys could not be fetched. Open the link again in a minute."),
        ) from error


def parse(response: requests.Response) -> dict[str, PublicKey]:
    """kid → key of a key set (RFC 7517); keys of other kinds are left out. Refused when it is no key set."""
    try:
        entries = response.json()["keys"]
        return dict(filter(None, map(_key, entries[:_MOST_KEYS])))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Refused(
            "keys_unreadable",
            N_("The learning platform's key-set address answers with something else. Its admin has to look at this."),
        ) from error


def _key(entry: dict[str, Any]) -> tuple[str, PublicKey] | None:
    kid, kind = entry.get("kid"), entry.get("kty")
    if not isinstance(kid, str) or entry.get("use", "sig") != "sig":
        return None
    try:
        if kind == "RSA":
            key = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e")})
            return (kid, key) if key.raw_value.key_size >= _MIN_RSA_BITS else None
        if kind == "EC":
            return kid, ECKey.import_key({name: entry[name] for name in ("kty", "crv", "x", "y")})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return None


def lifetime(response: requests.Response, *, now: datetime) -> timedelta:
    """How long the answer may be kept by its own headers (RFC 9111), within `SHORTEST` and `LONGEST`."""
    control = response.headers.get("Cache-Control", "")
    if "no-store" in control or "no-cache" in control:
        return SHORTEST
    if found := _MAX_AGE.search(control):
        return _within(timedelta(seconds=int(found[1])))
    try:
        expires_at = parsedate_to_datetime(response.headers.get("Expires", ""))
    except (TypeError, ValueError):
        return USUAL
    return _within((expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)) - now)


def _within(wanted: timedelta) -> timedelta:
    return min(max(wanted, SHORTEST), LONGEST)
