"""Reads for feeds: the version that answers a poll, and the items of the window."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from portal.calendars.ical import FeedEvent
from portal.models.calendars import Feed, FeedKind, FeedVersion
from portal.models.classes import Classroom
from portal.models.curricula import VersionStep
from portal.models.organizations import Member, MemberStatus, Organization
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.tenancy.scope import session

BACK, AHEAD, CANCELLED_FOR = timedelta(days=30), timedelta(days=366), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a poll needs before anything is rendered."""

    feed_id: uuid.UUID
    kind: FeedKind
    owner_id: uuid.UUID
    version: int
    changed_at: datetime
    zone: str
    last_used_at: datetime | None


def state(feed_id: uuid.UUID) -> FeedState | None:
    """The feed and its version, or None when it was revoked or its member left; one statement."""
    zone = (
        select(Schedule.zone)
        .where(Schedule.member_id == Feed.member_id)
        .order_by(Schedule.planned_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = (
        session()
        .execute(
            select(Feed, FeedVersion.version, FeedVersion.changed_at, Member.zone, zone, Organization.zone)
            .join(Member, Member.id == Feed.member_id)
            .join(Organization, Organization.id == Feed.organization_id)
            .outerjoin(FeedVersion, FeedVersion.owner_id == Feed.owner_id)
            .where(Feed.id == feed_id, Feed.revoked_at.is_(None), Member.status != MemberStatus.REMOVED)
        )
        .first()
    )
    if row is None:
        return None
    feed, version, changed_at, own, planned, organization = row
    return FeedState(
        feed.id,
        feed.kind,
        feed.owner_id,
        version or 0,
        changed_at or feed.created_at,
        planned or own or organization,
        feed.last_used_at,
    )


def window(now: datetime, zone: str) -> tuple[date, date]:
    """The local dates a feed shows."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return today - BACK, today + AHEAD


def modified_at(state: FeedState, now: datetime) -> datetime:
    """When the feed last read differently: its owner's last change, or the local midnight that moved its window."""
    first, _last = window(now, state.zone)
    return max(state.changed_at, datetime.combine(first + BACK, time(), ZoneInfo(state.zone)))


def events_of_member(
    member_id: uuid.UUID, zone: str, first: date, last: date, *, base_url: str, now: datetime
) -> list[FeedEvent]:
    """A learner's study slots in the window, and those cancelled lately; one statement."""
    rows = session().execute(
        select(
            ScheduleItem.id,
            VersionStep.title,
            VersionStep.domain_name,
            ScheduleItem.starts_at,
            ScheduleItem.minutes,
            ScheduleItem.sequence,
            ScheduleItem.changed_at,
            ScheduleItem.status,
            ScheduleItem.removed_at,
        )
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(
            ScheduleItem.member_id == member_id,
            ScheduleItem.on_date.between(first, last),
            or_(ScheduleItem.removed_at.is_(None), ScheduleItem.removed_at > now - CANCELLED_FOR),
        )
        .order_by(ScheduleItem.starts_at, ScheduleItem.id)
    )
    info = ZoneInfo(zone)
    return [
        FeedEvent(
            uid=f"{item_id}@portal",
            title=title,
            starts=starts_at.astimezone(info).replace(tzinfo=None),
            minutes=minutes,
            sequence=sequence,
            changed_at=changed_at,
            category=domain,
            url=f"{base_url}/items/{item_id}",
            done=status is ItemStatus.COMPLETED,
            cancelled=removed_at is not None or status is ItemStatus.SKIPPED,
        )
        for item_id, title, domain, starts_at, minutes, sequence, changed_at, status, removed_at in rows
    ]


def events_of_class(class_id: uuid.UUID, zone: str, first: date, last: date) -> list[FeedEvent]:
    """A class's due days, without names: when a step is due for most; one statement."""
    rows = session().execute(
        select(
            Assignment.id,
            VersionStep.id,
            VersionStep.title,
            VersionStep.domain_name,
            ScheduleItem.due_at,
            Assignment.published_at,
            Assignment.revision,
        )
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(
            Assignment.class_id == class_id,
            ScheduleItem.removed_at.is_(None),
            ScheduleItem.on_date.between(first, last),
        )
        .ext(distinct_on(Assignment.id, VersionStep.id))
        .order_by(Assignment.id, VersionStep.id, ScheduleItem.due_at.desc())
    )
    info = ZoneInfo(zone)
    return [
        FeedEvent(
            uid=f"{step_id}.{assignment_id}@portal",
            title=title,
            starts=(due_at.astimezone(info) - timedelta(minutes=30)).replace(tzinfo=None, second=0, microsecond=0),
            minutes=30,
            sequence=revision,
            changed_at=published_at.astimezone(UTC),
            category=domain,
            is_marker=True,
        )
        for assignment_id, step_id, title, domain, due_at, published_at, revision in rows
    ]


def feeds_of(member_id: uuid.UUID) -> dict[tuple[FeedKind, uuid.UUID], Feed]:
    """The member's feeds that were not revoked, by kind and owner."""
    rows = session().scalars(select(Feed).where(Feed.member_id == member_id, Feed.revoked_at.is_(None)))
    return {(row.kind, row.owner_id): row for row in rows}


def class_zone(class_id: uuid.UUID) -> tuple[str, str] | None:
    """Name and zone of a class."""
    row = session().execute(select(Classroom.name, Classroom.zone).where(Classroom.id == class_id)).first()
    return None if row is None else (row[0], row[1])
