"""Planning a class: rows in, plans, rows out; a fixed number of statements whatever its size."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from portal.classes import queries as classes
from portal.curricula.queries import VersionPlan, version_for_planning
from portal.errors import N_, NotFound
from portal.events.outbox import emit
from portal.models.classes import Cadence, Classroom, Enrolment
from portal.models.curricula import VersionStep
from portal.models.schedules import Assignment, Schedule, ScheduleItem
from portal.pacing.engine import plan_many
from portal.pacing.results import Base, Plan
from portal.pacing.types import Learner
from portal.schedules import queries
from portal.schedules.inputs import LearnerRows, calendar_of, learner_of, path_of, policy_of
from portal.schedules.report import as_json
from portal.schedules.write import bump_feeds, change_schedules, insert_items, move_items, remove_items
from portal.tenancy.scope import organization_id, session, unit_of_work

BATCH = 500


@dataclass(frozen=True, slots=True)
class Planned:
    """One learner's plan, not yet written."""

    enrolment: Enrolment
    zone: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Frame:
    """What all learners of an assignment share."""

    classroom: Classroom
    version: VersionPlan
    policy: dict[str, object]
    assignment_id: uuid.UUID | None = None


def frame_of(assignment: Assignment) -> Frame:
    """The frame of a published assignment."""
    return make_frame(assignment.class_id, assignment.version_id, assignment.policy, assignment_id=assignment.id)


def make_frame(
    class_id: uuid.UUID,
    version_id: uuid.UUID,
    policy: dict[str, object],
    *,
    assignment_id: uuid.UUID | None = None,
) -> Frame:
    """The frame of an assignment that may not exist yet. NotFound for a version that is not there."""
    version = version_for_planning(version_id)
    if version is None:
        raise NotFound("version_not_found", N_("There is no such version."))
    return Frame(classes.classroom(class_id), version, policy, assignment_id)


def plan_learners(
    frame: Frame, enrolments: Sequence[Enrolment], *, lock: bool = True, now: datetime
) -> Iterator[Planned]:
    """Plan these students beside what they have planned already.

    They are locked until the transaction ends, but for a preview.
    """
    member_ids = [enrolment.member_id for enrolment in enrolments]
    zones = queries.zones_of(member_ids, lock=lock)
    schedules: dict[uuid.UUID, Schedule] = {}
    if frame.assignment_id is not None:
        schedules = queries.schedules_of(frame.assignment_id, member_ids)
    items = queries.items_of([schedule.id for schedule in schedules.values()])
    today = now.astimezone(ZoneInfo(frame.classroom.zone)).date()
    monday = today - timedelta(days=today.weekday() + 1)  # caps count the whole week; a day more for other zones
    taken = queries.taken_by_others(member_ids, frame.assignment_id, monday)
    leaves = classes.leaves(member_ids)
    keys = queries.step_keys({item.version_step_id for each in items.values() for item in each})
    learners: list[tuple[Learner, Base]] = []
    for enrolment in enrolments:
        schedule = schedules.get(enrolment.member_id)
        rows = LearnerRows(
            enrolment=enrolment,
            zone=zones.get(enrolment.member_id),
            leaves=leaves.get(enrolment.member_id, ()),
            items=items.get(schedule.id, ()) if schedule else (),
            taken=taken.get(enrolment.member_id, ()),
        )
        learners.append(learner_of(rows, keys))
    calendar = calendar_of(frame.classroom, classes.days_off(frame.classroom))
    plans = plan_many(path_of(frame.version), calendar, learners, policy_of(frame.policy), now=now)
    for enrolment, (learner, _base), plan in zip(enrolments, learners, plans, strict=True):
        yield Planned(enrolment, learner.zone or frame.classroom.zone, plan)


def plan_class(
    assignment: Assignment, *, member_ids: Sequence[uuid.UUID] | None = None, now: datetime
) -> list[uuid.UUID]:
    """Plan an assignment for all of its class's students, or the given ones; ids of schedules that changed."""
    frame = frame_of(assignment)
    enrolments = classes.students(assignment.class_id, member_ids)
    if not enrolments:
        return []
    changed = store(frame, list(plan_learners(frame, enrolments, now=now)), now=now)
    if changed:
        bump_feeds([assignment.class_id], now=now)
    return changed


def plan_in_batches(
    assignment: Assignment, member_ids: Sequence[uuid.UUID] | None = None, *, tell: bool, now: datetime
) -> Iterator[int]:
    """As `plan_class` for jobs: `BATCH` students a transaction of its own; yields how many are done.

    Run again after a kill, finished batches change nothing. With ``tell`` each batch emits ``schedule.changed``.
    """
    wanted = [enrolment.member_id for enrolment in classes.students(assignment.class_id, member_ids)]
    for first in range(0, len(wanted), BATCH):
        batch = wanted[first : first + BATCH]
        with unit_of_work(organization_id=organization_id()) as db:
            changed = plan_class(db.get_one(Assignment, assignment.id), member_ids=batch, now=now)
            if tell and changed:
                emit("schedule.changed", now=now, schedule_ids=[str(key) for key in changed])
        yield first + len(batch)


