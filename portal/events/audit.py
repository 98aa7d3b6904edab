"""The audit log: one append-only row an action, ids and plain values only."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from portal.models.events import AuditEntry
from portal.tenancy.scope import organization_id, session


def audit(
    action: str,
    target_kind: str,
    target_id: uuid.UUID,
    *,
    actor_member_id: uuid.UUID | None,
    now: datetime,
    **data: Any,
) -> None:
    """Record ``action`` (``noun.verb``) on a target; ``actor_member_id`` is None for the system itself."""
    session().execute(
        insert(AuditEntry).values(
            organization_id=organization_id(),
            actor_member_id=actor_member_id,
            action=action,
            target_kind=target_kind,
            target_id=target_id,
            data={key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()},
            at=now,
        )
    )
