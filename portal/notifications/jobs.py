"""What notifications hear: schedules published or changed, digests that fall due, deliveries, person mails."""

import uuid
from datetime import datetime

from portal.accounts.mails import PERSON_MAILS
from portal.jobs.registry import EventRef, on_due, on_event
from portal.notifications import queries, services
from portal.notifications.deliver import deliver, deliver_person_mail
from portal.notifications.kinds import DIGEST
from portal.organizations.mails import TENANT_MAILS
from portal.tenancy.scope import organization_id


@on_event("assignment.published")
def announce_assignment(event: EventRef, now: datetime) -> None:
    """Tell every learner of the assignment whose schedule is new or has changed."""
    services.announce(queries.schedules_of_assignment(uuid.UUID(event.data["assignment_id"])), now=now)


@on_event("schedule.changed")
def announce_schedules(event: EventRef, now: datetime) -> None:
    """Tell the learners of single schedules (a late joiner, a re-plan)."""
    ids = [uuid.UUID(text) for text in event.data["schedule_ids"]]
    services.announce(queries.schedules_by_id(ids), now=now)


@on_event("member.zone_changed")
def move_digest(event: EventRef, now: datetime) -> None:
    """The member's morning now comes at another instant."""
    services.move_digest(uuid.UUID(event.data["member_id"]), now=now)


@on_due(DIGEST)
def digest(member_id: uuid.UUID, now: datetime) -> None:
    """Decide a member's digest of today."""
    services.decide_digest(member_id, now=now)


on_due(services.DELIVERY)(deliver)

for _name in PERSON_MAILS:
    on_event(_name)(deliver_person_mail)


def _write_tenant_mail(event: EventRef, now: datetime) -> None:
    """A mail to one member that an organization's event asks for (an invitation)."""
    member_id = uuid.UUID(event.data["member_id"])
    people = queries.recipients([member_id])
    if member_id in people:
        row = {
            "organization_id": organization_id(),
            "member_id": member_id,
            "kind": event.name,
            "key": f"{event.name}:{event.id}",
            "data": dict(event.data),
            "created_at": now,
        }
        services.mail([row], people, now=now, at_once=True)


for _name in TENANT_MAILS:
    on_event(_name)(_write_tenant_mail)
