"""Commands on plans: what one would do, then done once; what changed plans, and taken back."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.errors import Conflict, Invalid
from portal.pacing.results import RepairCode
from portal.schedules import changing, words
from portal.schedules.changing import Applied, Effect, Outcome
from portal.schedules.commands.spoken import read, spoken
from portal.schedules.reasons import in_words, why
from portal.security.actor import Actor
from portal.security.identity import require_actor
from portal.web.errors import say
from portal.web.parse import NOTHING, maybe_uuid

blueprint = Blueprint("schedules", __name__)
blueprint.add_app_template_filter(words.trouble)
blueprint.add_app_template_filter(words.misfit)
blueprint.add_app_template_filter(in_words, "reason")
blueprint.add_app_template_filter(why)

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
    "preview": ("schedules.preview", ()),
}
_ARGUMENTS = {"item": "item_id", "class_id": "class_id", "member": "member_id"}


def place(values: Values) -> dict[str, str]:
    """What a form or address must carry so that `back` leads to the page it names: ``next``, ids, ``then``."""
    _endpoint, names = _PLACES.get(values.get("next", ""), ("", ()))
    found = {"next": values.get("next", ""), "then": values.get("then", "")}
    found |= {name: values.get(name) or values.get(f"{name}s", "") for name in names}
    return {name: text for name, text in found.items() if text}


def back(values: Values) -> str:
    """The address of the page that ``next`` names, one of ours; ``then`` is its query."""
    carried = place(values)
    endpoint, names = _PLACES.get(carried.get("next", ""), ("accounts.home", ()))
    ids: dict[str, Any] = {_ARGUMENTS[name]: maybe_uuid(carried.get(name)) for name in names}
    if NOTHING in ids.values():
        return url_for("accounts.home")
    query = urlencode(parse_qsl(carried.get("then", "")))
    address = url_for(endpoint, **ids)
    return f"{address}?{query}" if query else address


@dataclass(frozen=True, slots=True)
class Mend:
    """A repair in words with the address of its preview, for one learner and, when there are more, for the class."""

    text: str
    href: str = ""
    class_href: str = ""


def mends(outcome: Outcome, effect: Effect, values: Values, actor: Actor) -> list[Mend]:
    """What would help a learner. Each repair's preview leads back to the present one."""
    trouble = outcome.troubles.get((effect.assignment.id, effect.member_id))
    onward = {"next": "preview", "then": urlencode(_carried(values))}
    found = []
    for advice in trouble.advice if trouble else ():
        text, own = words.repair_words(advice), effect.member_id == actor.member_id
        if own and advice.repair.code is not RepairCode.ADD_MINUTES:
            found.append(Mend(text))
            continue
        one = advice.command(effect.assignment, (effect.member_id,))
        everybody = "" if own or outcome.learners < 2 else _address(spoken(advice.command(effect.assignment)), onward)
        found.append(Mend(text, _address(spoken(one), onward), everybody))
    return found


def _address(fields: Iterable[tuple[str, str]], more: dict[str, str]) -> str:
    return f"{url_for('schedules.preview')}?{urlencode([*fields, *more.items()])}"


def _carried(values: Values) -> list[tuple[str, str]]:
    return [(name, text) for name, text in values.items(multi=True) if name not in _OF_REQUEST and text]


@blueprint.route("/plans/preview", methods=["GET", "POST"])
def preview() -> ResponseReturnValue:
    """What a command would do; nothing is written. POST carries what is too long for an address."""
    return _preview_page(request.values)


def _preview_page(values: Values, problem: str = "") -> ResponseReturnValue:
    actor = require_actor()
    try:
        outcome = changing.preview(read(values), actor=actor, now=clock.now())
    except (Invalid, Conflict) as error:
        page = render_template("schedules/refused.html", problem=say(error), back=back(values))
        return page, 422 if isinstance(error, Invalid) else 409
    own = outcome.intent.member_ids is not None and [*outcome.intent.member_ids] == [actor.member_id]
    page = render_template(
        "schedules/preview.html",
        outcome=outcome,
        own=own,
        problem=problem,
        heading=words.change_words(outcome.intent.kind, outcome.intent.detail),
        summary=words.summary(outcome, own=own),
        carried=_carried(values),
        key=uuid.uuid4().hex,
        back=back(values),
        mends=lambda effect: mends(outcome, effect, values, actor),
        words=words,
    )
    return page, 409 if problem else 200


@blueprint.post("/plans/apply")
def apply() -> ResponseReturnValue:
    """Carry out the command that was previewed; when plans changed meanwhile, show what would happen now."""
    values, actor, now = request.form, require_actor(), clock.now()
    try:
        done = changing.apply(
            read(values), key=values.get("key", ""), stamp=values.get("stamp", ""), actor=actor, now=now
        )
    except Conflict as error:
        if error.code != "planned_meanwhile":
            raise
        return _preview_page(values, say(error))
    if done.run_id is not None and done.intent is not None:
        class_id = done.intent.assignments[0].class_id
        return redirect(url_for("assignments.progress", class_id=class_id, run_id=done.run_id), 303)
    _say_done(done, values)
    return redirect(back(values), 303)


def _say_done(done: Applied, values: Values) -> None:
    if done.intent is None:
        return
    text = _("Done: %(change)s.", change=words.change_words(done.intent.kind, done.intent.detail))
    if done.undo is None:
        flash(text)
        return
    fields = {**dict(spoken(done.undo)), **place(values), "key": uuid.uuid4().hex, "stamp": done.stamp}
    note = {"text": text, "url": url_for("schedules.apply"), "label": _("Undo"), "fields": fields}
    flash(note)  # type: ignore[arg-type]  # the session keeps any JSON
