"""Pages of classes: list, settings, people, roster."""

import base64
import binascii
import uuid
import zlib
from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from portal import clock
from portal.classes import queries, services
from portal.classes.forms import (
    DEFAULT_WEEK,
    ClassForm,
    EnrolForm,
    EnrolmentForm,
    RosterForm,
)
from portal.classes.importing import RosterOutcome, import_roster
from portal.classes.roster import MAX_BYTES
from portal.errors import Invalid, InvalidRows
from portal.models.classes import ClassRole
from portal.organizations.queries import organization
from portal.security.authorize import authorize, may, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.choices import options
from portal.web.errors import blame, say
from portal.web.parse import maybe_uuid
from portal.web.shell import shell

blueprint = Blueprint("classes", __name__)


@blueprint.app_template_global()
def class_tabs(class_id: uuid.UUID, here: str) -> Markup:
    """The pages of a class as a segmented control."""
    tabs = [
        ("progress.class_progress", _("Progress")),
        ("classes.people", _("People")),
        ("assignments.index", _("Paths")),
        ("schedules.history", _("Plan history")),
        ("classes.calendar", _("Calendar")),
    ]
    tabs += [(tab.endpoint, tab.label) for tab in shell().class_tabs if tab.visible(class_id)]
    if may_in_class(require_actor(), Permission.CLASS_EDIT, class_id):
        tabs.append(("classes.edit", _("Settings")))
    items = [(label, url_for(endpoint, class_id=class_id), endpoint == here) for endpoint, label in tabs]
    return Markup(render_template("classes/_tabs.html", items=items))  # noqa: S704  # a template, escaped itself


@blueprint.get("/classes")
def index() -> ResponseReturnValue:
    """The actor's classes; with ``version`` in the address, each leads on to publishing it there."""
    actor = require_actor()
    authorize(actor, Permission.CLASSES_CREATE)
    return render_template("classes/index.html", classes=queries.classes_of(actor), version=request.args.get("version"))


def _class_form(**values: object) -> ClassForm:
    form = ClassForm(**values)
    form.term_id.choices = options([("", _("None")), *((str(term.id), term.name) for term in queries.terms())])
    return form


@blueprint.get("/classes/new")
def new() -> ResponseReturnValue:
    """The form of a new class, filled with what is usual."""
    actor = require_actor()
    authorize(actor, Permission.CLASSES_CREATE)
    form = _class_form(
        formdata=None,
        zone=actor.zone,
        starts_on=clock.now().date(),
        weekday_minutes=DEFAULT_WEEK,
        holiday_country=organization().holiday_country or "",
    )
    return render_template("classes/edit.html", form=form, classroom=None)


@blueprint.post("/classes/new")
def create() -> ResponseReturnValue:
    """Make a class."""
    return _save(None)


@blueprint.get("/classes/<uuid:class_id>/edit")
def edit(class_id: uuid.UUID) -> ResponseReturnValue:
    """The form of a class."""
    authorize(require_actor(), Permission.CLASS_EDIT, class_id=class_id)
    found = queries.classroom(class_id)
    form = _class_form(
        formdata=None,
        obj=found,
        term_id=str(found.term_id or ""),
        cadence=found.cadence.value,
        **ClassForm.breaks(found),
    )
    return render_template("classes/edit.html", form=form, classroom=found)


@blueprint.post("/classes/<uuid:class_id>/edit")
def change(class_id: uuid.UUID) -> ResponseReturnValue:
    """Change a class."""
    return _save(class_id)


def _save(class_id: uuid.UUID | None) -> ResponseReturnValue:
    actor, form = require_actor(), _class_form()
    if class_id is None:
        authorize(actor, Permission.CLASSES_CREATE)
    else:
        authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    found = None if class_id is None else queries.classroom(class_id)
    try:
        if form.validate():
            saved = services.save_class(form.draft(found), class_id=class_id, actor=actor, now=clock.now())
            flash(_("Saved."))
            return redirect(url_for("classes.people", class_id=saved.id), 303)
    except Invalid as error:
        blame(form, error)
    return render_template("classes/edit.html", form=form, classroom=found), 422


@blueprint.post("/classes/<uuid:class_id>/archive")
def archive(class_id: uuid.UUID) -> ResponseReturnValue:
    """Take a class out of the lists."""
    services.archive_class(class_id, actor=require_actor(), now=clock.now())
    flash(_("Archived."))
    return redirect(url_for("classes.index"), 303)


@blueprint.get("/classes/<uuid:class_id>/people")
def people(class_id: uuid.UUID) -> ResponseReturnValue:
    """Everybody in the class, and how to add more."""
    return _people_page(class_id, EnrolForm(formdata=None))


