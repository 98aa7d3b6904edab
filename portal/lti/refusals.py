"""Why a launch is refused: a stable reason, words for the person in front of the frame, and one row that is kept."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from portal.errors import N_, DomainError
from portal.events.audit import audit
from portal.models.lti import SecurityLogEntry
from portal.tenancy.scope import session, unit_of_work
from portal.web.parse import UNSTORABLE

_LONGEST = 300


class Refused(DomainError):
    """A launch or registration that is not taken; ``code`` is the reason that is kept.

    ``organization_id`` is set once it is known whose it is; ``details`` are plain values for the row, never a person's.
    """

    def __init__(self, code: str, message: str, /, **values: object) -> None:
        """As `DomainError`."""
        super().__init__(code, message, **values)
        self.organization_id: uuid.UUID | None = None
        self.details: dict[str, str] = {}

    def of(self, organization_id: uuid.UUID, client_key: uuid.UUID) -> "Refused":
        """The same, kept as a client's of an organization."""
        self.organization_id, self.details["client_key"] = organization_id, str(client_key)
        return self


def malformed() -> Refused:
    """A token that is none, or holds something of the wrong kind."""
    return Refused("malformed_token", N_("What the learning platform sent could not be read. Open the link once more."))


def claim(name: str) -> Refused:
    """A claim that is missing or not of the kind the specification gives; ``name`` without its prefix."""
    return Refused(
        "claim_" + name,
        N_("The learning platform's message has no usable “%(claim)s”. Its administrator has to look at this."),
        claim=name,
    )


def keep(refused: Refused, action: str, *, reference: str, now: datetime) -> None:
    """Write the one row a refused launch leaves: in the organization's audit log, else in the security log."""
    said = {**refused.details, "said": str(refused)}
    details: dict[str, Any] = {name: UNSTORABLE.sub("\ufffd", value[:_LONGEST]) for name, value in said.items()}
    if refused.organization_id is not None:
        with unit_of_work(organization_id=refused.organization_id):
            audit(
                action,
                "organization",
                refused.organization_id,
                actor_member_id=None,
                now=now,
                reason=refused.code,
                reference=reference,
                **details,
            )
        return
    with unit_of_work():
        session().execute(
            insert(SecurityLogEntry)
            .values(action=action, reason=refused.code, reference=reference, data=details, at=now)
            .inline()  # a RETURNING would need the right to read
        )
