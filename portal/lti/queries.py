"""Reads for the pages of launches."""

import uuid
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.classes import queries as classes
from portal.errors import N_, NotFound
from portal.models.organizations import Organization
from portal.progress import queries as progress
from portal.progress.queries import ItemRow
from portal.security.actor import Actor
from portal.tenancy.scope import unit_of_work


def organization_exists(organization_id: uuid.UUID) -> bool:
    """Whether there is an organization of this id; in a unit of work of its own."""
    with unit_of_work(organization_id=organization_id) as db:
        return db.get(Organization, organization_id) is not None


def learning(actor: Actor, class_id: uuid.UUID | None, *, now: datetime) -> dict[str, Any]:
    """What a learner's course page shows, in a constant number of statements; of one class, or of all.

    NotFound for a class the actor is not in.
    """
    if class_id is not None and classes.role_of(class_id, actor.member_id) is None:
        raise NotFound("class_not_found", N_("There is no such class."))
    day = now.astimezone(ZoneInfo(progress.zone_of(actor.member_id) or actor.zone)).date()
    paths = [p for p in progress.paths_of(actor.member_id, now=now) if class_id in (None, p.class_id)]
    schedules = {path.schedule_id for path in paths}
    items = [
        item for item in progress.items_between(actor.member_id, date.min, date.max) if item.schedule_id in schedules
    ]
    return {
        "name": None if class_id is None else classes.classroom(class_id).name,
        "day": day,
        "paths": paths,
        "whole": [(path, [item for item in items if item.schedule_id == path.schedule_id]) for path in paths],
        **_parts(items, day),
    }


def _parts(items: list[ItemRow], day: date) -> dict[str, Any]:
    """Today's items, those left over, the one to do now, and the next of a later day."""
    today = [item for item in items if item.on_date == day]
    overdue = [item for item in items if item.on_date < day and not item.done]
    waiting = [item for item in today + overdue if not item.done]
    running = [item for item in waiting if item.running_since is not None]
    return {
        "today": today,
        "overdue": overdue,
        "current": next(iter(running or waiting), None),
        "upcoming": next((item for item in items if item.on_date > day and not item.done), None),
    }
