"""The unit of work: one session, one scope, one commit.

A scope names the organization and the person a transaction works for. It is stamped into every
transaction (``set_config(…, is_local => true)``) and row-level security reads it, so without a scope no
tenant row is visible. Units nest: an inner one is a transaction of its own.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows are visible; both empty sees only what is open to all (the directory)."""

    organization_id: uuid.UUID | None = None
    user_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A pointer to work written in this unit: handed to the dispatcher once the unit has committed."""

    id: uuid.UUID
    queue: str
    due_at: datetime
    organization_id: uuid.UUID | None
    user_id: uuid.UUID | None


class ScopeError(RuntimeError):
    """A programming error: no unit of work is open, or it was bound too late."""


_STAMP = text("SELECT set_config('app.organization_id', :organization, true), set_config('app.user_id', :user, true)")

_unit: ContextVar["Unit | None"] = ContextVar("unit", default=None)
_make_session: sessionmaker[Any] | None = None
_after_commit: Callable[[Sequence[Due]], None] | None = None


def configure(sessions: sessionmaker[Any], after_commit: Callable[[Sequence[Due]], None]) -> None:
    """Give the factory of sessions, and what to do with the due work of a unit that has committed."""
    global _make_session, _after_commit
    _make_session, _after_commit = sessions, after_commit
    if not event.contains(sessions, "after_begin", _stamp):
        event.listen(sessions, "after_begin", _stamp)


def _stamp(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:
        return
    scope: Scope = session.info.get("scope", Scope())
    connection.execute(
        _STAMP,
        {
            "organization": "" if scope.organization_id is None else str(scope.organization_id),
            "user": "" if scope.user_id is None else str(scope.user_id),
        },
    )


class Unit:
    """One unit of work; use `unit_of_work`, or `open`/`commit`/`close` at an edge that cannot use ``with``."""

    def __init__(self, scope: Scope) -> None:
        """Open a session bound to ``scope``; no connection is taken before the first statement."""
        if _make_session is None:
            raise ScopeError("portal.tenancy.scope.configure() has not run: create the application first")
        self.session: Session = _make_session()
        self.session.info["scope"] = scope
        self.due: list[Due] = []
        self._outer = _unit.set(self)

    @property
    def scope(self) -> Scope:
        """Whose rows this unit sees."""
        scope: Scope = self.session.info["scope"]
        return scope

    def bind(self, scope: Scope) -> None:
        """Change the scope before the first statement. ScopeError once the transaction has begun."""
        if self.session.in_transaction():
            raise ScopeError("the transaction has begun: bind the organization before the first statement")
        self.session.info["scope"] = scope

    def commit(self) -> None:
        """Commit, then hand the due work over. A queue that is away does no harm: the sweeper finds it."""
        self.session.commit()
        due, self.due = self.due, []
        if due and _after_commit is not None:
            _after_commit(due)

    def close(self) -> None:
        """Roll back what was not committed and give the connection back."""
        self.session.close()
        _unit.reset(self._outer)


@contextmanager
def unit_of_work(*, organization_id: uuid.UUID | None = None, user_id: uuid.UUID | None = None) -> Iterator[Session]:
    """One transaction in the given scope: commits at the end, rolls back on any error."""
    unit = Unit(Scope(organization_id, user_id))
    try:
        yield unit.session
        unit.commit()
    finally:
        unit.close()


def current() -> Unit:
    """The unit of work that is open. ScopeError when there is none."""
    unit = _unit.get()
    if unit is None:
        raise ScopeError("no unit of work is open")
    return unit


def session() -> Session:
    """The session of the open unit of work. ScopeError when there is none."""
    return current().session


def organization_id() -> uuid.UUID:
    """The organization the open unit of work is bound to. ScopeError when it is bound to none."""
    bound = current().scope.organization_id
    if bound is None:
        raise ScopeError("the unit of work is bound to no organization")
    return bound


def new_id() -> uuid.UUID:
    """A key made by the server, in a unit of work of its own: for rows whose scope is the row itself."""
    with unit_of_work() as db:
        made: uuid.UUID = db.execute(text("SELECT uuidv7()")).scalar_one()
        return made
