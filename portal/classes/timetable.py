"""Writing when a class meets: weekly meetings, and those that do not take place."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.classes import queries
from portal.classes.services import tell_schedules
from portal.errors import N_, Invalid, NotFound
from portal.events.audit import audit
from portal.models.classes import ClassMeeting
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

MAX_RULES = 30


@dataclass(frozen=True, slots=True)
class MeetingDraft:
    """All a person may say of weekly meetings; ``weekday`` is Monday 0, date and time are local to the class."""

    weekday: int
    start_time: time
    minutes: int
    first_on: date | None = None
    last_on: date | None = None


def add_meetings(class_id: uuid.UUID, draft: MeetingDraft, *, actor: Actor, now: datetime) -> ClassMeeting:
    """Let a class meet each week; schedules follow. Invalid names the field."""
    authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    queries.classroom(class_id)
    _check(draft)
    if len(queries.meeting_rules(class_id)) >= MAX_RULES:
        raise Invalid(
            "too_many", N_("A class has at most %(maximum)d weekly meetings."), field="weekday", maximum=MAX_RULES
        )
    meeting = ClassMeeting(
        organization_id=organization_id(),
        class_id=class_id,
        weekday=draft.weekday,
        start_time=draft.start_time,
        minutes=draft.minutes,
        first_on=draft.first_on,
        last_on=draft.last_on,
        skipped_on=[],
    )
    session().add(meeting)
    session().flush()
    _changed("meetings.added", meeting, actor=actor, now=now)
    return meeting


def _check(draft: MeetingDraft) -> None:
    if not 0 <= draft.weekday <= 6:
        raise Invalid("weekday", N_("Choose a weekday."), field="weekday")
    if draft.start_time.minute % 5 or draft.start_time.second:
        raise Invalid("start_time", N_("Meetings begin at a multiple of 5 minutes."), field="start_time")
    if not 5 <= draft.minutes <= 1440:
        raise Invalid("minutes", N_("A meeting lasts between 5 and 1440 minutes."), field="minutes")
    if draft.first_on is not None and draft.last_on is not None and draft.last_on < draft.first_on:
        raise Invalid("last_on", N_("The end is before the start."), field="last_on")
    if draft.first_on is not None and draft.last_on is not None:
        ahead = timedelta(days=(draft.weekday - draft.first_on.weekday()) % 7)
        if draft.first_on + ahead > draft.last_on:
            raise Invalid("weekday", N_("That weekday does not come between the two dates."), field="weekday")


def remove_meetings(class_id: uuid.UUID, meeting_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Take weekly meetings away; schedules follow."""
    meeting = _meeting(class_id, meeting_id, actor)
    session().delete(meeting)
    _changed("meetings.removed", meeting, actor=actor, now=now)


def skip(class_id: uuid.UUID, meeting_id: uuid.UUID, on: date | None, *, actor: Actor, now: datetime) -> None:
    """The meeting on a local date does not take place; later ones move up in number, and schedules follow."""
    meeting = _meeting(class_id, meeting_id, actor)
    if on is None or on.weekday() != meeting.weekday:
        raise Invalid("on", N_("There is no such meeting on that day."), field="on")
    if on not in meeting.skipped_on:
        meeting.skipped_on = sorted([*meeting.skipped_on, on])
        _changed("meeting.skipped", meeting, actor=actor, now=now)


def hold(class_id: uuid.UUID, meeting_id: uuid.UUID, on: date | None, *, actor: Actor, now: datetime) -> None:
    """A meeting that was skipped takes place after all; schedules follow."""
    meeting = _meeting(class_id, meeting_id, actor)
    if on in meeting.skipped_on:
        meeting.skipped_on = [day for day in meeting.skipped_on if day != on]
        _changed("meeting.held", meeting, actor=actor, now=now)


def _meeting(class_id: uuid.UUID, meeting_id: uuid.UUID, actor: Actor) -> ClassMeeting:
    authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    meeting = session().get(ClassMeeting, meeting_id, with_for_update=True)
    if meeting is None or meeting.class_id != class_id:
        raise NotFound("meeting_not_found", N_("There is no such meeting."))
    return meeting


def _changed(action: str, meeting: ClassMeeting, *, actor: Actor, now: datetime) -> None:
    audit(action, "meeting", meeting.id, actor_member_id=actor.member_id, now=now)
    tell_schedules([meeting.class_id], now=now)
