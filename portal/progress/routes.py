"""Pages of learners (today, week, progress, one item) and of educators (class grid, one student)."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.classes import queries as classes
from portal.errors import N_, Invalid, NotFound
from portal.events.usage import record_use
from portal.models.schedules import Assignment, ItemStatus
from portal.progress import class_queries, plan_queries, queries, services, streak_queries
from portal.progress.forms import CompleteForm, EncouragementForm, NoteForm
from portal.progress.moving import Choice, choices
from portal.progress.words import GLOBALS
from portal.schedules import changes as plan_changes
from portal.schedules import queries as schedules
from portal.schedules import words
from portal.security.actor import Actor
from portal.security.authorize import authorize, may_in_class
from portal.security.identity import require_actor
from portal.security.permissions import Permission
from portal.web.parse import maybe_uuid

blueprint = Blueprint("progress", __name__)
for _name, _function in GLOBALS.items():
    blueprint.add_app_template_global(_function, _name)

ACTIONS = {"start": services.start, "pause": services.pause, "skip": services.skip, "reopen": services.reopen}


def _local(actor: Actor, now: datetime) -> datetime:
    """Now in the learner's planning zone: of the newest schedule, else the own zone."""
    return now.astimezone(ZoneInfo(queries.zone_of(actor.member_id) or actor.zone))


@blueprint.get("/today")
def today() -> ResponseReturnValue:
    """What there is to do today."""
    actor, now = require_actor(), clock.now()
    local = _local(actor, now)
    day = local.date()
    items = queries.items_between(actor.member_id, day, day)
    overdue = queries.open_before(actor.member_id, day)
    shown = items + overdue
    waiting = [item for item in shown if not item.done]
    running = [item for item in waiting if item.running_since is not None]
    late_starts = plan_queries.late_starts(actor.member_id, day_began_at=datetime.combine(day, time(), local.tzinfo))
    record_use("page.today", actor.member_id, now=now)
    return render_template(
        "progress/today.html",
        day=day,
        day_hour=local.hour,
        items=items,
        overdue=overdue,
        current=next(iter(running or waiting), None),
        upcoming=None if waiting else queries.next_open(actor.member_id, day),
        paths=queries.paths_of(actor.member_id, now=now),
        titles=plan_queries.step_titles(reason for item in shown for reason in item.reasons),
        late_starts=late_starts,
        streak=streak_queries.streak(actor.member_id, today=day),
    )


@blueprint.get("/week")
def week() -> ResponseReturnValue:
    """Seven days from the Monday of the week that ``on`` (an ISO date) lies in."""
    actor, now = require_actor(), clock.now()
    today_ = _local(actor, now).date()
    monday = _monday(request.args, today_)
    items = queries.items_between(actor.member_id, monday, monday + timedelta(days=6))
    record_use("page.week", actor.member_id, now=now)
    days = [
        (day, [item for item in items if item.on_date == day])
        for day in (monday + timedelta(days=number) for number in range(7))
    ]
    return render_template(
        "progress/week.html",
        days=days,
        monday=monday,
        today=today_,
        items=items,
        titles=plan_queries.step_titles(reason for item in items for reason in item.reasons),
    )


def _monday(values: "MultiDict[str, str]", today_: date) -> date:
    text = values.get("on", "")
    try:
        day = date.fromisoformat(text) if text else today_
        return day - timedelta(days=day.weekday())
    except (ValueError, OverflowError):
        raise Invalid("date", N_("%(text)s is not a date such as 2026-09-07."), field="on", text=text[:20]) from None


@blueprint.get("/progress")
def progress() -> ResponseReturnValue:
    """Each of the learner's paths against its plan."""
    actor, now = require_actor(), clock.now()
    record_use("page.progress", actor.member_id, now=now)
    return render_template(
        "progress/progress.html",
        paths=queries.paths_of(actor.member_id, now=now),
        history=queries.history_of(actor.member_id, limit=30),
        streak=streak_queries.streak(actor.member_id, today=_local(actor, now).date()),
        milestones=streak_queries.milestones(actor.member_id),
    )


