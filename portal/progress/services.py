"""What a learner does with an item: start, pause, complete, skip, reopen, note. Each is one short write."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.errors import N_, Conflict, Invalid, NotFound
from portal.events.outbox import emit
from portal.events.usage import record_use
from portal.models.organizations import Member
from portal.models.schedules import ItemStatus, Schedule, ScheduleItem
from portal.schedules.write import bump_feeds
from portal.security.actor import Actor
from portal.tenancy.scope import session

MAX_NOTE_CHARACTERS = 4000
MAX_ACTUAL_MINUTES = 24 * 60


def start(item_id: uuid.UUID, *, actor: Actor, now: datetime) -> ScheduleItem:
    """Begin or go on with an item; another one that runs is paused first."""
    item = _own(item_id, actor)
    if item.status in (ItemStatus.COMPLETED, ItemStatus.SKIPPED):
        raise Conflict("item_closed", N_("This item is closed. Reopen it first."))
    if item.running_since is not None:
        return item
    for running in session().scalars(
        select(ScheduleItem)
        .where(ScheduleItem.member_id == actor.member_id, ScheduleItem.running_since.is_not(None))
        .with_for_update()
    ):
        _pause(running, actor, now)
    item.status, item.running_since = ItemStatus.IN_PROGRESS, now
    item.started_at = item.started_at or now
    _changed(item, "item.started", actor, now)
    return item


def pause(item_id: uuid.UUID, *, actor: Actor, now: datetime) -> ScheduleItem:
    """Stop the clock of a running item; the minutes so far are kept."""
    item = _own(item_id, actor)
    if item.running_since is not None:
        _pause(item, actor, now)
    return item


def _pause(item: ScheduleItem, actor: Actor, now: datetime) -> None:
    """Keep the minutes; what is left of a step begun on another day is planned by them."""
    before = item.actual_minutes
    clocked = _stop_clock(item, now)
    _record(item, "item.paused", actor, now, minutes=item.actual_minutes - before, clocked=clocked)
    emit("item.paused", now=now, item_id=item.id, schedule_id=item.schedule_id)


def complete(item_id: uuid.UUID, *, actual_minutes: int | None = None, actor: Actor, now: datetime) -> ScheduleItem:
    """Complete an item. ``actual_minutes`` corrects what the clock says; with neither, the plan's count.

    When nothing of its step is left but items half done on days that are over, those are completed with it: this
    one was planned for their rest.
    """
    if actual_minutes is not None and not 0 <= actual_minutes <= MAX_ACTUAL_MINUTES:
        raise Invalid(
            "actual_minutes",
            N_("The minutes must be between 0 and %(maximum)d."),
            field="actual_minutes",
            maximum=MAX_ACTUAL_MINUTES,
        )
    item = _own(item_id, actor)
    if item.status is ItemStatus.COMPLETED and actual_minutes is None:
        return item
    measured = item.running_since is not None or item.actual_minutes > 0
    before = item.actual_minutes
    clocked = _stop_clock(item, now)
    if actual_minutes is not None:
        item.actual_minutes = actual_minutes
    elif not measured:
        item.actual_minutes = item.minutes
    item.status = ItemStatus.COMPLETED
    item.started_at, item.finished_at = item.started_at or now, item.finished_at or now
    minutes = {"actual_minutes": item.actual_minutes, "minutes": item.actual_minutes - before, "clocked": clocked}
    _changed(item, "item.completed", actor, now, **minutes)
    _complete_begun(item, actor, now)
    return item


def _complete_begun(item: ScheduleItem, actor: Actor, now: datetime) -> None:
    rows = session().execute(
        select(ScheduleItem, Schedule.zone)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(
            ScheduleItem.schedule_id == item.schedule_id,
            ScheduleItem.version_step_id == item.version_step_id,
            ScheduleItem.id != item.id,
            ScheduleItem.finished_at.is_(None),
            ScheduleItem.removed_at.is_(None),
        )
        .with_for_update(of=ScheduleItem)
    )
    others = [(other, now.astimezone(ZoneInfo(zone)).date()) for other, zone in rows]
    if any(other.status is not ItemStatus.IN_PROGRESS or other.on_date >= today for other, today in others):
        return
    for other, _today in others:
        before = other.actual_minutes
        _stop_clock(other, now)
        other.status, other.finished_at = ItemStatus.COMPLETED, now
        minutes = other.actual_minutes - before
        _changed(other, "item.completed", actor, now, actual_minutes=other.actual_minutes, minutes=minutes)


def skip(item_id: uuid.UUID, *, actor: Actor, now: datetime) -> ScheduleItem:
    """Skip an item; what needs it no longer waits for it."""
    item = _own(item_id, actor)
    if item.status is ItemStatus.SKIPPED:
        return item
    if item.status is ItemStatus.COMPLETED:
        raise Conflict("item_closed", N_("This item is closed. Reopen it first."))
    before = item.actual_minutes
    clocked = _stop_clock(item, now)
    item.status, item.finished_at = ItemStatus.SKIPPED, now
    _changed(item, "item.skipped", actor, now, minutes=item.actual_minutes - before, clocked=clocked)
    return item


def reopen(item_id: uuid.UUID, *, actor: Actor, now: datetime) -> ScheduleItem:
    """Undo a completion or a skip; the minutes stay."""
    item = _own(item_id, actor)
    if item.status not in (ItemStatus.COMPLETED, ItemStatus.SKIPPED):
        return item
    item.status = ItemStatus.IN_PROGRESS if item.actual_minutes else ItemStatus.PLANNED
    item.finished_at = None
    _changed(item, "item.reopened", actor, now)
    return item


def write_note(item_id: uuid.UUID, text: str, *, actor: Actor, now: datetime) -> ScheduleItem:
    """Keep the learner's own note; nobody else sees it."""
    if len(text) > MAX_NOTE_CHARACTERS:
        raise Invalid(
            "note_too_long", N_("A note has at most %(maximum)d characters."), field="note", maximum=MAX_NOTE_CHARACTERS
        )
    item = _own(item_id, actor)
    if item.note != text:
        item.note = text
        _record(item, "item.noted", actor, now)
    return item


