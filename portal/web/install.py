"""Installs everything of this package in the application."""

from flask import Flask
from flask_babel import get_locale

from portal.security.identity import current_actor, launch
from portal.web import errors, headers, health, shell
from portal.web.assets import asset, icon, static_file
from portal.web.format import FILTERS
from portal.web.sessions import PortalSessions


def install(app: Flask) -> None:
    """Templates' globals and filters, sessions, headers, error pages, static files, health."""
    app.session_interface = PortalSessions()
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(FILTERS, dictfilter=_without_none)
    app.jinja_env.globals.update(
        asset=asset,
        icon=icon,
        is_here=shell.is_here,
        current_actor=current_actor,
        launch=launch,
        get_locale=get_locale,
        shell=shell.shell,
        sections_of=shell.links,
    )
    app.view_functions["static"] = static_file
    app.register_blueprint(health.blueprint)
    headers.install(app)
    errors.install(app)


def _without_none(attributes: dict[str, object]) -> dict[str, object]:
    """Keyword arguments for a WTForms widget: attributes that are None are left out."""
    return {name: value for name, value in attributes.items() if value is not None}
