"""Feed addresses: minted once, shown once, rotated, revoked."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.events.audit import audit
from portal.models.calendars import Feed, FeedKind
from portal.models.people import DirectoryKind
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy import directory
from portal.tenancy.scope import organization_id, session, unit_of_work

_SEEN_EVERY = timedelta(hours=6)


def mint(kind: FeedKind, owner_id: uuid.UUID, *, actor: Actor, now: datetime) -> str:
    """A new address's token; an earlier one of the same feed stops working."""
    if kind is FeedKind.CLASS:
        authorize(actor, Permission.CLASS_EDIT, class_id=owner_id)
    else:
        owner_id = actor.member_id
    revoke(kind, owner_id, actor=actor, now=now)
    feed = Feed(
        organization_id=organization_id(), kind=kind, owner_id=owner_id, member_id=actor.member_id, created_at=now
    )
    session().add(feed)
    session().flush()
    token = directory.mint(DirectoryKind.FEED, feed.id, organization_id=organization_id())
    audit("feed.minted", "feed", feed.id, actor_member_id=actor.member_id, now=now, kind=kind)
    return token


def revoke(kind: FeedKind, owner_id: uuid.UUID, *, actor: Actor, now: datetime) -> None:
    """Make the feed's address answer 404 from now on."""
    if kind is FeedKind.CLASS:
        authorize(actor, Permission.CLASS_EDIT, class_id=owner_id)
    else:
        owner_id = actor.member_id
    for feed in session().scalars(
        select(Feed).where(Feed.kind == kind, Feed.owner_id == owner_id, Feed.revoked_at.is_(None))
    ):
        feed.revoked_at = now
        directory.remove(DirectoryKind.FEED, feed.id)
        audit("feed.revoked", "feed", feed.id, actor_member_id=actor.member_id, now=now)
    session().flush()


def note_use(feed_id: uuid.UUID, last_used_at: datetime | None, *, now: datetime) -> None:
    """Keep when the feed was read, at most every six hours, in a transaction of its own."""
    if last_used_at is None or now - last_used_at > _SEEN_EVERY:
        with unit_of_work(organization_id=organization_id()) as db:
            db.execute(update(Feed).where(Feed.id == feed_id).values(last_used_at=now))
