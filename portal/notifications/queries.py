"""Reads of the notifications feature."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from portal.models.classes import Classroom
from portal.models.curricula import VersionStep
from portal.models.notifications import (
    Channel,
    Delivery,
    DeliverySetting,
    DeliveryState,
    Notification,
    NotificationPreference,
)
from portal.models.organizations import Member, MemberStatus, Organization
from portal.models.plans import PlanChange, PlanDiff
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.notifications.kinds import SCHEDULE_NEW
from portal.tenancy.scope import session

_DEFAULTS = DeliverySetting(digest_time=time(7), quiet_from=time(21), quiet_until=time(7))
OPEN = (ItemStatus.PLANNED, ItemStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member as deliveries need one: address, zone, hours and what is switched off."""

    member_id: uuid.UUID
    name: str
    email: str | None
    zone: str
    locale: str
    digest_time: time
    quiet_from: time
    quiet_until: time
    off: frozenset[tuple[str, Channel]]

    def wants(self, kind: str, channel: Channel) -> bool:
        """Whether this kind goes to this member through this channel."""
        return (kind, channel) not in self.off and (channel is not Channel.MAIL or self.email is not None)


@dataclass(frozen=True, slots=True)
class ScheduleRef:
    """A schedule that is new or has changed."""

    schedule_id: uuid.UUID
    member_id: uuid.UUID
    revision: int


@dataclass(frozen=True, slots=True)
class DueItem:
    """An item of a digest; ``on_date`` and ``start_time`` are local to the schedule's zone."""

    item_id: uuid.UUID
    title: str
    path_title: str
    on_date: date
    start_time: time
    minutes: int


