"""What feeds hear: a member who leaves the organization loses the addresses."""

import uuid
from datetime import datetime

from sqlalchemy import select

from portal.jobs.registry import EventRef, on_event
from portal.models.calendars import Feed
from portal.models.people import DirectoryKind
from portal.tenancy import directory
from portal.tenancy.scope import session


@on_event("member.removed")
def revoke_feeds(event: EventRef, now: datetime) -> None:
    """Revoke every feed of the member."""
    found = select(Feed).where(Feed.member_id == uuid.UUID(event.data["member_id"]), Feed.revoked_at.is_(None))
    for feed in session().scalars(found):
        feed.revoked_at = now
        directory.remove(DirectoryKind.FEED, feed.id)
