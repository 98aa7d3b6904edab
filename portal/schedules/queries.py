"""Reads of schedules and items, set-wise."""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Date, func, select

from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.plans import StepOverride
from portal.models.schedules import Assignment, AssignmentState, ItemStatus, ProgressEvent, Schedule, ScheduleItem
from portal.pacing.types import Extension, Taken
from portal.tenancy.scope import session

_LONGEST_DAY = timedelta(hours=26)  # local days have up to 25 hours
_OPEN = (ItemStatus.PLANNED, ItemStatus.IN_PROGRESS)


def zones_of(member_ids: Collection[uuid.UUID], *, lock: bool) -> dict[uuid.UUID, str | None]:
    """The learners' own zones; with ``lock`` their rows are held, in id order: two plans never overfill a day."""
    found = select(Member.id, Member.zone).where(Member.id.in_(member_ids)).order_by(Member.id)
    if lock:
        found = found.with_for_update(key_share=True)
    return dict(session().execute(found).all())


def schedules_of(assignment_id: uuid.UUID, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Schedule]:
    """Schedules of an assignment by member."""
    rows = session().scalars(
        select(Schedule).where(Schedule.assignment_id == assignment_id, Schedule.member_id.in_(member_ids))
    )
    return {row.member_id: row for row in rows}


def items_of(schedule_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[ScheduleItem]]:
    """Items that were not removed, by schedule, in time order."""
    found: dict[uuid.UUID, list[ScheduleItem]] = {}
    rows = session().scalars(
        select(ScheduleItem)
        .where(ScheduleItem.schedule_id.in_(schedule_ids), ScheduleItem.removed_at.is_(None))
        .order_by(ScheduleItem.starts_at, ScheduleItem.part)
    )
    for row in rows:
        found.setdefault(row.schedule_id, []).append(row)
    return found


def taken_by_others(
    member_ids: Collection[uuid.UUID], but_assignment_id: uuid.UUID | None, since: date
) -> dict[uuid.UUID, list[Taken]]:
    """Blocks these learners have on other assignments from a local date on, by member."""
    rows = session().execute(
        select(ScheduleItem.member_id, ScheduleItem.starts_at, ScheduleItem.minutes)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(
            ScheduleItem.member_id.in_(member_ids),
            Schedule.assignment_id.is_distinct_from(but_assignment_id),
            ScheduleItem.on_date >= since,
            ScheduleItem.removed_at.is_(None),
            ScheduleItem.status != ItemStatus.SKIPPED,
        )
        .order_by(ScheduleItem.starts_at)
    )
    found: dict[uuid.UUID, list[Taken]] = {}
    for member_id, starts_at, minutes in rows:
        found.setdefault(member_id, []).append(Taken(starts_at, minutes))
    return found


def step_keys(version_step_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Draft step ids of version steps, of whatever version."""
    rows = session().execute(select(VersionStep.id, VersionStep.step_id).where(VersionStep.id.in_(version_step_ids)))
    return dict(rows.all())


def assignments_of(class_id: uuid.UUID) -> Sequence[Assignment]:
    """The assignments of a class that stand, oldest first: what was published first keeps its days."""
    return (
        session()
        .scalars(
            select(Assignment)
            .where(Assignment.class_id == class_id, Assignment.state != AssignmentState.WITHDRAWN)
            .order_by(Assignment.published_at, Assignment.id)
        )
        .all()
    )


def assignments_with(member_ids: Collection[uuid.UUID]) -> Sequence[Assignment]:
    """Every standing assignment of these members, in whatever class, in the order of `assignments_of`."""
    mine = select(Schedule.assignment_id).where(Schedule.member_id.in_(member_ids))
    return (
        session()
        .scalars(
            select(Assignment)
            .where(Assignment.id.in_(mine), Assignment.state != AssignmentState.WITHDRAWN)
            .order_by(Assignment.published_at, Assignment.id)
        )
        .all()
    )


def assignments_by_id(assignment_ids: Collection[uuid.UUID]) -> Sequence[Assignment]:
    """These assignments, oldest first."""
    return (
        session()
        .scalars(
            select(Assignment).where(Assignment.id.in_(assignment_ids)).order_by(Assignment.published_at, Assignment.id)
        )
        .all()
    )


def step_titles(version_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """Titles of a version's steps in order, by draft step id."""
    rows = session().execute(
        select(VersionStep.step_id, VersionStep.title)
        .where(VersionStep.version_id == version_id)
        .order_by(VersionStep.position)
    )
    return dict(rows.all())


def extensions(assignment_id: uuid.UUID | None, member_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Extension]]:
    """Later due and lock moments of single steps, by member."""
    found: dict[uuid.UUID, list[Extension]] = {}
    for row in _overrides(assignment_id, member_ids):
        if row.due_at is not None or row.lock_at is not None:
            found.setdefault(row.member_id, []).append(Extension(row.step_id, row.due_at, row.lock_at))
    return found


