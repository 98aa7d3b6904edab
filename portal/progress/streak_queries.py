"""Reads of a learner's streak and milestones: a constant number of statements, nothing stored beside what was done."""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import (
    Date,
    Integer,
    Select,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from portal.classes import queries as classes
from portal.models.classes import ClassRole, Classroom, Enrolment, EnrolmentStatus
from portal.models.curricula import VersionStep
from portal.models.organizations import Member, Organization
from portal.models.plans import PlanChange, PlanDiff
from portal.models.schedules import Assignment, ItemStatus, ProgressEvent, Schedule, ScheduleItem
from portal.progress.milestones import Milestone, category_milestones, path_milestones
from portal.progress.streaks import Streak, Studied, streak_of
from portal.tenancy.scope import session


def streak(member_id: uuid.UUID, *, today: date) -> Streak | None:
    """The learner's streak over the classes that show it, on her local day ``today``; None where none does."""
    switched_on = _classes(member_id, Classroom.streaks, Organization.streaks, Member.streaks)
    rows = session().execute(switched_on.where(Enrolment.status == EnrolmentStatus.ACTIVE)).all()
    if not rows:
        return None
    off = classes.off_dates([classroom for classroom, _enrolment in rows])
    leaves = classes.leaves([member_id]).get(member_id, [])

    def is_study_day(day: date) -> bool:
        return not any(leave.starts_on <= day <= leave.ends_on for leave in leaves) and any(
            (enrolment.weekday_minutes or classroom.weekday_minutes)[day.weekday()] and day not in off[classroom.id]
            for classroom, enrolment in rows
        )

    shown = [classroom.id for classroom, _enrolment in rows]
    return streak_of(_studied(member_id, shown), _planned(member_id, shown), is_study_day, today=today)


def switches(member_id: uuid.UUID) -> Member:
    """The member, with what she wants to see."""
    return session().get_one(Member, member_id)


def _classes(member_id: uuid.UUID, *switches: InstrumentedAttribute[bool]) -> Select[Classroom, Enrolment]:
    """Classes a member studies in, with her enrolment, where all of the switches are on."""
    return (
        select(Classroom, Enrolment)
        .join(Enrolment, Enrolment.class_id == Classroom.id)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Organization, Organization.id == Classroom.organization_id)
        .where(
            Enrolment.member_id == member_id,
            Enrolment.role == ClassRole.STUDENT,
            Classroom.archived_at.is_(None),
            *switches,
        )
    )


def _studied(member_id: uuid.UUID, class_ids: Sequence[uuid.UUID]) -> list[Studied]:
    """What was done on each day in each zone; a sitting over midnight counts on both days by its minutes."""
    local = func.timezone(ProgressEvent.zone, ProgressEvent.at)
    clocked = func.coalesce(ProgressEvent.data["clocked"].as_integer(), 0)
    since_midnight = cast(func.floor(func.extract("epoch", local - func.date_trunc("day", local)) / 60), Integer)
    after = func.least(clocked, since_midnight)
    completed = case(
        (and_(ProgressEvent.name == "item.completed", ScheduleItem.status == ItemStatus.COMPLETED), 1), else_=0
    )
    events = (
        select(ProgressEvent.zone)
        .join(ScheduleItem, ScheduleItem.id == ProgressEvent.item_id)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .where(ProgressEvent.member_id == member_id, Assignment.class_id.in_(class_ids))
        .where(ProgressEvent.name.in_(("item.completed", "item.paused", "item.skipped")))
    )
    parts = union_all(
        events.add_columns(func.date(local).label("on"), completed.label("completed"), after.label("minutes")),
        events.add_columns(func.date(local) - 1, literal(0), clocked - after).where(clocked > after),
    ).subquery()
    rows = session().execute(
        select(parts.c.on, parts.c.zone, func.sum(parts.c.completed), func.sum(parts.c.minutes)).group_by(
            parts.c.on, parts.c.zone
        )
    )
    return [Studied(*row) for row in rows]


def _planned(member_id: uuid.UUID, class_ids: Sequence[uuid.UUID]) -> set[date]:
    """Days with work that was not done before; also those that missed work has left since."""
    mine = (Schedule.member_id == member_id, Assignment.class_id.in_(class_ids))
    finished_on = func.date(func.timezone(Schedule.zone, ScheduleItem.finished_at))
    standing = (
        select(ScheduleItem.on_date)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .where(*mine, ScheduleItem.removed_at.is_(None))
        .where(or_(ScheduleItem.finished_at.is_(None), finished_on >= ScheduleItem.on_date))
    )
    moves = func.jsonb_array_elements(PlanDiff.moved).table_valued(column("value", JSONB))
    stood_on = cast(moves.c.value["from"]["on"].astext, Date)
    left = (
        select(stood_on)
        .select_from(PlanDiff)
        .join(PlanChange, PlanChange.id == PlanDiff.change_id)
        .join(Schedule, Schedule.id == PlanDiff.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(moves, true())
        .where(*mine, stood_on < func.date(func.timezone(Schedule.zone, PlanChange.made_at)))
    )
    return set(session().scalars(standing.union(left)))


def milestones(member_id: uuid.UUID) -> list[Milestone]:
    """What the learner has reached, the latest first; empty where milestones are switched off."""
    shown = _classes(member_id, Classroom.milestones, Organization.milestones, Member.milestones)
    rows = session().execute(
        select(
            Schedule.id,
            Assignment.title,
            VersionStep.category_name,
            ScheduleItem.status,
            ScheduleItem.finished_at,
            ScheduleItem.minutes,
            ScheduleItem.actual_minutes,
        )
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(ScheduleItem.member_id == member_id, ScheduleItem.removed_at.is_(None))
        .where(
            ScheduleItem.status != ItemStatus.SKIPPED, Assignment.class_id.in_(shown.with_only_columns(Classroom.id))
        )
        .order_by(ScheduleItem.finished_at)
    )
    titles: dict[uuid.UUID, str] = {}
    planned: dict[uuid.UUID, int] = {}
    done: dict[uuid.UUID, list[tuple[datetime, int]]] = {}
    studied: dict[str, list[tuple[datetime, int]]] = {}
    for schedule_id, title, category, status, finished_at, minutes, actual in rows:
        titles[schedule_id] = title
        planned[schedule_id] = planned.get(schedule_id, 0) + minutes
        if status is ItemStatus.COMPLETED and finished_at is not None:
            done.setdefault(schedule_id, []).append((finished_at, minutes))
            studied.setdefault(category, []).append((finished_at, actual))
    found = [each for key, ends in done.items() for each in path_milestones(titles[key], ends, planned[key])]
    found += [each for name, ends in studied.items() for each in category_milestones(name, ends)]
    return sorted(found, key=lambda each: each.reached_at, reverse=True)
