"""What rosters hear: somebody asks for one, a course becomes a class, a night comes."""

import uuid
from datetime import datetime

from flask import current_app
from sqlalchemy import update

from portal import clock
from portal.jobs.progress import finish
from portal.jobs.registry import EventRef, on_due, on_event
from portal.lti.faults import ServiceError
from portal.lti.roster import queries, services
from portal.models.events import JobRun
from portal.tenancy.scope import organization_id, session, unit_of_work


@on_event(services.REQUESTED)
def read(event: EventRef, now: datetime) -> None:
    """Read a class's roster. What failed is shown, and tried again where that can help."""
    class_id, run_id = uuid.UUID(event.data["class_id"]), uuid.UUID(event.data["run_id"])
    private = current_app.extensions["settings"].lti_private_addresses
    whole = event.data["whole"]
    try:
        with session().begin_nested():
            outcome = services.read_course(class_id, run_id, whole=whole, private=private, clock=clock.now)
    except ServiceError as error:
        with unit_of_work(organization_id=organization_id()):
            services.note_failure(class_id, run_id, error, now=now)
            services.plan_nightly(class_id, now=now)
        if error.again:
            raise
        return
    session().execute(
        update(JobRun)
        .where(JobRun.id == run_id)
        .values(total=outcome.people, data={"added": outcome.added, "removed": outcome.removed})
    )
    finish(run_id, now=clock.now())
    services.plan_nightly(class_id, now=now)


@on_due(services.NIGHTLY)
def read_nightly(class_id: uuid.UUID, now: datetime) -> None:
    """Everybody is listed once a night, so that who left the course is out by morning."""
    if queries.contexts(class_id):
        services.begin(class_id, whole=True, now=now)