def recipients(member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Recipient]:
    """The members among these who are not removed, by id; three queries whatever their number."""
    newest = aliased(Schedule)
    zone = (
        select(newest.zone)
        .where(newest.member_id == Member.id)
        .order_by(newest.planned_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = (
        session()
        .execute(
            select(
                Member.id,
                Member.name,
                Member.email,
                func.coalesce(Member.zone, zone, Organization.zone),
                func.coalesce(Member.locale, Organization.locale),
            )
            .join(Organization, Organization.id == Member.organization_id)
            .where(Member.id.in_(member_ids), Member.status != MemberStatus.REMOVED)
        )
        .all()
    )
    hours = {
        found.member_id: found
        for found in session().scalars(select(DeliverySetting).where(DeliverySetting.member_id.in_(member_ids)))
    }
    off: dict[uuid.UUID, set[tuple[str, Channel]]] = {}
    for preference in session().scalars(
        select(NotificationPreference).where(
            NotificationPreference.member_id.in_(member_ids), NotificationPreference.enabled.is_(False)
        )
    ):
        off.setdefault(preference.member_id, set()).add((preference.kind, preference.channel))
    return {
        member_id: Recipient(
            member_id,
            name,
            email,
            zone_name,
            locale,
            hours.get(member_id, _DEFAULTS).digest_time,
            hours.get(member_id, _DEFAULTS).quiet_from,
            hours.get(member_id, _DEFAULTS).quiet_until,
            frozenset(off.get(member_id, ())),
        )
        for member_id, name, email, zone_name, locale in rows
    }


def schedules_of_assignment(assignment_id: uuid.UUID) -> list[ScheduleRef]:
    """Every schedule of an assignment, none when its class is archived."""
    return _schedules(Schedule.assignment_id == assignment_id)


def schedules_by_id(schedule_ids: Collection[uuid.UUID]) -> list[ScheduleRef]:
    """The schedules with these ids but those of archived classes."""
    return _schedules(Schedule.id.in_(schedule_ids))


def _schedules(which: ColumnElement[bool]) -> list[ScheduleRef]:
    rows = session().execute(
        select(Schedule.id, Schedule.member_id, Schedule.revision)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .where(which, Classroom.archived_at.is_(None))
    )
    return [ScheduleRef(*row) for row in rows]


def newest_changes(schedule_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[uuid.UUID, int]]:
    """The newest change of each schedule and how many dates it changed there; one statement."""
    dates = (
        func.jsonb_array_length(PlanDiff.moved) + func.cardinality(PlanDiff.added) + func.cardinality(PlanDiff.removed)
    )
    rows = session().execute(
        select(PlanDiff.schedule_id, PlanDiff.change_id, dates)
        .where(PlanDiff.schedule_id.in_(schedule_ids))
        .ext(distinct_on(PlanDiff.schedule_id))
        .order_by(PlanDiff.schedule_id, PlanDiff.id.desc())
    )
    return {schedule_id: (change_id, count) for schedule_id, change_id, count in rows}


def changes_by_id(change_ids: Collection[uuid.UUID]) -> dict[str, PlanChange]:
    """Changes of plans, by their id's text."""
    rows = session().scalars(select(PlanChange).where(PlanChange.id.in_(change_ids)))
    return {str(row.id): row for row in rows}


def told_as_new(member_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """The schedules of these members that the portal or a mail has told of as new; one statement."""
    told = (
        select(table.data["schedule_id"].astext).where(table.member_id.in_(member_ids), table.kind == SCHEDULE_NEW)
        for table in (Notification, Delivery)
    )
    return {uuid.UUID(text) for text in session().scalars(union_all(*told))}


def told_changes(schedule_id: uuid.UUID, but_delivery_id: uuid.UUID) -> set[uuid.UUID]:
    """The changes that other mails about a schedule told of.

    The schedule is held until the transaction ends, so that of two mails due at once only one tells of a change.
    """
    session().execute(select(Schedule.id).where(Schedule.id == schedule_id).with_for_update(key_share=True))
    rows = session().scalars(
        select(Delivery.data["told"]).where(
            Delivery.data["schedule_id"].astext == str(schedule_id),
            Delivery.member_id == select(Schedule.member_id).where(Schedule.id == schedule_id).scalar_subquery(),
            Delivery.state != DeliveryState.DEAD,
            Delivery.id != but_delivery_id,
        )
    )
    return {uuid.UUID(text) for told in rows for text in told or ()}


def due_items(member_id: uuid.UUID, *, until: date) -> list[DueItem]:
    """Open items of a member up to and including a local date, oldest first; archived classes have none."""
    rows = session().execute(
        select(
            ScheduleItem.id,
            VersionStep.title,
            Assignment.title,
            ScheduleItem.on_date,
            ScheduleItem.start_time,
            ScheduleItem.minutes,
        )
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .where(
            Classroom.archived_at.is_(None),
            ScheduleItem.member_id == member_id,
            ScheduleItem.on_date <= until,
            ScheduleItem.status.in_(OPEN),
            ScheduleItem.removed_at.is_(None),
        )
        .order_by(ScheduleItem.on_date, ScheduleItem.start_time)
    )
    return [DueItem(*row) for row in rows]


def next_days(member_ids: Collection[uuid.UUID], *, after: date) -> dict[uuid.UUID, date]:
    """For each member with open items after a local date, the first such date; archived classes have none."""
    rows = session().execute(
        select(ScheduleItem.member_id, func.min(ScheduleItem.on_date))
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .where(
            Classroom.archived_at.is_(None),
            ScheduleItem.member_id.in_(member_ids),
            ScheduleItem.on_date > after,
            ScheduleItem.status.in_(OPEN),
            ScheduleItem.removed_at.is_(None),
        )
        .group_by(ScheduleItem.member_id)
    )
    return dict(rows.all())


def schedule_summary(schedule_id: uuid.UUID) -> tuple[str, int, date | None, date | None] | None:
    """A schedule in brief: path title, open items, first and last open date; None when its class is archived."""
    row = (
        session()
        .execute(
            select(
                Assignment.title,
                func.count(ScheduleItem.id),
                func.min(ScheduleItem.on_date),
                func.max(ScheduleItem.on_date),
            )
            .select_from(Schedule)
            .join(Assignment, Assignment.id == Schedule.assignment_id)
            .join(Classroom, Classroom.id == Assignment.class_id)
            .outerjoin(
                ScheduleItem,
                (ScheduleItem.schedule_id == Schedule.id)
                & ScheduleItem.removed_at.is_(None)
                & ScheduleItem.status.in_(OPEN),
            )
            .where(Schedule.id == schedule_id, Classroom.archived_at.is_(None))
            .group_by(Assignment.title)
        )
        .first()
    )
    return None if row is None else (row[0], row[1], row[2], row[3])


def path_titles(schedule_ids: Collection[uuid.UUID]) -> dict[str, str]:
    """The path title of each of these schedules, by the id's text."""
    rows = session().execute(
        select(Schedule.id, Assignment.title)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .where(Schedule.id.in_(schedule_ids))
    )
    return {str(schedule_id): title for schedule_id, title in rows}


def unread_count(member_id: uuid.UUID) -> int:
    """How many notifications the member has not read."""
    return (
        session().scalar(
            select(func.count()).where(Notification.member_id == member_id, Notification.read_at.is_(None))
        )
        or 0
    )


def latest(member_id: uuid.UUID, *, before: datetime | None = None, limit: int = 30) -> Sequence[Notification]:
    """The member's newest notifications, older than ``before`` when given."""
    found = select(Notification).where(Notification.member_id == member_id)
    if before is not None:
        found = found.where(Notification.created_at < before)
    return session().scalars(found.order_by(Notification.created_at.desc()).limit(limit)).all()


def preferences(member_id: uuid.UUID) -> dict[tuple[str, Channel], bool]:
    """What the member has chosen, by kind and channel; what is absent is on."""
    rows = session().scalars(select(NotificationPreference).where(NotificationPreference.member_id == member_id))
    return {(row.kind, row.channel): row.enabled for row in rows}


def delivery_setting(member_id: uuid.UUID) -> DeliverySetting:
    """The member's digest time and quiet hours, or the defaults."""
    return session().get(DeliverySetting, member_id) or _DEFAULTS
