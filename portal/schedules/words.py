"""Commands, changes and what does not fit, in plain words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from portal.models.plans import ChangeKind
from portal.pacing.results import Repair, RepairCode
from portal.schedules.changes import ChangeRow
from portal.schedules.changing import Outcome
from portal.schedules.effects import Change, Effect, Place
from portal.schedules.misfits import Misfit, MisfitCode
from portal.schedules.repairs import Advice
from portal.web.format import clock_time, full_date, long_date, minutes, short_date, weekday_name

Detail = Mapping[str, Any]

_MISFITS: dict[MisfitCode, Callable[[Misfit], str]] = {
    MisfitCode.NO_MEETING: lambda m: ngettext(
        "“%(title)s” is set to meeting %(number)d, but the class has %(num)d meeting: "
        "it is planned like any other step.",
        "“%(title)s” is set to meeting %(number)d, but the class has %(num)d meetings: "
        "it is planned like any other step.",
        m.count,
        title=m.title,
        number=m.number,
    ),
    MisfitCode.NO_STUDY_DAY: lambda m: _(
        "“%(title)s” is done on a %(weekday)s only, which is no study day of the class.",
        title=m.title,
        weekday=weekday_name(m.number),
    ),
    MisfitCode.STANDS_OUTSIDE: lambda m: _(
        "“%(title)s” stands on %(day)s, outside the dates of the class.", title=m.title, day=_on(m)
    ),
    MisfitCode.WEEK_AFTER_END: lambda m: _(
        "“%(title)s” is set to week %(number)d, which begins on %(day)s, after the end of the class.",
        title=m.title,
        number=m.number,
        day=_on(m),
    ),
    MisfitCode.CLOSES_BEFORE_START: lambda m: _(
        "“%(title)s” is due or closes on %(day)s, before the class begins.", title=m.title, day=_on(m)
    ),
    MisfitCode.OPENS_AFTER_END: lambda m: _(
        "“%(title)s” opens on %(day)s, after the end of the class.", title=m.title, day=_on(m)
    ),
    MisfitCode.CLOSED_WHEN_OPENED: lambda m: _(
        "“%(title)s” opens on %(day)s, when it is due or closed already.", title=m.title, day=_on(m)
    ),
}


def _on(found: Misfit) -> str:
    return "–" if found.on is None else full_date(found.on)


def misfit(found: Misfit) -> str:
    """What a step asks for that the class does not have, and what becomes of it."""
    return str(_MISFITS[found.code](found))


def listed(texts: Iterable[str]) -> str:
    """“a, b and c”."""
    *first, last = [*texts] or [""]
    return str(_("%(first)s and %(last)s", first=", ".join(first), last=last)) if first else last


def weekdays(days: Iterable[int]) -> str:
    """“Tue and Thu” of 1 and 3 (0 is Monday)."""
    names = get_locale().days["format"]["abbreviated"]
    return listed(names[day] for day in sorted(days))


def repair_words(advice: Advice) -> str:
    """What to change so that everything fits."""
    found: Repair = advice.repair
    if found.code is RepairCode.ADD_MINUTES:
        return _more_minutes(found.minutes, found.weekdays)
    if found.code is RepairCode.EXTEND and found.ends_on is not None:
        days = ngettext("%(num)d study day", "%(num)d study days", found.study_days)
        return str(_("End %(days)s later, on %(day)s", days=days, day=short_date(found.ends_on)))
    return _leave_out(advice.titles)


def _more_minutes(number: int, days: Sequence[int]) -> str:
    if len(days) == 7:
        return str(_("%(time)s more every day", time=minutes(number)))
    return str(_("%(time)s more on %(days)s", time=minutes(number), days=weekdays(days)))


def _leave_out(titles: Sequence[str]) -> str:
    if len(titles) > 3:
        return str(ngettext("Leave out %(num)d step", "Leave out %(num)d steps", len(titles)))
    return str(_("Leave out %(titles)s", titles=listed(f"“{title}”" for title in titles)))


def _day(detail: Detail, name: str) -> str:
    return short_date(date.fromisoformat(detail[name]))


def _moved(detail: Detail) -> str:
    start = clock_time(time.fromisoformat(detail["start"]))
    return str(_("“%(title)s” on %(day)s, %(time)s", title=detail["title"], day=_day(detail, "on"), time=start))


def _leave(detail: Detail) -> str:
    first, last = _day(detail, "from"), _day(detail, "until")
    if detail.get("back"):
        return str(_("Not away from %(first)s to %(last)s after all", first=first, last=last))
    if first == last:
        return str(_("Away on %(day)s", day=first))
    return str(_("Away from %(first)s to %(last)s", first=first, last=last))


def _repaired(detail: Detail) -> str:
    if detail["repair"] == "minutes":
        return _more_minutes(detail["minutes"], detail["weekdays"])
    if detail["repair"] == "end":
        return str(_("Ends on %(day)s", day=_day(detail, "ends_on")))
    return _leave_out(detail.get("titles", detail.get("steps", ())))


def _overrides(detail: Detail) -> str:
    if "pace" in detail:
        return str(_("Effort at %(percent)d %% of the plan", percent=detail["pace"]))
    return str(_("Other days, dates or pace"))


_CAUSES = {
    "roster": lambda: _("who is in the class, or what differs for them"),
    "calendar": lambda: _("the class calendar"),
    "completion": lambda: _("work that was done"),
    "missed": lambda: _("work that was missed"),
    "preference": lambda: _("a student’s own settings"),
}


def _replanned(detail: Detail) -> str:
    causes = [str(_CAUSES[cause]()) for cause in detail.get("causes", ()) if cause in _CAUSES]
    if not causes:
        return str(_("Planned again"))
    return str(_("Planned again because of %(causes)s", causes=listed(causes)))


def _published(detail: Detail) -> str:
    if "number" in detail:
        return str(_("Published “%(title)s”, version %(number)d", title=detail["title"], number=detail["number"]))
    return str(_("Published “%(title)s”", title=detail.get("title", "")))


def _rolled_back(detail: Detail) -> str:
    what = change_words(ChangeKind(detail["kind"]), detail.get("detail", {}))
    return str(_("Taken back: %(change)s", change=what))


_CHANGES: dict[ChangeKind, Callable[[Detail], str]] = {
    ChangeKind.PUBLISHED: _published,
    ChangeKind.REPLANNED: _replanned,
    ChangeKind.MOVED: _moved,
    ChangeKind.UNPINNED: lambda d: str(_("“%(title)s” finds its time by itself again", title=d["title"])),
    ChangeKind.LEAVE: _leave,
    ChangeKind.OVERRIDES: _overrides,
    ChangeKind.EXTENDED: lambda d: str(_("“%(title)s” due on %(day)s", title=d["title"], day=_day(d, "due_on"))),
    ChangeKind.CAUGHT_UP: lambda d: str(_("Catch up missed work")),
    ChangeKind.RELEVELLED: lambda d: str(
        _("Pull open work forward") if d.get("soon") else _("Arrange all open work anew")
    ),
    ChangeKind.REPAIRED: _repaired,
    ChangeKind.ROLLED_BACK: _rolled_back,
}


def change_words(kind: ChangeKind, detail: Detail) -> str:
    """What a command does or a change did, as a heading."""
    return _CHANGES[kind](detail)


def summary(outcome: Outcome, *, own: bool) -> str:
    """What a command comes to, in one to three sentences; ``own`` speaks to the learner."""
    parts = [_dates(outcome, own=own), _finish(outcome, own=own), _fit(outcome, own=own)]
    return " ".join(part for part in parts if part)


def _dates(outcome: Outcome, *, own: bool) -> str:
    counts, touched = outcome.counts, outcome.touched
    if outcome.idle:
        return str(_("There is nothing to change."))
    if not touched:
        return str(_("None of your dates changes.") if own else _("No date changes."))
    parts = [
        ngettext("%(num)d item moves", "%(num)d items move", counts["moved"]),
        ngettext("%(num)d is new", "%(num)d are new", counts["added"]),
        ngettext("%(num)d goes", "%(num)d go", counts["removed"]),
    ]
    named = [
        str(part)
        for part, name in zip(parts, ("moved", "added", "removed"), strict=True)
        if counts[name] or (name == "moved" and not counts["added"] + counts["removed"])
    ]
    what = listed(named)
    members = {effect.member_id for effect in touched}
    if own:
        return str(_("Of your plan %(what)s.", what=what))
    if len(members) == 1:
        return str(_("For %(name)s, %(what)s.", name=touched[0].name, what=what))
    return str(_("For %(n)d of %(all)d students, %(what)s.", n=len(members), all=outcome.learners, what=what))


def _finish(outcome: Outcome, *, own: bool) -> str:
    later = [effect for effect in outcome.effects if effect.days > 0]
    earlier = [effect for effect in outcome.effects if effect.days < 0]
    if len(outcome.effects) == 1 and later + earlier:
        effect = (later + earlier)[0]
        day = long_date(effect.finish_on) if effect.finish_on else ""
        by = days_words(effect.days)
        if own:
            return str(_("Your last day is %(day)s, %(by)s.", day=day, by=by))
        return str(_("The last day is %(day)s, %(by)s.", day=day, by=by))
    found = []
    if later:
        found.append(
            ngettext(
                "%(num)d student finishes later, by %(by)d days at most.",
                "%(num)d students finish later, by %(by)d days at most.",
                len({each.member_id for each in later}),
                by=max(each.days for each in later),
            )
        )
    if earlier:
        found.append(
            ngettext(
                "%(num)d student finishes earlier, by %(by)d days at most.",
                "%(num)d students finish earlier, by %(by)d days at most.",
                len({each.member_id for each in earlier}),
                by=-min(each.days for each in earlier),
            )
        )
    return " ".join(str(each) for each in found)


def _fit(outcome: Outcome, *, own: bool) -> str:
    bad = {effect.member_id for effect in outcome.not_fitting}
    if own or len({effect.member_id for effect in outcome.effects}) == 1:
        return str(_("Not everything fits then.") if bad else _("Everything fits."))
    if not outcome.effects:
        return ""
    if not bad:
        return str(_("Everything fits for everybody."))
    return str(
        ngettext("For %(num)d student not everything fits.", "For %(num)d students not everything fits.", len(bad))
    )


def counts_words(change: ChangeRow) -> str:
    """“12 students: 40 items moved, 2 were new”."""
    parts = [
        ngettext("%(num)d item moved", "%(num)d items moved", change.moved) if change.moved else "",
        ngettext("%(num)d was new", "%(num)d were new", change.added) if change.added else "",
        ngettext("%(num)d went", "%(num)d went", change.removed) if change.removed else "",
    ]
    named = ", ".join(str(part) for part in parts if part)
    who = ngettext("%(num)d student", "%(num)d students", change.learners)
    return f"{who}: {named}" if named else str(who)


def days_words(days: int) -> str:
    """“2 days later”, “1 day earlier”, “the same day”."""
    if days > 0:
        return str(ngettext("%(num)d day later", "%(num)d days later", days))
    if days < 0:
        return str(ngettext("%(num)d day earlier", "%(num)d days earlier", -days))
    return str(_("the same day"))


def by_how_much(change: Change) -> str:
    """What is different about an item: by how many days, minutes or hours."""
    before, after = change.before, change.after
    if before is None:
        return str(_("new"))
    if after is None:
        return str(_("goes"))
    if before.on != after.on:
        return days_words((after.on - before.on).days)
    if before.minutes != after.minutes:
        return str(_("%(before)s → %(after)s", before=minutes(before.minutes), after=minutes(after.minutes)))
    if before.start != after.start:
        return str(_("another time"))
    if before.due_on != after.due_on:
        return str(_("due %(before)s → %(after)s", before=short_date(before.due_on), after=short_date(after.due_on)))
    return str(_("put there by hand") if after.pinned else _("no longer put there by hand"))


def place_words(place: Place) -> str:
    """“Thu 10 Sep, 08:00”."""
    day = get_locale().days["format"]["abbreviated"][place.on.weekday()]
    return f"{day} {short_date(place.on)}, {clock_time(place.start)}"


def effect_words(effect: Effect) -> str:
    """One learner's share in a line."""
    parts = [ngettext("%(num)d date changes", "%(num)d dates change", len(effect.changes))]
    if effect.days:
        parts.append(_("finish %(by)s", by=days_words(effect.days)))
    return ", ".join(str(part) for part in parts)
