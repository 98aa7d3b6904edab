"""Two cookies for one session: the usual one, and one for launches, which lives inside other sites' frames.

A launch's cookie is ``SameSite=None; Secure; Partitioned`` (CHIPS): a browser that blocks third-party cookies keeps it
for this site within that platform alone. A person's own sign-in never goes into such a cookie.
"""

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

LAUNCH_COOKIE = "launch"
LAUNCHED = "launched"  # marks a session as a launch's; its value are the origins that may frame it


class LaunchSession(SecureCookieSession):
    """A session that came in a launch's cookie."""


class PortalSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, in the one or the other cookie."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """A launch's session where there is one; the person's own otherwise."""
        serializer, text = self.get_signing_serializer(app), request.cookies.get(LAUNCH_COOKIE)
        if serializer is not None and text:
            try:
                values = serializer.loads(text, max_age=int(app.permanent_session_lifetime.total_seconds()))
            except BadSignature:
                return super().open_session(app, request)
            if LAUNCHED in values:
                return LaunchSession(values)
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Into the cookie it belongs in; who signs in leaves the launch behind."""
        if LAUNCHED in session:
            self._save_launch(app, session, response)
            return
        if isinstance(session, LaunchSession):
            drop_partitioned(response, LAUNCH_COOKIE)
        super().save_session(app, session, response)

    def _save_launch(self, app: Flask, session: SessionMixin, response: Response) -> None:
        serializer = self.get_signing_serializer(app)
        response.vary.add("Cookie")
        if serializer is None or not session.modified:
            return
        value = serializer.dumps(dict(session))
        set_partitioned(response, LAUNCH_COOKIE, str(value), max_age=None)


def set_partitioned(response: Response, name: str, value: str, *, max_age: int | None) -> None:
    """Set a cookie that works inside another site's frame; ``max_age`` in seconds, None until the browser closes."""
    response.set_cookie(
        name, value, max_age=max_age, httponly=True, secure=True, samesite="None", partitioned=True, path="/"
    )


def drop_partitioned(response: Response, name: str) -> None:
    """Have the browser forget a cookie of `set_partitioned`."""
    response.delete_cookie(name, httponly=True, secure=True, samesite="None", partitioned=True, path="/")
