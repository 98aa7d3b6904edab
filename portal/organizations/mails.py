"""Mails that organizations' events ask for; notifications sends them."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.organizations import queries, services


@dataclass(frozen=True, slots=True)
class TenantMail:
    """A mail to one member: lazy subject, template, and what the template needs (may mint a token)."""

    subject: Any
    template: str
    context: Callable[[Mapping[str, Any], datetime, str], dict[str, Any]]


def _invitation(data: Mapping[str, Any], now: datetime, base_url: str) -> dict[str, Any]:
    token = services.mint_invitation_token(uuid.UUID(data["invitation_id"]), now=now)
    return {
        "link": f"{base_url}/invitations/{token}",
        "days": services.INVITATION_LIFETIME.days,
        "name_of_organization": queries.organization().name,
    }


TENANT_MAILS = {"member.invited": TenantMail(_l("You are invited"), "organizations/invitation", _invitation)}
