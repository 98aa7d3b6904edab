"""A platform's wish for content: kept when it is launched, answered when a teacher has chosen."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from portal.errors import N_, Forbidden, Invalid, NotFound
from portal.events.audit import audit
from portal.lti.connector import Registered
from portal.lti.deep_linking import queries
from portal.lti.deep_linking.message import Content, Dates, Item, Wanted, answer, wanted
from portal.lti.deep_linking.queries import Choice
from portal.lti.grades.policy import MAXIMUM
from portal.lti.grades.services import wish_column
from portal.lti.keys import signing_key
from portal.lti.reach import way_of
from portal.lti.target import Target
from portal.models.lti import LtiContext, LtiDeepLink
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

LIFETIME = timedelta(hours=4)
MOST = 50


@dataclass(frozen=True, slots=True)
class Selection:
    """What a teacher chose: targets in order, with or without columns, dates, and where links open."""

    targets: tuple[Target, ...]
    graded: bool = True
    dates: Dates = field(default_factory=Dates)
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """The form that takes the choice back: its address and its one field."""

    return_url: str
    jwt: str


def begin(
    deployment_key: uuid.UUID,
    context_key: uuid.UUID | None,
    member_id: uuid.UUID,
    settings: Mapping[str, Any],
    *,
    now: datetime,
) -> uuid.UUID:
    """Keep a launch's wish until it is answered; its id. Invalid when it cannot be answered."""
    wanted(settings)
    row = LtiDeepLink(
        organization_id=organization_id(),
        lti_deployment_id=deployment_key,
        lti_context_id=context_key,
        member_id=member_id,
        settings=dict(settings),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session().add(row)
    session().flush()
    return row.id


def find(deep_link_id: uuid.UUID, *, actor: Actor, now: datetime) -> tuple[LtiDeepLink, Wanted]:
    """The actor's own wish. NotFound for anybody else's, Forbidden when it is too old or the actor no educator."""
    row = session().get(LtiDeepLink, deep_link_id)
    if row is None or row.member_id != actor.member_id:
        raise NotFound("deep_link_not_found", N_("There is nothing to choose here. Begin again in your course."))
    authorize(actor, Permission.CURRICULA_VIEW)
    if row.expires_at <= now:
        raise Forbidden("deep_link_expired", N_("This page was open for too long. Begin again in your course."))
    return row, wanted(row.settings)


def choose(deep_link_id: uuid.UUID, selection: Selection, *, launch_url: str, actor: Actor, now: datetime) -> Returned:
    """Sign what was chosen, and want the columns it brings; an empty selection goes back without content."""
    row, accepted = find(deep_link_id, actor=actor, now=now)
    chosen = _checked(selection, accepted)
    graded = selection.graded and accepted.line_items
    place = selection.place if selection.place in accepted.places else next(iter(accepted.places), None)
    items = [
        Item(
            Content(target, choice.title, _text(choice), MAXIMUM if graded else None),
            selection.dates,
            place,
            launch_url,
        )
        for target, choice in chosen.items()
    ]
    if row.lti_context_id is not None and graded:
        for target, choice in chosen.items():
            wish_column(
                row.lti_context_id,
                target,
                choice.title,
                starts_at=selection.dates.starts_at,
                ends_at=selection.dates.due_at,
                now=now,
            )
    row.returned_at = now
    audit(
        "lti.content_returned",
        "lti_deep_link",
        row.id,
        actor_member_id=actor.member_id,
        now=now,
        content=[target.code for target in chosen],
    )
    return Returned(accepted.return_url, _sign(row, items, now=now))


def _checked(selection: Selection, accepted: Wanted) -> dict[Target, Choice]:
    """The chosen targets in order. Invalid for too many of them, for one that is gone, and for dates out of order."""
    targets = list(dict.fromkeys(selection.targets))
    if len(targets) > (MOST if accepted.multiple else 1):
        message = (
            N_("Choose at most %(most)d.") if accepted.multiple else N_("This course takes one at a time. Choose one.")
        )
        raise Invalid("too_many", message, field="item", most=MOST)
    there = queries.choices(targets)
    if len(there) < len(targets):
        raise Invalid("gone", N_("Something you chose is no longer there. Choose again."), field="item")
    dates = [at for at in (selection.dates.starts_at, selection.dates.due_at, selection.dates.ends_at) if at]
    if dates != sorted(dates):
        raise Invalid("dates", N_("The dates must follow each other: from, due, until."), field="due_at")
    return there


def _text(choice: Choice) -> str:
    return f"{choice.steps} steps, {choice.minutes} minutes"


def _sign(row: LtiDeepLink, items: Sequence[Item], *, now: datetime) -> str:
    deployment, client, platform = way_of(row.lti_deployment_id)
    key = signing_key(now=now)
    registration = Registered(client.client_id, key.private_key, key.kid).set_issuer(platform.issuer)
    return answer(registration, deployment.deployment_id, row.settings, items)


def class_of(row: LtiDeepLink) -> uuid.UUID | None:
    """The class of the course the content is for."""
    context = None if row.lti_context_id is None else session().get(LtiContext, row.lti_context_id)
    return None if context is None else context.class_id
