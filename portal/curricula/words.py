"""A step's options in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.web.format import minutes, weekday_name


def when(options: Mapping[str, Any]) -> list[str]:
    """When a step may be done, a few words for each option that was given."""
    words = [_anchor(options["anchor"])] if "anchor" in options else []
    for name, on_day, at in (
        ("release", _("opens on day %(value)s"), _("opens %(value)s")),
        ("due", _("due on day %(value)s"), _("due %(value)s")),
        ("lock", _("closes on day %(value)s"), _("closes %(value)s")),
    ):
        if f"{name}_offset_days" in options:
            words.append(on_day % {"value": options[f"{name}_offset_days"]})
        elif f"{name}_at" in options:
            words.append(at % {"value": local_moment(options[f"{name}_at"])})
    if "week" in options:
        words.append(_("week %(number)d", number=options["week"]))
    if options.get("review_offsets"):
        days = ", ".join(str(day) for day in options["review_offsets"])
        words.append(_("review after %(days)s days", days=days))
    return [str(word) for word in words]


def _anchor(anchor: Mapping[str, Any]) -> str:
    if "week" in anchor:
        return str(_("only in week %(number)d", number=anchor["week"]))
    if "weekday" in anchor:
        return str(_("only on a %(weekday)s", weekday=weekday_name(anchor["weekday"])))
    if "at" in anchor:
        return str(_("at %(moment)s", moment=local_moment(anchor["at"])))
    offset, number = anchor.get("offset_minutes", 0), anchor["meeting"]
    if not offset:
        return str(_("at meeting %(number)d", number=number))
    words = (
        _("%(time)s before meeting %(number)d", time=minutes(offset), number=number)
        if offset < 0
        else _("%(time)s into meeting %(number)d", time=minutes(offset), number=number)
    )
    return str(words)


def local_moment(text: str) -> str:
    """“5 Oct 2026, 18:00” of a date and time as options keep it."""
    return str(format_datetime(datetime.fromisoformat(text), "d MMM y, HH:mm", locale=get_locale()))