@blueprint.get("/changes")
def changes() -> ResponseReturnValue:
    """What changed the learner's plans, and her own changes to take back."""
    actor, now = require_actor(), clock.now()
    record_use("page.changes", actor.member_id, now=now)
    return render_template("progress/changes.html", notes=plan_queries.changes_of(actor.member_id))


@blueprint.get("/settings/days")
def days() -> ResponseReturnValue:
    """When the learner studies and when she is away."""
    actor, now = require_actor(), clock.now()
    record_use("page.days", actor.member_id, now=now)
    return render_template(
        "progress/days.html",
        classes=plan_queries.study_days_of(actor.member_id),
        leaves=plan_queries.leaves_of(actor.member_id),
        today=_local(actor, now).date(),
        encouragement=EncouragementForm(formdata=None, obj=streak_queries.switches(actor.member_id)),
    )


@blueprint.post("/settings/days/encouragement")
def encourage() -> ResponseReturnValue:
    """Keep whether the learner sees a streak and milestones."""
    form = EncouragementForm()
    services.choose_encouragement(streaks=form.streaks.data, milestones=form.milestones.data, actor=require_actor())
    flash(_("Saved."))
    return redirect(url_for("progress.days"), 303)


@blueprint.get("/items/<uuid:item_id>")
def item(item_id: uuid.UUID) -> ResponseReturnValue:
    """One item of the learner's own schedule."""
    actor = require_actor()
    return _item_page(item_id, actor)


def _item_page(
    item_id: uuid.UUID, actor: Actor, *, complete: CompleteForm | None = None, note: NoteForm | None = None
) -> ResponseReturnValue:
    detail = queries.item_detail(item_id, actor.member_id)
    if detail is None:
        raise NotFound("item_not_found", N_("There is no such item in your schedule."))
    row, local = detail.row, _local(actor, clock.now())
    page = render_template(
        "progress/item.html",
        item=detail,
        complete_form=complete or CompleteForm(formdata=None),
        note_form=note or NoteForm(formdata=None, note=detail.note),
        titles=plan_queries.step_titles(row.reasons),
        choices=_choices(row, actor, local),
        today=local.date(),
        history=plan_queries.history_of_item(item_id, row.schedule_id, actor.member_id),
        came_from=_came_from(),
    )
    return page, 422 if complete or note else 200


def _choices(row: queries.ItemRow, actor: Actor, local: datetime) -> list[Choice]:
    """Where an item that was not started may go by one click."""
    if row.status is not ItemStatus.PLANNED:
        return []
    days = plan_queries.days_of(row.schedule_id, actor.member_id)
    return list(choices(row.on_date, row.start_time, row.minutes, is_open=days.open, until=days.until, now=local))


def _came_from() -> str:
    """The page a learner came to an item from, to go back to: ``today``, ``week`` or ``item``."""
    wanted = request.args.get("from", "")
    return wanted if wanted in ("today", "week") else "item"


@blueprint.post("/items/<uuid:item_id>/<any(start, pause, skip, reopen):action>")
def act(item_id: uuid.UUID, action: str) -> ResponseReturnValue:
    """Start, pause, skip or reopen; then back to the page it was asked from."""
    ACTIONS[action](item_id, actor=require_actor(), now=clock.now())
    return redirect(_back(), 303)


@blueprint.post("/items/<uuid:item_id>/complete")
def complete(item_id: uuid.UUID) -> ResponseReturnValue:
    """Complete an item, with the minutes it took when they are given."""
    actor, form = require_actor(), CompleteForm()
    if not form.validate():
        return _item_page(item_id, actor, complete=form)
    services.complete(item_id, actual_minutes=form.actual_minutes.data, actor=actor, now=clock.now())
    return redirect(_back(), 303)


