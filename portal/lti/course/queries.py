"""Reads for the educator's page of a course."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select, union
from sqlalchemy.dialects.postgresql import distinct_on

from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.known import capabilities_of
from portal.models.curricula import CurriculumVersion
from portal.models.lti import LtiClient, LtiContext, LtiDeployment, LtiLineItem, LtiPlatform, LtiResourceLink
from portal.models.schedules import Assignment
from portal.tenancy.scope import session


def is_course(class_id: uuid.UUID) -> bool:
    """Whether a class belongs to a course of a learning platform."""
    return bool(session().scalar(select(exists().where(LtiContext.class_id == class_id))))


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course with its platform."""

    context: LtiContext
    platform: str
    capabilities: Capabilities


def courses(class_id: uuid.UUID) -> list[CourseRow]:
    """The courses of a class; one statement."""
    rows = session().execute(
        select(LtiContext, LtiPlatform.name, LtiPlatform.kind)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.lti_deployment_id)
        .join(LtiClient, LtiClient.id == LtiDeployment.lti_client_id)
        .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
        .where(LtiContext.class_id == class_id)
        .order_by(LtiContext.created_at)
    )
    return [CourseRow(context, name, capabilities_of(kind.value)) for context, name, kind in rows]


@dataclass(frozen=True, slots=True)
class PathRow:
    """A path that stands in the course; without an assignment it is not published to the class yet."""

    title: str
    version_id: uuid.UUID
    assignment_id: uuid.UUID | None


def paths(class_id: uuid.UUID) -> Sequence[PathRow]:
    """The paths linked in the class's courses, or graded there; one statement."""
    mine = select(LtiContext.id).where(LtiContext.class_id == class_id)
    linked = union(
        select(LtiResourceLink.curriculum_id).where(LtiResourceLink.lti_context_id.in_(mine)),
        select(LtiLineItem.curriculum_id).where(LtiLineItem.lti_context_id.in_(mine)),
    ).subquery()
    published = (
        select(Assignment.id, CurriculumVersion.curriculum_id)
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .where(Assignment.class_id == class_id)
        .subquery()
    )
    rows = session().execute(
        select(CurriculumVersion.title, CurriculumVersion.id, published.c.id)
        .join(linked, linked.c.curriculum_id == CurriculumVersion.curriculum_id)
        .outerjoin(published, published.c.curriculum_id == CurriculumVersion.curriculum_id)
        .ext(distinct_on(CurriculumVersion.curriculum_id))
        .order_by(CurriculumVersion.curriculum_id, CurriculumVersion.number.desc())
    )
    return sorted((PathRow(*row) for row in rows), key=lambda row: row.title)
