"""What grades hear: paths are published, work is done or undone, columns and scores fall due."""

import uuid
from datetime import datetime

from flask import current_app

from portal import clock
from portal.config import Settings
from portal.jobs.registry import EventRef, on_due, on_event
from portal.lti.grades import queries, sending, services


@on_event("assignment.published")
def open_columns(event: EventRef, now: datetime) -> None:
    """A class got a path, or a newer version of one."""
    services.open_columns(uuid.UUID(event.data["assignment_id"]), now=now)


@on_event("item.completed")
@on_event("item.reopened")
def owe_scores(event: EventRef, now: datetime) -> None:
    """A learner did something that counts."""
    services.owe_scores(queries.places_of_item(uuid.UUID(event.data["item_id"])), now=now)


@on_due(services.COLUMN)
def make_column(line_item_id: uuid.UUID, now: datetime) -> None:
    """A column is to be made or brought up to date."""
    settings = _settings()
    sending.make_column(
        line_item_id,
        launch_url=f"{settings.base_url}/lti/launch",
        private=settings.lti_private_addresses,
        clock=clock.now,
    )


@on_due(services.SCORE)
def send_score(score_id: uuid.UUID, now: datetime) -> None:
    """A score is to be sent."""
    sending.send(score_id, private=_settings().lti_private_addresses, clock=clock.now)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
