"""The audit log: one append-only row an action with ids and plain values; what may name people stands beside it."""

import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from portal.models.base import Base
from portal.models.events import AuditDetail, AuditEntry
from portal.tenancy.scope import organization_id, session

_entries, _details = (Base.metadata.tables[model.__tablename__] for model in (AuditEntry, AuditDetail))
_ENTRY = insert(_entries).values(
    {
        name: bindparam(name, type_=_entries.c[name].type)
        for name in ("organization_id", "actor_member_id", "action", "target_kind", "target_id", "data", "at")
    }
)
_entry = _ENTRY.returning(_entries.c.organization_id, _entries.c.id, _entries.c.at).cte("entry")
_ENTRY_WITH_DETAIL = insert(_details).from_select(
    ["organization_id", "entry_id", "at", "address", "before", "after"],
    select(
        *_entry.c,
        bindparam("address", type_=_details.c.address.type),
        bindparam("before", type_=JSONB(none_as_null=True)),
        bindparam("after", type_=JSONB(none_as_null=True)),
    ),
)

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
    entry = {
        "organization_id": organization_id(),
        "actor_member_id": actor_member_id,
        "action": action,
        "target_kind": target_kind,
        "target_id": target_id,
        "data": _plain(data),
        "at": now,
    }
    session().flush()
    if _address.get() is None and before is None and after is None:
        session().execute(_ENTRY, entry)
        return
    if before is not None and after is not None:
        names = [name for name in after if before.get(name) != after[name]]
        before, after = ({name: values.get(name) for name in names} for values in (before, after))
    session().execute(
        _ENTRY_WITH_DETAIL,
        {
            **entry,
            "address": _address.get(),
            "before": None if before is None else _plain(before),
            "after": None if after is None else _plain(after),
        },
    )


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in data.items()}


def _text(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date | time) else value
