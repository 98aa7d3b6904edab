"""A course that was copied takes along what its links open, how its paths are graded, and its class's settings.

Platforms tell where a course and a link came from through ``$Context.id.history`` and ``$ResourceLink.id.history``.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from portal.lti.target import Target
from portal.models.classes import Classroom
from portal.models.lti import LtiClient, LtiContext, LtiDeployment, LtiResourceLink
from portal.tenancy.scope import session

_SETTINGS = (
    *("weekday_minutes", "weekly_cap_minutes", "study_from", "study_until", "due_time", "cadence"),
    *("holiday_country", "holiday_subdivision", "policy"),
)


def original_course(context: LtiContext) -> LtiContext | None:
    """The nearest course this one was copied from that is a class here."""
    if not context.history:
        return None
    known = {
        other.context_id: other
        for other in session().scalars(
            _same_platform(context).where(LtiContext.context_id.in_(context.history), LtiContext.class_id.is_not(None))
        )
    }
    return next((known[key] for key in context.history if key in known), None)


def settings_of(original: Classroom) -> dict[str, Any]:
    """What a copied course's class has in common with the original: days, hours, rules; never dates or people."""
    return {name: getattr(original, name) for name in _SETTINGS}


def original_target(context: LtiContext, history: Sequence[str]) -> Target | None:
    """What the nearest link a copied one came from opens; only links of the same platform count."""
    contexts = _same_platform(context).with_only_columns(LtiContext.id)
    known = {
        link.resource_link_id: Target(link.curriculum_id, link.unit_id, link.step_id)
        for link in session().scalars(
            select(LtiResourceLink).where(
                LtiResourceLink.lti_context_id.in_(contexts), LtiResourceLink.resource_link_id.in_(history)
            )
        )
        if link.curriculum_id is not None
    }
    return next((known[key] for key in history if key in known), None)


def _same_platform(context: LtiContext) -> Select[LtiContext]:
    platform = (
        select(LtiClient.platform_id)
        .join(LtiDeployment, LtiDeployment.lti_client_id == LtiClient.id)
        .where(LtiDeployment.id == context.lti_deployment_id)
        .scalar_subquery()
    )
    return (
        select(LtiContext)
        .join(LtiDeployment, LtiDeployment.id == LtiContext.lti_deployment_id)
        .join(LtiClient, LtiClient.id == LtiDeployment.lti_client_id)
        .where(LtiClient.platform_id == platform, LtiContext.id != context.id)
    )
