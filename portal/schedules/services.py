"""Planning a class: rows in, plans, rows out; a fixed number of statements whatever its size."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select

from portal.classes import queries as classes
from portal.curricula.queries import VersionPlan, version_for_planning
from portal.errors import N_, NotFound
from portal.events.outbox import emit, owe
from portal.models.classes import Cadence, Classroom, Enrolment
from portal.models.schedules import Assignment, AssignmentState, Schedule, ScheduleItem
from portal.pacing.engine import diagnose, plan_many
from portal.pacing.results import Base, Diagnosis, Diff, Plan, Slot
from portal.pacing.types import ClassCalendar, Learner, SlotStatus
from portal.schedules import queries
from portal.schedules.compare import compare
from portal.schedules.history import Cause, Written, before, diffs_of, record
from portal.schedules.inputs import LearnerRows, calendar_of, learner_of, left_out_of, path_of, policy_of, slot_of
from portal.schedules.report import as_json
from portal.schedules.tuning import AS_STORED, Tuning
from portal.schedules.write import (
    NewItem,
    bump_feeds,
    change_schedules,
    insert_items,
    insert_more_items,
    move_items,
    remove_items,
)
from portal.tenancy.scope import organization_id, session, unit_of_work

BATCH = 500
MISSED = "plans.missed"


@dataclass(frozen=True, slots=True)
class Planned:
    """One learner's plan, not yet written; ``diff`` is against the slots as they are stored."""

    enrolment: Enrolment
    zone: str
    plan: Plan
    diff: Diff
    base: Base


@dataclass(frozen=True, slots=True)
class Frame:
    """What all learners of an assignment share; of one that is ``withdrawn`` no step is planned."""

    classroom: Classroom
    version: VersionPlan
    policy: dict[str, object]
    assignment_id: uuid.UUID | None = None
    withdrawn: bool = False

    @property
    def left_out(self) -> frozenset[uuid.UUID]:
        """The steps that nobody gets."""
        return frozenset(step.step_id for step in self.version.steps) if self.withdrawn else left_out_of(self.policy)


def frame_of(assignment: Assignment) -> Frame:
    """The frame of a published assignment."""
    frame = make_frame(assignment.class_id, assignment.version_id, assignment.policy, assignment_id=assignment.id)
    return replace(frame, withdrawn=assignment.state is AssignmentState.WITHDRAWN)


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
    frame: Frame, enrolments: Sequence[Enrolment], *, lock: bool = True, tuning: Tuning = AS_STORED, now: datetime
) -> list[Planned]:
    """Plan these students beside what they have planned already, in the order given.

    They are locked until the transaction ends, but for a preview.
    """
    member_ids = [enrolment.member_id for enrolment in enrolments]
    learners = _learners(frame, enrolments, lock=lock, now=now)
    calendar = calendar_for(frame)
    policy = tuning.tuned(policy_of(frame.policy))
    left_out = frame.left_out
    overrides = queries.left_out(frame.assignment_id, member_ids)
    groups: dict[frozenset[uuid.UUID], list[int]] = {}
    for number, member_id in enumerate(member_ids):
        groups.setdefault(left_out | overrides.get(member_id, frozenset()), []).append(number)
    found: dict[int, Planned] = {}
    earlier = _slots_before(tuning.before, frame, member_ids, learners) if tuning.before else {}
    for without, numbers in groups.items():
        tuned = [_tuned(*learners[number], tuning, earlier) for number in numbers]
        plans = plan_many(path_of(frame.version, frame.classroom.zone, without), calendar, tuned, policy, now=now)
        for number, plan in zip(numbers, plans, strict=True):
            learner, base = learners[number]
            diff = compare(base, plan.slots) if tuning.rebased else plan.diff
            found[number] = Planned(enrolments[number], learner.zone or frame.classroom.zone, plan, diff, base)
    return [found[number] for number in range(len(enrolments))]


