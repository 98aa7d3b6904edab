"""Deciding: which rows a happening makes. All set-wise, all exactly once by key."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from portal.events.outbox import owe_all, withdraw
from portal.models.notifications import (
    Channel,
    Delivery,
    DeliverySetting,
    Notification,
    NotificationPreference,
)
from portal.notifications import queries
from portal.notifications.kinds import DIGEST, SCHEDULE_CHANGED, SCHEDULE_NEW, TEST
from portal.notifications.queries import Recipient, ScheduleRef
from portal.notifications.quiet import earliest, local_instant
from portal.security.actor import Actor
from portal.tenancy.scope import organization_id, session

DELIVERY = "delivery"


def announce(schedules: Sequence[ScheduleRef], *, now: datetime) -> None:
    """Tell learners of new or changed schedules; a revision that was told already is not told again."""
    people = queries.recipients([schedule.member_id for schedule in schedules])
    changes = queries.newest_changes([schedule.schedule_id for schedule in schedules if schedule.revision > 1])
    told = queries.told_as_new([schedule.member_id for schedule in schedules])
    notices: list[dict[str, Any]] = []
    mails: list[dict[str, Any]] = []
    for schedule in schedules:
        who = people.get(schedule.member_id)
        if who is None:
            continue
        key = f"schedule:{schedule.schedule_id}:{schedule.revision}"
        data: dict[str, Any] = {"schedule_id": str(schedule.schedule_id)}
        if schedule.schedule_id in changes:
            change_id, dates = changes[schedule.schedule_id]
            data |= {"change_id": str(change_id), "dates": dates}
        for channel, rows in ((Channel.IN_APP, notices), (Channel.MAIL, mails)):
            kind = _kind(schedule, who, channel, told)
            if who.wants(kind, channel):
                rows.append(_row(who, kind, key, data, now))
    notify(notices)
    mail(mails, people, now=now)
    plan_digests(people, now=now)


def _kind(schedule: ScheduleRef, who: Recipient, channel: Channel, told: Collection[uuid.UUID]) -> str:
    """New until it was told as new: the event of a re-plan may be handled before that of the publishing."""
    untold = schedule.schedule_id not in told and who.wants(SCHEDULE_NEW, channel)
    return SCHEDULE_NEW if schedule.revision == 1 or untold else SCHEDULE_CHANGED


def notify(rows: Sequence[dict[str, Any]]) -> None:
    """Put notifications into the portal, each key once."""
    if rows:
        session().execute(insert(Notification).on_conflict_do_nothing(), rows)


def mail(
    rows: Sequence[dict[str, Any]], people: dict[uuid.UUID, Recipient], *, now: datetime, at_once: bool = False
) -> None:
    """Write mail deliveries, each key once, due at the end of the member's quiet hours unless ``at_once``."""
    if not rows:
        return
    made = session().execute(
        insert(Delivery).on_conflict_do_nothing().returning(Delivery.id, Delivery.member_id),
        [{**row, "channel": Channel.MAIL, "message_id": f"<{uuid.uuid4()}@portal>"} for row in rows],
    )
    owe_all(
        DELIVERY,
        [
            (delivery_id, now if at_once else _after_quiet(people[member_id], now))
            for delivery_id, member_id in made.all()
        ],
    )


def plan_digests(people: dict[uuid.UUID, Recipient], *, now: datetime) -> None:
    """Owe each member the digest of the next day with something to do; owed already stays once."""
    targets = []
    for zone in {who.zone for who in people.values()}:
        members = [who for who in people.values() if who.zone == zone]
        today = now.astimezone(ZoneInfo(zone)).date()
        for member_id, day in queries.next_days(
            [who.member_id for who in members], after=today - timedelta(days=1)
        ).items():
            at = local_instant(day, people[member_id].digest_time, zone)
            if at > now:
                targets.append((member_id, at))
    late = {who.member_id: who for who in people.values()}.keys() - {member_id for member_id, _ in targets}
    owe_all(DIGEST, targets + _tomorrow_onwards(people, late, now))


