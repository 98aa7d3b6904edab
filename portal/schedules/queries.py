"""Reads of schedules and items, set-wise."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select

from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.pacing.types import Taken
from portal.tenancy.scope import session


def zones_of(member_ids: Collection[uuid.UUID], *, lock: bool) -> dict[uuid.UUID, str | None]:
    """The learners' own zones; with ``lock`` their rows are held, in id order: two plans never overfill a day."""
    found = select(Member.id, Member.zone).where(Member.id.in_(member_ids)).order_by(Member.id)
    if lock:
        found = found.with_for_update(key_share=True)
    return dict(session().execute(found).all())


def schedules_of(assignment_id: uuid.UUID, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Schedule]:
    """Schedules of an assignment by member."""
    rows = session().scalars(
        select(Schedule).where(Schedule.assignment_id == assignment_id, Schedule.member_id.in_(member_ids))
    )
    return {row.member_id: row for row in rows}


def items_of(schedule_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ScheduleItem]]:
    """Items that were not removed, by schedule, in time order."""
    found: dict[uuid.UUID, list[ScheduleItem]] = {}
    rows = session().scalars(
        select(ScheduleItem)
        .where(ScheduleItem.schedule_id.in_(schedule_ids), ScheduleItem.removed_at.is_(None))
        .order_by(ScheduleItem.starts_at, ScheduleItem.part)
    )
    for row in rows:
        found.setdefault(row.schedule_id, []).append(row)
    return found


def taken_by_others(
    member_ids: Collection[uuid.UUID], but_assignment_id: uuid.UUID | None, since: date
) -> dict[uuid.UUID, list[Taken]]:
    """Blocks these learners have on other assignments from a local date on, by member."""
    rows = session().execute(
        select(ScheduleItem.member_id, ScheduleItem.starts_at, ScheduleItem.minutes)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(
            ScheduleItem.member_id.in_(member_ids),
            Schedule.assignment_id.is_distinct_from(but_assignment_id),
            ScheduleItem.on_date >= since,
            ScheduleItem.removed_at.is_(None),
            ScheduleItem.status != ItemStatus.SKIPPED,
        )
        .order_by(ScheduleItem.starts_at)
    )
    found: dict[uuid.UUID, list[Taken]] = {}
    for member_id, starts_at, minutes in rows:
        found.setdefault(member_id, []).append(Taken(starts_at, minutes))
    return found


def step_keys(version_step_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Draft step ids of version steps, of whatever version."""
    rows = session().execute(select(VersionStep.id, VersionStep.step_id).where(VersionStep.id.in_(version_step_ids)))
    return dict(rows.all())


def assignments_of(class_id: uuid.UUID) -> Sequence[Assignment]:
    """The assignments of a class, newest first."""
    return (
        session()
        .scalars(select(Assignment).where(Assignment.class_id == class_id).order_by(Assignment.published_at.desc()))
        .all()
    )
