"""A slot's reason codes as plain sentences; the engine stores ``CODE``, ``CODE:<ISO date>`` or ``CODE:<step>``.

The learner is addressed; an educator reads the same of a student.
"""

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _

from portal.pacing.results import ReasonCode
from portal.web.format import long_date

_DATED = {
    ReasonCode.DAY_FULL: lambda day: _("%(day)s was already full.", day=day),
    ReasonCode.WEEK_FULL: lambda day: _("The week of %(day)s was already full.", day=day),
    ReasonCode.BLACKOUT: lambda day: _("%(day)s is a day off.", day=day),
    ReasonCode.LEAVE: lambda day: _("You are away on %(day)s.", day=day),
    ReasonCode.NO_STUDY_DAY: lambda day: _("%(day)s is not a study day.", day=day),
    ReasonCode.MISSED: lambda day: _("It was planned for %(day)s and is still open.", day=day),
}
_PLAIN = {
    ReasonCode.EARLIEST: lambda: _("This is the first free time for it."),
    ReasonCode.NOW: lambda: _("Nothing is planned in the past, so it starts from now on."),
    ReasonCode.LEARNER_START: lambda: _("Your own start is on this day."),
    ReasonCode.PREREQUISITE: lambda: _("Something that comes before it has to be done first."),
    ReasonCode.RELEASE: lambda: _("It opens on this day."),
    ReasonCode.ANCHOR: lambda: _("Its time is fixed."),
    ReasonCode.PIN: lambda: _("It was put here by hand."),
    ReasonCode.SPREAD: lambda: _("The work is spread evenly over your study days."),
    ReasonCode.OWN_WEEK: lambda: _("It belongs to this week of the path."),
    ReasonCode.EFFORT: lambda: _("The minutes it takes have changed."),
    ReasonCode.CALENDAR: lambda: _("The class calendar has changed."),
    ReasonCode.RESCUE: lambda: _("It moved so that something required is not late."),
}
_OF_STUDENT = {
    ReasonCode.LEAVE: lambda day: _("Away on %(day)s.", day=day),
    ReasonCode.LEARNER_START: lambda day: _("The student’s own start is on this day."),
    ReasonCode.SPREAD: lambda day: _("The work is spread evenly over the study days."),
}
_NAMED = {
    ReasonCode.PREREQUISITE: lambda title: _("“%(title)s” has to be done first.", title=title),
    ReasonCode.RESCUE: lambda title: _("It moved so that “%(title)s” is not late.", title=title),
}


def in_words(text: str, titles: Mapping[str, str] | None = None, *, own: bool = True) -> str:
    """One reason as a sentence; ``titles`` names steps by their id's text, ``own`` speaks to the learner."""
    code, _sep, detail = text.partition(":")
    reason = ReasonCode(code)
    day = _day(detail)
    if reason in _DATED and day is None:
        return str(_("Other days were full or off."))
    if not own and reason in _OF_STUDENT:
        return str(_OF_STUDENT[reason](day))
    if reason in _DATED:
        return str(_DATED[reason](day))
    if reason in _NAMED and titles and detail in titles:
        return str(_NAMED[reason](titles[detail]))
    return str(_PLAIN[reason]())


def _day(detail: str) -> str | None:
    try:
        return long_date(date.fromisoformat(detail))
    except ValueError:
        return None
