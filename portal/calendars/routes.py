"""The feed itself, and the settings page with its address."""

import gzip
import hashlib
import importlib.metadata
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import segno
from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import Headers

from portal import clock
from portal.calendars import queries, services
from portal.calendars.ical import FeedInfo, render
from portal.calendars.queries import FeedState
from portal.config import Settings
from portal.extensions import limiter
from portal.models.people import DirectoryKind
from portal.security.identity import require_actor
from portal.tenancy import directory
from portal.tenancy.scope import unit_of_work
from portal.web.limits import breached

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("calendars", __name__)

RENDERER = 2  # rises when the same rows render differently
TZDATA = importlib.metadata.version("tzdata")
FEED_LIMIT = "60 per hour"


class NotModified(Response):
    """A 304 that repeats Last-Modified beside the ETag; Werkzeug takes it off for the few clients that mind."""

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """The headers with Last-Modified put back."""
        headers = super().get_wsgi_headers(environ)
        headers["Last-Modified"] = self.headers["Last-Modified"]
        return headers


def feed_key() -> str:
    """The feed asked for, as a hash: no token stands in Valkey."""
    token = str((request.view_args or {}).get("token", ""))
    return "feed:" + directory.hash_token(token).hex()


@blueprint.get("/feeds/<token>.ics")
@limiter.limit(FEED_LIMIT, key_func=feed_key, on_breach=breached)
def feed(token: str) -> ResponseReturnValue:
    """A calendar by its secret address: 304 by two small statements when nothing changed."""
    now = clock.now()
    with unit_of_work():
        entry = directory.find(DirectoryKind.FEED, directory.hash_token(token), now=now)
    if entry is None or entry.organization_id is None:
        abort(404)
    with unit_of_work(organization_id=entry.organization_id):
        state = queries.state(entry.target_id)
        if state is None:
            abort(404)
        etag, modified = _etag(state, now), queries.modified_at(state, now)
        unchanged = _unchanged(etag, modified)
        response: Response = NotModified(status=304) if unchanged else _answer(state, token, now)
        services.note_use(state.feed_id, state.last_used_at, now=now)
    response.headers["ETag"] = etag
    response.headers["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)
    response.headers["Cache-Control"] = "private, max-age=300"
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _etag(state: FeedState, now: datetime) -> str:
    """Strong, so each content coding has its own (RFC 9110, 8.8.3.3)."""
    first, _last = queries.window(now, state.zone)
    coding = "gzip" if _takes_gzip() else "identity"
    parts = (state.feed_id, state.version, state.zone, first, RENDERER, TZDATA, _settings().base_url, coding)
    return '"' + hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:24] + '"'


def _takes_gzip() -> bool:
    return request.accept_encodings.quality("gzip") > 0


def _unchanged(etag: str, changed_at: datetime) -> bool:
    """If-None-Match decides when it is there; If-Modified-Since only without it (RFC 9110, 13.2.2)."""
    if "If-None-Match" in request.headers:
        return request.if_none_match.contains_weak(etag.strip('"'))
    since = request.headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def _answer(state: FeedState, token: str, now: datetime) -> Response:
    first, last = queries.window(now, state.zone)
    base_url = _settings().base_url
    events = queries.events_of_member(
        state.member_id, state.zone, first, last, version=state.version, base_url=base_url, now=now
    )
    source = f"{base_url}{url_for('calendars.feed', token=token)}"
    info = FeedInfo(str(_("My learning schedule")), state.zone, source, first, last)
    body = render(info, events)
    response = Response(mimetype="text/calendar")
    response.headers["Content-Disposition"] = 'inline; filename="schedule.ics"'
    if _takes_gzip():
        body = gzip.compress(body, 5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    response.data = body
    return response


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found


@blueprint.get("/settings/calendar")
def links() -> ResponseReturnValue:
    """The person's calendar link; the address itself is shown once, right after it was made."""
    actor = require_actor()
    made = session.pop("feed_token", None)
    address = None if made is None else f"{_settings().base_url}{url_for('calendars.feed', token=made)}"
    return render_template(
        "calendars/links.html",
        feed=queries.feed_of(actor.member_id),
        address=address,
        qr=None if address is None else _qr(_webcal(address)),
        webcal=None if address is None else _webcal(address),
        google=None
        if address is None
        else f"https://calendar.google.com/calendar/r?cid={quote(_webcal(address), safe='')}",
        outlook=None if address is None else _outlook(_webcal(address), actor.organization_name),
    )


def _outlook(address: str, name: str) -> str:
    return f"https://outlook.live.com/calendar/0/addfromweb?url={quote(address, safe='')}&name={quote(name)}"


def _webcal(address: str) -> str:
    return "webcal://" + address.split("://", 1)[1]


def _qr(text: str) -> Markup:
    """The address as an inline SVG code."""
    code = segno.make(text, error="m").svg_inline(scale=4, border=0, svgclass="qr", lineclass=None, omitsize=True)
    return Markup(code)  # noqa: S704  # drawn by segno from numbers alone


@blueprint.post("/settings/calendar")
def mint() -> ResponseReturnValue:
    """Make a new address; an earlier one stops working."""
    actor = require_actor()
    session["feed_token"] = services.mint(actor=actor, now=clock.now())
    flash(_("Your calendar link is ready. It is shown only now."))
    return redirect(url_for("calendars.links"), 303)


@blueprint.post("/settings/calendar/revoke")
def revoke() -> ResponseReturnValue:
    """Make the address answer 404."""
    actor = require_actor()
    services.revoke(actor=actor, now=clock.now())
    flash(_("The link no longer works."))
    return redirect(url_for("calendars.links"), 303)