def diagnosis(frame: Frame, enrolment: Enrolment, *, now: datetime) -> Diagnosis:
    """Why a learner's required work does not fit, and what would make it fit. Costs many plans."""
    learner, base = _learners(frame, [enrolment], lock=False, now=now)[0]
    own = queries.left_out(frame.assignment_id, [enrolment.member_id]).get(enrolment.member_id, frozenset())
    path = path_of(frame.version, frame.classroom.zone, frame.left_out | own)
    return diagnose(path, calendar_for(frame), learner, policy_of(frame.policy), base, now)


def calendar_for(frame: Frame) -> ClassCalendar:
    """The class's calendar as the engine takes it."""
    days_off = classes.days_off(frame.classroom)
    return calendar_of(frame.classroom, days_off, classes.meetings(frame.classroom, days_off))


def _learners(
    frame: Frame, enrolments: Sequence[Enrolment], *, lock: bool, now: datetime
) -> list[tuple[Learner, Base]]:
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
    extensions = queries.extensions(frame.assignment_id, member_ids)
    keys = queries.step_keys({item.version_step_id for each in items.values() for item in each})
    efforts = {step.step_id: step.minutes for step in frame.version.steps}
    places = {
        each.member_id: ZoneInfo(each.zone or zones.get(each.member_id) or frame.classroom.zone) for each in enrolments
    }
    extra = queries.minutes_on_other_days(places, now=now)
    learners = []
    for enrolment in enrolments:
        schedule = schedules.get(enrolment.member_id)
        rows = LearnerRows(
            enrolment=enrolment,
            zone=zones.get(enrolment.member_id),
            leaves=leaves.get(enrolment.member_id, ()),
            items=items.get(schedule.id, ()) if schedule else (),
            taken=taken.get(enrolment.member_id, ()),
            extensions=extensions.get(enrolment.member_id, ()),
            today=now.astimezone(places[enrolment.member_id]).date(),
            extra_minutes_today=extra.get(enrolment.member_id, 0),
        )
        learners.append(learner_of(rows, keys, efforts))
    return learners


def _slots_before(
    change_ids: Sequence[uuid.UUID],
    frame: Frame,
    member_ids: Sequence[uuid.UUID],
    learners: Sequence[tuple[Learner, Base]],
) -> dict[object, Base]:
    """The learners' slots as they were before changes, by member; of those they touched."""
    assert frame.assignment_id is not None  # noqa: S101  # a change is of an assignment
    schedules = queries.schedules_of(frame.assignment_id, member_ids)
    diffs = diffs_of(change_ids)
    gone = queries.removed_items({item_id for diff in diffs.values() for item_id in diff.removed})
    keys = queries.step_keys({item.version_step_id for item in gone})
    removed: dict[uuid.UUID, list[Slot]] = {}
    for item in gone:
        removed.setdefault(item.schedule_id, []).append(slot_of(item, keys[item.version_step_id]))
    return {
        learner.id: before(diffs[schedule.id], base, tuple(removed.get(schedule.id, ())))
        for learner, base in learners
        if isinstance(learner.id, uuid.UUID)
        and (schedule := schedules.get(learner.id)) is not None
        and schedule.id in diffs
    }


def _tuned(learner: Learner, base: Base, tuning: Tuning, earlier: Mapping[object, Base]) -> tuple[Learner, Base]:
    if isinstance(learner.id, uuid.UUID) and learner.id in tuning.pins:
        learner = replace(learner, pins=tuning.pins[learner.id])
    base = earlier.get(learner.id, base)
    if tuning.anew:
        base = tuple(slot for slot in base if slot.status is not SlotStatus.PLANNED or slot.pinned)
    return learner, base


def plan_class(
    assignment: Assignment,
    cause: Cause,
    *,
    member_ids: Sequence[uuid.UUID] | None = None,
    tuning: Tuning = AS_STORED,
    now: datetime,
) -> list[uuid.UUID]:
    """Plan an assignment for all of its class's students, or the given ones; ids of schedules that changed."""
    enrolments = classes.students(assignment.class_id, member_ids)
    frame = frame_of(assignment)
    planned = plan_learners(frame, enrolments, tuning=tuning, now=now) if enrolments else []
    return store(frame, planned, cause, now=now)


