"""Reads of learning paths: drafts, versions, and what the planner needs of a version."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from portal.models.curricula import (
    Curriculum,
    CurriculumStep,
    CurriculumStepPrerequisite,
    CurriculumUnit,
    CurriculumVersion,
    VersionEdge,
    VersionStep,
)
from portal.models.library import Activity, ActivityPrerequisite, Category, Domain
from portal.tenancy.scope import session


@dataclass(frozen=True, slots=True)
class PathRow:
    """A path as lists show it; ``version`` is the newest published number."""

    id: uuid.UUID
    title: str
    description: str
    steps: int
    minutes: int
    version: int | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a draft with its activity's values; ``minutes`` is what counts."""

    id: uuid.UUID
    unit_id: uuid.UUID
    activity_id: uuid.UUID
    position: int
    own_minutes: int | None
    required: bool
    options: dict[str, Any]
    title: str
    description: str
    activity_minutes: int
    difficulty: int
    kind: str
    splittable: bool
    min_session_minutes: int
    resource_url: str | None
    archived: bool
    domain_name: str
    hue: str
    icon: str
    category_name: str

    @property
    def minutes(self) -> int:
        """The step's own minutes, else the activity's."""
        return self.own_minutes or self.activity_minutes


@dataclass(frozen=True, slots=True)
class Edge:
    """A prerequisite of a step, from the path itself or from the library."""

    step_id: uuid.UUID
    prerequisite_id: uuid.UUID
    lag_days: int = 0
    lag_in_study_days: bool = False
    from_library: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of a draft with its steps in order."""

    id: uuid.UUID
    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A path's draft: units in order, edges among its steps."""

    curriculum: Curriculum
    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]

    @property
    def steps(self) -> list[Step]:
        """All steps in author order."""
        return [step for unit in self.units for step in unit.steps]


def drafts() -> list[PathRow]:
    """Every path that is not archived, newest change first; one statement."""
    newest = (
        select(func.max(CurriculumVersion.number))
        .where(CurriculumVersion.curriculum_id == Curriculum.id)
        .scalar_subquery()
    )
    rows = session().execute(
        select(
            Curriculum.id,
            Curriculum.title,
            Curriculum.description,
            func.count(CurriculumStep.id),
            func.coalesce(func.sum(func.coalesce(CurriculumStep.minutes, Activity.minutes)), 0),
            newest,
            Curriculum.updated_at,
        )
        .outerjoin(CurriculumStep, CurriculumStep.curriculum_id == Curriculum.id)
        .outerjoin(Activity, Activity.id == CurriculumStep.activity_id)
        .where(Curriculum.archived_at.is_(None))
        .group_by(Curriculum.id)
        .order_by(Curriculum.updated_at.desc(), Curriculum.title)
    )
    return [PathRow(*row) for row in rows]


_STEP_COLUMNS: tuple[Any, ...] = (
    CurriculumStep.id,
    CurriculumStep.unit_id,
    CurriculumStep.activity_id,
    CurriculumStep.position,
    CurriculumStep.minutes,
    CurriculumStep.required,
    CurriculumStep.options,
    Activity.title,
    Activity.description,
    Activity.minutes,
    Activity.difficulty,
    Activity.kind,
    Activity.splittable,
    Activity.min_session_minutes,
    Activity.resource_url,
    Activity.archived_at.is_not(None),
    Domain.name,
    Domain.hue,
    Domain.icon,
    Category.name,
)


