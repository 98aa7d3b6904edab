"""Planning a class: rows in, plans, rows out; a fixed number of statements whatever its size."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from portal.classes import queries as classes
from portal.curricula.queries import VersionPlan, version_for_planning
from portal.errors import N_, NotFound
from portal.models.classes import Cadence, Classroom, Enrolment
from portal.models.curricula import VersionStep
from portal.models.schedules import Assignment, Schedule, ScheduleItem
from portal.pacing.engine import plan_many
from portal.pacing.types import Base, Learner, Plan
from portal.schedules import queries
from portal.schedules.inputs import LearnerRows, calendar_of, learner_of, path_of, policy_of
from portal.schedules.report import as_json
from portal.schedules.write import bump_feeds, insert_items, move_items, remove_items
from portal.tenancy.scope import organization_id, session


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


def plan_learners(frame: Frame, enrolments: Sequence[Enrolment], *, now: datetime) -> Iterator[Planned]:
    """Plan these students (locked until the transaction ends), beside what they have planned already."""
    member_ids = [enrolment.member_id for enrolment in enrolments]
    zones = queries.lock_members(member_ids)
    schedules: dict[uuid.UUID, Schedule] = {}
    if frame.assignment_id is not None:
        schedules = queries.schedules_of(frame.assignment_id, member_ids)
    items = queries.items_of([schedule.id for schedule in schedules.values()])
    since = now.astimezone(ZoneInfo(frame.classroom.zone)).date()
    taken = queries.taken_by_others(member_ids, frame.assignment_id, since)
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


def store(frame: Frame, planned: Sequence[Planned], *, now: datetime) -> list[uuid.UUID]:
    """Write plans: schedules, then items set-wise; ids of schedules that are new or differ."""
    assert frame.assignment_id is not None  # noqa: S101 - only a published assignment is stored
    member_ids = [each.enrolment.member_id for each in planned]
    schedules = queries.schedules_of(frame.assignment_id, member_ids)
    titles = {step.step_id: step.title for step in frame.version.steps}
    _change_schedules(schedules, planned, titles, now=now)
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
    schedules: dict[uuid.UUID, Schedule], planned: Iterable[Planned], titles: dict[uuid.UUID, str], *, now: datetime
) -> None:
    """Raise the revision of schedules that differ, which is what tells their learners; others stay untouched."""
    rows = [
        {
            "id": schedules[each.enrolment.member_id].id,
            "revision": schedules[each.enrolment.member_id].revision + 1,
            "zone": each.zone,
            "finish_on": each.plan.finish_on,
            "verdict": each.plan.report.verdict.value,
            "report": as_json(each.plan, titles),
            "planned_at": now,
        }
        for each in planned
        if each.enrolment.member_id in schedules and not each.plan.diff.empty
    ]
    if rows:
        session().execute(update(Schedule), rows)


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
                "zone": each.zone,
                "starts_on": each.enrolment.starts_on or frame.classroom.starts_on,
                "finish_on": each.plan.finish_on,
                "verdict": each.plan.report.verdict.value,
                "report": as_json(each.plan, titles),
                "planned_at": now,
            }
            for each in planned
        ],
    )
    return dict(made.tuples().all())


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
    """Remove what is open for members who left a class; what was done stays."""
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
