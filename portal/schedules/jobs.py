"""What schedules hear: people come and go, calendars change, work is done or missed."""

import uuid
from datetime import datetime

from portal import clock
from portal.errors import N_
from portal.jobs.progress import finish
from portal.jobs.registry import EventRef, on_due, on_event
from portal.schedules import changing, queries, services, triggers
from portal.tenancy.scope import organization_id, unit_of_work

_FAILED = N_("A student could not be planned. It is tried again by itself.")


@on_event("enrolment.added")
def plan_enrolled(event: EventRef, now: datetime) -> None:
    """Students joined, or their dates, days or pace changed."""
    members = [uuid.UUID(text) for text in event.data["member_ids"]]
    triggers.ask(uuid.UUID(event.data["class_id"]), members, "roster", now=event.created_at)


@on_event("class.changed")
def plan_again(event: EventRef, now: datetime) -> None:
    """The class's calendar changed."""
    triggers.ask(uuid.UUID(event.data["class_id"]), None, "calendar", now=event.created_at)


@on_event("enrolment.removed")
def withdraw(event: EventRef, now: datetime) -> None:
    """Remove the open items of students who left."""
    services.withdraw(
        uuid.UUID(event.data["class_id"]), [uuid.UUID(text) for text in event.data["member_ids"]], now=now
    )


@on_event("item.paused")
@on_event("item.completed")
@on_event("item.skipped")
@on_event("item.reopened")
def plan_after_work(event: EventRef, now: datetime) -> None:
    """What waits for a step counts from when it was really done."""
    found = queries.class_and_member(uuid.UUID(event.data["schedule_id"]))
    if found is not None:
        class_id, member_id = found
        triggers.ask(class_id, [member_id], "completion", now=event.created_at)


@on_event("member.zone_changed")
def plan_elsewhere(event: EventRef, now: datetime) -> None:
    """A person's days now begin and end at other instants."""
    member_id = uuid.UUID(event.data["member_id"])
    for class_id in queries.classes_of(member_id):
        triggers.ask(class_id, [member_id], "preference", now=event.created_at)


@on_due(triggers.WANTED)
def answer(class_id: uuid.UUID, now: datetime) -> None:
    """Plan a class again."""
    triggers.answer(class_id, now=now)


@on_due(services.MISSED)
def look_for_missed(class_id: uuid.UUID, now: datetime) -> None:
    """A local day has ended somewhere in the class."""
    triggers.look_for_missed(class_id, now=now)


@on_event("plan.requested")
def carry_on(event: EventRef, now: datetime) -> None:
    """Carry out a command on a large class."""
    run_id = uuid.UUID(event.data["run_id"])
    try:
        changing.carry_on(event.data, now=now)
    except Exception:
        with unit_of_work(organization_id=organization_id()):
            finish(run_id, now=clock.now(), error=_FAILED)
        raise
    finish(run_id, now=clock.now())