def draft(curriculum_id: uuid.UUID) -> Draft | None:
    """A path's draft in four statements."""
    curriculum = session().get(Curriculum, curriculum_id)
    if curriculum is None:
        return None
    rows = session().execute(
        select(*_STEP_COLUMNS)
        .join(Activity, Activity.id == CurriculumStep.activity_id)
        .join(Category, Category.id == Activity.category_id)
        .join(Domain, Domain.id == Category.domain_id)
        .where(CurriculumStep.curriculum_id == curriculum_id)
        .order_by(CurriculumStep.position, CurriculumStep.id)
    )
    steps = [Step(*row) for row in rows]
    units = session().execute(
        select(CurriculumUnit.id, CurriculumUnit.title)
        .where(CurriculumUnit.curriculum_id == curriculum_id)
        .order_by(CurriculumUnit.position, CurriculumUnit.id)
    )
    found = tuple(Unit(key, title, tuple(step for step in steps if step.unit_id == key)) for key, title in units)
    return Draft(curriculum, found, tuple(_edges(curriculum_id)))


def _edges(curriculum_id: uuid.UUID) -> list[Edge]:
    """The path's own edges, and the library's between activities that are both steps of it."""
    own = session().execute(
        select(
            CurriculumStepPrerequisite.step_id,
            CurriculumStepPrerequisite.prerequisite_id,
            CurriculumStepPrerequisite.lag_days,
            CurriculumStepPrerequisite.lag_in_study_days,
        )
        .join(CurriculumStep, CurriculumStep.id == CurriculumStepPrerequisite.step_id)
        .where(CurriculumStep.curriculum_id == curriculum_id)
    )
    edges = {(row.step_id, row.prerequisite_id): Edge(*row) for row in own}
    later, earlier = aliased(CurriculumStep), aliased(CurriculumStep)
    library = session().execute(
        select(later.id, earlier.id)
        .join(ActivityPrerequisite, ActivityPrerequisite.activity_id == later.activity_id)
        .join(earlier, earlier.activity_id == ActivityPrerequisite.prerequisite_id)
        .where(later.curriculum_id == curriculum_id, earlier.curriculum_id == curriculum_id)
    )
    for step_id, prerequisite_id in library:
        edges.setdefault((step_id, prerequisite_id), Edge(step_id, prerequisite_id, from_library=True))
    return list(edges.values())


def versions(curriculum_id: uuid.UUID) -> Sequence[CurriculumVersion]:
    """A path's versions, newest first."""
    return (
        session()
        .scalars(
            select(CurriculumVersion)
            .where(CurriculumVersion.curriculum_id == curriculum_id)
            .order_by(CurriculumVersion.number.desc())
        )
        .all()
    )


def version(version_id: uuid.UUID) -> CurriculumVersion | None:
    """One version."""
    return session().get(CurriculumVersion, version_id)


def published() -> list[CurriculumVersion]:
    """The newest version of each path that is not archived, by title."""
    rows = (
        session()
        .scalars(
            select(CurriculumVersion)
            .join(Curriculum, Curriculum.id == CurriculumVersion.curriculum_id)
            .where(Curriculum.archived_at.is_(None))
            .ext(distinct_on(CurriculumVersion.curriculum_id))
            .order_by(CurriculumVersion.curriculum_id, CurriculumVersion.number.desc())
        )
        .all()
    )
    return sorted(rows, key=lambda row: row.title)


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """All that schedules need of a version: its steps in author order, and edges between version step ids."""

    version: CurriculumVersion
    steps: tuple[VersionStep, ...]
    edges: tuple[VersionEdge, ...]


def version_for_planning(version_id: uuid.UUID) -> VersionPlan | None:
    """A version with steps and edges, in three statements."""
    found = version(version_id)
    if found is None:
        return None
    steps = session().scalars(
        select(VersionStep).where(VersionStep.version_id == version_id).order_by(VersionStep.position)
    )
    edges = session().scalars(select(VersionEdge).where(VersionEdge.version_id == version_id))
    return VersionPlan(found, tuple(steps), tuple(edges))


def version_steps(version_id: uuid.UUID) -> Sequence[VersionStep]:
    """A version's steps in author order."""
    return (
        session()
        .scalars(select(VersionStep).where(VersionStep.version_id == version_id).order_by(VersionStep.position))
        .all()
    )
