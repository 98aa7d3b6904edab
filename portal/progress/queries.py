"""Reads for learners' pages: Core rows, a constant number of statements."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, case, func, select

from portal.models.classes import Classroom
from portal.models.curricula import VersionEdge, VersionStep
from portal.models.schedules import Assignment, ItemStatus, ProgressEvent, Schedule, ScheduleItem
from portal.progress.pace import Pace, pace_of, tolerance_of
from portal.tenancy.scope import session

DONE = (ItemStatus.COMPLETED, ItemStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as lists show it; ``on_date`` and ``start_time`` are local to the schedule's zone."""

    id: uuid.UUID
    schedule_id: uuid.UUID
    status: ItemStatus
    on_date: date
    start_time: time
    minutes: int
    due_at: datetime
    part: int
    parts: int
    running_since: datetime | None
    actual_minutes: int
    required: bool
    title: str
    kind: str
    hue: str
    icon: str
    domain_name: str
    path_title: str
    reasons: list[str]
    slack_days: int | None
    pinned: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in DONE


_ITEM_COLUMNS: tuple[Any, ...] = (
    ScheduleItem.id,
    ScheduleItem.schedule_id,
    ScheduleItem.status,
    ScheduleItem.on_date,
    ScheduleItem.start_time,
    ScheduleItem.minutes,
    ScheduleItem.due_at,
    ScheduleItem.part,
    ScheduleItem.parts,
    ScheduleItem.running_since,
    ScheduleItem.actual_minutes,
    VersionStep.required,
    VersionStep.title,
    VersionStep.kind,
    VersionStep.domain_hue,
    VersionStep.domain_icon,
    VersionStep.domain_name,
    Assignment.title,
    ScheduleItem.reasons,
    ScheduleItem.slack_days,
    ScheduleItem.pinned,
)


def _items(member_id: uuid.UUID) -> Select[Any]:
    return (
        select(*_ITEM_COLUMNS)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .where(ScheduleItem.member_id == member_id, ScheduleItem.removed_at.is_(None), Classroom.archived_at.is_(None))
        .order_by(ScheduleItem.on_date, ScheduleItem.start_time, ScheduleItem.id)
    )


def items_between(member_id: uuid.UUID, first: date, last: date) -> list[ItemRow]:
    """A member's items on the local dates from ``first`` to ``last``, both included."""
    rows = session().execute(_items(member_id).where(ScheduleItem.on_date.between(first, last)))
    return [ItemRow(*row) for row in rows]


def open_before(member_id: uuid.UUID, day: date, *, limit: int = 50) -> list[ItemRow]:
    """Items of earlier dates that are still open, oldest first."""
    rows = session().execute(
        _items(member_id).where(ScheduleItem.on_date < day, ScheduleItem.status.not_in(DONE)).limit(limit)
    )
    return [ItemRow(*row) for row in rows]


def next_open(member_id: uuid.UUID, day: date) -> ItemRow | None:
    """The first open item after a local date."""
    row = (
        session()
        .execute(_items(member_id).where(ScheduleItem.on_date > day, ScheduleItem.status.not_in(DONE)).limit(1))
        .first()
    )
    return None if row is None else ItemRow(*row)


def zone_of(member_id: uuid.UUID) -> str | None:
    """The planning zone of the member's newest schedule."""
    return session().scalar(
        select(Schedule.zone).where(Schedule.member_id == member_id).order_by(Schedule.planned_at.desc()).limit(1)
    )


@dataclass(frozen=True, slots=True)
class PathProgress:
    """A learner's progress on one assignment, in items and minutes."""

    schedule_id: uuid.UUID
    assignment_id: uuid.UUID
    class_id: uuid.UUID
    title: str
    class_name: str
    verdict: str
    report: dict[str, Any]
    finish_on: date | None
    items: int
    done: int
    planned_minutes: int
    actual_minutes: int
    overdue: int
    hue: str
    pace: Pace


def sums(now: datetime) -> tuple[Any, ...]:
    """Sums over items from which pace follows, as SQL."""
    minutes = ScheduleItem.minutes
    is_done = ScheduleItem.status.in_(DONE)
    is_due = ScheduleItem.due_at <= now

    def total(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, minutes), else_=0)), 0)

    return (
        func.count(ScheduleItem.id),
        func.count(ScheduleItem.id).filter(is_done),
        func.count(ScheduleItem.id).filter(is_due, ~is_done),
        total(is_due),
        total(is_due & is_done),
        total(~is_due & is_done),
        total(~is_done),
        func.coalesce(func.sum(minutes), 0),
        func.coalesce(func.sum(ScheduleItem.actual_minutes), 0),
    )


