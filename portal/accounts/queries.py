"""Reads of people."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.models.people import SignIn, User
from portal.tenancy.scope import session, unit_of_work


def find_user(user_id: uuid.UUID) -> User | None:
    """The person, read in the person's own scope and detached from it."""
    with unit_of_work(user_id=user_id) as db:
        user = db.get(User, user_id)
        if user is not None:
            db.expunge(user)
        return user


def user_of(user_id: uuid.UUID) -> User:
    """As `find_user`, for somebody who is known to exist. LookupError when it is not so."""
    user = find_user(user_id)
    if user is None:
        raise LookupError(user_id)
    return user


def sign_ins_of(user_id: uuid.UUID, *, now: datetime) -> Sequence[SignIn]:
    """The person's sign-ins that have not ended, newest use first."""
    return (
        session()
        .scalars(
            select(SignIn)
            .where(SignIn.user_id == user_id, SignIn.expires_at > now)
            .order_by(SignIn.last_seen_at.desc())
        )
        .all()
    )
