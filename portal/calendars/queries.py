"""Reads for feeds: the version that answers a poll, and the items of the window."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import array

from portal.calendars.ical import MARKER, FeedEvent
from portal.models.calendars import Feed, FeedVersion
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
    member_id: uuid.UUID
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
            .outerjoin(FeedVersion, FeedVersion.member_id == Feed.member_id)
            .where(Feed.id == feed_id, Feed.revoked_at.is_(None), Member.status != MemberStatus.REMOVED)
        )
        .first()
    )
    if row is None:
        return None
    feed, version, changed_at, own, planned, organization = row
    return FeedState(
        feed.id,
        feed.member_id,
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
    member_id: uuid.UUID, zone: str, first: date, last: date, *, version: int, base_url: str, now: datetime
) -> list[FeedEvent]:
    """A learner's study slots in the window, and those cancelled lately; one statement.

    A step whose path says by when it is due has a marker at that moment as well. Its sequence is the feed's
    ``version``: what its slots have counted falls when one of them is no longer shown.
    """
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
            ScheduleItem.due_at,
            ScheduleItem.schedule_id,
            VersionStep.step_id,
            VersionStep.options.has_any(array(("due_at", "due_offset_days"))),
        )
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .where(
            Classroom.archived_at.is_(None),
            ScheduleItem.member_id == member_id,
            ScheduleItem.on_date.between(first, last),
            or_(ScheduleItem.removed_at.is_(None), ScheduleItem.removed_at > now - CANCELLED_FOR),
        )
        .order_by(ScheduleItem.starts_at, ScheduleItem.id)
    )
    info = ZoneInfo(zone)
    slots: list[FeedEvent] = []
    of_step: dict[tuple[uuid.UUID, uuid.UUID], list[tuple[FeedEvent, datetime]]] = {}
    for item_id, title, domain, starts_at, minutes, sequence, changed_at, status, removed_at, *due in rows:
        slot = FeedEvent(
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
        slots.append(slot)
        due_at, schedule_id, step_id, has_due = due
        if has_due:
            of_step.setdefault((schedule_id, step_id), []).append((slot, due_at))
    return slots + [replace(_due(key, parts, info), sequence=version) for key, parts in of_step.items()]


def _due(key: tuple[uuid.UUID, uuid.UUID], parts: Sequence[tuple[FeedEvent, datetime]], zone: ZoneInfo) -> FeedEvent:
    """The marker of a step, from its slots and when each is due; it changes with any of them."""
    open_ones = [each for each in parts if not each[0].cancelled] or parts
    last, due_at = max(open_ones, key=lambda each: each[1])
    return replace(
        last,
        uid=f"{key[0]}.{key[1]}.due@portal",
        title=_("Due: %(title)s", title=last.title),
        starts=_before(due_at, zone),
        changed_at=max(slot.changed_at for slot, _due_at in parts),
        done=all(slot.done for slot, _due_at in open_ones),
        is_marker=True,
    )


def _before(due_at: datetime, zone: ZoneInfo) -> datetime:
    """When a marker begins that ends at the due moment, to the minute."""
    return (due_at.astimezone(zone) - MARKER).replace(tzinfo=None, second=0, microsecond=0)


def feed_of(member_id: uuid.UUID) -> Feed | None:
    """The member's feed unless it was revoked."""
    return session().scalar(select(Feed).where(Feed.member_id == member_id, Feed.revoked_at.is_(None)))
