"""Mails that a person's events ask for; notifications sends them."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.accounts import services
from portal.jobs.registry import EventRef
from portal.models.people import DirectoryKind, User


@dataclass(frozen=True, slots=True)
class PersonMail:
    """A mail to a person: lazy subject, template, and what the template needs.

    ``context`` runs in the person's scope and may mint a token; ``to_address`` in it overrides the address.
    """

    subject: Any
    template: str
    context: Callable[[User, EventRef, datetime, str], dict[str, Any]]


def _verification(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    return {"link": f"{base_url}/verify/{services.mint(DirectoryKind.VERIFICATION, user, now=now)}"}


def _reset(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    return {"link": f"{base_url}/reset/{services.mint(DirectoryKind.RESET, user, now=now)}"}


def _email_change(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    address, token = services.mint_email_change(user, now=now)
    return {"link": f"{base_url}/confirm-email/{token}", "to_address": address}


def _link(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    token = services.mint_link(user, uuid.UUID(event.data["member_id"]), now=now)
    return {"link": f"{base_url}/lti/link/{event.data['organization_id']}/{token}"}


def _sign_in(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    return {"link": f"{base_url}/sign-in"}


def _forgot(user: User, event: EventRef, now: datetime, base_url: str) -> dict[str, Any]:
    return {"link": f"{base_url}/reset"}


PERSON_MAILS = {
    "account.registered": PersonMail(_l("Confirm your address"), "accounts/verify", _verification),
    "account.verification_asked": PersonMail(_l("Confirm your address"), "accounts/verify", _verification),
    "account.registered_again": PersonMail(_l("You have an account already"), "accounts/again", _sign_in),
    "account.reset_asked": PersonMail(_l("Set a new password"), "accounts/reset", _reset),
    "account.email_change_asked": PersonMail(_l("Confirm your new address"), "accounts/change", _email_change),
    "account.link_asked": PersonMail(_l("Link your account?"), "accounts/link", _link),
    "account.password_changed": PersonMail(_l("Your password was changed"), "accounts/changed", _forgot),
}
