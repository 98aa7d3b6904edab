"""Taking a verified launch in: the person, the course's class, the link, and the session that follows."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from portal.classes.services import ClassDraft, enrol_launched, save_class
from portal.errors import Invalid
from portal.events.audit import audit
from portal.lti import arrival, people
from portal.lti.arrival import Known
from portal.lti.binding import bind
from portal.lti.claims import LaunchClaims
from portal.lti.copies import original_course, settings_of
from portal.lti.deep_linking import services as deep_linking
from portal.lti.grades.services import copy_columns
from portal.lti.launch import Verified
from portal.lti.platforms.known import capabilities_of
from portal.lti.refusals import Refused
from portal.lti.roles import class_role
from portal.lti.roster import services as roster
from portal.models.classes import ClassRole, Classroom
from portal.models.lti import LtiContext, LtiDeployment, LtiPlatform, LtiResourceLink, PlatformKind
from portal.models.organizations import Organization
from portal.security import sign_ins
from portal.security.identity import load_actor
from portal.tenancy.scope import organization_id, session, unit_of_work

_WEEK = (60, 60, 60, 60, 60, 0, 0)
_LONGEST_TITLE = 200
_NOTED_EVERY = timedelta(minutes=1)

Made = TypeVar("Made", LtiContext, LtiResourceLink)


@dataclass(frozen=True, slots=True)
class Launched:
    """What a launch led to: a session, the part in the course, and the course's class and wish for content if any."""

    session: sign_ins.Launch
    role: ClassRole
    class_id: uuid.UUID | None
    deep_link_id: uuid.UUID | None


def take_in(verified: Verified, *, now: datetime) -> Launched:
    """Make or find everything a launch stands for, in one transaction. Refused for who may not launch."""
    registered = verified.registered
    try:
        with unit_of_work(organization_id=registered.organization_id):
            return _take_in(verified, arrival.read(verified), now=now)
    except Refused as refused:
        refused.of(registered.organization_id, registered.client_key)
        raise


def _take_in(verified: Verified, known: Known, *, now: datetime) -> Launched:
    claims, registered = verified.claims, verified.registered
    role = class_role(claims.roles)
    said = people.Said(claims.sub, claims.name, claims.email)
    member_id = people.met(known.user, registered.platform_key, said, role, now=now).member_id
    _note_use(verified, known.deployment, now=now)
    context = _context(known, claims, now=now)
    if context is not None:
        if known.class_role is not role:
            _enter_class(context, member_id, role, now=now)
        _link(known, context, claims, now=now)
    begun = sign_ins.begin_launch(member_id, organization_id=registered.organization_id, now=now)
    deep_link_id = _deep_link(known.deployment, context, member_id, claims, now=now)
    audit(
        "lti.launched",
        "member",
        member_id,
        actor_member_id=member_id,
        now=now,
        message=claims.message_type,
        deployment=known.deployment.id,
    )
    return Launched(begun, role, None if context is None else context.class_id, deep_link_id)


def _note_use(verified: Verified, deployment: LtiDeployment, *, now: datetime) -> None:
    """The last launch, and the platform's kind once it has said so."""
    registered, last = verified.registered, deployment.last_launch_at
    if last is None or now - last > _NOTED_EVERY:
        deployment.last_launch_at = now
    kind = capabilities_of(verified.claims.family).family.upper()
    if registered.kind == PlatformKind.GENERIC.value != kind:
        session().get_one(LtiPlatform, registered.platform_key).kind = PlatformKind(kind)


def _context(known: Known, claims: LaunchClaims, *, now: datetime) -> LtiContext | None:
    """The course of the launch, with its latest service addresses; None for a launch outside any course."""
    if claims.context_id is None:
        return None
    title = (claims.context_title or claims.context_id)[:_LONGEST_TITLE]
    context = known.context or _made(
        LtiContext, title, now=now, lti_deployment_id=known.deployment.id, context_id=claims.context_id
    )
    context.title = title
    context.history = list(claims.history) or context.history
    context.memberships_url = claims.memberships_url or context.memberships_url
    context.line_items_url = claims.line_items_url or context.line_items_url
    context.scopes = list(claims.scopes) or context.scopes
    return context


def _made(model: type[Made], title: str | None, *, now: datetime, **keys: Any) -> Made:
    """A new row, or the one that another launch has just made."""
    values = {"organization_id": organization_id(), "title": title, "created_at": now, **keys}
    session().execute(insert(model).values(values).on_conflict_do_nothing())
    return session().scalars(select(model).filter_by(**keys)).one()


def _enter_class(context: LtiContext, member_id: uuid.UUID, role: ClassRole, *, now: datetime) -> None:
    """A teacher's launch makes the course a class; everybody's enrols in it. Without a class a learner waits."""
    if context.class_id is None and role is ClassRole.TEACHER:
        session().refresh(context, ["class_id"], with_for_update=True)  # of two teachers at once the second waits here
        if context.class_id is None:
            context.class_id = _new_class(context, member_id, now=now)
    if context.class_id is not None:
        enrol_launched(context.class_id, member_id, role, now=now)


def _new_class(context: LtiContext, member_id: uuid.UUID, *, now: datetime) -> uuid.UUID:
    """A class for a course, with the days and columns of the one it was copied from; its roster is asked for."""
    actor = load_actor(member_id)
    assert actor is not None  # noqa: S101  # made by this launch
    draft = ClassDraft(
        name=context.title,
        zone=actor.zone,
        starts_on=now.astimezone(ZoneInfo(actor.zone)).date(),
        weekday_minutes=list(_WEEK),
        holiday_country=session().scalar(select(Organization.holiday_country)),
    )
    original = original_course(context)
    if original is not None:
        draft = replace(draft, **settings_of(session().get_one(Classroom, original.class_id)))
        copy_columns(original.id, context.id, now=now)
    class_id = save_class(draft, actor=actor, now=now).id
    if context.memberships_url is not None:
        roster.begin(class_id, member_id=member_id, whole=True, now=now)
    return class_id


def _deep_link(
    deployment: LtiDeployment, context: LtiContext | None, member_id: uuid.UUID, claims: LaunchClaims, *, now: datetime
) -> uuid.UUID | None:
    """The wish for content, kept until the teacher has chosen. Refused when it cannot be answered."""
    settings = claims.deep_linking
    if not claims.is_deep_linking or settings is None:
        return None
    context_key = None if context is None else context.id
    try:
        return deep_linking.begin(deployment.id, context_key, member_id, settings, now=now)
    except Invalid as error:
        raise Refused(error.code, error.message, **error.values) from error


def _link(known: Known, context: LtiContext, claims: LaunchClaims, *, now: datetime) -> None:
    """Keep the link that was opened, and what it opens."""
    if claims.resource_link_id is None:
        return
    title = None if claims.resource_link_title is None else claims.resource_link_title[:_LONGEST_TITLE]
    link = known.link or _made(
        LtiResourceLink, title, now=now, lti_context_id=context.id, resource_link_id=claims.resource_link_id
    )
    link.title = title
    link.history = list(claims.link_history) or link.history
    bind(context, link, claims, now=now)
