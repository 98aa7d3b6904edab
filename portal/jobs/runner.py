"""Running one pointer: claim it, handle it and delete it in one transaction, or put it off with backoff."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, select, update

from portal import clock
from portal.errors import DomainError
from portal.events.outbox import EVENT, PERSON_EVENT
from portal.jobs.progress import abandon
from portal.jobs.registry import EventRef, due_handler, handlers_of
from portal.models.events import Event, PersonEvent
from portal.models.people import DueWork
from portal.tenancy.scope import session, unit_of_work

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 8
_BACKOFF = timedelta(seconds=30)
_KILLED = "WorkerKilled"


class UnknownWorkError(Exception):
    """No handler is registered for a kind of due work."""


def run(pointer_id: str, organization_id: str | None, user_id: str | None) -> None:
    """Handle the pointer unless somebody else holds it or it is done; called by RQ with text arguments.

    The attempt is counted before it is made, so that work which kills its worker runs out of attempts too. The
    handler's changes and the pointer's removal are one transaction: a kill leaves the pointer, and the sweeper
    queues it again.
    """
    owner = {"organization_id": _id(organization_id), "user_id": _id(user_id)}
    now = clock.now()
    with unit_of_work(**owner):
        if not _count_attempt(uuid.UUID(pointer_id)):
            return
    try:
        with unit_of_work(**owner) as db:
            pointer = _claim(uuid.UUID(pointer_id))
            if pointer is None:
                return
            if pointer.attempts > MAX_ATTEMPTS:
                _give_up_killed(pointer, now)
                return
            kind, target_id = pointer.kind, pointer.target_id
            db.delete(pointer)
            _handle(kind, target_id, now)
    except Exception as error:
        log.exception("work_failed", pointer=pointer_id)
        with unit_of_work(**owner):
            put_off(uuid.UUID(pointer_id), _reason(error), now=now)


def _reason(error: Exception) -> str:
    """The error's class, and a domain error's code: all tenants may read pointers, so no word of a message."""
    name = type(error).__name__
    return f"{name}: {error.code}" if isinstance(error, DomainError) else name


def put_off(pointer_id: uuid.UUID, reason: str, *, now: datetime) -> None:
    """Retry with delays that double; after `MAX_ATTEMPTS` the pointer stays as a dead letter with its reason."""
    pointer = _claim(pointer_id)
    if pointer is None:
        return
    if pointer.attempts >= MAX_ATTEMPTS:
        pointer.failed_at, pointer.error = now, reason
        return
    session().delete(pointer)
    session().flush()
    session().add(
        DueWork(
            kind=pointer.kind,
            queue=pointer.queue,
            organization_id=pointer.organization_id,
            user_id=pointer.user_id,
            target_id=pointer.target_id,
            due_at=now + _BACKOFF * 2 ** (pointer.attempts - 1),
            attempts=pointer.attempts,
            error=reason,
        )
    )


def _give_up_killed(pointer: DueWork, now: datetime) -> None:
    """Every attempt ended with its worker: nobody could say so to whoever watches the work's progress."""
    pointer.failed_at, pointer.error = now, _KILLED
    event = session().get(Event, pointer.target_id) if pointer.kind == EVENT else None
    if event is not None and "run_id" in event.data:
        abandon(uuid.UUID(event.data["run_id"]), now=now)


def _count_attempt(pointer_id: uuid.UUID) -> bool:
    """Whether the pointer is there and nobody holds it."""
    free = _free(select(DueWork.id), pointer_id).scalar_subquery()
    counted = session().scalar(
        update(DueWork).where(DueWork.id == free).values(attempts=DueWork.attempts + 1).returning(DueWork.attempts)
    )
    return counted is not None


def _claim(pointer_id: uuid.UUID) -> DueWork | None:
    found: DueWork | None = session().scalar(_free(select(DueWork), pointer_id))
    return found


def _free(found: Select[Any], pointer_id: uuid.UUID) -> Select[Any]:
    return found.where(DueWork.id == pointer_id, DueWork.failed_at.is_(None)).with_for_update(skip_locked=True)


def _handle(kind: str, target_id: uuid.UUID, now: datetime) -> None:
    if kind == EVENT:
        event = session().get(Event, target_id)
        _run_handlers(event, None if event is None else event.organization_id, now)
    elif kind == PERSON_EVENT:
        person_event = session().get(PersonEvent, target_id)
        _run_handlers(person_event, None if person_event is None else person_event.user_id, now)
    else:
        handler = due_handler(kind)
        if handler is None:
            raise UnknownWorkError(kind)
        handler(target_id, now)


def _run_handlers(event: Event | PersonEvent | None, owner_id: uuid.UUID | None, now: datetime) -> None:
    if event is None or owner_id is None:
        return
    ref = EventRef(event.id, owner_id, event.name, event.data, event.created_at)
    for handler in handlers_of(event.name):
        handler(ref, now)
    event.handled_at = now


def _id(value: str | None) -> uuid.UUID | None:
    return None if value is None else uuid.UUID(value)
