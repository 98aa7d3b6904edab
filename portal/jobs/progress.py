"""Progress rows of long jobs: made with the request, moved by the job, shown by the page until done."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from portal.errors import N_
from portal.models.events import JobRun, JobState
from portal.tenancy.scope import organization_id, session, unit_of_work

_ABANDONED = N_("It was broken off again and again, and is not tried any more. You may start it anew.")


def begin_run(
    kind: str,
    key: str,
    subject_id: uuid.UUID,
    *,
    total: int,
    created_by_id: uuid.UUID | None,
    now: datetime,
    **data: Any,
) -> uuid.UUID:
    """Make, or start again, the run with this fixed ``key`` (one at a time a subject); its id."""
    values = {
        "kind": kind,
        "subject_id": subject_id,
        "state": JobState.QUEUED,
        "done": 0,
        "total": total,
        "error": None,
        "data": data,
        "created_by_id": created_by_id,
        "created_at": now,
        "finished_at": None,
    }
    run_id: uuid.UUID = (
        session()
        .execute(
            insert(JobRun)
            .values(organization_id=organization_id(), key=key, **values)
            .on_conflict_do_update(index_elements=[JobRun.organization_id, JobRun.key], set_=values)
            .returning(JobRun.id)
        )
        .scalar_one()
    )
    return run_id


def advance(run_id: uuid.UUID, done: int) -> None:
    """Say how far the run has come, in a transaction of its own, so that pages see it at once."""
    with unit_of_work(organization_id=organization_id()) as db:
        db.execute(update(JobRun).where(JobRun.id == run_id).values(state=JobState.RUNNING, done=done))


def finish(run_id: uuid.UUID, *, now: datetime, error: str | None = None) -> None:
    """Close the run in the caller's transaction; with ``error`` it failed and says so in words."""
    values: dict[str, Any] = {
        "state": JobState.FAILED if error else JobState.DONE,
        "error": error,
        "finished_at": now,
    }
    if error is None:
        values["done"] = JobRun.total
    session().execute(update(JobRun).where(JobRun.id == run_id).values(**values))


def abandon(run_id: uuid.UUID, *, now: datetime) -> None:
    """Close a run that is still open, as failed, in the caller's transaction: nobody works on it any more."""
    session().execute(
        update(JobRun)
        .where(JobRun.id == run_id, JobRun.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .values(state=JobState.FAILED, error=_ABANDONED, finished_at=now)
    )
