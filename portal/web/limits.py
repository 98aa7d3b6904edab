"""What somebody reads who ran into a rate limit, and when to come back."""

import math
import time

from flask import Response
from flask_babel import ngettext
from flask_limiter import RequestLimit

from portal.web.errors import page


def words(limit: RequestLimit) -> str:
    """When whoever ran into a limit can go on."""
    minutes = max(1, math.ceil((limit.reset_at - time.time()) / 60))
    return str(
        ngettext(
            "Too many tries. You can go on in %(num)d minute.",
            "Too many tries. You can go on in %(num)d minutes.",
            minutes,
        )
    )


def breached(limit: RequestLimit) -> Response:
    """The error page that says so."""
    return page(429, words(limit))


def only_refused_wait(response: Response) -> Response:
    """Take off the Retry-After that Flask-Limiter puts on every answer; a calendar would wait an hour for nothing."""
    if response.status_code < 400:
        response.headers.pop("Retry-After", None)
    return response
