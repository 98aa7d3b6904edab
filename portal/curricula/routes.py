"""Pages of learning paths: list, editor, one step, versions, upload."""

import uuid
from datetime import datetime

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.curricula import changes, queries, services
from portal.curricula.checks import problems
from portal.curricula.forms import PathForm, StepForm, UploadForm
from portal.curricula.importing import import_path
from portal.curricula.pathfile import COLUMNS
from portal.curricula.words import when
from portal.errors import N_, Invalid, InvalidRows, NotFound
from portal.library import queries as library
from portal.library.routes import read_filters
from portal.models.curricula import Curriculum
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.errors import say
from portal.web.graph import Node, draw
from portal.web.parse import maybe_uuid

blueprint = Blueprint("curricula", __name__)
blueprint.add_app_template_filter(when, "step_when")


@blueprint.get("/paths")
def index() -> ResponseReturnValue:
    """All paths, and the form of a new one."""
    authorize(require_actor(), Permission.CURRICULA_VIEW)
    return render_template("curricula/index.html", paths=queries.drafts(), form=PathForm(formdata=None))


@blueprint.post("/paths")
def create() -> ResponseReturnValue:
    """Make a path and open its editor."""
    actor, form = require_actor(), PathForm()
    authorize(actor, Permission.CURRICULA_EDIT)
    if not form.validate():
        return render_template("curricula/index.html", paths=queries.drafts(), form=form), 422
    made = services.create(form.title.data, form.description.data or "", actor=actor, now=clock.now())
    return redirect(url_for("curricula.edit", curriculum_id=made.id), 303)


