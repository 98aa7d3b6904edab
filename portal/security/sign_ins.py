"""Sign-ins kept on the server: the cookie holds a random token, the table its hash.

A new token is made at every sign-in (rotation), and "sign out everywhere" deletes the rows.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from portal.models.people import SignIn
from portal.tenancy.directory import hash_token, new_token
from portal.tenancy.scope import session, unit_of_work

LIFETIME = timedelta(days=14)
LAUNCH_LIFETIME = timedelta(hours=12)
_SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token belongs to, and in which organization that person works at the moment."""

    token: str
    user_id: uuid.UUID
    organization_id: uuid.UUID | None
    member_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Launch:
    """A session begun by a learning platform: one member of one organization, and nobody's account.

    Whatever asks for an `Identity` (settings, switching, linking) therefore asks for the password first.
    """

    token: str
    organization_id: uuid.UUID
    member_id: uuid.UUID


def begin(user_id: uuid.UUID, *, organization_id: uuid.UUID | None, member_id: uuid.UUID | None, now: datetime) -> str:
    """Make a sign-in, inside the person's scope; the token for the cookie."""
    token = new_token()
    session().add(
        SignIn(
            key_hash=hash_token(token),
            user_id=user_id,
            organization_id=organization_id,
            member_id=member_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return token


def begin_launch(member_id: uuid.UUID, *, organization_id: uuid.UUID, now: datetime) -> Launch:
    """Make a launch session, inside the organization's scope."""
    token = new_token()
    session().add(
        SignIn(
            key_hash=hash_token(token),
            organization_id=organization_id,
            member_id=member_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LAUNCH_LIFETIME,
        )
    )
    return Launch(token, organization_id, member_id)


def find(token: str, *, now: datetime) -> Identity | Launch | None:
    """Whose unexpired token it is, read in a unit of work of its own."""
    with unit_of_work() as db:
        row = db.execute(
            select(SignIn.user_id, SignIn.organization_id, SignIn.member_id, SignIn.last_seen_at).where(
                SignIn.key_hash == hash_token(token), SignIn.expires_at > now
            )
        ).first()
    if row is None:
        return None
    user_id, organization_id, member_id, seen_at = row
    if user_id is None:
        return Launch(token, organization_id, member_id) if organization_id and member_id else None
    if now - seen_at > _SEEN_EVERY:
        _touch(token, user_id, now=now)
    return Identity(token, user_id, organization_id, member_id)


def _touch(token: str, user_id: uuid.UUID, *, now: datetime) -> None:
    """Note the use and prolong the sign-in, at most once an hour."""
    with unit_of_work(user_id=user_id) as db:
        db.execute(
            update(SignIn)
            .where(SignIn.key_hash == hash_token(token))
            .values(last_seen_at=now, expires_at=now + LIFETIME)
        )


def switch(token: str, *, organization_id: uuid.UUID, member_id: uuid.UUID) -> None:
    """Work in another organization from now on; inside the person's scope."""
    session().execute(
        update(SignIn)
        .where(SignIn.key_hash == hash_token(token))
        .values(organization_id=organization_id, member_id=member_id)
    )


def end(token: str) -> None:
    """Sign out; inside the person's scope."""
    session().execute(delete(SignIn).where(SignIn.key_hash == hash_token(token)))


def end_all(user_id: uuid.UUID, *, but: str | None = None) -> None:
    """Sign out everywhere, but for the given token; inside the person's scope."""
    gone = delete(SignIn).where(SignIn.user_id == user_id)
    if but is not None:
        gone = gone.where(SignIn.key_hash != hash_token(but))
    session().execute(gone)


def end_launches(member_id: uuid.UUID) -> None:
    """End every launch session of a member; inside the organization's scope."""
    session().execute(delete(SignIn).where(SignIn.member_id == member_id, SignIn.user_id.is_(None)))