def _tomorrow_onwards(
    people: dict[uuid.UUID, Recipient], member_ids: set[uuid.UUID], now: datetime
) -> list[tuple[uuid.UUID, datetime]]:
    """Members whose digest time today is over: their next day after today."""
    targets = []
    for zone in {people[member_id].zone for member_id in member_ids}:
        here = [member_id for member_id in member_ids if people[member_id].zone == zone]
        today = now.astimezone(ZoneInfo(zone)).date()
        targets += [
            (member_id, local_instant(day, people[member_id].digest_time, zone))
            for member_id, day in queries.next_days(here, after=today).items()
        ]
    return targets


def decide_digest(member_id: uuid.UUID, *, now: datetime) -> None:
    """Write today's digest for a member when something is open, and owe the next one."""
    people = queries.recipients([member_id])
    who = people.get(member_id)
    if who is None:
        return
    today = now.astimezone(ZoneInfo(who.zone)).date()
    items = queries.due_items(member_id, until=today)
    fresh = [item for item in items if item.on_date == today]
    if fresh:
        key = f"digest:{member_id}:{today.isoformat()}"
        data = {"on": today.isoformat(), "items": len(fresh), "minutes": sum(item.minutes for item in fresh)}
        if who.wants(DIGEST, Channel.IN_APP):
            notify([_row(who, DIGEST, key, data, now)])
        if who.wants(DIGEST, Channel.MAIL):
            mail([_row(who, DIGEST, key, data, now)], people, now=now)
    plan_digests(people, now=now)


def send_test(*, actor: Actor, now: datetime) -> None:
    """Send the actor a test message through every channel, whatever the quiet hours."""
    people = queries.recipients([actor.member_id])
    who = people[actor.member_id]
    row = _row(who, TEST, f"test:{actor.member_id}:{now.isoformat()}", {}, now)
    notify([row])
    if who.email is not None:
        mail([row], people, now=now, at_once=True)


def choose(
    wanted: dict[tuple[str, Channel], bool],
    *,
    digest_time: time,
    quiet_from: time,
    quiet_until: time,
    actor: Actor,
    now: datetime,
) -> None:
    """Store the actor's preferences and hours, and move the owed digest to the new time."""
    for (kind, channel), enabled in wanted.items():
        values = {"enabled": enabled}
        session().execute(
            insert(NotificationPreference)
            .values(organization_id=organization_id(), member_id=actor.member_id, kind=kind, channel=channel, **values)
            .on_conflict_do_update(
                index_elements=[
                    NotificationPreference.member_id,
                    NotificationPreference.kind,
                    NotificationPreference.channel,
                ],
                set_=values,
            )
        )
    hours = {"digest_time": digest_time, "quiet_from": quiet_from, "quiet_until": quiet_until}
    session().execute(
        insert(DeliverySetting)
        .values(organization_id=organization_id(), member_id=actor.member_id, **hours)
        .on_conflict_do_update(index_elements=[DeliverySetting.member_id], set_=hours)
    )
    move_digest(actor.member_id, now=now)


def move_digest(member_id: uuid.UUID, *, now: datetime) -> None:
    """Owe a member's digest at the instant that zone and hours give now, instead of the one before."""
    withdraw(DIGEST, member_id)
    plan_digests(queries.recipients([member_id]), now=now)


def switch_off(member_id: uuid.UUID, kind: str) -> None:
    """Switch one kind of mail off (an unsubscribe link)."""
    session().execute(
        insert(NotificationPreference)
        .values(organization_id=organization_id(), member_id=member_id, kind=kind, channel=Channel.MAIL, enabled=False)
        .on_conflict_do_update(
            index_elements=[
                NotificationPreference.member_id,
                NotificationPreference.kind,
                NotificationPreference.channel,
            ],
            set_={"enabled": False},
        )
    )


def read_all(*, actor: Actor, now: datetime) -> None:
    """Mark every notification of the actor as read."""
    session().execute(
        update(Notification)
        .where(Notification.member_id == actor.member_id, Notification.read_at.is_(None))
        .values(read_at=now)
    )


def _row(who: Recipient, kind: str, key: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "organization_id": organization_id(),
        "member_id": who.member_id,
        "kind": kind,
        "key": key,
        "data": data,
        "created_at": now,
    }


def _after_quiet(who: Recipient, now: datetime) -> datetime:
    return earliest(now, who.zone, who.quiet_from, who.quiet_until)
