"""Learning platforms as the portal knows them, and courses that became classes."""

import uuid
from dataclasses import dataclass

from lti1p3platform.registration import Registration

from portal import clock
from portal.lti.deep_linking import services as deep_linking
from portal.lti.keys import key_set
from portal.models.classes import ClassRole
from portal.models.lti import ClientState, LtiClient, LtiContext, LtiDeployment, LtiPlatform, LtiUser, PlatformKind
from portal.models.organizations import Role
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.platform import AGS, NRPS, Platform
from tests.factories.cast import Cast, enrol, make_member


@dataclass(frozen=True)
class Course:
    """A course on a platform, bound to a class."""

    organization_id: uuid.UUID
    platform_id: uuid.UUID
    client_id: uuid.UUID
    deployment_id: uuid.UUID
    context_id: uuid.UUID
    class_id: uuid.UUID


def make_course(
    organization_id: uuid.UUID,
    class_id: uuid.UUID,
    platform: Platform,
    *,
    kind: PlatformKind = PlatformKind.GENERIC,
    context_id: str = "7",
    title: str = "Music, year 5",
) -> Course:
    """Register the platform with the organization, and its course with the class; both trust each other's keys."""
    now = clock.now()
    with unit_of_work(organization_id=organization_id) as db:
        known = LtiPlatform(
            organization_id=organization_id,
            name="School platform",
            kind=kind,
            issuer=platform.url,
            jwks_url=platform.url + "/jwks",
            created_at=now,
        )
        db.add(known)
        db.flush()
        client = LtiClient(
            organization_id=organization_id,
            platform_id=known.id,
            client_id=platform.registration.get_client_id(),
            auth_login_url=platform.url + "/auth",
            token_url=platform.url + "/token",
            state=ClientState.ACTIVE,
            created_at=now,
        )
        db.add(client)
        db.flush()
        deployment = LtiDeployment(
            organization_id=organization_id, lti_client_id=client.id, deployment_id="1", created_at=now
        )
        db.add(deployment)
        db.flush()
        context = LtiContext(
            organization_id=organization_id,
            lti_deployment_id=deployment.id,
            context_id=context_id,
            class_id=class_id,
            title=title,
            memberships_url=platform.members_url,
            line_items_url=platform.line_items_url,
            scopes=[NRPS, AGS + "lineitem", AGS + "score"],
            created_at=now,
        )
        db.add(context)
        db.flush()
        platform.registration.set_tool_key_set({"keys": key_set(now=now)})
        return Course(organization_id, known.id, client.id, deployment.id, context.id, class_id)


def unserved() -> Platform:
    """A platform nobody can ask."""
    registration = Registration()
    registration.set_client_id("client-1")
    return Platform("https://lms.example", registration)


def make_deep_link(course: Course, member_id: uuid.UUID) -> uuid.UUID:
    """A platform's wish that the member choose content for the course; its id."""
    settings = {
        "deep_link_return_url": "https://lms.example/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
    }
    with unit_of_work(organization_id=course.organization_id):
        return deep_linking.begin(course.deployment_id, course.context_id, member_id, settings, now=clock.now())


def make_lti_user(course: Course, sub: str, member_id: uuid.UUID) -> uuid.UUID:
    """A person as the platform knows one; its id."""
    with unit_of_work(organization_id=course.organization_id) as db:
        user = LtiUser(
            organization_id=course.organization_id,
            platform_id=course.platform_id,
            sub=sub,
            member_id=member_id,
            created_at=clock.now(),
        )
        db.add(user)
        db.flush()
        return user.id


def join(cast: Cast, course: Course, sub: str, role: ClassRole = ClassRole.STUDENT) -> uuid.UUID:
    """A member without an account who came from the course; the member's id."""
    organization_id = cast.ada.organization_id
    member_id = make_member(organization_id, None, Role.STUDENT, name=sub.title())
    enrol(organization_id, course.class_id, member_id, role)
    make_lti_user(course, sub, member_id)
    return member_id
