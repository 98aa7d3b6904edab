"""The educator's page of a class that is a course of a learning platform."""

import uuid
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock
from portal.classes import queries as classes
from portal.errors import N_, Invalid, NotFound
from portal.lti.course import queries
from portal.lti.course.forms import GradingForm
from portal.lti.grades import queries as grades
from portal.lti.grades import services as grading
from portal.lti.roster import queries as rosters
from portal.lti.roster import services as roster
from portal.models.schedules import Assignment
from portal.security.authorize import authorize, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.tenancy.scope import session
from portal.web.errors import say
from portal.web.parse import maybe_uuid

blueprint = Blueprint("lti_course", __name__, url_prefix="/classes/<uuid:class_id>/course")


@blueprint.get("")
def overview(class_id: uuid.UUID) -> ResponseReturnValue:
    """Roster, content, columns and scores; it asks again while the roster is read."""
    actor = require_actor()
    authorize(actor, Permission.CLASS_VIEW, class_id=class_id)
    courses = queries.courses(class_id)
    return render_template(
        "lti/course.html",
        classroom=classes.classroom(class_id),
        courses=courses,
        run=rosters.run_of(class_id),
        paths=queries.paths(class_id),
        columns=grades.columns_of_class(class_id),
        scores=grades.scores(class_id),
        counts={state.value: count for state, count in grades.counts(class_id).items()},
        dates_taken=all(course.capabilities.takes_dates for course in courses),
        can_enrol=may_in_class(actor, Permission.CLASS_ENROL, class_id),
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
    )


@blueprint.post("/roster")
def read_roster(class_id: uuid.UUID) -> ResponseReturnValue:
    """Have the roster read."""
    roster.request_sync(class_id, actor=require_actor(), now=clock.now())
    return redirect(url_for("lti_course.overview", class_id=class_id), 303)


@blueprint.post("/scores")
def retry(class_id: uuid.UUID) -> ResponseReturnValue:
    """Send scores once more: those named, or all that wait."""
    named = [maybe_uuid(text) for text in request.form.getlist("score")]
    count = grading.retry(class_id, named or None, actor=require_actor(), now=clock.now())
    flash(ngettext("%(num)d score is sent again.", "%(num)d scores are sent again.", count))
    return redirect(url_for("lti_course.overview", class_id=class_id), 303)


@blueprint.get("/grading/<uuid:assignment_id>")
def policy(class_id: uuid.UUID, assignment_id: uuid.UUID) -> ResponseReturnValue:
    """How a path is graded."""
    authorize(require_actor(), Permission.CLASS_PUBLISH, class_id=class_id)
    form, present = GradingForm(), grades.policy(assignment_id)
    form.show(present)
    return _grading(_assignment(class_id, assignment_id), form, dict(present.points))


@blueprint.post("/grading/<uuid:assignment_id>")
def save_policy(class_id: uuid.UUID, assignment_id: uuid.UUID) -> ResponseReturnValue:
    """Grade a path so from now on."""
    actor, form = require_actor(), GradingForm()
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    assignment = _assignment(class_id, assignment_id)
    points = {
        str(step.step_id): request.form.get(f"points-{step.step_id}", None, float)
        for step in grades.version_steps(assignment.version_id)
    }
    if not form.validate():
        return _grading(assignment, form, points), 422
    try:
        grading.save_policy(assignment_id, form.policy(points), actor=actor, now=clock.now())
    except Invalid as error:
        form[error.field or "kind"].errors = [say(error)]
        return _grading(assignment, form, points), 422
    flash(_("Saved. Columns and scores follow."))
    return redirect(url_for("lti_course.overview", class_id=class_id), 303)


def _assignment(class_id: uuid.UUID, assignment_id: uuid.UUID) -> Assignment:
    found = session().get(Assignment, assignment_id)
    if found is None or found.class_id != class_id:
        raise NotFound("assignment_not_found", N_("There is no such path in this class."))
    return found


def _grading(assignment: Assignment, form: GradingForm, points: Mapping[str, float | None]) -> str:
    return render_template(
        "lti/grading.html",
        classroom=classes.classroom(assignment.class_id),
        assignment=assignment,
        form=form,
        steps=grades.version_steps(assignment.version_id),
        points=points,
    )
