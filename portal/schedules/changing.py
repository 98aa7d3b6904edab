"""Commands carried out: as a preview, which is the real thing taken back at once, or for good."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from portal.classes import queries as classes
from portal.errors import N_, Conflict
from portal.events.audit import audit
from portal.events.outbox import LONG, emit
from portal.jobs.progress import advance, begin_run
from portal.models.classes import Enrolment, EnrolmentStatus
from portal.models.organizations import Member
from portal.models.plans import ChangeKind, PlanChange
from portal.models.schedules import Assignment, AssignmentState, Schedule
from portal.pacing.results import Verdict
from portal.pacing.types import MissedWork
from portal.schedules.commands.arranging import RollBack
from portal.schedules.commands.intent import Command, Intent
from portal.schedules.effects import Effect, as_stored, effects_of, standing
from portal.schedules.history import Cause, known
from portal.schedules.repairs import Trouble, trouble_of
from portal.schedules.reversible import RowChange, write
from portal.schedules.services import Frame, frame_of, plan_in_batches, plan_learners, store
from portal.schedules.tuning import Tuning
from portal.security.actor import Actor
from portal.tenancy.scope import current, session

PREVIEWED = classes.LARGE
DIAGNOSED = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command comes to; ``learners`` are all it concerns, ``effects`` those whose plans it was tried on.

    ``troubles`` tells of the first `DIAGNOSED` for whom not everything fits, by assignment and member. ``titles`` are
    those of the steps by their id's text.
    """

    intent: Intent
    learners: int
    effects: Sequence[Effect]
    stamp: str
    titles: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[tuple[uuid.UUID | None, uuid.UUID], Trouble] = field(default_factory=dict)

    @property
    def touched(self) -> list[Effect]:
        """The learners for whom something changes."""
        return [each for each in self.effects if each.changes]

    @property
    def idle(self) -> bool:
        """Whether applying it would change nothing at all."""
        return not (self.touched or self.intent.rows or self.intent.taken_back)

    @property
    def not_fitting(self) -> list[Effect]:
        """Learners for whom not everything fits then."""
        return [each for each in self.effects if each.verdict != Verdict.FEASIBLE]

    @property
    def counts(self) -> Counter[str]:
        """Items ``moved``, ``added`` and ``removed``."""
        return Counter(change.kind for effect in self.effects for change in effect.changes)


def preview(command: Command, *, actor: Actor, now: datetime) -> Outcome:
    """What the command would do. Everything it writes is taken back before this returns."""
    with _taken_back():
        intent = command.resolve(actor, now)
        stamp = _stamp(intent)
        done = _carry_out(intent, "preview", actor, limit=PREVIEWED, now=now)
        outcome = Outcome(intent, done.learners, done.effects, stamp, done.titles)
        if not outcome.not_fitting:
            return outcome
        frames: dict[uuid.UUID | None, Frame] = {
            assignment.id: frame_of(assignment) for assignment in intent.assignments
        }
        troubles = {
            (each.assignment_id, each.member_id): trouble_of(frames[each.assignment_id], each.member_id, now=now)
            for each in outcome.not_fitting[:DIAGNOSED]
        }
        return replace(outcome, troubles=troubles)


@contextmanager
def _taken_back() -> Iterator[None]:
    unit = current()
    due = len(unit.due)
    savepoint = unit.session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        del unit.due[due:]


@dataclass(frozen=True, slots=True)
class Applied:
    """A command that was carried out; ``undo`` takes it back, as long as the plans have ``stamp``.

    ``run_id`` is the job's when the class is large; its change is not written yet. Empty when the key was known.
    """

    intent: Intent | None = None
    undo: RollBack | None = None
    stamp: str = ""
    run_id: uuid.UUID | None = None


