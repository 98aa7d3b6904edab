"""The person who acts, as a value: what services get instead of a request."""

import uuid
from dataclasses import dataclass

from portal.models.organizations import OrganizationKind, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A member of one organization; ``user_id`` is None for people without an account."""

    organization_id: uuid.UUID
    organization_name: str
    organization_kind: OrganizationKind
    member_id: uuid.UUID
    user_id: uuid.UUID | None
    name: str
    email: str | None
    role: Role
    zone: str
    locale: str
