"""The library's pages."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.curricula.queries import drafts
from portal.errors import N_, Invalid, NotFound
from portal.library import queries, services
from portal.library.forms import KINDS, ActivityForm, CategoryForm
from portal.library.queries import DIFFICULTY, MINUTES, Filters
from portal.security.authorize import authorize, may
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.choices import options
from portal.web.errors import say
from portal.web.graph import Node, draw
from portal.web.paging import page_asked
from portal.web.parse import uuids

blueprint = Blueprint("library", __name__)


def read_filters() -> Filters:
    """The filters in the address."""
    values = request.args
    return Filters(
        text=values.get("q", "").strip()[:200],
        domains=uuids(values.getlist("domain")),
        categories=uuids(values.getlist("category")),
        minutes=frozenset(values.getlist("minutes")) & MINUTES.keys(),
        difficulty=frozenset(values.getlist("difficulty")) & DIFFICULTY.keys(),
        kinds=frozenset(values.getlist("kind")) & {kind for kind, _label in KINDS},
        tags=frozenset(values.getlist("tag")),
        page=page_asked(values),
    )


@blueprint.get("/library")
def index() -> ResponseReturnValue:
    """Activities, searched and filtered on the server."""
    actor = require_actor()
    authorize(actor, Permission.LIBRARY_VIEW)
    filters = read_filters()
    can_edit = may(actor, Permission.LIBRARY_EDIT)
    return render_template(
        "library/index.html",
        filters=filters,
        found=queries.search(filters),
        kinds=KINDS,
        paths=drafts() if can_edit else [],
        can_edit=can_edit,
    )


@blueprint.get("/library/activities/<uuid:activity_id>")
def activity(activity_id: uuid.UUID) -> ResponseReturnValue:
    """One activity with what it needs and leads to."""
    actor = require_actor()
    authorize(actor, Permission.LIBRARY_VIEW)
    detail = _detail(activity_id)
    around = [*detail.needs, *detail.leads_to]
    nodes = [Node(activity_id, detail.activity.title, "#main", focus=True)]
    nodes += [Node(link.id, link.title, url_for("library.activity", activity_id=link.id)) for link in around]
    needs = {activity_id: [link.id for link in detail.needs], **{link.id: [activity_id] for link in detail.leads_to}}
    can_edit = may(actor, Permission.LIBRARY_EDIT)
    return render_template(
        "library/activity.html",
        detail=detail,
        graph=draw(nodes, needs, _("Prerequisite graph")) if around else "",
        kinds=dict(KINDS),
        can_edit=can_edit,
        paths=drafts() if can_edit else [],
    )


def _detail(activity_id: uuid.UUID) -> queries.Detail:
    detail = queries.detail(activity_id)
    if detail is None:
        raise NotFound("activity_not_found", N_("There is no such activity."))
    return detail


def _form(activity_id: uuid.UUID | None = None, **values: object) -> ActivityForm:
    form = ActivityForm(**values)
    form.category_id.choices = options(queries.category_choices())
    form.needs.choices = options(queries.activity_choices(but=activity_id))
    return form


@blueprint.get("/library/activities/new")
def new() -> ResponseReturnValue:
    """The form of a new activity."""
    authorize(require_actor(), Permission.LIBRARY_EDIT)
    form = _form(formdata=None, minutes=30, difficulty=3)
    return render_template("library/edit.html", form=form, activity=None, category_form=CategoryForm(formdata=None))


@blueprint.post("/library/activities/new")
def create() -> ResponseReturnValue:
    """Make an activity."""
    return _save(None)


@blueprint.get("/library/activities/<uuid:activity_id>/edit")
def edit(activity_id: uuid.UUID) -> ResponseReturnValue:
    """The form of an activity."""
    authorize(require_actor(), Permission.LIBRARY_EDIT)
    detail = _detail(activity_id)
    found = detail.activity
    form = _form(activity_id, formdata=None, obj=found, needs=[str(link.id) for link in detail.needs])
    form.tags.data = ", ".join(found.tags)
    return render_template("library/edit.html", form=form, activity=found, category_form=CategoryForm(formdata=None))


@blueprint.post("/library/activities/<uuid:activity_id>/edit")
def change(activity_id: uuid.UUID) -> ResponseReturnValue:
    """Change an activity."""
    return _save(activity_id)


def _save(activity_id: uuid.UUID | None) -> ResponseReturnValue:
    actor, form = require_actor(), _form(activity_id)
    authorize(actor, Permission.LIBRARY_EDIT)
    try:
        if form.validate():
            saved = services.save_activity(form.draft(), activity_id=activity_id, actor=actor, now=clock.now())
            flash(_("Saved."))
            return redirect(url_for("library.activity", activity_id=saved.id), 303)
    except Invalid as error:
        field = form[error.field if error.field in form else "title"]
        field.errors = [say(error)]
    found = None if activity_id is None else services.editable(activity_id)
    return render_template(
        "library/edit.html", form=form, activity=found, category_form=CategoryForm(formdata=None)
    ), 422


@blueprint.post("/library/activities/<uuid:activity_id>/<any(archive, restore):verb>")
def archive(activity_id: uuid.UUID, verb: str) -> ResponseReturnValue:
    """Archive or restore an activity."""
    services.archive_activity(activity_id, archived=verb == "archive", actor=require_actor(), now=clock.now())
    flash(_("Archived. Published paths keep it.") if verb == "archive" else _("Restored."))
    return redirect(url_for("library.activity", activity_id=activity_id), 303)


@blueprint.post("/library/categories")
def create_category() -> ResponseReturnValue:
    """Make a category, and its domain when that is new."""
    actor, form = require_actor(), CategoryForm()
    authorize(actor, Permission.LIBRARY_EDIT)
    if form.validate():
        services.create_category(form.domain.data, form.name.data, actor=actor, now=clock.now())
        flash(_("Category added."))
    else:
        flash(_("Give both the domain and the category a name."), "bad")
    return redirect(url_for("library.new"), 303)
