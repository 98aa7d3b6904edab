"""Jobs of an organization's keys."""

import uuid
from datetime import datetime

from portal.jobs.registry import on_due
from portal.lti import keys


@on_due(keys.ROTATION)
def rotate(key_id: uuid.UUID, now: datetime) -> None:
    """A key has served its time: the next one is made, and expired ones go."""
    keys.rotate_old(now=now)
