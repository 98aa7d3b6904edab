"""Reads for the admin's page of learning platforms: a constant number of statements."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from portal.models.events import AuditEntry
from portal.models.lti import LtiClient, LtiDeployment, LtiPlatform
from portal.tenancy.scope import session

_LATEST = 200


@dataclass(frozen=True, slots=True)
class Trouble:
    """The last refused launch of a client, in words; ``deployment_id`` when an unknown deployment was the reason."""

    at: datetime
    said: str
    deployment_id: str | None


@dataclass(slots=True)
class ClientRow:
    """A client as the page shows it."""

    client: LtiClient
    platform: LtiPlatform
    deployments: list[LtiDeployment] = field(default_factory=list)
    trouble: Trouble | None = None

    @property
    def last_launch_at(self) -> datetime | None:
        """The latest launch of any of its deployments."""
        return max((each.last_launch_at for each in self.deployments if each.last_launch_at), default=None)


def clients() -> list[ClientRow]:
    """All registrations of the organization, pending ones first."""
    rows = session().execute(
        select(LtiClient, LtiPlatform)
        .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
        .order_by(LtiClient.state.desc(), LtiPlatform.name, LtiClient.created_at)
    )
    deployments: dict[uuid.UUID, list[LtiDeployment]] = defaultdict(list)
    for each in session().scalars(select(LtiDeployment).order_by(LtiDeployment.created_at)):
        deployments[each.lti_client_id].append(each)
    troubles = _troubles()
    found = [ClientRow(client, platform, deployments[client.id]) for client, platform in rows]
    for row in found:
        trouble = troubles.get(str(row.client.id))
        if trouble is not None and (row.last_launch_at is None or row.last_launch_at <= trouble.at):
            row.trouble = trouble  # no launch that worked since has settled it
    return found


def _troubles() -> dict[str, Trouble]:
    """Client → its last refused launch, of the latest `_LATEST` refusals."""
    rows = session().execute(
        select(AuditEntry.at, AuditEntry.data)
        .where(AuditEntry.action == "lti.refused")
        .order_by(AuditEntry.at.desc())
        .limit(_LATEST)
    )
    found: dict[str, Trouble] = {}
    for at, data in rows:
        said = str(data.get("said") or data["reason"])
        found.setdefault(str(data.get("client_key")), Trouble(at, said, data.get("deployment_id")))
    return found