@blueprint.get("/paths/<uuid:curriculum_id>")
def edit(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """The editor: units and steps in order, the graph, what is wrong, versions."""
    authorize(require_actor(), Permission.CURRICULA_EDIT)
    draft = _draft(curriculum_id)
    needs: dict[uuid.UUID, list[uuid.UUID]] = {}
    for edge in draft.edges:
        needs.setdefault(edge.step_id, []).append(edge.prerequisite_id)
    titles = {each.id: each.title for each in draft.steps}
    found = problems(draft)
    drawable = draft.steps and not any(problem.code == "cycle" for problem in found)
    nodes = [
        Node(s.id, s.title, url_for("curricula.step", curriculum_id=curriculum_id, step_id=s.id)) for s in draft.steps
    ]
    return render_template(
        "curricula/edit.html",
        draft=draft,
        path=draft.curriculum,
        needs=needs,
        need_titles={key: [titles[need] for need in each] for key, each in needs.items()},
        problems=found,
        graph=draw(nodes, needs, _("Prerequisite graph")) if drawable else "",
        versions=queries.versions(curriculum_id),
    )


def _draft(curriculum_id: uuid.UUID) -> queries.Draft:
    draft = queries.draft(curriculum_id)
    if draft is None:
        raise services.path_not_found()
    return draft


def _open(curriculum_id: uuid.UUID) -> Curriculum:
    """The draft, locked for the change this request asks for."""
    return services.open_draft(
        curriculum_id, request.form.get("revision", None, int), actor=require_actor(), now=clock.now()
    )


def _to_editor(curriculum_id: uuid.UUID, anchor: str = "") -> ResponseReturnValue:
    return redirect(url_for("curricula.edit", curriculum_id=curriculum_id, _anchor=anchor or None), 303)


@blueprint.post("/paths/<uuid:curriculum_id>/rename")
def rename(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Change title and description."""
    services.rename(
        _open(curriculum_id), request.form.get("title", "")[:200], request.form.get("description", "")[:4000]
    )
    return _to_editor(curriculum_id)


@blueprint.post("/paths/<uuid:curriculum_id>/archive")
def archive(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Take a path out of the lists."""
    services.archive(_open(curriculum_id), actor=require_actor(), now=clock.now())
    flash(_("Archived. Classes keep what was published to them."))
    return redirect(url_for("curricula.index"), 303)


@blueprint.post("/paths/<uuid:curriculum_id>/units")
def add_unit(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Add a unit at the end."""
    unit = services.add_unit(_open(curriculum_id), request.form.get("title", "")[:200])
    return _to_editor(curriculum_id, f"unit-{unit.id}")


@blueprint.post("/paths/<uuid:curriculum_id>/units/<uuid:unit_id>/rename")
def rename_unit(curriculum_id: uuid.UUID, unit_id: uuid.UUID) -> ResponseReturnValue:
    """Rename a unit."""
    unit = services.unit_of(_open(curriculum_id), unit_id)
    unit.title = request.form.get("title", "").strip()[:200] or unit.title
    return _to_editor(curriculum_id, f"unit-{unit_id}")


@blueprint.post("/paths/<uuid:curriculum_id>/units/<uuid:unit_id>/remove")
def remove_unit(curriculum_id: uuid.UUID, unit_id: uuid.UUID) -> ResponseReturnValue:
    """Remove a unit with its steps."""
    services.remove_unit(_open(curriculum_id), unit_id)
    return _to_editor(curriculum_id)


@blueprint.post("/paths/<uuid:curriculum_id>/units/<uuid:unit_id>/order")
def reorder(curriculum_id: uuid.UUID, unit_id: uuid.UUID) -> ResponseReturnValue:
    """Keep a new order of a unit's steps (drag and drop); answers with the new revision."""
    curriculum = _open(curriculum_id)
    services.reorder(curriculum, unit_id, [maybe_uuid(text) for text in request.form.getlist("order")])
    return jsonify(revision=curriculum.draft_revision)


@blueprint.get("/paths/<uuid:curriculum_id>/add")
def pick(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Search the library for steps to add, several at once."""
    authorize(require_actor(), Permission.CURRICULA_EDIT)
    draft = _draft(curriculum_id)
    filters = read_filters()
    return render_template(
        "curricula/pick.html",
        path=draft.curriculum,
        draft=draft,
        unit=request.args.get("unit", ""),
        filters=filters,
        found=library.search(filters),
        there={step.activity_id for step in draft.steps},
    )


@blueprint.post("/paths/<uuid:curriculum_id>/steps")
def add_steps(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Add the chosen activities at the end of a unit."""
    curriculum = _open(curriculum_id)
    unit = request.form.get("unit", "")
    chosen = [maybe_uuid(text) for text in request.form.getlist("activity")]
    steps = services.add_steps(curriculum, chosen, maybe_uuid(unit) if unit else None)
    return _to_editor(curriculum_id, f"step-{steps[-1].id}")


@blueprint.post("/paths/add")
def add_from_library() -> ResponseReturnValue:
    """Add one activity to a path, from the activity's page."""
    curriculum_id = maybe_uuid(request.form.get("path"))
    services.add_steps(_open(curriculum_id), [maybe_uuid(request.form.get("activity"))])
    flash(_("Added as the last step."))
    return _to_editor(curriculum_id)


@blueprint.post("/paths/<uuid:curriculum_id>/steps/<uuid:step_id>/<any(up, down, remove):action>")
def change_step(curriculum_id: uuid.UUID, step_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """Move a step one place, or take it out."""
    curriculum = _open(curriculum_id)
    if action == "remove":
        services.remove_step(curriculum, step_id)
        return _to_editor(curriculum_id)
    services.move(curriculum, step_id, down=action == "down")
    return _to_editor(curriculum_id, f"step-{step_id}")


@blueprint.get("/paths/<uuid:curriculum_id>/steps/<uuid:step_id>")
def step(curriculum_id: uuid.UUID, step_id: uuid.UUID) -> ResponseReturnValue:
    """The options of one step."""
    authorize(require_actor(), Permission.CURRICULA_EDIT)
    draft, found = _find_step(curriculum_id, step_id)
    values = StepForm.values(found.options)
    form = StepForm(formdata=None, minutes=found.own_minutes, required=found.required, **values)
    needs = {e.prerequisite_id: (e.lag_days, e.lag_in_study_days) for e in draft.edges if e.step_id == step_id}
    return render_template("curricula/step.html", **_step_page(draft, found), form=form, needs=needs)


def _find_step(curriculum_id: uuid.UUID, step_id: uuid.UUID) -> tuple[queries.Draft, queries.Step]:
    draft = _draft(curriculum_id)
    found = next((each for each in draft.steps if each.id == step_id), None)
    if found is None:
        raise NotFound("step_not_found", N_("There is no such step."))
    return draft, found


def _step_page(draft: queries.Draft, found: queries.Step) -> dict[str, object]:
    return {
        "path": draft.curriculum,
        "step": found,
        "others": [s for s in draft.steps if s.id != found.id],
        "by_library": {e.prerequisite_id for e in draft.edges if e.step_id == found.id and e.from_library},
    }


@blueprint.post("/paths/<uuid:curriculum_id>/steps/<uuid:step_id>")
def set_step(curriculum_id: uuid.UUID, step_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the options of one step."""
    form, curriculum, needs = StepForm(), _open(curriculum_id), _posted_needs()
    draft, found = _find_step(curriculum_id, step_id)
    needs_error = ""
    try:
        if form.validate():
            services.set_step(
                curriculum,
                step_id,
                minutes=form.minutes.data,
                required=form.required.data,
                options=form.options(),
                needs=needs,
            )
            return _to_editor(curriculum_id, f"step-{step_id}")
    except Invalid as error:
        if error.field in form:
            form[error.field].errors = [say(error)]
        else:
            needs_error = say(error)
    page = _step_page(draft, found)
    return render_template("curricula/step.html", **page, form=form, needs=needs, needs_error=needs_error), 422


def _posted_needs() -> dict[uuid.UUID, tuple[int, bool]]:
    """Prerequisites with (days between, whether study days); -1 stands for what is no whole number."""
    values = request.form
    return {
        maybe_uuid(text): (int(lag) if lag.isdecimal() else -1, f"study-{text}" in values)
        for text in values.getlist("needs")
        for lag in [values.get(f"lag-{text}") or "0"]
    }


@blueprint.post("/paths/<uuid:curriculum_id>/publish")
def publish(curriculum_id: uuid.UUID) -> ResponseReturnValue:
    """Freeze the draft as the next version."""
    version = services.publish(
        curriculum_id, revision=request.form.get("revision", None, int), actor=require_actor(), now=clock.now()
    )
    flash(_("Version %(number)d is ready to be published to a class.", number=version.number))
    return redirect(url_for("curricula.version", curriculum_id=curriculum_id, version_id=version.id), 303)


@blueprint.get("/paths/<uuid:curriculum_id>/versions/<uuid:version_id>")
def version(curriculum_id: uuid.UUID, version_id: uuid.UUID) -> ResponseReturnValue:
    """A version as published, and what changed since the one before."""
    authorize(require_actor(), Permission.CURRICULA_VIEW)
    plan = queries.version_for_planning(version_id)
    if plan is None or plan.version.curriculum_id != curriculum_id:
        raise services.path_not_found()
    known = queries.versions(curriculum_id)
    older = next((each for each in known if each.number == plan.version.number - 1), None)
    before = None if older is None else queries.version_for_planning(older.id)
    return render_template(
        "curricula/version.html",
        plan=plan,
        changes=None if before is None else changes.between(before, plan),
        versions=known,
    )


@blueprint.get("/paths/import")
def upload() -> ResponseReturnValue:
    """The upload form."""
    authorize(require_actor(), Permission.CURRICULA_EDIT)
    return render_template("curricula/upload.html", form=UploadForm(formdata=None), wrong=[], columns=COLUMNS)


@blueprint.post("/paths/import")
def do_upload() -> ResponseReturnValue:
    """Make a path from a file; wrong rows are named and nothing is kept."""
    actor, form = require_actor(), UploadForm()
    authorize(actor, Permission.CURRICULA_EDIT)
    wrong: list[tuple[int, str]] = []
    if form.validate():
        try:
            return _import(form, actor, clock.now())
        except InvalidRows as error:
            wrong = [(line, say(each)) for line, each in error.rows]
            form.file.errors = [say(error)]
        except Invalid as error:
            field = form.title if error.field == "title" and form.file.data.filename.endswith(".csv") else form.file
            field.errors = [say(error)]
    return render_template("curricula/upload.html", form=form, wrong=wrong, columns=COLUMNS), 422


def _import(form: UploadForm, actor: Actor, now: datetime) -> ResponseReturnValue:
    name = (form.file.data.filename or "").lower()
    file_format = "csv" if name.endswith(".csv") else "yaml"
    outcome = import_path(form.file.data.read(), file_format, title=form.title.data or "", actor=actor, now=now)
    flash(
        _(
            "%(steps)d steps imported, %(new)d of them new to the library.",
            steps=outcome.steps,
            new=outcome.new_activities,
        )
    )
    return _to_editor(outcome.curriculum.id)