def apply(command: Command, *, key: str, stamp: str, actor: Actor, now: datetime) -> Applied:
    """Carry the command out, once a ``key``.

    Conflict when the plans are no longer those of the preview that gave ``stamp``.
    """
    if known(key, actor.member_id) is not None:
        return Applied()
    intent = command.resolve(actor, now)
    _lock(intent)
    if stamp != _stamp(intent):
        raise Conflict("planned_meanwhile", N_("These plans have changed meanwhile. Look at what would happen now."))
    for assignment in intent.assignments:
        audit(
            f"plan.{intent.kind.lower()}",
            "assignment",
            assignment.id,
            actor_member_id=actor.member_id,
            now=now,
            command=command.NAME,
            members=[str(each) for each in intent.member_ids or ()],
        )
    if intent.member_ids is None and _learners_of(intent) > PREVIEWED:
        return Applied(intent, run_id=_carry_out_as_job(intent, key, actor, now=now))
    done = _carry_out(intent, key, actor, limit=None, now=now)
    told = [effect for effect in done.effects if effect.changes and effect.member_id != actor.member_id]
    if told:
        schedule_ids = _schedule_ids({(effect.assignment_id, effect.member_id) for effect in told})
        emit("schedule.changed", now=now, schedule_ids=[str(each) for each in schedule_ids])
    undo, stamp_now = undo_of(known(key, actor.member_id), actor=actor, now=now)
    return Applied(intent, undo, stamp_now)


def not_fitting(assignment: Assignment, member_id: uuid.UUID, *, now: datetime) -> list[tuple[Effect, Trouble | None]]:
    """Learners of an assignment for whom not everything fits as plans are stored, by name.

    What would help is found for the one member, or for the first `DIAGNOSED`.
    """
    rows = (
        session()
        .execute(
            select(Schedule, Member.name)
            .join(Member, Member.id == Schedule.member_id)
            .join(Assignment, Assignment.id == Schedule.assignment_id)
            .join(Enrolment, (Enrolment.class_id == Assignment.class_id) & (Enrolment.member_id == Member.id))
            .where(
                Schedule.assignment_id == assignment.id,
                Schedule.verdict != Verdict.FEASIBLE,
                Enrolment.status == EnrolmentStatus.ACTIVE,
            )
            .order_by(Member.name, Member.id)
        )
        .all()
    )
    effects = [as_stored(schedule, name, assignment) for schedule, name in rows]
    named = [each.member_id for each in effects if each.member_id == member_id]
    diagnosed = set(named or [each.member_id for each in effects[:DIAGNOSED]])
    frame = frame_of(assignment)
    return [
        (each, trouble_of(frame, each.member_id, now=now) if each.member_id in diagnosed else None) for each in effects
    ]


def _lock(intent: Intent) -> None:
    """One command at a time an assignment."""
    ids = [assignment.id for assignment in intent.assignments]
    session().execute(select(Assignment.id).where(Assignment.id.in_(ids)).order_by(Assignment.id).with_for_update())


def _stamp(intent: Intent) -> str:
    return stamp_of([assignment.id for assignment in intent.assignments], intent.member_ids)


def stamp_of(assignment_ids: Sequence[uuid.UUID], member_ids: Sequence[uuid.UUID] | None = None) -> str:
    """Changes whenever one of these plans does; ``member_ids`` None is all learners'."""
    found = select(func.count(), func.coalesce(func.sum(Schedule.revision), 0)).where(
        Schedule.assignment_id.in_(assignment_ids)
    )
    if member_ids is not None:
        found = found.where(Schedule.member_id.in_(member_ids))
    count, revisions = session().execute(found).one()
    return f"{count}-{revisions}"


def undo_of(change_id: uuid.UUID | None, *, actor: Actor, now: datetime) -> tuple[RollBack | None, str]:
    """The command that takes a change back, and the stamp of the plans as they are."""
    if change_id is None:
        return None, ""
    undo = RollBack(change_id)
    return undo, _stamp(undo.resolve(actor, now))


def _learners_of(intent: Intent) -> int:
    return max((len(classes.students(each.class_id, intent.member_ids)) for each in intent.assignments), default=0)


@dataclass(frozen=True, slots=True)
class _Done:
    effects: Sequence[Effect]
    learners: int
    titles: Mapping[str, str]