def _people_page(class_id: uuid.UUID, form: EnrolForm, status: int = 200) -> ResponseReturnValue:
    actor = require_actor()
    authorize(actor, Permission.CLASS_VIEW, class_id=class_id)
    can_enrol = may_in_class(actor, Permission.CLASS_ENROL, class_id)
    page = render_template(
        "classes/people.html",
        classroom=queries.classroom(class_id),
        people=queries.people(class_id),
        can_enrol=can_enrol,
        form=form,
        roster_form=RosterForm(formdata=None),
        members=queries.member_choices(class_id) if can_enrol and may(actor, Permission.MEMBERS_VIEW) else [],
    )
    return page, status


@blueprint.post("/classes/<uuid:class_id>/people")
def enrol(class_id: uuid.UUID) -> ResponseReturnValue:
    """Enrol somebody by address, or a member that was chosen."""
    actor, now = require_actor(), clock.now()
    member = request.form.get("member", "")
    if member:
        services.enrol_member(class_id, maybe_uuid(member), ClassRole.STUDENT, actor=actor, now=now)
        flash(_("Enrolled."))
        return redirect(url_for("classes.people", class_id=class_id), 303)
    form = EnrolForm()
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    if not form.validate():
        return _people_page(class_id, form, 422)
    services.enrol_by_email(
        class_id,
        form.email.data.strip().lower(),
        form.name.data,
        ClassRole(form.role.data),
        starts_on=form.starts_on.data,
        actor=actor,
        now=now,
    )
    flash(_("Enrolled. Who is new gets an invitation by mail."))
    return redirect(url_for("classes.people", class_id=class_id), 303)


@blueprint.post("/classes/<uuid:class_id>/people/<uuid:member_id>/remove")
def remove(class_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    """Take somebody out of the class."""
    services.remove_enrolment(class_id, member_id, actor=require_actor(), now=clock.now())
    flash(_("Removed. Nothing that was done is lost."))
    return redirect(url_for("classes.people", class_id=class_id), 303)


@blueprint.get("/classes/<uuid:class_id>/people/<uuid:member_id>")
def enrolment(class_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    """What differs for one student."""
    authorize(require_actor(), Permission.CLASS_ENROL, class_id=class_id)
    return _enrolment_page(class_id, member_id, None)


def _enrolment_page(class_id: uuid.UUID, member_id: uuid.UUID, form: EnrolmentForm | None) -> ResponseReturnValue:
    found = queries.enrolment(class_id, member_id)
    person = next(each for each in queries.people(class_id) if each.member_id == member_id)
    shown = form or EnrolmentForm(formdata=None, obj=found, weekday_minutes=found.weekday_minutes or [None] * 7)
    page = render_template("classes/enrolment.html", classroom=queries.classroom(class_id), person=person, form=shown)
    return page, 422 if form else 200


@blueprint.post("/classes/<uuid:class_id>/people/<uuid:member_id>")
def change_enrolment(class_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what differs for one student; the schedules follow."""
    actor, form = require_actor(), EnrolmentForm()
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    try:
        if form.validate():
            services.change_enrolment(class_id, member_id, form.overrides(), actor=actor, now=clock.now())
            flash(_("Saved. The schedule follows in a moment."))
            return redirect(url_for("classes.people", class_id=class_id), 303)
    except Invalid as error:
        blame(form, error)
    return _enrolment_page(class_id, member_id, form)


@blueprint.post("/classes/<uuid:class_id>/roster")
def roster(class_id: uuid.UUID) -> ResponseReturnValue:
    """Read a roster file: first a preview, then, with ``confirmed``, the import."""
    actor, form = require_actor(), RosterForm()
    authorize(actor, Permission.CLASS_ENROL, class_id=class_id)
    confirmed = request.form.get("confirmed")
    data = _decoded(confirmed) if confirmed else form.file.data.read() if form.validate() else b""
    try:
        outcome = import_roster(class_id, data, dry_run=not confirmed, actor=actor, now=clock.now())
    except (Invalid, InvalidRows) as error:
        form.file.errors = [say(error)]
        wrong = [(line, say(each)) for line, each in error.rows] if isinstance(error, InvalidRows) else []
        return _roster_page(class_id, form, data, wrong=wrong)
    if not confirmed:
        return _roster_page(class_id, form, data, outcome=outcome)
    flash(_("%(rows)d students imported, %(new)d newly enrolled.", rows=outcome.rows, new=outcome.new_enrolments))
    return redirect(url_for("classes.people", class_id=class_id), 303)


def _roster_page(
    class_id: uuid.UUID,
    form: RosterForm,
    data: bytes,
    *,
    outcome: RosterOutcome | None = None,
    wrong: Sequence[tuple[int, str]] = (),
) -> ResponseReturnValue:
    page = render_template(
        "classes/roster.html",
        classroom=queries.classroom(class_id),
        form=form,
        wrong=wrong,
        outcome=outcome,
        data=base64.b64encode(zlib.compress(data)).decode(),
    )
    return page, 200 if outcome else 422


def _decoded(text: str) -> bytes:
    """The file of the preview; it travels compressed, as forms may be far smaller than files."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MAX_BYTES)
    except (binascii.Error, zlib.error):
        return b""
