"""Rate limits of launches and registration: wide by address, since a school may share one; narrow for failures.

Whoever runs into one leaves no row: an audit log cannot be flooded.
"""

from functools import partial

from flask import Response, g, make_response, render_template
from flask_limiter import RequestLimit

from portal.extensions import limiter
from portal.web.headers import allow_frames
from portal.web.limits import words

ANYWHERE = "*"  # a page of words, without a session, may be framed by whoever sent the launch


def _breached(limit: RequestLimit) -> Response:
    """In words, also inside the platform's frame."""
    allow_frames(ANYWHERE)
    page = render_template("lti/refused.html", words=words(limit), reference=g.request_id, hints=None)
    return make_response(page, 429)


def _failed(response: Response) -> bool:
    return response.status_code >= 400


_limit = partial(limiter.limit, on_breach=_breached)

launches = _limit("1200 per minute")
refused_launches = _limit("60 per minute; 600 per hour", deduct_when=_failed)
registrations = _limit("30 per hour")
public_files = _limit("600 per minute")