def _carry_out(intent: Intent, key: str, actor: Actor, *, limit: int | None, now: datetime) -> _Done:
    undo = write(intent.rows)
    effects: list[Effect] = []
    titles: dict[str, str] = {}
    learners = 0
    for number, assignment in enumerate(intent.assignments):
        enrolments = classes.students(assignment.class_id, intent.member_ids)
        learners = max(learners, len(enrolments))
        frame = frame_of(assignment)
        planned = plan_learners(frame, enrolments[:limit], tuning=intent.tuning, now=now)
        before = standing(assignment.id)
        store(frame, planned, _cause(intent, key, actor, undo if number == 0 else ()), now=now)
        titles |= {str(step.step_id): step.title for step in frame.version.steps}
        effects += effects_of(frame, assignment.title, planned, before)
    if intent.taken_back:
        _mark_taken_back(intent, now=now)
    return _Done(effects, learners, titles)


def _mark_taken_back(intent: Intent, *, now: datetime) -> None:
    session().execute(update(PlanChange).where(PlanChange.id.in_(intent.taken_back)).values(rolled_back_at=now))


def _carry_out_as_job(intent: Intent, key: str, actor: Actor, *, now: datetime) -> uuid.UUID:
    """Write the rows now and leave the planning to a job with progress; the run's id."""
    undo = write(intent.rows)
    first = intent.assignments[0]
    run_id = begin_run(
        "plan",
        f"publish:{first.class_id}",
        first.id,
        total=_learners_of(intent) * len(intent.assignments),
        created_by_id=actor.member_id,
        now=now,
    )
    for assignment in intent.assignments:
        assignment.state = AssignmentState.PUBLISHING
    emit(
        "plan.requested",
        now=now,
        queue=LONG,
        run_id=run_id,
        assignment_ids=[str(assignment.id) for assignment in intent.assignments],
        kind=intent.kind.value,
        key=key,
        made_by_id=actor.member_id,
        detail=dict(intent.detail),
        undo=undo,
        anew=intent.tuning.anew,
        soon=intent.tuning.soon,
        missed=intent.tuning.missed,
        before=[str(each) for each in intent.tuning.before],
    )
    if intent.taken_back:
        _mark_taken_back(intent, now=now)
    return run_id


def carry_on(data: Mapping[str, Any], *, now: datetime) -> None:
    """The job: plan batch by batch, showing how far it is, and tell whose dates changed."""
    run_id = uuid.UUID(data["run_id"])
    tuning = Tuning(
        anew=data["anew"],
        soon=data["soon"],
        missed=None if data["missed"] is None else MissedWork(data["missed"]),
        before=tuple(uuid.UUID(each) for each in data["before"]),
    )
    done = 0
    for number, text in enumerate(data["assignment_ids"]):
        assignment = session().get_one(Assignment, uuid.UUID(text))
        cause = Cause(
            ChangeKind(data["kind"]),
            data["key"],
            made_by_id=uuid.UUID(data["made_by_id"]),
            detail=data["detail"],
            undo=data["undo"] if number == 0 else (),
        )
        before = done
        for count in plan_in_batches(assignment, cause, tuning=tuning, tell=True, now=now):
            done = before + count
            advance(run_id, done)
        assignment.state = AssignmentState.PUBLISHED


def _cause(intent: Intent, key: str, actor: Actor, undo: Sequence[RowChange]) -> Cause:
    members = intent.member_ids
    return Cause(
        intent.kind,
        key,
        made_by_id=actor.member_id,
        member_id=members[0] if members is not None and len(members) == 1 else None,
        detail=intent.detail,
        undo=undo,
    )


def _schedule_ids(pairs: set[tuple[uuid.UUID | None, uuid.UUID]]) -> list[uuid.UUID]:
    rows = session().execute(
        select(Schedule.id, Schedule.assignment_id, Schedule.member_id).where(
            Schedule.assignment_id.in_({assignment_id for assignment_id, _member in pairs}),
            Schedule.member_id.in_({member_id for _assignment, member_id in pairs}),
        )
    )
    return [key for key, assignment_id, member_id in rows if (assignment_id, member_id) in pairs]
