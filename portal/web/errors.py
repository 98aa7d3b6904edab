"""From errors to pages: domain errors and HTTP errors, in the product's look, with the request's reference."""

import structlog
from flask import Flask, Response, flash, g, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, TooManyRequests

from portal.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooMany
from portal.web.form import Form

log = structlog.get_logger(__name__)

_AWAY_SECONDS = 30

_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (TooMany, 429),
    (Invalid, 422),
)
_TITLES = {
    400: lambda: _("That request did not make sense"),
    403: lambda: _("You may not do that"),
    404: lambda: _("Nothing here"),
    405: lambda: _("That does not work this way"),
    409: lambda: _("Somebody was faster"),
    413: lambda: _("That file is too large"),
    422: lambda: _("Something needs a correction"),
    429: lambda: _("A little slower, please"),
    500: lambda: _("That is our fault"),
    503: lambda: _("Back in a moment"),
}
_HINTS = {
    400: lambda: _("Go back, reload the page and try once more."),
    404: lambda: _("The address may be old, or the page belongs to another class or organization."),
    405: lambda: _("Open the page again and use its buttons."),
    413: lambda: _("Files may have up to 8 MB. Split it, or remove what is not needed."),
    500: lambda: _("Nothing was changed. Please try again; if it stays, tell support the reference below."),
    503: lambda: _("A server of ours is starting or away. Please try again in a minute."),
}


def say(error: DomainError) -> str:
    """The error's message in the reader's language."""
    return str(_(error.message) % error.values if error.values else _(error.message))


def blame(form: Form, error: Invalid) -> None:
    """Show a service's refusal at the field it names, or at the first."""
    field = form[error.field] if error.field in form else next(iter(form))
    field.errors = [say(error)]


def page(status: int, hint: str | None = None, title: str | None = None) -> Response:
    """An error page, by its status unless ``hint`` and ``title`` say more.

    Clients that ask for JSON get the message as JSON.
    """
    status = status if status in _TITLES else 500 if status >= 500 else 400
    title, words = title or _TITLES[status](), hint or _HINTS.get(status, lambda: "")()
    reference = g.request_id
    if request.accept_mimetypes.best == "application/json":
        return make_response(jsonify(error=words, reference=reference), status)
    return make_response(
        render_template("errors/error.html", status=status, title=title, hint=words, reference=reference),
        status,
    )


def flash_error(error: DomainError) -> None:
    """Show the error on the next page."""
    flash(say(error), "bad")


def _domain(error: DomainError) -> ResponseReturnValue:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    if status in (409, 422) and request.method == "POST" and request.referrer and _own(request.referrer):
        g.unit.session.rollback()
        if request.accept_mimetypes.best != "application/json":
            flash_error(error)
            return redirect(request.referrer, 303)
    response = page(status, say(error))
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _own(address: str) -> bool:
    return address.startswith(request.host_url)


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    cause = error.original_exception if isinstance(error, InternalServerError) else None
    if isinstance(cause, OperationalError):
        return _away(cause)
    response = page(error.code or 500)
    if isinstance(error, TooManyRequests):
        for name, value in error.get_headers():
            if name == "Retry-After":
                response.headers[name] = value
    return response


def _csrf(error: CSRFError) -> ResponseReturnValue:
    hint = _("Nothing was changed. Go back, reload the page and send it again.")
    return page(400, hint, _("This form was open for too long"))


def _away(error: OperationalError) -> ResponseReturnValue:
    """PostgreSQL does not answer: one line in the log, and a page that says to try again."""
    log.error("server_unavailable", error=type(error.orig).__name__, reason=str(error.orig).partition("\n")[0])
    response = page(503)
    response.headers["Retry-After"] = str(_AWAY_SECONDS)
    return response


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("unhandled", error=type(error).__name__)
    return page(500)


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(Exception, _unexpected)
