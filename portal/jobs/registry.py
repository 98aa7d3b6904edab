"""Which function handles which event or kind of due work. Features' ``jobs.py`` files register theirs."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class EventRef:
    """An event as its handlers see it; ``data`` holds ids as strings and plain numbers.

    ``owner_id`` is the organization, or the person for a person's event.
    """

    id: uuid.UUID
    owner_id: uuid.UUID
    name: str
    data: Mapping[str, Any]
    created_at: datetime


EventHandler = Callable[[EventRef, datetime], None]
DueHandler = Callable[[uuid.UUID, datetime], None]

_on_event: dict[str, list[EventHandler]] = {}
_on_due: dict[str, DueHandler] = {}


def on_event(name: str) -> Callable[[EventHandler], EventHandler]:
    """Register ``handler(event, now)``, run in a unit of work bound to the event's owner.

    It must be idempotent: it runs again when a worker dies before the commit. Several handlers of one
    event share one transaction.
    """

    def register(handler: EventHandler) -> EventHandler:
        handlers = _on_event.setdefault(name, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register


def on_due(kind: str) -> Callable[[DueHandler], DueHandler]:
    """Register ``handler(target_id, now)`` for due work of ``kind``; one handler a kind. As `on_event`."""

    def register(handler: DueHandler) -> DueHandler:
        _on_due[kind] = handler
        return handler

    return register


def handlers_of(name: str) -> list[EventHandler]:
    """The handlers of an event, in the order of their registration."""
    return _on_event.get(name, [])


def due_handler(kind: str) -> DueHandler | None:
    """The handler of a kind of due work."""
    return _on_due.get(kind)
