"""Where a command comes from and leads back to, as plain values of forms and addresses; the note that undoes it.

``next`` names one of our pages, its ids stand beside it, and ``then`` is the page's query: nothing leads elsewhere.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import flash, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.schedules.commands.arranging import RollBack
from portal.schedules.commands.spoken import spoken
from portal.web.parse import NOTHING, maybe_uuid

Values = MultiDict[str, str]

_OF_REQUEST = ("csrf_token", "key", "stamp")
_PLACES = {
    "today": ("progress.today", ()),
    "week": ("progress.week", ()),
    "progress": ("progress.progress", ()),
    "item": ("progress.item", ("item",)),
    "days": ("progress.days", ()),
    "changes": ("progress.changes", ()),
    "class": ("progress.class_progress", ("class_id",)),
    "student": ("progress.student", ("class_id", "member")),
    "path": ("assignments.index", ("class_id",)),
    "publish": ("assignments.preview", ("class_id",)),
    "history": ("schedules.history", ("class_id",)),
    "feasibility": ("schedules.feasibility", ("class_id",)),
    "preview": ("schedules.preview", ()),
}
_ARGUMENTS = {"item": "item_id", "class_id": "class_id", "member": "member_id"}


def place(values: Values) -> dict[str, str]:
    """What a form or address must carry so that `back` leads to the page it names."""
    _endpoint, names = _PLACES.get(values.get("next", ""), ("", ()))
    found = {"next": values.get("next", ""), "then": values.get("then", "")}
    found |= {name: values.get(name) or values.get(f"{name}s", "") for name in names}
    return {name: text for name, text in found.items() if text}


def back(values: Values) -> str:
    """The address of the page that ``next`` names; the start page when it names none of ours."""
    carried = place(values)
    endpoint, names = _PLACES.get(carried.get("next", ""), ("accounts.home", ()))
    ids: dict[str, Any] = {_ARGUMENTS[name]: maybe_uuid(carried.get(name)) for name in names}
    if NOTHING in ids.values():
        return url_for("accounts.home")
    query = urlencode(parse_qsl(carried.get("then", "")))
    address = url_for(endpoint, **ids)
    return f"{address}?{query}" if query else address


def carried(values: Values) -> list[tuple[str, str]]:
    """All that a preview was asked with, for the form that applies it and for the way back to it."""
    return [(name, text) for name, text in values.items(multi=True) if name not in _OF_REQUEST and text]


def address(fields: Iterable[tuple[str, str]], way: Mapping[str, str]) -> str:
    """The address of a command's preview, which leads back where ``way`` says."""
    return f"{url_for('schedules.preview')}?{urlencode([*fields, *way.items()])}"


def say_done(text: str, undo: RollBack | None, stamp: str, values: Values) -> None:
    """Tell on the next page what was done, with a button that takes it back as long as plans have ``stamp``."""
    if undo is None:
        flash(text)
        return
    fields = {**dict(spoken(undo)), **place(values), "key": uuid.uuid4().hex, "stamp": stamp}
    note = {"text": text, "url": url_for("schedules.apply"), "label": _("Undo"), "fields": fields}
    flash(note)  # type: ignore[arg-type]  # the session keeps any JSON


@dataclass(frozen=True, slots=True)
class Mend:
    """A repair in words with the address of its preview, for one learner and, when there are more, for the class."""

    text: str
    href: str = ""
    class_href: str = ""
