"""Browsers that have proved to belong to an account: guesses of strangers do not shut them out.

A signed cookie names the accounts by hash (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from portal.tenancy.directory import hash_email

COOKIE = "device"
_YEAR = 365 * 24 * 3600
_ACCOUNTS = 8


def remember(email: str) -> None:
    """Let the answer to this request mark the browser as one of this account's."""
    account = hash_email(email).hex()
    known = {name: device for name, device in _known().items() if name != account}
    kept = dict(list(known.items())[1 - _ACCOUNTS :]) | {account: secrets.token_urlsafe(12)}
    value = _serializer().dumps(kept)

    @after_this_request
    def put(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            value,
            max_age=_YEAR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def device_of(email: str) -> str | None:
    """What this browser is called in the account, or None when it never proved to belong to it."""
    return _known().get(hash_email(email).hex())


def _known() -> dict[str, str]:
    try:
        found: dict[str, str] = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=_YEAR)
    except BadSignature:
        return {}
    return found


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["settings"].secret_key, salt="device")