def paths_of(member_id: uuid.UUID, *, now: datetime) -> list[PathProgress]:
    """The member's progress on each assignment, in one statement."""
    rows = session().execute(
        select(
            Schedule.id,
            Schedule.assignment_id,
            Classroom.id,
            Assignment.title,
            Classroom.name,
            Classroom.weekday_minutes,
            Schedule.verdict,
            Schedule.report,
            Schedule.finish_on,
            func.min(VersionStep.domain_hue),
            *sums(now),
        )
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .outerjoin(
            ScheduleItem,
            (ScheduleItem.schedule_id == Schedule.id) & ScheduleItem.removed_at.is_(None),
        )
        .outerjoin(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(Schedule.member_id == member_id, Classroom.archived_at.is_(None))
        .group_by(Schedule.id, Assignment.id, Classroom.id)
        .order_by(Assignment.published_at.desc())
    )
    return [_path(row) for row in rows]


def _path(row: Sequence[Any]) -> PathProgress:
    schedule_id, assignment_id, class_id, title, class_name, weekdays, verdict, report, finish_on, hue, *sums = row
    items, done, overdue, expected, done_expected, done_early, left, planned, actual = sums
    return PathProgress(
        schedule_id=schedule_id,
        assignment_id=assignment_id,
        class_id=class_id,
        title=title,
        class_name=class_name,
        verdict=verdict,
        report=report,
        finish_on=finish_on,
        items=items,
        done=done,
        planned_minutes=planned,
        actual_minutes=actual,
        overdue=overdue,
        hue=hue or "number",
        pace=pace_of(
            expected_minutes=expected,
            done_expected_minutes=done_expected,
            done_early_minutes=done_early,
            open_minutes=left,
            tolerance=tolerance_of(weekdays),
        ),
    )


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """One item with all a learner may read of it."""

    row: ItemRow
    description: str
    resource_url: str | None
    difficulty: int
    unit_title: str
    note: str
    started_at: datetime | None
    finished_at: datetime | None
    needs: list[str]


def item_detail(item_id: uuid.UUID, member_id: uuid.UUID) -> ItemDetail | None:
    """A member's own item, or None."""
    found = (
        session()
        .execute(
            _items(member_id)
            .add_columns(
                VersionStep.description,
                VersionStep.resource_url,
                VersionStep.difficulty,
                VersionStep.unit_title,
                ScheduleItem.note,
                ScheduleItem.started_at,
                ScheduleItem.finished_at,
                ScheduleItem.version_step_id,
            )
            .where(ScheduleItem.id == item_id)
        )
        .first()
    )
    if found is None:
        return None
    width = len(_ITEM_COLUMNS)
    rest: list[Any] = list(found[width:])
    step_id = rest.pop()
    needs = session().scalars(
        select(VersionStep.title)
        .join(VersionEdge, VersionEdge.prerequisite_id == VersionStep.id)
        .where(VersionEdge.step_id == step_id)
        .order_by(VersionStep.position)
    )
    fields: list[Any] = [*rest, list(needs)]
    return ItemDetail(ItemRow(*found[:width]), *fields)


def history_of(
    member_id: uuid.UUID, *, class_id: uuid.UUID | None = None, limit: int = 50
) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    """What a member did with items (of one class), newest first: instant, event name, step title, data."""
    found = (
        select(ProgressEvent.at, ProgressEvent.name, VersionStep.title, ProgressEvent.data)
        .join(ScheduleItem, ScheduleItem.id == ProgressEvent.item_id)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(ProgressEvent.member_id == member_id, ProgressEvent.name != "item.noted")
        .order_by(ProgressEvent.at.desc())
        .limit(limit)
    )
    if class_id is not None:
        found = (
            found.join(Schedule, Schedule.id == ScheduleItem.schedule_id)
            .join(Assignment, Assignment.id == Schedule.assignment_id)
            .where(Assignment.class_id == class_id)
        )
    return [(at, name, title, data) for at, name, title, data in session().execute(found)]
