"""Standing and events in words, for templates."""

from collections.abc import Callable
from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from portal.errors import N_
from portal.progress.milestones import PATH_PERCENT, Kind, Milestone
from portal.progress.pace import Pace, Standing
from portal.progress.streaks import Mark
from portal.schedules.reasons import slack
from portal.schedules.words import change_words
from portal.web.format import minutes


def standing(pace: Pace) -> str:
    """“About 40 min behind the plan.”"""
    if pace.standing is Standing.BEHIND:
        return str(_("About %(time)s behind the plan.", time=minutes(pace.minutes)))
    if pace.standing is Standing.AHEAD:
        return str(_("About %(time)s ahead of the plan.", time=minutes(pace.minutes)))
    if pace.standing is Standing.FINISHED:
        return str(_("Everything is done."))
    return str(_("On pace."))


def standing_badge(pace: Pace) -> Markup:
    """The same as a badge with the number of minutes."""
    texts = {
        Standing.BEHIND: (_("%(time)s behind", time=minutes(pace.minutes)), "bad"),
        Standing.AHEAD: (_("%(time)s ahead", time=minutes(pace.minutes)), "acc"),
        Standing.ON_PACE: (_("on pace"), "ok"),
        Standing.FINISHED: (_("finished"), "ok"),
    }
    text, tone = texts[pace.standing]
    return Markup('<span class="badge {}">{}</span>').format(tone, text)


def signed(value: int) -> str:
    """“+1 h 5 min”, “−20 min”, “0 min”."""
    return ("+" if value > 0 else "−" if value < 0 else "") + minutes(value)


def event_word(name: str) -> str:
    """What an event's name says."""
    return str(
        {
            "item.started": _("started"),
            "item.paused": _("paused"),
            "item.completed": _("completed"),
            "item.skipped": _("skipped"),
            "item.reopened": _("reopened"),
        }.get(name, name)
    )


_MARKS = {
    Mark.STUDIED: N_("studied"),
    Mark.BRIDGED: N_("missed and bridged"),
    Mark.MISSED: N_("missed"),
    Mark.REST: N_("nothing planned"),
    Mark.OPEN: N_("still to come"),
}


def mark_word(mark: Mark) -> str:
    """What a day of the streak was."""
    return str(_(_MARKS[mark]))


def milestone_words(milestone: Milestone) -> str:
    """“75 % of the path done”, “10 hours studied”."""
    if milestone.kind is Kind.CATEGORY:
        text = ngettext("%(num)d hour studied", "%(num)d hours studied", milestone.threshold)
        return str(text)
    if milestone.threshold == PATH_PERCENT[-1]:
        return str(_("The whole path is done"))
    return str(_("%(percent)d %% of the path done", percent=milestone.threshold))


def days_before(day: date, days: int) -> str:
    """The ISO date that many days before."""
    return (day - timedelta(days=days)).isoformat()


GLOBALS: dict[str, Callable[..., object]] = {
    "standing": standing,
    "standing_badge": standing_badge,
    "signed": signed,
    "event_word": event_word,
    "days_before": days_before,
    "mark_word": mark_word,
    "milestone_words": milestone_words,
    "slack": slack,
    "change_words": change_words,
}
