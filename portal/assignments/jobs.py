"""Publishing to a large class: batches, each a transaction of its own, with progress."""

import uuid
from datetime import datetime

from portal import clock
from portal.assignments.services import cause_of, finish
from portal.classes.queries import classroom
from portal.errors import N_
from portal.jobs.progress import advance
from portal.jobs.progress import finish as finish_run
from portal.jobs.registry import EventRef, on_event
from portal.models.schedules import Assignment, AssignmentState
from portal.schedules.services import plan_in_batches
from portal.tenancy.scope import organization_id, session, unit_of_work

_FAILED = N_("A student could not be planned. It is tried again by itself; you may also publish again.")


@on_event("assignment.publish_requested")
def publish(event: EventRef, now: datetime) -> None:
    """Plan the class batch by batch, showing how far it is; a failure is shown too, and tried again with backoff."""
    assignment_id, run_id = uuid.UUID(event.data["assignment_id"]), uuid.UUID(event.data["run_id"])
    if not _take_up(assignment_id, run_id, event.data["revision"]):
        return
    assignment = session().get_one(Assignment, assignment_id)
    try:
        cause = cause_of(assignment, event.data["undo"])
        for done in plan_in_batches(assignment, cause, tell=False, now=now):
            advance(run_id, done)
    except Exception:
        with unit_of_work(organization_id=organization_id()):
            finish_run(run_id, now=clock.now(), error=_FAILED)
        raise
    finish(assignment, now=now)
    finish_run(run_id, now=clock.now())


def _take_up(assignment_id: uuid.UUID, run_id: uuid.UUID, revision: int) -> bool:
    """Whether this is still the newest publishing; from then on the running job keeps newer ones out."""
    with unit_of_work(organization_id=organization_id()) as db:
        assignment = db.get(Assignment, assignment_id)
        if assignment is None:
            return False
        db.refresh(classroom(assignment.class_id), with_for_update=True)  # as publishing does
        db.refresh(assignment)
        if assignment.state is not AssignmentState.PUBLISHING or assignment.revision != revision:
            return False
        advance(run_id, 0)
        return True
