"""What can go wrong with a platform's service, in words for the educator, and whether to try again."""

import json
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests

from portal.errors import N_, DomainError

_SAID_CHARACTERS = 200
_LONGEST_WAIT_SECONDS = 3600


class ServiceError(DomainError):
    """A request to a platform's service failed. ``again`` says that trying later can help.

    ``after_seconds`` is how long the platform asks to wait, when it says so.
    """

    def __init__(self, code: str, message: str, /, *, again: bool, after_seconds: int | None = None, **values: object):
        """As `DomainError`; the message is kept with the score or the roster for the educator to read."""
        super().__init__(code, message, **values)
        self.again, self.after_seconds = again, after_seconds


def unreachable() -> ServiceError:
    """No connection, or no answer in time."""
    return ServiceError("unreachable", N_("The learning platform did not answer."), again=True)


def unreadable() -> ServiceError:
    """An answer that is no JSON, or not of the shape the specification gives."""
    return ServiceError("unreadable", N_("The learning platform's answer could not be read."), again=True)


def blocked(reason: str) -> ServiceError:
    """An address the portal does not ask, or does not give a token to."""
    return ServiceError(
        "blocked",
        N_("The learning platform named an address the portal may not ask: %(reason)s."),
        again=False,
        reason=reason,
    )


_BY_STATUS = {
    400: ("bad_request", N_("The learning platform did not accept the request (%(said)s)."), False),
    401: ("unauthorized", N_("The learning platform did not accept the portal's token (%(said)s)."), True),
    403: (
        "forbidden",
        N_("The learning platform does not allow this (%(said)s). Its administrator can allow the service."),
        False,
    ),
    404: ("gone", N_("The learning platform no longer has what was asked for (%(said)s)."), False),
    408: ("unreachable", N_("The learning platform did not answer."), True),
    409: ("conflict", N_("The learning platform holds a newer score already (%(said)s)."), True),
    410: ("gone", N_("The learning platform no longer has what was asked for (%(said)s)."), False),
    422: ("unknown_user", N_("The learning platform does not know this person in the course (%(said)s)."), False),
    429: ("busy", N_("The learning platform asks to slow down."), True),
}
_FAILED = ("failed", N_("The learning platform has a fault of its own (%(said)s)."), True)
_REFUSED = ("refused", N_("The learning platform refused the request (%(said)s)."), False)
_NO_TOKEN = (
    "no_token",
    N_("The learning platform gave no token (%(said)s). Is the tool active there, and can it reach our key set?"),
    True,
)


def of_response(response: requests.Response, *, now: datetime, token: bool = False) -> ServiceError:
    """The error an answer outside 200–299 stands for; ``token`` for an answer of the token endpoint."""
    status = response.status_code
    code, message, again = _BY_STATUS.get(status, _FAILED if status >= 500 else _REFUSED)
    if token and status < 500 and status not in (408, 429):
        code, message, again = _NO_TOKEN
    wait = _wait(response.headers.get("Retry-After", "").strip(), now=now)
    return ServiceError(code, message, again=again, after_seconds=wait, said=_said(response))


def _said(response: requests.Response) -> str:
    """The status, and the platform's own words when its body is JSON."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        body = None
    said = ""
    if isinstance(body, dict):
        found = (body.get(name) for name in ("error_description", "reason", "message", "error", "errors"))
        said = next((str(each) for each in found if each), "")
    said = " ".join(said.split())[:_SAID_CHARACTERS]
    return f"{response.status_code}: {said}" if said else str(response.status_code)


def _wait(text: str, *, now: datetime) -> int | None:
    """Seconds to wait of a Retry-After header (RFC 9110, 10.2.3), or None."""
    try:
        seconds = int(text) if text.isdecimal() else int((parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 1), _LONGEST_WAIT_SECONDS)
