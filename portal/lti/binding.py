"""What a link in a course opens: said by the link, kept with it, or taken along from the course it was copied from."""

from datetime import datetime

from portal.events.outbox import owe
from portal.lti.claims import LaunchClaims
from portal.lti.copies import original_target
from portal.lti.grades.services import COLUMN, wish_column
from portal.lti.target import Target, of_launch
from portal.models.curricula import Curriculum
from portal.models.lti import LtiContext, LtiResourceLink
from portal.tenancy.scope import session


def bind(context: LtiContext, link: LtiResourceLink, claims: LaunchClaims, *, now: datetime) -> None:
    """Keep with the link what it opens, and its column where the platform has one for it."""
    target = of_launch(claims.custom, claims.target_link_uri)
    if target is None and link.curriculum_id is None and claims.link_history:
        target = original_target(context, claims.link_history)
    bound = None if link.curriculum_id is None else Target(link.curriculum_id, link.unit_id, link.step_id)
    column_is_known = claims.line_item_url in (None, link.line_item_url)
    if target in (None, bound) and column_is_known:
        return
    target = target or bound
    link.line_item_url = claims.line_item_url or link.line_item_url
    curriculum = None if target is None else session().get(Curriculum, target.curriculum_id)
    if target is None or curriculum is None:
        return
    link.curriculum_id, link.unit_id, link.step_id = target.curriculum_id, target.unit_id, target.step_id
    if claims.line_item_url is not None:
        label = link.title or curriculum.title
        owe(COLUMN, wish_column(context.id, target, label, url=claims.line_item_url, now=now), due_at=now)