def left_out(
    assignment_id: uuid.UUID | None, member_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, frozenset[uuid.UUID]]:
    """Steps that are left out for single learners, by member."""
    found: dict[uuid.UUID, frozenset[uuid.UUID]] = {}
    for row in _overrides(assignment_id, member_ids):
        if row.left_out:
            found[row.member_id] = found.get(row.member_id, frozenset()) | {row.step_id}
    return found


def _overrides(assignment_id: uuid.UUID | None, member_ids: Collection[uuid.UUID]) -> Sequence[StepOverride]:
    if assignment_id is None:
        return ()
    return (
        session()
        .scalars(
            select(StepOverride)
            .where(StepOverride.assignment_id == assignment_id, StepOverride.member_id.in_(member_ids))
            .order_by(StepOverride.member_id, StepOverride.step_id)
        )
        .all()
    )


def minutes_on_other_days(places: Mapping[uuid.UUID, ZoneInfo], *, now: datetime) -> dict[uuid.UUID, int]:
    """Minutes the learners did on their present local day on items of other days, by member; zones by member."""
    rows = session().execute(
        select(ProgressEvent.member_id, ProgressEvent.at, ScheduleItem.on_date, ProgressEvent.data["minutes"])
        .join(ScheduleItem, ScheduleItem.id == ProgressEvent.item_id)
        .where(
            ProgressEvent.member_id.in_(places),
            ProgressEvent.at > now - _LONGEST_DAY,
            ProgressEvent.at <= now,
            ProgressEvent.data.has_key("minutes"),
        )
    )
    found: Counter[uuid.UUID] = Counter()
    for member_id, at, on_date, minutes in rows:
        today = now.astimezone(places[member_id]).date()
        if at.astimezone(places[member_id]).date() == today != on_date:
            found[member_id] += minutes
    return {member_id: max(0, minutes) for member_id, minutes in found.items()}


def own_steps(class_id: uuid.UUID, member_id: uuid.UUID) -> list[tuple[str, StepOverride]]:
    """What differs for one learner in single steps of a class's paths, with the steps' titles; one statement."""
    rows = session().execute(
        select(VersionStep.title, StepOverride)
        .join(Assignment, Assignment.id == StepOverride.assignment_id)
        .join(
            VersionStep,
            (VersionStep.version_id == Assignment.version_id) & (VersionStep.step_id == StepOverride.step_id),
        )
        .where(Assignment.class_id == class_id, StepOverride.member_id == member_id)
        .order_by(VersionStep.position)
    )
    return [(title, row) for title, row in rows]


def removed_items(item_ids: Collection[uuid.UUID]) -> Sequence[ScheduleItem]:
    """Those of the items that are removed."""
    return (
        session()
        .scalars(select(ScheduleItem).where(ScheduleItem.id.in_(item_ids), ScheduleItem.removed_at.is_not(None)))
        .all()
    )


def next_day_end(class_id: uuid.UUID, *, now: datetime) -> datetime | None:
    """The next instant at which, in some learner's zone, a day with open work of the class is over."""
    rows = session().execute(
        select(Schedule.zone, ScheduleItem.on_date)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(ScheduleItem, ScheduleItem.schedule_id == Schedule.id)
        .where(
            Assignment.class_id == class_id,
            ScheduleItem.removed_at.is_(None),
            ScheduleItem.status.in_(_OPEN),
            ScheduleItem.on_date >= now.date() - timedelta(days=1),
        )
        .group_by(Schedule.zone, ScheduleItem.on_date)
    )
    ends = (datetime.combine(on + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC) for zone, on in rows)
    return min((end for end in ends if end > now), default=None)


def who_missed(class_id: uuid.UUID, *, now: datetime) -> list[uuid.UUID]:
    """Learners of the class with open work on a day that is over where they are."""
    today = func.timezone(Schedule.zone, now).cast(Date)
    rows = session().scalars(
        select(ScheduleItem.member_id)
        .distinct()
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .where(
            Assignment.class_id == class_id,
            ScheduleItem.removed_at.is_(None),
            ScheduleItem.status.in_(_OPEN),
            ScheduleItem.on_date < today,
        )
        .order_by(ScheduleItem.member_id)
    )
    return list(rows)


def class_and_member(schedule_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID] | None:
    """The class and the learner of a schedule that comes from a class."""
    row = (
        session()
        .execute(
            select(Assignment.class_id, Schedule.member_id)
            .join(Schedule, Schedule.assignment_id == Assignment.id)
            .where(Schedule.id == schedule_id)
        )
        .first()
    )
    return None if row is None else (row[0], row[1])


def classes_of(member_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Classes in which a member has schedules."""
    return (
        session()
        .scalars(
            select(Assignment.class_id)
            .distinct()
            .join(Schedule, Schedule.assignment_id == Assignment.id)
            .where(Schedule.member_id == member_id)
            .order_by(Assignment.class_id)
        )
        .all()
    )
