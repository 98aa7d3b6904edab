"""The paths a teacher may choose from, with their units and steps."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute

from portal.lti.target import Target
from portal.models.curricula import Curriculum, CurriculumVersion, VersionStep
from portal.models.schedules import Assignment
from portal.tenancy.scope import session
from portal.web.paging import Page, page_of

PATHS_A_PAGE = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose. ``minutes`` and ``steps`` are those it holds; ``required`` steps count for its score."""

    target: Target
    title: str
    steps: int
    minutes: int


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit with its steps."""

    choice: Choice
    steps: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class PathChoice:
    """A path's newest version with its units; ``is_here`` when the course's class has it already."""

    choice: Choice
    version_id: uuid.UUID
    units: tuple[UnitChoice, ...]
    is_here: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A page of paths that match, by title."""

    paths: Sequence[PathChoice]
    page: Page
    total: int


def catalogue(text: str, asked: int, class_id: uuid.UUID | None) -> Catalogue:
    """Published paths with the text in their title, a unit's or a step's; a constant number of statements."""
    newest = (
        select(CurriculumVersion.id)
        .join(Curriculum, Curriculum.id == CurriculumVersion.curriculum_id)
        .where(Curriculum.archived_at.is_(None))
        .ext(distinct_on(CurriculumVersion.curriculum_id))
        .order_by(CurriculumVersion.curriculum_id, CurriculumVersion.number.desc())
    )
    found = select(CurriculumVersion).where(CurriculumVersion.id.in_(newest))
    if text:
        step = exists().where(
            VersionStep.version_id == CurriculumVersion.id,
            or_(_says(VersionStep.title, text), _says(VersionStep.unit_title, text)),
        )
        found = found.where(or_(_says(CurriculumVersion.title, text), step))
    total = session().scalar(select(func.count()).select_from(found.subquery())) or 0
    page = page_of(asked, total, PATHS_A_PAGE)
    versions = (
        session()
        .scalars(found.order_by(CurriculumVersion.title, CurriculumVersion.id).offset(page.offset).limit(PATHS_A_PAGE))
        .all()
    )
    return Catalogue(_paths(versions, class_id), page, total)


def _says(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    return column.icontains(text, autoescape=True)


def choices(targets: Collection[Target]) -> dict[Target, Choice]:
    """The targets there are, with their titles."""
    newest = (
        select(CurriculumVersion)
        .where(CurriculumVersion.curriculum_id.in_({target.curriculum_id for target in targets}))
        .ext(distinct_on(CurriculumVersion.curriculum_id))
        .order_by(CurriculumVersion.curriculum_id, CurriculumVersion.number.desc())
    )
    there: dict[Target, Choice] = {}
    for path in _paths(session().scalars(newest).all(), None):
        every = [path.choice, *(each for unit in path.units for each in (unit.choice, *unit.steps))]
        there.update({choice.target: choice for choice in every})
    return {target: there[target] for target in targets if target in there}


def _paths(versions: Sequence[CurriculumVersion], class_id: uuid.UUID | None) -> list[PathChoice]:
    steps: dict[uuid.UUID, list[VersionStep]] = {version.id: [] for version in versions}
    rows = session().scalars(
        select(VersionStep).where(VersionStep.version_id.in_(steps)).order_by(VersionStep.position)
    )
    for step in rows:
        steps[step.version_id].append(step)
    here = _curricula_of(class_id)
    return [
        PathChoice(
            Choice(Target(version.curriculum_id), version.title, version.step_count, version.total_minutes),
            version.id,
            _units(version.curriculum_id, steps[version.id]),
            version.curriculum_id in here,
        )
        for version in versions
    ]


def _units(curriculum_id: uuid.UUID, steps: Sequence[VersionStep]) -> tuple[UnitChoice, ...]:
    by_unit: dict[uuid.UUID, list[VersionStep]] = {}
    for step in steps:
        by_unit.setdefault(step.unit_id, []).append(step)
    return tuple(
        UnitChoice(
            Choice(
                Target(curriculum_id, unit_id=unit_id),
                own[0].unit_title,
                len(own),
                sum(step.minutes for step in own),
            ),
            tuple(Choice(Target(curriculum_id, step_id=step.step_id), step.title, 1, step.minutes) for step in own),
        )
        for unit_id, own in by_unit.items()
    )


def _curricula_of(class_id: uuid.UUID | None) -> set[uuid.UUID]:
    if class_id is None:
        return set()
    rows = session().scalars(
        select(CurriculumVersion.curriculum_id)
        .join(Assignment, Assignment.version_id == CurriculumVersion.id)
        .where(Assignment.class_id == class_id)
    )
    return set(rows)
