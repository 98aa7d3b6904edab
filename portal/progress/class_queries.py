"""Reads for educators: the class grid and one student, Core rows and a constant number of statements."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from portal.models.classes import ClassRole, Enrolment, EnrolmentStatus
from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.schedules import Assignment, ItemStatus, Schedule, ScheduleItem
from portal.progress.pace import Pace, Standing, pace_of, tolerance_of
from portal.progress.queries import DONE, sums
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class Learner:
    """A row of the class grid; ``starts_on`` is the learner's own start, for one who joined later."""

    member_id: uuid.UUID
    name: str
    schedule_id: uuid.UUID
    items: int
    done: int
    overdue: int
    finish_on: date | None
    verdict: str
    starts_on: date | None
    pace: Pace


def learners(assignment_id: uuid.UUID, weekday_minutes: list[int], *, now: datetime) -> list[Learner]:
    """Everybody who studies an assignment, most in need first."""
    rows = session().execute(
        select(
            Member.id,
            Member.name,
            Schedule.id,
            Schedule.finish_on,
            Schedule.verdict,
            Enrolment.starts_on,
            *sums(now),
        )
        .select_from(Schedule)
        .join(Member, Member.id == Schedule.member_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(
            Enrolment,
            (Enrolment.class_id == Assignment.class_id)
            & (Enrolment.member_id == Member.id)
            & (Enrolment.status == EnrolmentStatus.ACTIVE)
            & (Enrolment.role == ClassRole.STUDENT),
        )
        .outerjoin(ScheduleItem, (ScheduleItem.schedule_id == Schedule.id) & ScheduleItem.removed_at.is_(None))
        .where(Schedule.assignment_id == assignment_id)
        .group_by(Member.id, Schedule.id, Enrolment.id)
    )
    tolerance = tolerance_of(weekday_minutes)
    found = [_learner(row, tolerance) for row in rows]
    return sorted(found, key=lambda who: (who.pace.minutes, -who.overdue, who.name))


def _learner(row: Sequence[Any], tolerance: int) -> Learner:
    member_id, name, schedule_id, finish_on, verdict, starts_on, *sums = row
    items, done, overdue, expected, done_expected, done_early, left, _planned, _actual = sums
    pace = pace_of(
        expected_minutes=expected,
        done_expected_minutes=done_expected,
        done_early_minutes=done_early,
        open_minutes=left,
        tolerance=tolerance,
    )
    return Learner(member_id, name, schedule_id, items, done, overdue, finish_on, verdict, starts_on, pace)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """Four facts about a class: how many are on pace or better, behind, what is overdue, the mean balance."""

    on_pace: int
    behind: int
    overdue: int
    mean_minutes: int
    learners: int


def facts_of(learners: Sequence[Learner]) -> ClassFacts:
    """The facts of the given learners."""
    behind = sum(1 for who in learners if who.pace.standing is Standing.BEHIND)
    balance = [who.pace.minutes for who in learners if who.pace.standing is not Standing.FINISHED]
    return ClassFacts(
        on_pace=len(learners) - behind,
        behind=behind,
        overdue=sum(who.overdue for who in learners),
        mean_minutes=round(sum(balance) / len(balance)) if balance else 0,
        learners=len(learners),
    )


@dataclass(frozen=True, slots=True)
class Student:
    """A student of a class with what differs from the class; absent is as the class has it."""

    member_id: uuid.UUID
    name: str
    email: str | None
    starts_on: date | None
    ends_on: date | None
    zone: str | None
    weekday_minutes: list[int] | None
    study_from: time | None
    study_until: time | None
    pace_percent: int


def student_of(class_id: uuid.UUID, member_id: uuid.UUID) -> Student | None:
    """An active student of the class, or None."""
    columns: tuple[Any, ...] = (
        Member.id,
        Member.name,
        Member.email,
        Enrolment.starts_on,
        Enrolment.ends_on,
        Enrolment.zone,
        Enrolment.weekday_minutes,
        Enrolment.study_from,
        Enrolment.study_until,
        Enrolment.pace_multiplier_percent,
    )
    row = (
        session()
        .execute(
            select(*columns)
            .join(Enrolment, Enrolment.member_id == Member.id)
            .where(
                Enrolment.class_id == class_id,
                Enrolment.member_id == member_id,
                Enrolment.role == ClassRole.STUDENT,
                Enrolment.status == EnrolmentStatus.ACTIVE,
            )
        )
        .first()
    )
    return None if row is None else Student(*row)


def steps_of(version_id: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """(id, title) of a version's steps in order: the columns of the class grid."""
    rows = session().execute(
        select(VersionStep.id, VersionStep.title)
        .where(VersionStep.version_id == version_id)
        .order_by(VersionStep.position)
    )
    return [(step_id, title) for step_id, title in rows]


def cells_of(assignment_id: uuid.UUID, *, now: datetime) -> dict[tuple[uuid.UUID, uuid.UUID], str]:
    """State of each (schedule, step): ``done``, ``skipped``, ``running``, ``late`` or ``open``; one statement."""
    rows = session().execute(
        select(
            ScheduleItem.schedule_id,
            ScheduleItem.version_step_id,
            func.bool_and(ScheduleItem.status == ItemStatus.COMPLETED),
            func.bool_and(ScheduleItem.status.in_(DONE)),
            func.bool_or(ScheduleItem.due_at <= now) & ~func.bool_and(ScheduleItem.status.in_(DONE)),
            func.bool_or(ScheduleItem.status != ItemStatus.PLANNED),
        )
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(Schedule.assignment_id == assignment_id, ScheduleItem.removed_at.is_(None))
        .group_by(ScheduleItem.schedule_id, ScheduleItem.version_step_id)
    )
    return {
        (schedule_id, step_id): (
            "done" if completed else "skipped" if closed else "late" if late else "running" if begun else "open"
        )
        for schedule_id, step_id, completed, closed, late, begun in rows
    }


def schedule_items(schedule_id: uuid.UUID) -> list[dict[str, Any]]:
    """Every slot of a schedule with its reasons, for the educator's page of one student; notes stay private."""
    rows = session().execute(
        select(
            ScheduleItem.id,
            ScheduleItem.on_date,
            ScheduleItem.start_time,
            ScheduleItem.minutes,
            ScheduleItem.actual_minutes,
            ScheduleItem.status,
            ScheduleItem.due_at,
            ScheduleItem.finished_at,
            ScheduleItem.reasons,
            ScheduleItem.slack_days,
            ScheduleItem.pinned,
            ScheduleItem.part,
            ScheduleItem.parts,
            VersionStep.title,
            VersionStep.domain_hue,
        )
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(ScheduleItem.schedule_id == schedule_id, ScheduleItem.removed_at.is_(None))
        .order_by(ScheduleItem.on_date, ScheduleItem.start_time)
    )
    return [dict(row._mapping) for row in rows]
