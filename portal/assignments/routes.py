"""Publishing a path to a class: choose, preview, publish, watch."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.assignments import queries, services
from portal.assignments.forms import PolicyForm
from portal.classes import queries as classes
from portal.curricula.queries import published
from portal.errors import N_, NotFound
from portal.events.usage import planning_seconds, record_use
from portal.models.schedules import AssignmentState
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
    return render_template("assignments/choose.html", classroom=classes.classroom(class_id), versions=published())


@blueprint.get("/classes/<uuid:class_id>/publish/preview")
def preview(class_id: uuid.UUID) -> ResponseReturnValue:
    """What publishing would do, student by student; nothing is written."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    form = PolicyForm(request.args, meta={"csrf": False})
    valid = form.validate()
    found = services.preview(
        maybe_uuid(request.args.get("version")),
        class_id,
        policy=(form if valid else PolicyForm(formdata=None)).policy(),
        actor=actor,
        now=clock.now(),
    )
    record_use("plan.previewed", actor.member_id, now=clock.now(), class_id=class_id, version_id=found.version.id)
    page = render_template("assignments/preview.html", classroom=classes.classroom(class_id), preview=found, form=form)
    return page, 200 if valid else 422


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
        actor=actor,
        now=now,
    )
    seconds = planning_seconds(actor.member_id, class_id, now=now)
    record_use("plan.published", actor.member_id, now=now, class_id=class_id, seconds=seconds)
    run = queries.run_of(class_id)
    if assignment.state is AssignmentState.PUBLISHING and run is not None:
        return redirect(url_for("assignments.progress", class_id=class_id, run_id=run.id), 303)
    flash(_("Published. Every student has a schedule, and hears of it by mail and in the portal."))
    return redirect(url_for("progress.class_progress", class_id=class_id, assignment=assignment.id), 303)


@blueprint.get("/classes/<uuid:class_id>/publish/<uuid:run_id>")
def progress(class_id: uuid.UUID, run_id: uuid.UUID) -> ResponseReturnValue:
    """How far a large publishing has come; the page asks again each second until it is done."""
    authorize(require_actor(), Permission.CLASS_PUBLISH, class_id=class_id)
    run = queries.run(run_id)
    if run is None or run.key != f"publish:{class_id}":
        raise NotFound("run_not_found", N_("There is no such job."))
    return render_template("assignments/progress.html", classroom=classes.classroom(class_id), run=run)
