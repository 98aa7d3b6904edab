"""Built files by their stable names, and icons from the sprite."""

import json
from functools import cache
from pathlib import Path

from flask import Response, send_from_directory, url_for
from markupsafe import Markup

DIST = Path(__file__).resolve().parent.parent / "static" / "dist"


class NotBuiltError(Exception):
    """The front-end bundle is missing: run ``make run`` or ``npm run build``."""


@cache
def manifest() -> dict[str, str]:
    """Stable name → hashed file name."""
    path = DIST / "manifest.json"
    if not path.exists():
        raise NotBuiltError("The front-end bundle is missing: run 'npm run build'.")
    found: dict[str, str] = json.loads(path.read_text())
    return found


def asset(name: str) -> str:
    """The address of a built file."""
    return url_for("static", filename=f"dist/{manifest()[name]}")


def icon(name: str, *, flip: bool = False) -> Markup:
    """A decorative icon of the sprite; ``flip`` mirrors it in right-to-left pages."""
    return Markup('<svg class="i{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        " i-flip" if flip else "", asset("icons.svg"), name
    )


def static_file(filename: str) -> Response:
    """A static file; built ones carry their hash in the name and never change."""
    response = send_from_directory(DIST.parent, filename)
    if filename.startswith("dist/"):
        response.cache_control.max_age = 31_536_000
        response.cache_control.public = True
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    return response
