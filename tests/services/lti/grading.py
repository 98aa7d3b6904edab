"""What a learner does, and the one score it leads to."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.models.lti import LtiScore
from portal.models.schedules import ScheduleItem
from portal.security.actor import Actor
from portal.tenancy.scope import unit_of_work
from tests.factories.lti import Course


def do(actor: Actor, what: Callable[..., Any], item: ScheduleItem) -> None:
    """Have the actor complete or reopen an item, now."""
    with unit_of_work(organization_id=actor.organization_id):
        what(item.id, actor=actor, now=clock.now())


def score_row(course: Course) -> LtiScore:
    """The course's one score as the portal keeps it."""
    with unit_of_work(organization_id=course.organization_id) as db:
        row = db.scalars(select(LtiScore)).one()
        db.expunge(row)
        return row
