"""Taking a verified launch in: the person, the course's class, the link, and the session that follows."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from portal.classes.services import ClassDraft, enrol_launched, save_class
from portal.errors import Invalid
from portal.events.audit import audit
from portal.lti import people
from portal.lti.binding import bind
from portal.lti.claims import LaunchClaims
from portal.lti.copies import original_class, settings_of
from portal.lti.deep_linking import services as deep_linking
from portal.lti.launch import Verified
from portal.lti.platforms.known import capabilities_of
from portal.lti.refusals import Refused
from portal.lti.roles import class_role
from portal.lti.roster import services as roster
from portal.models.classes import ClassRole
from portal.models.lti import LtiClient, LtiContext, LtiDeployment, LtiPlatform, LtiResourceLink, LtiUser, PlatformKind
from portal.models.organizations import Organization
from portal.security import sign_ins
from portal.security.identity import load_actor
from portal.tenancy.scope import organization_id, session, unit_of_work

_WEEK = (60, 60, 60, 60, 60, 0, 0)
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Launched:
    """What a launch led to: the session's token, and the keys of the rows it touched (None where there is none)."""

    token: str
    organization_id: uuid.UUID
    member_id: uuid.UUID
    role: ClassRole
    class_id: uuid.UUID | None
    context_key: uuid.UUID | None
    link_key: uuid.UUID | None
    deployment_key: uuid.UUID
    claims: LaunchClaims
    frame_origins: str
    deep_link_id: uuid.UUID | None = None


def take_in(verified: Verified, *, now: datetime) -> Launched:
    """Make or find everything a launch stands for, in one transaction. Refused for a person who was removed."""
    claims, registered = verified.claims, verified.registered
    with unit_of_work(organization_id=registered.organization_id):
        role = class_role(claims.roles)
        said = people.Said(claims.sub, claims.name, claims.email)
        person = people.known(registered.platform_key, said, role, now=now)
        _note_use(verified, person, now=now)
        context = _context(verified, now=now)
        if context is not None:
            _enter_class(context, person.member_id, role, now=now)
        link = _link(context, claims, now=now)
        token = sign_ins.begin_launch(person.member_id, organization_id=registered.organization_id, now=now)
        launched = Launched(
            token=token,
            organization_id=registered.organization_id,
            member_id=person.member_id,
            role=role,
            class_id=None if context is None else context.class_id,
            context_key=None if context is None else context.id,
            link_key=None if link is None else link.id,
            deployment_key=verified.deployment_key,
            claims=claims,
            frame_origins=registered.frame_origins,
            deep_link_id=_deep_link(verified, context, person.member_id, now=now),
        )
        _record(launched, now=now)
        return launched


def _record(launched: Launched, *, now: datetime) -> None:
    audit(
        "lti.launched",
        "member",
        launched.member_id,
        actor_member_id=launched.member_id,
        now=now,
        message=launched.claims.message_type,
        deployment=launched.deployment_key,
    )


def _note_use(verified: Verified, person: LtiUser, *, now: datetime) -> None:
    """Last launches, and the platform's kind once it has said so; a launch that worked clears the last error."""
    registered, claims = verified.registered, verified.claims
    person.last_launch_at = now
    db = session()
    db.execute(update(LtiDeployment).where(LtiDeployment.id == verified.deployment_key).values(last_launch_at=now))
    db.execute(update(LtiClient).where(LtiClient.id == registered.client_key).values(last_launch_at=now))
    values: dict[str, object] = {"last_launch_at": now, "last_error": None, "last_error_at": None}
    kind = capabilities_of(claims.family).family.upper()
    if registered.kind == PlatformKind.GENERIC.value != kind:
        values["kind"] = PlatformKind(kind)
    db.execute(update(LtiPlatform).where(LtiPlatform.id == registered.platform_key).values(values))


def _context(verified: Verified, *, now: datetime) -> LtiContext | None:
    """The course of the launch, with its latest service addresses; None for a launch outside any course."""
    claims = verified.claims
    if claims.context_id is None:
        return None
    title = (claims.context_title or claims.context_id)[:_LONGEST_TITLE]
    key = session().scalar(
        insert(LtiContext)
        .values(
            organization_id=organization_id(),
            lti_deployment_id=verified.deployment_key,
            context_id=claims.context_id,
            title=title,
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=["organization_id", "lti_deployment_id", "context_id"], set_={"title": title}
        )
        .returning(LtiContext.id)
    )
    context = session().get_one(LtiContext, key, populate_existing=True)
    context.history = list(claims.history) or context.history
    context.memberships_url = claims.memberships_url or context.memberships_url
    context.line_items_url = claims.line_items_url or context.line_items_url
    context.scopes = list(claims.scopes) or context.scopes
    return context


def _enter_class(context: LtiContext, member_id: uuid.UUID, role: ClassRole, *, now: datetime) -> None:
    """A teacher's launch makes the course a class; everybody's enrols in it. Without a class a learner waits."""
    if context.class_id is None and role is ClassRole.TEACHER:
        session().flush()
        actor = load_actor(member_id)
        assert actor is not None  # noqa: S101 - made above
        draft = ClassDraft(
            name=context.title,
            zone=actor.zone,
            starts_on=now.astimezone(ZoneInfo(actor.zone)).date(),
            weekday_minutes=list(_WEEK),
            holiday_country=session().scalar(select(Organization.holiday_country)),
        )
        original = original_class(context)
        if original is not None:
            draft = replace(draft, **settings_of(original))
        context.class_id = save_class(draft, actor=actor, now=now).id
        if context.memberships_url is not None:
            roster.begin(context.class_id, member_id=member_id, whole=True, now=now)
    if context.class_id is not None:
        enrol_launched(context.class_id, member_id, role, now=now)


def _deep_link(
    verified: Verified, context: LtiContext | None, member_id: uuid.UUID, *, now: datetime
) -> uuid.UUID | None:
    """The wish for content, kept until the teacher has chosen. Refused when it cannot be answered."""
    settings = verified.claims.deep_linking
    if not verified.claims.is_deep_linking or settings is None:
        return None
    context_key = None if context is None else context.id
    try:
        return deep_linking.begin(verified.deployment_key, context_key, member_id, settings, now=now)
    except Invalid as error:
        raise Refused(error.code, error.message, **error.values) from error


def _link(context: LtiContext | None, claims: LaunchClaims, *, now: datetime) -> LtiResourceLink | None:
    """The link that was opened, with its line item's address."""
    if context is None or claims.resource_link_id is None:
        return None
    title = None if claims.resource_link_title is None else claims.resource_link_title[:_LONGEST_TITLE]
    key = session().scalar(
        insert(LtiResourceLink)
        .values(
            organization_id=organization_id(),
            lti_context_id=context.id,
            resource_link_id=claims.resource_link_id,
            title=title,
            created_at=now,
        )
        .on_conflict_do_update(
            index_elements=["organization_id", "lti_context_id", "resource_link_id"], set_={"title": title}
        )
        .returning(LtiResourceLink.id)
    )
    link = session().get_one(LtiResourceLink, key, populate_existing=True)
    link.history = list(claims.link_history) or link.history
    bind(context, link, claims, now=now)
    return link
