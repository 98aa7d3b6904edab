"""The calendar of a class: study days, meetings, days off; terms, and the days off of all classes."""

import uuid
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal import clock
from portal.classes import queries, services, timetable
from portal.classes.forms import BlackoutForm, MeetingForm, TermForm
from portal.classes.routes.classes import blueprint
from portal.errors import Invalid
from portal.security.authorize import authorize, may, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.errors import blame


@blueprint.get("/classes/<uuid:class_id>/calendar")
def calendar(class_id: uuid.UUID) -> ResponseReturnValue:
    """Study days, meetings, public holidays and days off."""
    return _calendar_page(class_id)


def _calendar_page(
    class_id: uuid.UUID,
    form: BlackoutForm | None = None,
    meeting_form: MeetingForm | None = None,
) -> ResponseReturnValue:
    """The page; a form is one that was refused."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_VIEW, class_id=class_id)
    found = queries.classroom(class_id)
    days_off = queries.days_off(found)
    page = render_template(
        "classes/calendar.html",
        classroom=found,
        can_edit=may_in_class(actor, Permission.CLASS_EDIT, class_id),
        days_off=days_off,
        blackouts=queries.blackouts(class_id),
        rules=queries.meeting_rules(class_id),
        meetings=queries.meetings(found, days_off),
        form=form or BlackoutForm(formdata=None),
        meeting_form=meeting_form or MeetingForm(formdata=None, prefix="meet"),
    )
    return page, 422 if form or meeting_form else 200


@blueprint.post("/classes/<uuid:class_id>/meetings")
def add_meetings(class_id: uuid.UUID) -> ResponseReturnValue:
    """Let the class meet each week; the schedules follow."""
    actor, form = require_actor(), MeetingForm(prefix="meet")
    authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    try:
        if form.validate():
            draft = timetable.MeetingDraft(
                form.weekday.data, form.start_time.data, form.minutes.data, form.first_on.data, form.last_on.data
            )
            timetable.add_meetings(class_id, draft, actor=actor, now=clock.now())
            flash(_("Saved. Schedules follow in a moment."))
            return redirect(url_for("classes.calendar", class_id=class_id), 303)
    except Invalid as error:
        blame(form, error)
    return _calendar_page(class_id, meeting_form=form)


@blueprint.post("/classes/<uuid:class_id>/meetings/<uuid:meeting_id>/remove")
def remove_meetings(class_id: uuid.UUID, meeting_id: uuid.UUID) -> ResponseReturnValue:
    """The class no longer meets at this time of the week."""
    timetable.remove_meetings(class_id, meeting_id, actor=require_actor(), now=clock.now())
    flash(_("Removed. Schedules follow in a moment."))
    return redirect(url_for("classes.calendar", class_id=class_id), 303)


@blueprint.post("/classes/<uuid:class_id>/meetings/<uuid:meeting_id>/<any(skip, hold):action>")
def change_meeting(class_id: uuid.UUID, meeting_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """One meeting does not take place, or does after all."""
    on = request.form.get("on", type=date.fromisoformat)
    change = timetable.skip if action == "skip" else timetable.hold
    change(class_id, meeting_id, on, actor=require_actor(), now=clock.now())
    flash(_("Saved. Schedules follow in a moment."))
    return redirect(url_for("classes.calendar", class_id=class_id, _anchor="meetings"), 303)


@blueprint.post("/classes/<uuid:class_id>/blackouts")
def add_blackout(class_id: uuid.UUID) -> ResponseReturnValue:
    """Add dates without study; the schedules follow."""
    actor, form = require_actor(), BlackoutForm()
    authorize(actor, Permission.CLASS_EDIT, class_id=class_id)
    try:
        if form.validate():
            services.add_blackout(
                class_id, form.starts_on.data, form.ends_on.data, form.label.data, actor=actor, now=clock.now()
            )
            flash(_("Saved. Schedules follow in a moment."))
            return redirect(url_for("classes.calendar", class_id=class_id), 303)
    except Invalid as error:
        blame(form, error)
    return _calendar_page(class_id, form)


@blueprint.post("/classes/<uuid:class_id>/blackouts/<uuid:blackout_id>/remove")
def remove_blackout(class_id: uuid.UUID, blackout_id: uuid.UUID) -> ResponseReturnValue:
    """Take dates without study away again."""
    services.remove_blackout(class_id, blackout_id, actor=require_actor(), now=clock.now())
    flash(_("Removed. Schedules follow in a moment."))
    return redirect(url_for("classes.calendar", class_id=class_id), 303)


@blueprint.get("/terms")
def terms() -> ResponseReturnValue:
    """The organization's terms, and the days off of all its classes."""
    return _terms_page(TermForm(formdata=None), _days_form(formdata=None))


def _days_form(**values: object) -> BlackoutForm:
    """The form of days off beside another form: with names of its own, so that no id stands twice on the page."""
    return BlackoutForm(prefix="off", **values)


def _terms_page(form: TermForm, days_form: BlackoutForm, status: int = 200) -> ResponseReturnValue:
    actor = require_actor()
    authorize(actor, Permission.CLASSES_CREATE)
    page = render_template(
        "classes/terms.html",
        terms=queries.terms(),
        form=form,
        blackouts=queries.blackouts(None),
        days_form=days_form if may(actor, Permission.ORGANIZATION_EDIT) else None,
    )
    return page, status


@blueprint.post("/terms")
def create_term() -> ResponseReturnValue:
    """Make a term."""
    actor, form = require_actor(), TermForm()
    authorize(actor, Permission.CLASSES_CREATE)
    try:
        if form.validate():
            services.create_term(form.name.data, form.starts_on.data, form.ends_on.data, actor=actor, now=clock.now())
            return redirect(url_for("classes.terms"), 303)
    except Invalid as error:
        blame(form, error)
    return _terms_page(form, _days_form(formdata=None), 422)


@blueprint.post("/days-off")
def add_days_off() -> ResponseReturnValue:
    """Add dates without study for every class of the organization."""
    actor, form = require_actor(), _days_form()
    authorize(actor, Permission.ORGANIZATION_EDIT)
    try:
        if form.validate():
            services.add_blackout(
                None, form.starts_on.data, form.ends_on.data, form.label.data, actor=actor, now=clock.now()
            )
            flash(_("Saved. Schedules follow in a moment."))
            return redirect(url_for("classes.terms"), 303)
    except Invalid as error:
        blame(form, error)
    return _terms_page(TermForm(formdata=None), form, 422)


@blueprint.post("/days-off/<uuid:blackout_id>/remove")
def remove_days_off(blackout_id: uuid.UUID) -> ResponseReturnValue:
    """Take dates without study of every class away again."""
    services.remove_blackout(None, blackout_id, actor=require_actor(), now=clock.now())
    flash(_("Removed. Schedules follow in a moment."))
    return redirect(url_for("classes.terms"), 303)
