"""Reading what forms and addresses carry as text."""

import uuid
from collections.abc import Iterable

NOTHING = uuid.UUID(int=0)


def maybe_uuid(text: str | None) -> uuid.UUID:
    """The UUID, or the nil one, which no row has."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return NOTHING


def uuids(texts: Iterable[str]) -> frozenset[uuid.UUID]:
    """The UUIDs among the texts."""
    return frozenset(found for found in map(maybe_uuid, texts) if found != NOTHING)


def split_list(text: str | None) -> tuple[str, ...]:
    """Lower-case words of a list separated by commas or semicolons, each once."""
    words = (text or "").replace(";", ",").split(",")
    return tuple(dict.fromkeys(word.strip().lower() for word in words if word.strip()))
