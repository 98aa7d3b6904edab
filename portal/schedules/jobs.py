"""What schedules hear: people come and go, the class's calendar changes."""

import uuid
from datetime import datetime

from portal.events.outbox import emit
from portal.jobs.registry import EventRef, on_event
from portal.models.schedules import AssignmentState
from portal.schedules import queries, services

_BATCH = 500


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
    """Plan and tell, each published assignment of the class; one event a batch of changed schedules."""
    for assignment in queries.assignments_of(class_id):
        if assignment.state is AssignmentState.PUBLISHED:
            changed = services.plan_class(assignment, member_ids=member_ids, now=now)
            for first in range(0, len(changed), _BATCH):
                batch = [str(key) for key in changed[first : first + _BATCH]]
                emit("schedule.changed", now=now, schedule_ids=batch)
