"""An iCalendar writer for feeds (RFC 5545, RFC 7986): values in, bytes out. No Flask, no database.

Written by hand because it is on the path of every poll: libraries build an object a property.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from portal.calendars.vtimezone import vtimezone

PRODID = "-//Orchestrator//Learning schedule//EN"
MARKER = timedelta(minutes=30)  # a due marker; Outlook drops events without length


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """A calendar: its name, the zone its events are local to, its own address, the window's local dates."""

    name: str
    zone: str
    source: str
    first: date
    last: date
    color: str = "royalblue"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event. ``starts`` is local to the feed's zone; ``changed_at`` is when its row changed last.

    A study slot is opaque; a due marker (``is_marker``) is transparent and lasts `MARKER`.
    """

    uid: str
    title: str
    starts: datetime
    minutes: int
    sequence: int
    changed_at: datetime
    category: str = ""
    url: str = ""
    done: bool = False
    cancelled: bool = False
    is_marker: bool = False


def render(info: FeedInfo, events: Iterable[FeedEvent]) -> bytes:
    """The calendar as UTF-8: CRLF, lines folded at 75 octets."""
    head = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
        f"PRODID:{PRODID}\r\nCALSCALE:GREGORIAN\r\nMETHOD:PUBLISH\r\n"
        + line("NAME", info.name)
        + line("X-WR-CALNAME", info.name)
        + f"X-WR-TIMEZONE:{info.zone}\r\nCOLOR:{info.color}\r\n"
        + fold(f"SOURCE;VALUE=URI:{info.source}")
        + "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n"
    )
    stamp = f";TZID={info.zone}:"
    body = "".join(_event(event, stamp) for event in events)
    return f"{head}{vtimezone(info.zone, info.first, info.last)}{body}END:VCALENDAR\r\n".encode()


def _event(event: FeedEvent, stamp: str) -> str:
    changed = event.changed_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    length = MARKER if event.is_marker else timedelta(minutes=event.minutes)
    title = f"✓ {event.title}" if event.done else event.title
    return (
        "BEGIN:VEVENT\r\n"
        f"UID:{event.uid}\r\nDTSTAMP:{changed}\r\nLAST-MODIFIED:{changed}\r\nSEQUENCE:{event.sequence}\r\n"
        f"DTSTART{stamp}{_local(event.starts)}\r\nDTEND{stamp}{_local(event.starts + length)}\r\n"
        f"{line('SUMMARY', title)}"
        f"{line('CATEGORIES', event.category) if event.category else ''}"
        f"{fold(f'URL:{event.url}') if event.url else ''}"
        f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}\r\n"
        f"TRANSP:{'TRANSPARENT' if event.is_marker or event.cancelled else 'OPAQUE'}\r\n"
        "END:VEVENT\r\n"
    )


def _local(value: datetime) -> str:
    return f"{value.year:04d}{value.month:02d}{value.day:02d}T{value.hour:02d}{value.minute:02d}00"


@lru_cache(maxsize=4096)
def line(name: str, text: str) -> str:
    """A folded line of a TEXT property (RFC 5545, 3.3.11); titles repeat, so it is remembered."""
    return fold(f"{name}:{escape(text)}")


def escape(text: str) -> str:
    """Escape a TEXT value; control characters, which it may not hold, become spaces."""
    escaped = (
        text.replace("\r\n", "\n").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
    )
    return (
        escaped
        if escaped.isprintable()
        else "".join(c if c.isprintable() or c == " " else _harmless(c) for c in escaped)
    )


def _harmless(character: str) -> str:
    """Control characters become a space; other unprintable ones (joiners in emoji, say) stay."""
    return " " if ord(character) < 32 or 127 <= ord(character) < 160 or character in "\u2028\u2029" else character


def fold(text: str) -> str:
    """Break a line after at most 75 octets, never within a character (RFC 5545, 3.1); with its CRLF."""
    if len(text) <= 75 and text.isascii():
        return f"{text}\r\n"
    parts, part, size = [], "", 0
    for character in text:
        width = len(character.encode())
        if size + width > 75:
            parts.append(part)
            part, size = " ", 1
        part, size = part + character, size + width
    return "\r\n".join([*parts, part]) + "\r\n"
