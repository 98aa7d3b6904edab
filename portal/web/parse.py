"""Reading what forms and addresses carry as text."""

import re
import uuid
from collections.abc import Iterable

from portal.errors import N_, Invalid

NOTHING = uuid.UUID(int=0)
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's text holds neither NUL nor half a surrogate pair


def check_storable(values: Iterable[tuple[str, object]]) -> None:
    """Invalid for the first of these names and texts that holds what no table can."""
    for name, text in values:
        if isinstance(text, str) and (UNSTORABLE.search(text) or UNSTORABLE.search(name)):
            raise Invalid(
                "unstorable",
                N_("“%(name)s” holds a character that cannot be kept. Remove it and send it again."),
                name=UNSTORABLE.sub("", name)[:40],
            )


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
