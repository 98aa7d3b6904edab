"""What schedules hear: people come and go, the class's calendar changes."""

import uuid
from datetime import datetime

from portal.jobs.registry import EventRef, on_event
from portal.schedules import queries, services


@on_event("enrolment.added")
def plan_enrolled(event: EventRef, now: datetime) -> None:
    """Plan the class's paths for students who joined, or whose dates, days or pace changed."""
    _plan(uuid.UUID(event.data["class_id"]), [uuid.UUID(text) for text in event.data["member_ids"]], now)


@on_event("class.changed")
def plan_again(event: EventRef, now: datetime) -> None:
    """Re-plan a class whose calendar changed, with the least change."""
    _plan(uuid.UUID(event.data["class_id"]), None, now)


@on_event("enrolment.removed")
def withdraw(event: EventRef, now: datetime) -> None:
    """Remove the open items of students who left."""
    services.withdraw(
        uuid.UUID(event.data["class_id"]), [uuid.UUID(text) for text in event.data["member_ids"]], now=now
    )


def _plan(class_id: uuid.UUID, member_ids: list[uuid.UUID] | None, now: datetime) -> None:
    """Plan each of the class's assignments and tell whose dates changed.

    One that is just being published counts too: its job may have listed the students before these came.
    """
    for assignment in queries.assignments_of(class_id):
        for _done in services.plan_in_batches(assignment, member_ids, tell=True, now=now):
            pass
