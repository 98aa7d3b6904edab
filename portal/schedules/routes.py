"""Commands on plans: what one would do, then done once; what changed plans, and taken back."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.classes import queries as classes
from portal.curricula.queries import version_steps
from portal.errors import N_, Conflict, Invalid, NotFound
from portal.pacing.results import RepairCode
from portal.schedules import changes, changing, queries, words
from portal.schedules.changing import Outcome
from portal.schedules.commands.spoken import read, spoken
from portal.schedules.effects import Effect
from portal.schedules.places import Mend, Values, address, back, carried, say_done
from portal.schedules.reasons import in_words, why
from portal.schedules.repairs import Trouble
from portal.schedules.troubles import trouble
from portal.security.actor import Actor
from portal.security.authorize import authorize, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.errors import say
from portal.web.paging import page_asked
from portal.web.parse import maybe_uuid, uuids

blueprint = Blueprint("schedules", __name__)
blueprint.add_app_template_filter(trouble)
blueprint.add_app_template_filter(words.misfit)
blueprint.add_app_template_filter(in_words, "reason")
blueprint.add_app_template_filter(why)


def mends(effect: Effect, trouble: Trouble | None, *, several: bool, way: dict[str, str], actor: Actor) -> list[Mend]:
    """What would help a learner; ``way`` leads back from each repair's preview. Students only add their own minutes."""
    found: list[Mend] = []
    if trouble is None or effect.assignment_id is None:
        return found
    for advice in trouble.advice:
        text, own = words.repair_words(advice), effect.member_id == actor.member_id
        if own and advice.repair.code is not RepairCode.ADD_MINUTES:
            found.append(Mend(text))
            continue
        one = advice.command(effect.class_id, effect.assignment_id, (effect.member_id,))
        everybody = advice.command(effect.class_id, effect.assignment_id)
        for_class = "" if own or not several else address(spoken(everybody), way)
        found.append(Mend(text, address(spoken(one), way), for_class))
    return found


@blueprint.route("/plans/preview", methods=["GET", "POST"])
def preview() -> ResponseReturnValue:
    """What a command would do; nothing is written. POST carries what is too long for an address."""
    return _preview_page(request.values)


def _mends(outcome: Outcome, values: Values, actor: Actor) -> Callable[[Effect], list[Mend]]:
    """Repairs of an outcome's learners; each one's preview leads back to this preview."""
    way = {"next": "preview", "then": urlencode(carried(values))}

    def found(effect: Effect) -> list[Mend]:
        trouble = outcome.troubles.get((effect.assignment_id, effect.member_id))
        return mends(effect, trouble, several=outcome.learners > 1, way=way, actor=actor)

    return found


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
        carried=carried(values),
        key=uuid.uuid4().hex,
        back=back(values),
        mends=_mends(outcome, values, actor),
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
    if done.intent is not None:
        text = _("Done: %(change)s.", change=words.change_words(done.intent.kind, done.intent.detail))
        say_done(text, done.undo, done.stamp, values)
    return redirect(back(values), 303)


@blueprint.get("/classes/<uuid:class_id>/plans")
def history(class_id: uuid.UUID) -> ResponseReturnValue:
    """What changed the plans of a class, newest first."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_PROGRESS, class_id=class_id)
    found, page = changes.of_class(class_id, page_asked(request.args))
    return render_template(
        "schedules/history.html",
        classroom=classes.classroom(class_id),
        changes=found,
        page=page,
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
        words=words,
    )


@blueprint.get("/classes/<uuid:class_id>/plans/<uuid:change_id>")
def change(class_id: uuid.UUID, change_id: uuid.UUID) -> ResponseReturnValue:
    """One change of plans, learner by learner; ``member`` shows one of them."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_PROGRESS, class_id=class_id)
    found = changes.change(change_id)
    if found is None or found.class_id != class_id:
        raise NotFound("change_not_found", N_("There is no such change."))
    member = request.args.get("member")
    diffs, titles = changes.diffs(change_id, maybe_uuid(member) if member else None)
    return render_template(
        "schedules/change.html",
        classroom=classes.classroom(class_id),
        change=found,
        diffs=diffs,
        titles=titles,
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
        words=words,
    )


@blueprint.route("/classes/<uuid:class_id>/plans/new", methods=["GET", "POST"])
def choose(class_id: uuid.UUID) -> ResponseReturnValue:
    """Choose a change of plans for the class, those ticked on its page, or one student. POST carries many members."""
    authorize(require_actor(), Permission.CLASS_PUBLISH, class_id=class_id)
    classroom = classes.classroom(class_id)
    standing = queries.assignments_of(class_id)
    wanted = request.values.get("assignment")
    chosen = next((each for each in standing if str(each.id) == wanted), standing[-1] if standing else None)
    members = sorted(uuids(request.values.getlist("members")))
    people = [each for each in classes.people(class_id) if each.member_id in members]
    return render_template(
        "schedules/choose.html",
        classroom=classroom,
        assignments=standing,
        chosen=chosen,
        people=people,
        steps=version_steps(chosen.version_id) if chosen else [],
        today=clock.now().astimezone(ZoneInfo(classroom.zone)).date(),
        soon=timedelta(days=7),
        words=words,
    )


@blueprint.get("/classes/<uuid:class_id>/plans/feasibility")
def feasibility(class_id: uuid.UUID) -> ResponseReturnValue:
    """Who will not make it, why, and what would help: repairs of the first three, or of the ``member`` named."""
    actor, now = require_actor(), clock.now()
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    standing = queries.assignments_of(class_id)
    wanted = request.args.get("assignment")
    chosen = next((each for each in standing if str(each.id) == wanted), standing[-1] if standing else None)
    found = changing.not_fitting(chosen, maybe_uuid(request.args.get("member")), now=now) if chosen else None
    way = {"next": "feasibility", "class_id": str(class_id), "then": request.query_string.decode(errors="replace")}
    return render_template(
        "schedules/feasibility.html",
        classroom=classes.classroom(class_id),
        chosen=chosen,
        troubled=[]
        if found is None
        else [
            (effect, trouble, mends(effect, trouble, several=True, way=way, actor=actor)) for effect, trouble in found
        ],
    )