def plan_in_batches(
    assignment: Assignment,
    cause: Cause,
    member_ids: Sequence[uuid.UUID] | None = None,
    *,
    tuning: Tuning = AS_STORED,
    tell: bool,
    now: datetime,
) -> Iterator[int]:
    """As `plan_class` for jobs: `BATCH` students a transaction of its own; yields how many are done.

    Run again after a kill, finished batches change nothing. With ``tell`` each batch emits ``schedule.changed``.
    """
    wanted = [enrolment.member_id for enrolment in classes.students(assignment.class_id, member_ids)]
    for first in range(0, len(wanted), BATCH):
        batch = wanted[first : first + BATCH]
        with unit_of_work(organization_id=organization_id()) as db:
            found = db.get_one(Assignment, assignment.id)
            changed = plan_class(found, cause, member_ids=batch, tuning=tuning, now=now)
            if tell and changed:
                emit("schedule.changed", now=now, schedule_ids=[str(key) for key in changed])
        yield first + len(batch)


def store(frame: Frame, planned: Sequence[Planned], cause: Cause, *, now: datetime) -> list[uuid.UUID]:
    """Write plans set-wise: schedules, items, history, when to look for missed work; ids of schedules that changed."""
    assert frame.assignment_id is not None  # noqa: S101  # only a published assignment is stored
    member_ids = [each.enrolment.member_id for each in planned]
    schedules = queries.schedules_of(frame.assignment_id, member_ids)
    titles = {step.step_id: step.title for step in frame.version.steps}
    _change_schedules(frame, schedules, planned, titles, now=now)
    made = _make_schedules(frame, [p for p in planned if p.enrolment.member_id not in schedules], titles, now=now)
    ids = {member_id: schedule.id for member_id, schedule in schedules.items()} | made
    added = _write_items(frame, planned, ids, made, now=now)
    written = [
        Written(
            ids[p.enrolment.member_id], p.diff, p.enrolment.member_id in made, added.get(ids[p.enrolment.member_id], ())
        )
        for p in planned
    ]
    record(frame.assignment_id, cause, written, now=now)
    touched = [p.enrolment.member_id for p in planned if p.enrolment.member_id in made or not p.diff.empty]
    if touched:
        bump_feeds(touched, now=now)
        look_for_missed(frame.classroom.id, now=now)
    return [ids[member_id] for member_id in touched]


def _write_items(
    frame: Frame,
    planned: Sequence[Planned],
    ids: Mapping[uuid.UUID, uuid.UUID],
    made: Mapping[uuid.UUID, uuid.UUID],
    *,
    now: datetime,
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Write all diffs; the ids of items added to schedules that were there before, by schedule."""
    steps: Mapping[object, uuid.UUID] = {step.step_id: step.id for step in frame.version.steps}
    first: list[NewItem] = []
    more: list[NewItem] = []
    back: list[tuple[uuid.UUID, Slot]] = []
    for each in planned:
        member_id = each.enrolment.member_id
        for slot in each.diff.added:
            if slot.id is not None:
                back.append((ids[member_id], slot))
            else:
                (first if member_id in made else more).append((ids[member_id], member_id, steps[slot.step], slot))
    insert_items(first, now=now)
    added = insert_more_items(more, now=now)
    move_items([(move.before.id, move.after) for each in planned for move in each.diff.moved], now=now)
    move_items([(slot.id, slot) for _schedule_id, slot in back], now=now)
    for schedule_id, slot in back:
        assert isinstance(slot.id, uuid.UUID)  # noqa: S101  # an item's
        added.setdefault(schedule_id, []).append(slot.id)
    remove_items([removed.slot.id for each in planned for removed in each.diff.removed], now=now)
    return added


def look_for_missed(class_id: uuid.UUID, *, now: datetime) -> None:
    """Owe a look at the class when the next local day with open work ends somewhere."""
    at = queries.next_day_end(class_id, now=now)
    if at is not None:
        owe(MISSED, class_id, due_at=at)


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
        if not each.diff.empty or any(getattr(schedule, name) != value for name, value in values.items()):
            rows.append((schedule.id, not each.diff.empty, values))
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
    bump_feeds(member_ids, now=now)
