"""Why a slot lies where it does, in plain words; the engine stores ``CODE``, ``CODE:<ISO date>`` or ``CODE:<step>``.

The learner is addressed; an educator reads the same of a student.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.pacing.results import ReasonCode
from portal.web.format import long_date

_DATED: dict[ReasonCode, Callable[[str], object]] = {
    ReasonCode.DAY_FULL: lambda day: _("%(day)s was already full", day=day),
    ReasonCode.WEEK_FULL: lambda day: _("the week of %(day)s was already full", day=day),
    ReasonCode.BLACKOUT: lambda day: _("%(day)s is a day off", day=day),
    ReasonCode.LEAVE: lambda day: _("you are away on %(day)s", day=day),
    ReasonCode.NO_STUDY_DAY: lambda day: _("%(day)s is not a study day", day=day),
    ReasonCode.MISSED: lambda day: _("it was planned for %(day)s and is still open", day=day),
}
_NAMED: dict[ReasonCode, Callable[[str], object]] = {
    ReasonCode.PREREQUISITE: lambda title: _("“%(title)s” has to be done first", title=title),
    ReasonCode.REVIEW: lambda title: _("it goes over “%(title)s” again some days later", title=title),
    ReasonCode.APART: lambda title: _("it shall not share a day with “%(title)s”, for both are hard", title=title),
    ReasonCode.RESCUE: lambda title: _("it moved so that “%(title)s” still has room", title=title),
}
_PLAIN: dict[ReasonCode, Callable[[], object]] = {
    ReasonCode.EARLIEST: lambda: _("this is the first free time for it"),
    ReasonCode.NOW: lambda: _("this is the first free time from now on"),
    ReasonCode.LEARNER_START: lambda: _("you start on this day"),
    ReasonCode.PREREQUISITE: lambda: _("something that comes before it has to be done first"),
    ReasonCode.RELEASE: lambda: _("it cannot be done before it opens"),
    ReasonCode.ANCHOR: lambda: _("the path says when it takes place"),
    ReasonCode.PIN: lambda: _("it was put here by hand"),
    ReasonCode.SPREAD: lambda: _("the work is spread evenly over your study days"),
    ReasonCode.OWN_WEEK: lambda: _("it belongs to this week of the path"),
    ReasonCode.REVIEW: lambda: _("a review comes some days after what it goes over"),
    ReasonCode.APART: lambda: _("two hard assessments shall not share a day"),
    ReasonCode.EFFORT: lambda: _("the minutes it takes have changed"),
    ReasonCode.CALENDAR: lambda: _("there was no room left where it was"),
    ReasonCode.RESCUE: lambda: _("it moved so that nothing required is late"),
    ReasonCode.DAY_FULL: lambda: _("the days before were already full"),
    ReasonCode.WEEK_FULL: lambda: _("the week before was already full"),
    ReasonCode.BLACKOUT: lambda: _("the day before is a day off"),
    ReasonCode.LEAVE: lambda: _("you are away on the day before"),
    ReasonCode.NO_STUDY_DAY: lambda: _("the day before is not a study day"),
    ReasonCode.MISSED: lambda: _("it is still open from an earlier day"),
}
_DATED_OF_STUDENT = {**_DATED, ReasonCode.LEAVE: lambda day: _("away on %(day)s", day=day)}
_PLAIN_OF_STUDENT = {
    **_PLAIN,
    ReasonCode.LEARNER_START: lambda: _("the student starts on this day"),
    ReasonCode.SPREAD: lambda: _("the work is spread evenly over the study days"),
    ReasonCode.LEAVE: lambda: _("away on the day before"),
}


def why(reasons: Sequence[str], titles: Mapping[str, str], *, own: bool = True) -> str:
    """A slot's reasons as one sentence, empty without any.

    ``titles`` names steps by their id's text; ``own`` speaks to the learner.
    """
    clauses = [_clause(text, titles, own=own) for text in reasons]
    if not clauses:
        return ""
    *first, text = clauses
    if first:
        text = str(_("%(reasons)s, and %(last)s", reasons=", ".join(first), last=text))
    return f"{text[0].upper()}{text[1:]}."


def in_words(text: str, titles: Mapping[str, str], *, own: bool = True) -> str:
    """One reason as a sentence, as `why`."""
    return why([text], titles, own=own)


def _clause(text: str, titles: Mapping[str, str], *, own: bool) -> str:
    code, _sep, detail = text.partition(":")
    reason = ReasonCode(code)
    if detail and reason in _DATED:
        return str((_DATED if own else _DATED_OF_STUDENT)[reason](long_date(date.fromisoformat(detail))))
    if reason in _NAMED and detail in titles:
        return str(_NAMED[reason](titles[detail]))
    return str((_PLAIN if own else _PLAIN_OF_STUDENT)[reason]())


def slack(days: int | None) -> str:
    """How far a slot may slip, in words."""
    if days is None:
        return str(_("Nothing is late if it slips."))
    if days <= 0:
        return str(_("It has no slack: on a later study day something would be late."))
    return str(
        ngettext(
            "It can slip by %(num)d study day before something is late.",
            "It can slip by %(num)d study days before something is late.",
            days,
        )
    )
