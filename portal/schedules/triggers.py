"""Planning again: wishes are gathered for some seconds and met by one job a class.

An event that changes nothing of a plan writes nothing and tells nobody: the engine returns the base as it is.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert

from portal.classes.queries import classroom, large_class_ids
from portal.events.outbox import LONG, SHORT, owe
from portal.models.plans import ChangeKind, PlanRequest
from portal.schedules import queries, services
from portal.schedules.history import Cause
from portal.tenancy.scope import organization_id, session

WANTED = "plans.wanted"
_GATHERED_SECONDS = 10


def ask(class_id: uuid.UUID, member_ids: Sequence[uuid.UUID] | None, cause: str, *, now: datetime) -> None:
    """Want a class's plans made again, for these students or for all; the job runs when the gathering ends.

    ``now`` is when the thing happened that makes it necessary.
    """
    if member_ids is not None and not member_ids:
        return
    session().execute(
        insert(PlanRequest),
        [
            {
                "organization_id": organization_id(),
                "class_id": class_id,
                "member_id": member_id,
                "cause": cause,
                "requested_at": now,
            }
            for member_id in ([None] if member_ids is None else member_ids)
        ],
    )
    large = member_ids is None and class_id in large_class_ids([class_id])
    owe(WANTED, class_id, due_at=_end_of_gathering(now), queue=LONG if large else SHORT)


def _end_of_gathering(now: datetime) -> datetime:
    """The next multiple of the gathering's seconds, so that what happens together shares one pointer."""
    seconds = now.timestamp()
    return now + timedelta(seconds=-seconds % _GATHERED_SECONDS)


def answer(class_id: uuid.UUID, *, now: datetime) -> None:
    """Meet all wishes for a class. Cut off half-way, they stand and are met again, which then changes nothing.

    Nothing is planned for a class that is archived.
    """
    wishes = (
        session()
        .execute(
            delete(PlanRequest)
            .where(PlanRequest.class_id == class_id)
            .returning(PlanRequest.id, PlanRequest.member_id, PlanRequest.cause)
        )
        .all()
    )
    if not wishes or classroom(class_id).archived_at is not None:
        return
    members = None if any(wish.member_id is None for wish in wishes) else sorted({wish.member_id for wish in wishes})
    cause = Cause(
        ChangeKind.REPLANNED,
        f"wanted:{min(wish.id for wish in wishes)}",
        detail={"causes": sorted({wish.cause for wish in wishes})},
    )
    for assignment in queries.assignments_of(class_id):
        for _done in services.plan_in_batches(assignment, cause, members, tell=True, now=now):
            pass


def look_for_missed(class_id: uuid.UUID, *, now: datetime) -> None:
    """Want new plans for learners whose day ended with work undone, and owe the next look."""
    ask(class_id, queries.who_missed(class_id, now=now), "missed", now=now)
    services.look_for_missed(class_id, now=now)
