"""Publishing a path's version to a class: a preview that writes nothing, then the real thing."""

import uuid
from collections.abc import Sequence
from datetime import datetime
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
from portal.schedules import services as schedules
from portal.schedules.changing import stamp_of
from portal.schedules.history import Cause
from portal.schedules.reversible import RowChange, adopt, adopt_version, set_values
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

IN_REQUEST = classes.LARGE


def version_of(version_id: uuid.UUID) -> CurriculumVersion:
    """The version. NotFound when there is none."""
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
    stamp: str | None = None,
    actor: Actor,
    now: datetime,
) -> Assignment:
    """Publish a version to a class: at once up to `IN_REQUEST` students, beyond that as a job with progress.

    A path the class has already is updated to this version and keeps its slots' identity. Conflict when somebody else
    published since ``revision`` was read, when plans are no longer those of ``stamp``, or while a job is still at it.
    """
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    version = version_of(version_id)
    session().refresh(classes.classroom(class_id), with_for_update=True)
    run = queries.run_of(class_id)
    if run is not None and run.state in (JobState.QUEUED, JobState.RUNNING):
        raise Conflict("publishing", N_("A path is just being published to this class. Wait until it is done."))
    existing = queries.of_curriculum(class_id, version.curriculum_id)
    _check_unchanged(existing, revision, stamp)
    assignment, undo = _assignment(existing, version, class_id, policy=policy, actor=actor, now=now)
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
            revision=assignment.revision,
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


def _check_unchanged(existing: Assignment | None, revision: int | None, stamp: str | None) -> None:
    if revision is not None and revision != (0 if existing is None else existing.revision):
        raise Conflict(
            "published_meanwhile",
            N_("Somebody else published this path to the class meanwhile. Look at the preview again."),
        )
    if stamp and existing is not None and stamp != stamp_of([existing.id]):
        raise Conflict("planned_meanwhile", N_("These plans have changed meanwhile. Look at what would happen now."))


def _assignment(
    assignment: Assignment | None,
    version: CurriculumVersion,
    class_id: uuid.UUID,
    *,
    policy: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> tuple[Assignment, list[RowChange]]:
    """The assignment as it is to be planned, and the changes that take this publishing back."""
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


def key_of(assignment: Assignment) -> str:
    """The key of the change that the assignment's newest publishing is."""
    return f"publish:{assignment.revision}"


def cause_of(assignment: Assignment, undo: Sequence[RowChange]) -> Cause:
    """A publishing as the cause of its changes."""
    return Cause(
        ChangeKind.PUBLISHED,
        key_of(assignment),
        made_by_id=assignment.published_by_id,
        detail={"title": assignment.title, "number": version_of(assignment.version_id).number},
        undo=undo,
    )
