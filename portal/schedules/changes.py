"""Reads of what changed plans, for pages: a class's changes, one student's, and one change learner by learner."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.plans import ChangeKind, PlanChange, PlanDiff
from portal.models.schedules import Assignment, Schedule, ScheduleItem
from portal.schedules.effects import Change, Place
from portal.tenancy.scope import session
from portal.web.paging import Page, page_of

PAGE = 30
SHOWN = 60  # learners of one change whose dates are listed


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change as lists show it; ``about`` is the one learner it concerns, ``by`` who made it."""

    id: uuid.UUID
    class_id: uuid.UUID
    path: str
    kind: ChangeKind
    detail: dict[str, Any]
    made_at: datetime
    rolled_back_at: datetime | None
    learners: int
    moved: int
    added: int
    removed: int
    by: str | None
    about: str | None


def _rows() -> Select[Any]:
    by, about = aliased(Member), aliased(Member)
    return (
        select(
            PlanChange.id,
            Assignment.class_id,
            Assignment.title,
            PlanChange.kind,
            PlanChange.detail,
            PlanChange.made_at,
            PlanChange.rolled_back_at,
            PlanChange.learners,
            PlanChange.moved,
            PlanChange.added,
            PlanChange.removed,
            by.name,
            about.name,
        )
        .join(Assignment, Assignment.id == PlanChange.assignment_id)
        .outerjoin(by, by.id == PlanChange.made_by_id)
        .outerjoin(about, about.id == PlanChange.member_id)
        .order_by(PlanChange.made_at.desc(), PlanChange.id.desc())
    )


def of_class(class_id: uuid.UUID, asked: int) -> tuple[list[ChangeRow], Page]:
    """The page ``asked`` of the changes of a class's plans, newest first."""
    count = session().scalar(
        select(func.count())
        .select_from(PlanChange)
        .join(Assignment, Assignment.id == PlanChange.assignment_id)
        .where(Assignment.class_id == class_id)
    )
    page = page_of(asked, count or 0, PAGE)
    rows = session().execute(_rows().where(Assignment.class_id == class_id).limit(page.size).offset(page.offset))
    return [ChangeRow(*row) for row in rows], page


def of_student(class_id: uuid.UUID, member_id: uuid.UUID, *, limit: int = 20) -> list[ChangeRow]:
    """The changes that touched a student's plans in a class, newest first."""
    touched = (
        select(PlanDiff.change_id)
        .join(Schedule, Schedule.id == PlanDiff.schedule_id)
        .where(Schedule.member_id == member_id)
    )
    rows = session().execute(_rows().where(Assignment.class_id == class_id, PlanChange.id.in_(touched)).limit(limit))
    return [ChangeRow(*row) for row in rows]


def change(change_id: uuid.UUID) -> ChangeRow | None:
    """One change."""
    row = session().execute(_rows().where(PlanChange.id == change_id)).first()
    return None if row is None else ChangeRow(*row)


@dataclass(frozen=True, slots=True)
class LearnerDiff:
    """What a change did to one learner's plan; of a first plan (``first``) nothing is listed."""

    member_id: uuid.UUID
    name: str
    first: bool
    changes: Sequence[Change]


def diffs(change_id: uuid.UUID, member_id: uuid.UUID | None = None) -> tuple[list[LearnerDiff], dict[str, str]]:
    """A change learner by learner (one, or the first `SHOWN` by name), and titles of steps by their id's text."""
    found = (
        select(PlanDiff, Member.id, Member.name, Schedule.zone)
        .join(Schedule, Schedule.id == PlanDiff.schedule_id)
        .join(Member, Member.id == Schedule.member_id)
        .where(PlanDiff.change_id == change_id)
        .order_by(Member.name, Member.id)
        .limit(SHOWN)
    )
    if member_id is not None:
        found = found.where(Member.id == member_id)
    rows = session().execute(found).all()
    items = _items([diff for diff, *_rest in rows])
    titles = {str(step.step_id): step.title for _item, step in items.values()}
    return [
        LearnerDiff(key, name, diff.is_first, _changes(diff, items, ZoneInfo(zone))) for diff, key, name, zone in rows
    ], titles


_Items = Mapping[uuid.UUID, tuple[ScheduleItem, VersionStep]]


def _items(diffs: Sequence[PlanDiff]) -> dict[uuid.UUID, tuple[ScheduleItem, VersionStep]]:
    ids = {uuid.UUID(move["id"]) for diff in diffs for move in diff.moved}
    ids |= {key for diff in diffs for key in (*diff.added, *diff.removed)}
    rows = session().execute(
        select(ScheduleItem, VersionStep)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(ScheduleItem.id.in_(ids))
    )
    return {item.id: (item, step) for item, step in rows}


def _changes(diff: PlanDiff, items: _Items, zone: ZoneInfo) -> list[Change]:
    found = [
        _change(items, uuid.UUID(move["id"]), _place(move["from"], zone), _place(move["to"], zone), move.get("why", ""))
        for move in diff.moved
    ]
    for key in diff.added:
        if key in items:
            found.append(_change(items, key, None, _stored(items[key][0], zone), next(iter(items[key][0].reasons), "")))
    for key in diff.removed:
        if key in items:
            found.append(_change(items, key, _stored(items[key][0], zone), None, ""))
    return sorted(found, key=lambda each: (each.after or each.before or (date.max, time.max))[:2])


def _change(items: _Items, key: uuid.UUID, before: Place | None, after: Place | None, reason: str) -> Change:
    if key not in items:
        return Change("–", 1, 1, before, after, reason)
    item, step = items[key]
    return Change(step.title, item.part, item.parts, before, after, reason)


def _place(stored: Mapping[str, Any], zone: ZoneInfo) -> Place:
    due_at = datetime.fromisoformat(stored["due_at"])
    on, start = date.fromisoformat(stored["on"]), time.fromisoformat(stored["start"])
    return Place(on, start, stored["minutes"], due_at.astimezone(zone).date(), stored["pinned"])


def _stored(item: ScheduleItem, zone: ZoneInfo) -> Place:
    due_on = item.due_at.astimezone(zone).date()
    return Place(item.on_date, item.start_time, item.minutes, due_on, item.pinned)
