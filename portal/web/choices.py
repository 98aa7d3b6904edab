"""Choices several forms offer: weekdays, time zones and countries with public holidays."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import holidays
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField


def options(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """A form field's choices from (value, label) pairs; labels may be lazy texts."""
    return [SelectChoice(value, label) for value, label in pairs]


def enum_select(label: Any, texts: Mapping[StrEnum, Any]) -> SelectField:
    """A field that offers members of an enumeration by their ``texts``; the first is chosen until another is."""
    values = {member.value: text for member, text in texts.items()}
    return SelectField(label, choices=options(values.items()), default=next(iter(values)))


WEEKDAYS = options(
    (
        (0, _l("Monday")),
        (1, _l("Tuesday")),
        (2, _l("Wednesday")),
        (3, _l("Thursday")),
        (4, _l("Friday")),
        (5, _l("Saturday")),
        (6, _l("Sunday")),
    )
)


@cache
def zones() -> list[SelectChoice]:
    """IANA zones people know, by region."""
    names = sorted(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/")))
    )
    return options((name, name.replace("_", " ")) for name in names)


def countries() -> list[SelectChoice]:
    """Countries whose public holidays are known, by name in the reader's language; first none."""
    territories = get_locale().territories
    known = sorted((territories[code], code) for code in holidays.list_supported_countries() if code in territories)
    return options([("", _("None")), *((code, name) for name, code in known)])
