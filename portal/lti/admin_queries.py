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


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client as the page shows it."""

    client: LtiClient
    platform: LtiPlatform
    deployments: list[LtiDeployment] = field(default_factory=list)
    trouble: Trouble | None = None


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
    return [
        ClientRow(client, platform, deployments[client.id], _still(troubles.get(str(client.id)), client))
        for client, platform in rows
    ]


def _still(trouble: Trouble | None, client: LtiClient) -> Trouble | None:
    """A launch that worked since has settled it."""
    if trouble is None or (client.last_launch_at is not None and client.last_launch_at > trouble.at):
        return None
    return trouble


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
