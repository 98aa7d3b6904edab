"""Publishing a path to a class: choose, preview, publish, watch."""

import uuid
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.assignments import previewing, queries, services
from portal.assignments.forms import PolicyForm
from portal.assignments.previewing import Preview
from portal.classes import queries as classes
from portal.curricula import queries as curricula
from portal.errors import N_, NotFound
from portal.events.usage import planning_seconds, record_use
from portal.models.schedules import AssignmentState
from portal.schedules import words
from portal.schedules.changing import undo_of
from portal.schedules.commands.spoken import spoken
from portal.schedules.effects import Effect
from portal.schedules.history import change_with
from portal.schedules.places import Mend, Values, address, say_done
from portal.security.authorize import authorize, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.parse import maybe_uuid

blueprint = Blueprint("assignments", __name__)


@blueprint.get("/classes/<uuid:class_id>/paths")
def index(class_id: uuid.UUID) -> ResponseReturnValue:
    """The paths of a class and what became of them."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_VIEW, class_id=class_id)
    return render_template(
        "assignments/index.html",
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
        classroom=classes.classroom(class_id),
        assignments=queries.assignments(class_id),
        run=queries.run_of(class_id),
    )


@blueprint.get("/classes/<uuid:class_id>/publish")
def choose(class_id: uuid.UUID) -> ResponseReturnValue:
    """Choose the version to publish."""
    authorize(require_actor(), Permission.CLASS_PUBLISH, class_id=class_id)
    return render_template(
        "assignments/choose.html", classroom=classes.classroom(class_id), versions=curricula.published()
    )


@blueprint.get("/classes/<uuid:class_id>/publish/preview")
def preview(class_id: uuid.UUID) -> ResponseReturnValue:
    """What publishing would do, student by student; nothing is written."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    version_id = maybe_uuid(request.args.get("version"))
    form = _policy_form(class_id, version_id)
    valid = form.validate()
    policy = (form if valid else PolicyForm(formdata=None)).policy()
    found = previewing.preview(version_id, class_id, policy=policy, actor=actor, now=clock.now())
    record_use("plan.previewed", actor.member_id, now=clock.now(), class_id=class_id, version_id=found.version.id)
    page = render_template(
        "assignments/preview.html",
        classroom=classes.classroom(class_id),
        preview=found,
        form=form,
        mends=partial(_mends, found, form),
        words=words,
    )
    return page, 200 if valid else 422


def _policy_form(class_id: uuid.UUID, version_id: uuid.UUID) -> PolicyForm:
    """The choices of the address; without any, those the class's plans of this path were made with."""
    if "arrangement" in request.args or "notice_days" in request.args:
        return PolicyForm(request.args, meta={"csrf": False})
    version = curricula.version(version_id)
    existing = None if version is None else queries.of_curriculum(class_id, version.curriculum_id)
    return PolicyForm(formdata=None, data=None if existing is None else existing.policy, meta={"csrf": False})


def _mends(found: Preview, form: PolicyForm, effect: Effect) -> list[Mend]:
    """What would help a student: minutes and ends by a command that leads back here, steps by leaving them out here."""
    trouble = found.troubles.get(effect.member_id)
    here = [("version", str(found.version.id)), *form.fields()]
    way = {"next": "publish", "class_id": str(effect.class_id), "then": urlencode(here)}
    made = []
    for advice in trouble.advice if trouble else ():
        text = words.repair_words(advice)
        if advice.steps:
            left_out = [("left_out", str(step)) for step in advice.steps]
            address_here = url_for("assignments.preview", class_id=effect.class_id)
            made.append(Mend(text, class_href=f"{address_here}?{urlencode([*here, *left_out])}"))
        else:
            one, everybody = (advice.command(effect.class_id, None, who) for who in ((effect.member_id,), ()))
            made.append(Mend(text, address(spoken(one), way), address(spoken(everybody), way)))
    return made


@blueprint.post("/classes/<uuid:class_id>/publish")
def publish(class_id: uuid.UUID) -> ResponseReturnValue:
    """Publish the version that was previewed."""
    form = PolicyForm()
    if not form.validate():
        version = request.form.get("version")
        return redirect(url_for("assignments.preview", class_id=class_id, version=version), 303)
    actor, now = require_actor(), clock.now()
    assignment = services.publish_path(
        maybe_uuid(request.form.get("version")),
        class_id,
        policy=form.policy(),
        revision=request.form.get("revision", None, int),
        stamp=request.form.get("stamp"),
        actor=actor,
        now=now,
    )
    seconds = planning_seconds(actor.member_id, class_id, now=now)
    record_use("plan.published", actor.member_id, now=now, class_id=class_id, seconds=seconds)
    run = queries.run_of(class_id)
    if assignment.state is AssignmentState.PUBLISHING and run is not None:
        return redirect(url_for("assignments.progress", class_id=class_id, run_id=run.id), 303)
    undo, stamp = undo_of(change_with(assignment.id, services.key_of(assignment)), actor=actor, now=now)
    text = _("Published. Every student has a schedule, and hears of it by mail and in the portal.")
    say_done(text, undo, stamp, Values({"next": "path", "class_id": str(class_id)}))
    return redirect(url_for("progress.class_progress", class_id=class_id, assignment=assignment.id), 303)


@blueprint.get("/classes/<uuid:class_id>/publish/<uuid:run_id>")
def progress(class_id: uuid.UUID, run_id: uuid.UUID) -> ResponseReturnValue:
    """How far a large publishing has come; the page asks again each second until it is done."""
    authorize(require_actor(), Permission.CLASS_PUBLISH, class_id=class_id)
    run = queries.run(run_id)
    if run is None or run.key != f"publish:{class_id}":
        raise NotFound("run_not_found", N_("There is no such job."))
    return render_template("assignments/progress.html", classroom=classes.classroom(class_id), run=run)
