"""What classes hear: a member left the organization."""

import uuid
from datetime import datetime

from portal.classes.services import leave_classes
from portal.jobs.registry import EventRef, on_event


@on_event("member.removed")
def leave(event: EventRef, now: datetime) -> None:
    """Take the member out of every class; their schedules hear of that in turn."""
    leave_classes(uuid.UUID(event.data["member_id"]), now=now)
