"""The outbox: what happened, as rows of the transaction that made it happen.

An event is a row plus a due-work pointer. After the commit the pointer is queued; should the queue be
away, emptied or killed, the sweeper finds the pointer again. Events hold ids and plain numbers only.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.models.events import Event, PersonEvent
from portal.models.people import DueWork
from portal.tenancy.scope import Due, current, organization_id, session

EVENT = "event"
PERSON_EVENT = "person_event"
SHORT, LONG = "short", "long"


def emit(name: str, *, now: datetime, queue: str = SHORT, **data: Any) -> uuid.UUID:
    """Record an event of the bound organization and the work of handling it; the event's id."""
    return emit_all(name, [data], now=now, queue=queue)[0]


def emit_all(name: str, payloads: Sequence[Mapping[str, Any]], *, now: datetime, queue: str = SHORT) -> list[uuid.UUID]:
    """As `emit`, for many payloads in two statements; the events' ids."""
    if not payloads:
        return []
    rows = [
        {"organization_id": organization_id(), "name": name, "data": _plain(data), "created_at": now}
        for data in payloads
    ]
    ids = list(session().scalars(insert(Event).returning(Event.id), rows))
    owe_all(EVENT, [(event_id, now) for event_id in ids], queue=queue)
    return ids


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()}


def emit_for_person(name: str, user_id: uuid.UUID, *, now: datetime, **data: Any) -> uuid.UUID:
    """Record an event of a person, in that person's scope; the event's id."""
    values = {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()}
    event_id: uuid.UUID = (
        session()
        .execute(
            insert(PersonEvent)
            .values(user_id=user_id, name=name, data=values, created_at=now)
            .returning(PersonEvent.id)
        )
        .scalar_one()
    )
    _point(PERSON_EVENT, [(event_id, now)], queue=SHORT, user_id=user_id)
    return event_id


def owe_for_person(event_id: uuid.UUID, user_id: uuid.UUID, *, due_at: datetime) -> None:
    """Record that a person's event is to be handled again at an instant, in that person's scope."""
    _point(PERSON_EVENT, [(event_id, due_at)], queue=SHORT, user_id=user_id)


def owe(kind: str, target_id: uuid.UUID, *, due_at: datetime, queue: str = SHORT) -> None:
    """Record that work of ``kind`` on ``target_id`` is due at an instant, for the bound organization."""
    owe_all(kind, [(target_id, due_at)], queue=queue)


def owe_all(kind: str, targets: Iterable[tuple[uuid.UUID, datetime]], *, queue: str = SHORT) -> None:
    """As `owe`, for many (target, instant) pairs in one statement; what is owed already stays as it is."""
    _point(kind, targets, queue=queue, organization_id=organization_id())


def withdraw(kind: str, target_id: uuid.UUID) -> None:
    """Take back all owed work of ``kind`` on a target of the bound organization."""
    session().execute(
        delete(DueWork).where(
            DueWork.organization_id == organization_id(), DueWork.kind == kind, DueWork.target_id == target_id
        )
    )


def _point(
    kind: str,
    targets: Iterable[tuple[uuid.UUID, datetime]],
    *,
    queue: str,
    organization_id: uuid.UUID | None = None,
    user_id: uuid.UUID | None = None,
) -> None:
    rows = [
        {
            "kind": kind,
            "queue": queue,
            "organization_id": organization_id,
            "user_id": user_id,
            "target_id": target_id,
            "due_at": due_at,
        }
        for target_id, due_at in targets
    ]
    if not rows:
        return
    made = session().execute(upsert(DueWork).on_conflict_do_nothing().returning(DueWork.id, DueWork.due_at), rows)
    current().due.extend(
        Due(pointer_id, queue, due_at, organization_id=organization_id, user_id=user_id) for pointer_id, due_at in made
    )
