"""Publishing a path's version to a class: a preview that writes nothing, then the real thing."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.assignments import queries
from portal.classes import queries as classes
from portal.curricula import queries as curricula
from portal.errors import N_, Conflict, NotFound
from portal.events.audit import audit
from portal.events.outbox import LONG, emit
from portal.jobs.progress import begin_run
from portal.models.curricula import CurriculumVersion
from portal.models.events import JobState
from portal.models.plans import ChangeKind
from portal.models.schedules import Assignment, AssignmentState
from portal.pacing.results import Verdict
from portal.pacing.types import Id
from portal.schedules import services as schedules
from portal.schedules.history import Cause
from portal.schedules.inputs import path_of
from portal.schedules.misfits import Misfit, misfits
from portal.schedules.report import as_json
from portal.schedules.reversible import RowChange, adopt, adopt_version, set_values
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

IN_REQUEST = classes.LARGE
PREVIEWED = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """One student's outcome in a preview."""

    member_id: uuid.UUID
    name: str
    verdict: str
    finish_on: date | None
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do; of a very large class the first `PREVIEWED` students are planned.

    ``finishes`` counts students by last day; ``weeks`` are (Monday, mean minutes, most minutes of one student);
    ``misfits`` say what the path asks for that the class does not have.
    """

    version: CurriculumVersion
    students: int
    planned: int
    outcomes: list[Outcome]
    finishes: list[tuple[date, int]]
    weeks: list[tuple[date, int, int]]
    kept: int
    moved: int
    added: int
    removed: int
    updates: Assignment | None
    misfits: list[Misfit]

    @property
    def not_fitting(self) -> list[Outcome]:
        """Students for whom not everything fits."""
        return [each for each in self.outcomes if each.verdict != Verdict.FEASIBLE]


def preview(
    version_id: uuid.UUID, class_id: uuid.UUID, *, policy: dict[str, Any], actor: Actor, now: datetime
) -> Preview:
    """Plan every student without writing anything."""
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    version = _version(version_id)
    existing = queries.of_curriculum(class_id, version.curriculum_id)
    frame = schedules.make_frame(class_id, version_id, policy, assignment_id=None if existing is None else existing.id)
    enrolments = list(classes.students(class_id))
    names = {person.member_id: person.name for person in classes.people(class_id)}
    titles = {step.step_id: step.title for step in frame.version.steps}
    planned = schedules.plan_learners(frame, enrolments[:PREVIEWED], lock=False, now=now)
    outcomes = [
        Outcome(
            each.enrolment.member_id,
            names[each.enrolment.member_id],
            each.plan.report.verdict.value,
            each.plan.finish_on,
            as_json(each.plan, titles),
        )
        for each in planned
    ]
    finishes = Counter(each.finish_on for each in outcomes if each.finish_on is not None)
    diffs = [each.diff for each in planned]
    return Preview(
        version=version,
        students=len(enrolments),
        planned=len(planned),
        outcomes=outcomes,
        finishes=sorted(finishes.items()),
        weeks=_weeks(planned),
        kept=sum(len(diff.kept) for diff in diffs),
        moved=sum(len(diff.moved) for diff in diffs),
        added=sum(len(diff.added) for diff in diffs),
        removed=sum(len(diff.removed) for diff in diffs),
        updates=existing,
        misfits=_misfits(frame),
    )


def _misfits(frame: schedules.Frame) -> list[Misfit]:
    """What the path asks for that the class does not have."""
    titles: dict[Id, str] = {step.step_id: step.title for step in frame.version.steps}
    path = path_of(frame.version, frame.classroom.zone, frame.left_out)
    return misfits(path.steps, schedules.calendar_for(frame), titles)


def _weeks(planned: Sequence[schedules.Planned]) -> list[tuple[date, int, int]]:
    by_week: dict[date, list[int]] = {}
    for each in planned:
        load: Counter[date] = Counter()
        for slot in each.plan.slots:
            load[slot.on - timedelta(days=slot.on.weekday())] += slot.minutes
        for monday, minutes in load.items():
            by_week.setdefault(monday, []).append(minutes)
    return [(monday, round(sum(loads) / len(planned)), max(loads)) for monday, loads in sorted(by_week.items())]


def _version(version_id: uuid.UUID) -> CurriculumVersion:
    version = curricula.version(version_id)
    if version is None:
        raise NotFound("version_not_found", N_("There is no such version."))
    return version


def publish_path(
    version_id: uuid.UUID,
    class_id: uuid.UUID,
    *,
    policy: dict[str, Any],
    revision: int | None = None,
    actor: Actor,
    now: datetime,
) -> Assignment:
    """Publish a version to a class: at once up to `IN_REQUEST` students, beyond that as a job with progress.

    A path the class has already is updated to this version and keeps its slots' identity. Conflict when
    somebody else published since ``revision`` was read, or while a job is still at it.
    """
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    version = _version(version_id)
    session().refresh(classes.classroom(class_id), with_for_update=True)
    run = queries.run_of(class_id)
    if run is not None and run.state in (JobState.QUEUED, JobState.RUNNING):
        raise Conflict("publishing", N_("A path is just being published to this class. Wait until it is done."))
    assignment, undo = _assignment(version, class_id, policy=policy, revision=revision, actor=actor, now=now)
    audit(
        "assignment.published",
        "assignment",
        assignment.id,
        actor_member_id=actor.member_id,
        now=now,
        version=version_id,
        policy=policy,
    )
    students = len(classes.students(class_id))
    if students > IN_REQUEST:
        run_id = begin_run(
            "publish",
            f"publish:{class_id}",
            assignment.id,
            total=students,
            created_by_id=actor.member_id,
            now=now,
        )
        emit(
            "assignment.publish_requested",
            now=now,
            queue=LONG,
            assignment_id=assignment.id,
            run_id=run_id,
            undo=undo,
        )
        return assignment
    schedules.plan_class(assignment, cause_of(assignment, undo), now=now)
    finish(assignment, now=now)
    return assignment


def finish(assignment: Assignment, *, now: datetime) -> None:
    """All students are planned: the assignment is published, and whoever listens hears of it."""
    assignment.state = AssignmentState.PUBLISHED
    emit("assignment.published", now=now, assignment_id=assignment.id)


def _assignment(
    version: CurriculumVersion,
    class_id: uuid.UUID,
    *,
    policy: dict[str, Any],
    revision: int | None,
    actor: Actor,
    now: datetime,
) -> tuple[Assignment, list[RowChange]]:
    """The assignment as it is to be planned, and the changes that take this publishing back."""
    assignment = queries.of_curriculum(class_id, version.curriculum_id)
    if revision is not None and revision != (0 if assignment is None else assignment.revision):
        raise Conflict(
            "published_meanwhile",
            N_("Somebody else published this path to the class meanwhile. Look at the preview again."),
        )
    before: list[RowChange] = []
    if assignment is None:
        assignment = Assignment(organization_id=organization_id(), class_id=class_id, version_id=version.id, revision=0)
        session().add(assignment)
    else:
        before = [
            adopt(assignment.id, assignment.version_id),
            set_values(
                Assignment,
                assignment.id,
                title=assignment.title,
                policy=assignment.policy,
                state=_settled(assignment.state).value,
            ),
        ]
        if assignment.version_id != version.id:
            adopt_version(assignment, version.id)
    assignment.title, assignment.policy = version.title, policy
    assignment.state, assignment.revision = AssignmentState.PUBLISHING, assignment.revision + 1
    assignment.published_by_id, assignment.published_at = actor.member_id, now
    session().flush()
    return assignment, before or [set_values(Assignment, assignment.id, state=AssignmentState.WITHDRAWN.value)]


def _settled(state: AssignmentState) -> AssignmentState:
    return AssignmentState.PUBLISHED if state is AssignmentState.PUBLISHING else state


def cause_of(assignment: Assignment, undo: Sequence[RowChange]) -> Cause:
    """A publishing as the cause of its changes."""
    return Cause(
        ChangeKind.PUBLISHED,
        f"publish:{assignment.revision}",
        made_by_id=assignment.published_by_id,
        detail={"title": assignment.title},
        undo=undo,
    )
