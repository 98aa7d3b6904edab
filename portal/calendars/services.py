"""Feed addresses: minted once, shown once, rotated, revoked."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.events.audit import audit
from portal.models.calendars import Feed
from portal.models.people import DirectoryKind
from portal.security.actor import Actor
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work

_SEEN_EVERY = timedelta(hours=6)


def mint(*, actor: Actor, now: datetime) -> str:
    """The token of a new address of the actor's own feed; an earlier one stops working."""
    revoke(actor=actor, now=now)
    feed = Feed(organization_id=organization_id(), member_id=actor.member_id, created_at=now)
    session().add(feed)
    session().flush()
    token = directory.mint(DirectoryKind.FEED, feed.id, organization_id=organization_id())
    audit("feed.minted", "feed", feed.id, actor_member_id=actor.member_id, now=now)
    return token


def revoke(*, actor: Actor, now: datetime) -> None:
    """Make the address of the actor's feed answer 404 from now on."""
    for feed in session().scalars(select(Feed).where(Feed.member_id == actor.member_id, Feed.revoked_at.is_(None))):
        feed.revoked_at = now
        directory.remove(DirectoryKind.FEED, feed.id)
        audit("feed.revoked", "feed", feed.id, actor_member_id=actor.member_id, now=now)
    session().flush()


def note_use(feed_id: uuid.UUID, last_used_at: datetime | None, *, now: datetime) -> None:
    """Keep when the feed was read, at most every six hours, in a transaction of its own."""
    if last_used_at is None or now - last_used_at > _SEEN_EVERY:
        with unit_of_work(organization_id=organization_id()) as db:
            db.execute(update(Feed).where(Feed.id == feed_id).values(last_used_at=now))
