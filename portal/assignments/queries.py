"""Reads of assignments and of a publishing's progress."""

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal.models.curricula import CurriculumVersion
from portal.models.events import JobRun
from portal.models.schedules import Assignment, AssignmentState, Schedule
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment as the class's list shows it; ``newest`` is the number of the path's newest version."""

    id: uuid.UUID
    title: str
    number: int
    newest: int
    newest_id: uuid.UUID
    state: AssignmentState
    schedules: int
    not_fitting: int
    last_finish_on: date | None


def assignments(class_id: uuid.UUID) -> list[AssignmentRow]:
    """The assignments of a class with what became of them; one statement."""
    newest, other = aliased(CurriculumVersion), aliased(CurriculumVersion)
    number = select(func.max(other.number)).where(other.curriculum_id == newest.curriculum_id).scalar_subquery()
    rows = session().execute(
        select(
            Assignment.id,
            Assignment.title,
            CurriculumVersion.number,
            newest.number,
            newest.id,
            Assignment.state,
            func.count(Schedule.id),
            func.count(Schedule.id).filter(Schedule.verdict != "FEASIBLE"),
            func.max(Schedule.finish_on),
        )
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .join(newest, (newest.curriculum_id == CurriculumVersion.curriculum_id) & (newest.number == number))
        .outerjoin(Schedule, Schedule.assignment_id == Assignment.id)
        .where(Assignment.class_id == class_id)
        .group_by(Assignment.id, CurriculumVersion.id, newest.id)
        .order_by(Assignment.published_at.desc())
    )
    return [AssignmentRow(*row) for row in rows]


def of_curriculum(class_id: uuid.UUID, curriculum_id: uuid.UUID) -> Assignment | None:
    """The class's assignment of a path, of whatever version."""
    return session().scalar(
        select(Assignment)
        .join(CurriculumVersion, CurriculumVersion.id == Assignment.version_id)
        .where(Assignment.class_id == class_id, CurriculumVersion.curriculum_id == curriculum_id)
    )


def run(run_id: uuid.UUID) -> JobRun | None:
    """The progress of a publishing."""
    return session().get(JobRun, run_id)


def run_of(class_id: uuid.UUID) -> JobRun | None:
    """The newest publishing of a class that runs as a job."""
    return session().scalar(select(JobRun).where(JobRun.key == f"publish:{class_id}"))
