"""From due-work pointers to RQ: at once after a commit, and by the sweeper for all that was left behind."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select, tuple_

from portal import clock
from portal.events.outbox import LONG, SHORT
from portal.extensions import valkey
from portal.models.people import DueWork
from portal.tenancy.scope import Due, unit_of_work

log = structlog.get_logger(__name__)

RUN = "portal.jobs.runner.run"
QUEUES = (SHORT, LONG)
_GUARD_SECONDS = 60
_SWEEP_ROWS = 2000
_LONG_QUEUE = 10_000
_TIMEOUT_SECONDS = {SHORT: 300, LONG: 3600}


def queue(name: str) -> Queue:
    """The RQ queue ``short`` or ``long``; jobs are JSON, never pickles."""
    return Queue(name, connection=valkey.client, serializer=JSONSerializer)


def dispatch(due: Iterable[Due]) -> None:
    """Queue the pointers that are due now. When Valkey is away they wait for the sweeper."""
    now = clock.now()
    try:
        _enqueue([pointer for pointer in due if pointer.due_at <= now])
    except RedisError as error:
        log.warning("queue_unavailable", error=type(error).__name__)


def sweep(now: datetime) -> int:
    """Queue what is due at ``now`` and not queued already; the number of jobs made. RedisError when Valkey is away.

    A queue that is long already gets nothing more: its workers are away or busy, and the pointers do not run away.
    """
    names = [name for name in QUEUES if queue(name).count < _LONG_QUEUE]
    made = 0
    rows = _due(names, now)
    while rows:
        made += _enqueue(rows)
        rows = _due(names, now, after=rows[-1]) if made < _SWEEP_ROWS else []
    return made


def _due(names: Sequence[str], now: datetime, *, after: Due | None = None) -> list[Due]:
    """The next pointers in the order of their instants."""
    found = select(DueWork.id, DueWork.queue, DueWork.due_at, DueWork.organization_id, DueWork.user_id).where(
        DueWork.failed_at.is_(None), DueWork.due_at <= now, DueWork.queue.in_(names)
    )
    if after is not None:
        found = found.where(tuple_(DueWork.due_at, DueWork.id) > (after.due_at, after.id))
    with unit_of_work() as db:
        rows = db.execute(found.order_by(DueWork.due_at, DueWork.id).limit(_SWEEP_ROWS)).all()
    return [Due(*row) for row in rows]


def _enqueue(due: list[Due]) -> int:
    """Queue each pointer unless a job for it was queued within the guard's time."""
    if not due:
        return 0
    with valkey.client.pipeline(transaction=False) as pipe:
        for pointer in due:
            pipe.set(_guard(pointer), 1, nx=True, ex=_GUARD_SECONDS)
        fresh = [pointer for pointer, taken in zip(due, pipe.execute(), strict=True) if taken]
    for name in QUEUES:
        jobs = [
            Queue.prepare_data(
                RUN,
                args=[str(p.id), _text(p.organization_id), _text(p.user_id)],
                timeout=_TIMEOUT_SECONDS[name],
                result_ttl=0,
                failure_ttl=3600,
                description=f"work {p.id}",
            )
            for p in fresh
            if p.queue == name
        ]
        if jobs:
            queue(name).enqueue_many(jobs)
    return len(fresh)


def _guard(pointer: Due) -> str:
    return f"work:{pointer.organization_id or pointer.user_id}:{pointer.id}"


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)