def store(frame: Frame, planned: Sequence[Planned], *, now: datetime) -> list[uuid.UUID]:
    """Write plans: schedules, then items set-wise; ids of schedules that are new or differ."""
    assert frame.assignment_id is not None  # noqa: S101 - only a published assignment is stored
    member_ids = [each.enrolment.member_id for each in planned]
    schedules = queries.schedules_of(frame.assignment_id, member_ids)
    titles = {step.step_id: step.title for step in frame.version.steps}
    _change_schedules(frame, schedules, planned, titles, now=now)
    made = _make_schedules(frame, [p for p in planned if p.enrolment.member_id not in schedules], titles, now=now)
    ids = {member_id: schedule.id for member_id, schedule in schedules.items()} | made
    steps = {step.step_id: step.id for step in frame.version.steps}
    insert_items(
        (
            (ids[each.enrolment.member_id], each.enrolment.member_id, steps[slot.step], slot)
            for each in planned
            for slot in each.plan.diff.added
            if isinstance(slot.step, uuid.UUID)
        ),
        now=now,
    )
    move_items((move for each in planned for move in each.plan.diff.moved), now=now)
    remove_items([removed.slot.id for each in planned for removed in each.plan.diff.removed], now=now)
    touched = [p.enrolment.member_id for p in planned if p.enrolment.member_id in made or not p.plan.diff.empty]
    bump_feeds(touched, now=now)
    return [ids[member_id] for member_id in touched]


def _change_schedules(
    frame: Frame,
    schedules: dict[uuid.UUID, Schedule],
    planned: Iterable[Planned],
    titles: dict[uuid.UUID, str],
    *,
    now: datetime,
) -> None:
    """Store what differs; only a change of dates raises the revision, which is what tells the learner."""
    rows = []
    for each in planned:
        schedule = schedules.get(each.enrolment.member_id)
        if schedule is None:
            continue
        values = _values(frame, each, titles)
        if not each.plan.diff.empty or any(getattr(schedule, name) != value for name, value in values.items()):
            rows.append((schedule.id, not each.plan.diff.empty, values))
    change_schedules(rows, now=now)


def _values(frame: Frame, planned: Planned, titles: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "zone": planned.zone,
        "starts_on": planned.enrolment.starts_on or frame.classroom.starts_on,
        "finish_on": planned.plan.finish_on,
        "verdict": planned.plan.report.verdict.value,
        "report": as_json(planned.plan, titles),
    }


def _make_schedules(
    frame: Frame, planned: Sequence[Planned], titles: dict[uuid.UUID, str], *, now: datetime
) -> dict[uuid.UUID, uuid.UUID]:
    if not planned:
        return {}
    made = session().execute(
        insert(Schedule).returning(Schedule.member_id, Schedule.id),
        [
            {
                "organization_id": organization_id(),
                "member_id": each.enrolment.member_id,
                "assignment_id": frame.assignment_id,
                "kind": Cadence(frame.classroom.cadence),
                "planned_at": now,
                **_values(frame, each, titles),
            }
            for each in planned
        ],
    )
    return dict(made.all())


def adopt_version(assignment: Assignment, version_id: uuid.UUID) -> None:
    """Let an assignment's items refer to another version's steps, where that version still has them."""
    old, new = VersionStep.__table__.alias("old"), VersionStep.__table__.alias("new")
    mine = select(Schedule.id).where(Schedule.assignment_id == assignment.id)
    session().execute(
        update(ScheduleItem)
        .where(
            ScheduleItem.schedule_id.in_(mine),
            ScheduleItem.version_step_id == old.c.id,
            new.c.step_id == old.c.step_id,
            new.c.version_id == version_id,
        )
        .values(version_step_id=new.c.id)
        .execution_options(synchronize_session=False)
    )
    assignment.version_id = version_id


def withdraw(class_id: uuid.UUID, member_ids: Sequence[uuid.UUID], *, now: datetime) -> None:
    """Remove what is open for members who left a class; what was done stays. Who came back meanwhile keeps it."""
    back = {enrolment.member_id for enrolment in classes.students(class_id, member_ids)}
    member_ids = [member_id for member_id in member_ids if member_id not in back]
    open_items = (
        session()
        .scalars(
            select(ScheduleItem.id)
            .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
            .join(Assignment, Assignment.id == Schedule.assignment_id)
            .where(
                Assignment.class_id == class_id,
                ScheduleItem.member_id.in_(member_ids),
                ScheduleItem.finished_at.is_(None),
                ScheduleItem.removed_at.is_(None),
            )
        )
        .all()
    )
    remove_items(open_items, now=now)
    bump_feeds([*member_ids, class_id], now=now)
