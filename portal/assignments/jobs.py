"""Publishing to a large class: batches, each a transaction of its own, with progress."""

import uuid
from datetime import datetime

from portal.assignments.services import finish
from portal.classes import queries as classes
from portal.jobs.progress import advance
from portal.jobs.progress import finish as finish_run
from portal.jobs.registry import EventRef, on_event
from portal.models.schedules import Assignment, AssignmentState
from portal.schedules.services import plan_class
from portal.tenancy.scope import organization_id, session, unit_of_work

_BATCH = 500


@on_event("assignment.publish_requested")
def publish(event: EventRef, now: datetime) -> None:
    """Plan the class batch by batch. Run again after a kill, finished batches change nothing."""
    assignment_id, run_id = uuid.UUID(event.data["assignment_id"]), uuid.UUID(event.data["run_id"])
    assignment = session().get(Assignment, assignment_id)
    if assignment is None or assignment.state is not AssignmentState.PUBLISHING:
        return
    member_ids = [enrolment.member_id for enrolment in classes.students(assignment.class_id)]
    for first in range(0, len(member_ids), _BATCH):
        batch = member_ids[first : first + _BATCH]
        with unit_of_work(organization_id=organization_id()) as db:
            plan_class(db.get_one(Assignment, assignment_id), member_ids=batch, now=now)
        advance(run_id, first + len(batch))
    finish(assignment, now=now)
    finish_run(run_id, now=now)
