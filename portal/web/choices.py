"""Choices several forms offer: weekdays, time zones and countries with public holidays."""

from functools import cache
from zoneinfo import available_timezones

import holidays
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

WEEKDAYS = [
    (0, _l("Monday")),
    (1, _l("Tuesday")),
    (2, _l("Wednesday")),
    (3, _l("Thursday")),
    (4, _l("Friday")),
    (5, _l("Saturday")),
    (6, _l("Sunday")),
]


@cache
def zones() -> list[tuple[str, str]]:
    """IANA zones people know, by region."""
    names = sorted(
        name
        for name in available_timezones()
        if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/", "US/")))
    )
    return [(name, name.replace("_", " ")) for name in names]


def countries() -> list[tuple[str, str]]:
    """Countries whose public holidays are known, by name in the reader's language; first none."""
    territories = get_locale().territories
    known = sorted((territories[code], code) for code in holidays.list_supported_countries() if code in territories)
    return [("", _("None")), *((code, name) for name, code in known)]
