"""The web server: granian serves the application over WSGI."""

from granian import Granian
from granian.constants import Interfaces

from portal.config import Settings


def serve(settings: Settings) -> None:
    """Serve until stopped; static files and pages alike come from the application."""
    Granian(
        "app:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        respawn_failed_workers=True,
        log_access=False,
    ).serve()