def choose_encouragement(*, streaks: bool, milestones: bool, actor: Actor) -> None:
    """Whether the actor sees a streak and milestones of her own."""
    member = session().get_one(Member, actor.member_id)
    member.streaks, member.milestones = streaks, milestones


def _own(item_id: uuid.UUID, actor: Actor) -> ScheduleItem:
    """The actor's own item, locked. NotFound for anybody else's and for one that was removed."""
    item = session().scalar(
        select(ScheduleItem)
        .where(
            ScheduleItem.id == item_id,
            ScheduleItem.member_id == actor.member_id,
            ScheduleItem.removed_at.is_(None),
        )
        .with_for_update()
    )
    if item is None:
        raise NotFound("item_not_found", N_("There is no such item in your schedule."))
    return item


def _stop_clock(item: ScheduleItem, now: datetime) -> int:
    """Add the time since the start, rounded to whole minutes, and say it; a clock left on counts a day at most."""
    if item.running_since is None:
        return 0
    ran = round(min(now - item.running_since, timedelta(minutes=MAX_ACTUAL_MINUTES)).total_seconds() / 60)
    item.actual_minutes = min(item.actual_minutes + ran, MAX_ACTUAL_MINUTES)
    item.running_since = None
    return ran


def _changed(item: ScheduleItem, name: str, actor: Actor, now: datetime, **data: int) -> None:
    """A change that calendars and educators see."""
    item.sequence += 1
    item.changed_at = now
    _record(item, name, actor, now, **data)
    bump_feeds([item.member_id], now=now)
    emit(name, now=now, item_id=item.id, schedule_id=item.schedule_id)


def _record(item: ScheduleItem, name: str, actor: Actor, now: datetime, **data: int) -> None:
    zone = select(Schedule.zone).where(Schedule.id == item.schedule_id).scalar_subquery()
    record_use(name, actor.member_id, now=now, item_id=item.id, zone=zone, **data)
