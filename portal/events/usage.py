"""Use of features and time spent on planning, kept as events for later insight: ids and numbers only."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, func, insert, select

from portal.models.schedules import ProgressEvent
from portal.tenancy.scope import organization_id, session

_SITTING = timedelta(hours=2)


def record_use(
    feature: str,
    member_id: uuid.UUID,
    *,
    now: datetime,
    item_id: uuid.UUID | None = None,
    zone: ScalarSelect[str] | None = None,
    **data: Any,
) -> None:
    """Keep that a member used a feature: a page seen (``page.…``), a plan made (``plan.…``), an item acted on.

    ``zone`` is the learner's at that moment: the day of what was done stays the same when she moves on.
    """
    session().execute(
        insert(ProgressEvent).values(
            organization_id=organization_id(),
            member_id=member_id,
            item_id=item_id,
            name=feature,
            data={key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()},
            at=now,
            zone=zone,
        )
    )


def planning_seconds(member_id: uuid.UUID, class_id: uuid.UUID, *, now: datetime) -> int:
    """How long the member has been planning for a class: since the first preview of the last two hours; 0 without."""
    began_at = session().scalar(
        select(func.min(ProgressEvent.at)).where(
            ProgressEvent.member_id == member_id,
            ProgressEvent.name == "plan.previewed",
            ProgressEvent.data["class_id"].astext == str(class_id),
            ProgressEvent.at > now - _SITTING,
        )
    )
    return 0 if began_at is None else round((now - began_at).total_seconds())
