"""The audit log: one append-only row an action with ids and plain values; what may name people stands beside it."""

import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import insert

from portal.models.events import AuditDetail, AuditEntry
from portal.tenancy.scope import organization_id, session

_address: ContextVar[str | None] = ContextVar("address", default=None)


def comes_from(address: str | None) -> None:
    """Say from which IP address what is done from here on is asked; None for jobs and commands."""
    _address.set(address)


def audit(
    action: str,
    target_kind: str,
    target_id: uuid.UUID,
    *,
    actor_member_id: uuid.UUID | None,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **data: Any,
) -> None:
    """Record ``action`` (``noun.verb``) on a target; ``actor_member_id`` is None for the system itself.

    ``data`` holds ids and plain values, no names. Of ``before`` and ``after`` only what differs is kept.
    """
    entry_id = session().scalar(
        insert(AuditEntry)
        .values(
            organization_id=organization_id(),
            actor_member_id=actor_member_id,
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            data=_plain(data),
            at=now,
        )
        .returning(AuditEntry.id)
    )
    if before is not None and after is not None:
        names = [name for name in after if before.get(name) != after[name]]
        before, after = ({name: values.get(name) for name in names} for values in (before, after))
    if _address.get() is None and before is None and after is None:
        return
    session().execute(
        insert(AuditDetail).values(
            organization_id=organization_id(),
            entry_id=entry_id,
            address=_address.get(),
            before=None if before is None else _plain(before),
            after=None if after is None else _plain(after),
            at=now,
        )
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in data.items()}


def _text(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else value
