"""What the library hears: a new organization gets the starter library."""

from datetime import datetime

from portal.events.outbox import emit
from portal.jobs.registry import EventRef, on_event
from portal.library import origin


@on_event("organization.created")
def copy_starter(event: EventRef, now: datetime) -> None:
    """Copy the starter library; whoever builds on it hears ``library.copied``."""
    origin.copy(now=now)
    emit("library.copied", now=now)
