"""Security headers: a content security policy with a nonce, and what browsers should never guess."""

import secrets

from flask import Flask, Response, current_app, g, request, session

from portal.config import Settings
from portal.web.sessions import LAUNCHED


def nonce() -> str:
    """This response's nonce for scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    made: str = g.csp_nonce
    return made


def allow_frames(origins: str) -> None:
    """Let this answer be shown in frames of ``origins``, as ``frame-ancestors`` takes them."""
    g.frame_ancestors = origins


def allow_form(origin: str) -> None:
    """Let a form of this answer be sent to another origin as well."""
    g.form_action = origin


def add_headers(response: Response) -> Response:
    """Set the headers on every answer; a view may have set its own policy before."""
    frames = g.get("frame_ancestors") or session.get(LAUNCHED) or "'none'"
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'self' {g.get('form_action', '')}; "
        f"frame-ancestors {frames}; "
        f"script-src 'self' 'nonce-{nonce()}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; manifest-src 'self'"
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    settings: Settings = current_app.extensions["settings"]
    if settings.secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def install(app: Flask) -> None:
    """Add the headers to every response and the nonce to every template."""
    app.after_request(add_headers)
    app.jinja_env.globals["csp_nonce"] = nonce