@blueprint.post("/items/<uuid:item_id>/note")
def note(item_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the learner's note."""
    actor, form = require_actor(), NoteForm()
    if not form.validate():
        return _item_page(item_id, actor, note=form)
    services.write_note(item_id, form.note.data or "", actor=actor, now=clock.now())
    return redirect(url_for("progress.item", item_id=item_id), 303)


def _back() -> str:
    """The page an action was asked from: one of the learner's own, never an address from outside."""
    wanted = request.form.get("next", "")
    known = {"today": "progress.today", "week": "progress.week", "progress": "progress.progress"}
    if wanted == "item" and request.view_args:
        return url_for("progress.item", item_id=request.view_args["item_id"])
    if wanted.startswith("learn:"):
        return url_for("lti.learn", class_id=maybe_uuid(wanted.removeprefix("learn:")))
    return url_for(known.get(wanted, "progress.today"))


@blueprint.get("/classes/<uuid:class_id>/progress")
def class_progress(class_id: uuid.UUID) -> ResponseReturnValue:
    """The class grid: learners by steps of one assignment, most in need first."""
    actor, now = require_actor(), clock.now()
    authorize(actor, Permission.CLASS_PROGRESS, class_id=class_id)
    classroom = classes.classroom(class_id)
    assignments = schedules.assignments_of(class_id)[::-1]
    chosen = _chosen(assignments)
    record_use("page.class_progress", actor.member_id, now=now)
    if chosen is None:
        return render_template("progress/class.html", classroom=classroom, assignments=[], chosen=None)
    learners = class_queries.learners(chosen.id, classroom.weekday_minutes, now=now)
    return render_template(
        "progress/class.html",
        classroom=classroom,
        assignments=assignments,
        assignment_links=_links,
        chosen=chosen,
        learners=learners,
        steps=class_queries.steps_of(chosen.version_id),
        cells=class_queries.cells_of(chosen.id, now=now),
        facts=class_queries.facts_of(learners),
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
        late_joiners=[who for who in learners if who.starts_on and who.starts_on > classroom.starts_on],
    )


def _chosen(assignments: Sequence[Assignment]) -> Assignment | None:
    """The one the address names, else the newest."""
    wanted = request.args.get("assignment")
    return next((each for each in assignments if str(each.id) == wanted), next(iter(assignments), None))


def _links(assignments: Sequence[Assignment], chosen: Assignment) -> list[tuple[str, str, bool]]:
    return [
        (
            each.title,
            url_for("progress.class_progress", class_id=each.class_id, assignment=each.id),
            each.id == chosen.id,
        )
        for each in assignments
    ]


@blueprint.get("/classes/<uuid:class_id>/students/<uuid:member_id>")
def student(class_id: uuid.UUID, member_id: uuid.UUID) -> ResponseReturnValue:
    """One student of the class: plan against actual, every date with its reasons, and what happened."""
    actor, now = require_actor(), clock.now()
    authorize(actor, Permission.CLASS_PROGRESS, class_id=class_id)
    person = class_queries.student_of(class_id, member_id)
    if person is None:
        abort(404)
    paths_here = [path for path in queries.paths_of(member_id, now=now) if path.class_id == class_id]
    paths = [(path, class_queries.schedule_items(path.schedule_id)) for path in paths_here]
    return render_template(
        "progress/student.html",
        classroom=classes.classroom(class_id),
        person=person,
        paths=paths,
        titles=plan_queries.step_titles(text for _path, slots in paths for slot in slots for text in slot["reasons"]),
        history=queries.history_of(member_id, class_id=class_id),
        changes=plan_changes.of_student(class_id, member_id),
        leaves=classes.leaves([member_id]).get(member_id, []),
        own_steps=schedules.own_steps(class_id, member_id),
        can_publish=may_in_class(actor, Permission.CLASS_PUBLISH, class_id),
        words=words,
        now=now,
    )
