"""Commands as the plain text values that forms and addresses carry."""

import types
import uuid
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from datetime import date, time
from typing import Any, get_args, get_type_hints

from werkzeug.datastructures import MultiDict

from portal.errors import N_, Invalid, NotFound
from portal.schedules.commands.arranging import CatchUp, PullForward, Relevel, RollBack
from portal.schedules.commands.intent import Command
from portal.schedules.commands.overrides import AddMinutes, Differ, ExtendEnd, ExtendStep, LeaveOut, Pace
from portal.schedules.commands.personal import Away, Back, MoveItem, OwnDays, Unpin

COMMANDS: dict[str, type[Any]] = {
    command.NAME: command
    for command in (
        MoveItem,
        Unpin,
        Away,
        Back,
        OwnDays,
        Differ,
        Pace,
        ExtendStep,
        CatchUp,
        Relevel,
        PullForward,
        AddMinutes,
        ExtendEnd,
        LeaveOut,
        RollBack,
    )
}

_READ: dict[object, Callable[[str], Any]] = {
    uuid.UUID: uuid.UUID,
    date: date.fromisoformat,
    time: time.fromisoformat,
    int: int,
    str: str,
}


def read(values: "MultiDict[str, str]") -> Command:
    """The command that ``values`` describe; ``command`` names it. Invalid names the value that cannot be read."""
    kind = COMMANDS.get(values.get("command", ""))
    if kind is None:
        raise NotFound("command_not_found", N_("There is no such action."))
    hints = get_type_hints(kind)
    found = {each.name: _value(values, each.name, hints[each.name], each.default) for each in fields(kind)}
    made: Command = kind(**found)
    return made


def _value(values: "MultiDict[str, str]", name: str, hint: Any, default: object) -> Any:
    texts = [text for text in values.getlist(name) if text.strip()]
    inner = [each for each in get_args(hint) if each not in (types.NoneType, Ellipsis)]
    try:
        if getattr(hint, "__origin__", None) is tuple:
            return tuple(_READ[inner[0]](text) for text in texts)
        if texts:
            return _READ[inner[0] if inner else hint](texts[0].strip())
    except ValueError:
        raise Invalid("unreadable", N_("“%(text)s” cannot be read here."), field=name, text=texts[0][:40]) from None
    if default is MISSING:
        raise Invalid("missing", N_("This is needed."), field=name)
    return default


def spoken(command: Command) -> Iterator[tuple[str, str]]:
    """The inverse of `read`: (name, text) pairs, those of defaults left out."""
    yield "command", command.NAME
    for each in fields(command):  # type: ignore[arg-type]  # every command is a dataclass
        value = getattr(command, each.name)
        for one in value if isinstance(value, tuple) else () if value is None else (value,):
            yield each.name, one.isoformat() if isinstance(one, date | time) else str(one)
