"""Reading a course's membership (Names and Role Provisioning Services 2.0): every page, before anything is written."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.lti.connector import Connector
from portal.lti.faults import ServiceError, unreadable

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
_ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_MAX_PAGES = 2000
_MAX_CHARACTERS = 255


class Status(enum.StrEnum):
    """Whether somebody takes part in the course (2.2, 2.4)."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class Listed:
    """A person of the course: the platform's ``sub``, what it tells of the person, and role names as sent."""

    sub: str
    name: str | None
    email: str | None
    roles: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Listing:
    """A course's people. Whoever a ``full`` listing does not name has left.

    ``differences`` is where to ask for changes since, where the platform offers that.
    """

    people: tuple[Listed, ...]
    full: bool
    differences: str | None


def read(
    connector: Connector,
    url: str,
    *,
    differences: str | None = None,
    on_page: Callable[[int], None] = lambda people: None,
) -> Listing:
    """The whole membership, or only what changed when ``differences`` is given and still answers.

    ``on_page`` hears how many people were read so far. ServiceError; nothing is half-read.
    """
    if differences is not None:
        try:
            return _read(connector, differences, full=False, on_page=on_page)
        except ServiceError as error:
            if error.again:
                raise
    return _read(connector, url, full=True, on_page=on_page)


def _read(connector: Connector, url: str, *, full: bool, on_page: Callable[[int], None]) -> Listing:
    people: dict[str, Listed] = {}
    seen: set[str] = set()
    next_url: str | None = url
    links: dict[str, str] = {}
    while next_url is not None:
        if next_url in seen or len(seen) >= _MAX_PAGES:
            raise unreadable()
        seen.add(next_url)
        answer = connector.ask("GET", next_url, [SCOPE], accept=_ACCEPT)
        people.update((each.sub, each) for each in _people(answer.body))
        on_page(len(people))
        links.update(answer.links)
        next_url = answer.links.get("next")
    return Listing(tuple(people.values()), full, links.get("differences"))


def _people(body: Any) -> list[Listed]:
    members = body.get("members") if isinstance(body, dict) else None
    if not isinstance(members, list):
        raise unreadable()
    return [_person(each) for each in members]


def _person(raw: Any) -> Listed:
    sub = raw.get("user_id") if isinstance(raw, dict) else None
    if not isinstance(sub, str) or not sub:
        raise unreadable()
    roles = raw.get("roles")
    status = raw.get("status")
    return Listed(
        sub=sub,
        name=_text(raw.get("name")) or _joined([raw.get("given_name"), raw.get("family_name")]),
        email=_text(raw.get("email")),
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        status=Status(status) if status in tuple(Status) else Status.ACTIVE,
    )


def _text(value: Any) -> str | None:
    text = " ".join(value.split())[:_MAX_CHARACTERS] if isinstance(value, str) else ""
    return text or None


def _joined(values: Sequence[Any]) -> str | None:
    return _text(" ".join(value for value in values if isinstance(value, str)))
