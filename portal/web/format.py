"""Dates, times and minutes as people read them, by locale; local dates are never shifted by a zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time
from flask_babel import format_date as babel_date
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

_MONDAY = date(2026, 1, 5)


def minutes(value: int) -> str:
    """``130`` → “2 h 10 min”."""
    hours, rest = divmod(abs(value), 60)
    if hours and rest:
        text = _("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)
    elif hours:
        text = _("%(hours)d h", hours=hours)
    else:
        text = _("%(minutes)d min", minutes=rest)
    return str(text)


def long_date(value: date) -> str:
    """“Monday 7 September”, or the locale's order."""
    return str(babel_date(value, "EEEE d MMMM"))


def short_date(value: date) -> str:
    """“7 Sep”."""
    return str(babel_date(value, "d MMM"))


def full_date(value: date) -> str:
    """“7 September 2026”."""
    return str(babel_date(value, "d MMMM y"))


def weekday(value: date) -> str:
    """“Mon”."""
    return str(babel_date(value, "EEE"))


def weekday_name(number: int) -> str:
    """“Friday” of 4; Monday is 0."""
    return str(babel_date(_MONDAY + timedelta(days=number), "EEEE"))


def clock_time(value: time) -> str:
    """“08:30”."""
    return str(format_time(value, "HH:mm", locale=get_locale()))


def moment(value: datetime, zone: str = "UTC") -> str:
    """An instant in a zone: “7 Sep, 09:30”."""
    return str(format_datetime(value.astimezone(ZoneInfo(zone)), "d MMM, HH:mm", locale=get_locale()))


def relative_day(value: date, today: date) -> str:
    """“today”, “tomorrow”, “yesterday”, “3 days late”, else the date."""
    days = (value - today).days
    if days == 0:
        return str(_("today"))
    if days == 1:
        return str(_("tomorrow"))
    if days < 0:
        return str(ngettext("%(num)d day late", "%(num)d days late", -days))
    return long_date(value)


def initials(name: str) -> str:
    """“Ada Lovelace” → “AL”."""
    parts = name.split()
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()


FILTERS = {
    "minutes": minutes,
    "long_date": long_date,
    "short_date": short_date,
    "full_date": full_date,
    "weekday": weekday,
    "weekday_name": weekday_name,
    "clock_time": clock_time,
    "moment": moment,
    "relative_day": relative_day,
    "initials": initials,
}
