"""Writing learning paths. Each change of a draft names the revision it saw; publishing freezes a version."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select

from portal.curricula import queries
from portal.curricula.checks import problems
from portal.curricula.options import check
from portal.errors import N_, Conflict, Invalid, NotFound
from portal.events.audit import audit
from portal.events.outbox import emit
from portal.library.graph import needs_first
from portal.models.curricula import (
    Curriculum,
    CurriculumStep,
    CurriculumStepPrerequisite,
    CurriculumUnit,
    CurriculumVersion,
    VersionEdge,
    VersionStep,
)
from portal.models.library import Activity, ActivityPrerequisite
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session

MAX_LAG_DAYS = 366


def create(title: str, description: str, *, actor: Actor, now: datetime) -> Curriculum:
    """Make a path with one empty unit."""
    authorize(actor, Permission.CURRICULA_EDIT)
    if not title.strip():
        raise Invalid("title", N_("Give it a title."), field="title")
    curriculum = Curriculum(
        organization_id=organization_id(),
        title=title.strip(),
        description=description.strip(),
        created_by_id=actor.member_id,
        created_at=now,
        updated_at=now,
    )
    session().add(curriculum)
    session().flush()
    session().add(
        CurriculumUnit(organization_id=organization_id(), curriculum_id=curriculum.id, title="Unit 1", position=1)
    )
    audit("path.created", "curriculum", curriculum.id, actor_member_id=actor.member_id, now=now)
    return curriculum


def open_draft(curriculum_id: uuid.UUID, revision: int | None, *, actor: Actor, now: datetime) -> Curriculum:
    """Lock a draft for a change: Conflict when somebody else changed it since ``revision`` was read."""
    authorize(actor, Permission.CURRICULA_EDIT)
    curriculum = session().get(Curriculum, curriculum_id, with_for_update=True, populate_existing=True)
    if curriculum is None:
        raise path_not_found()
    if revision is not None and curriculum.draft_revision != revision:
        raise Conflict(
            "draft_changed", N_("Somebody else changed this path. Look at it again, then repeat your change.")
        )
    curriculum.draft_revision += 1
    curriculum.updated_at = now
    return curriculum


def path_not_found() -> NotFound:
    """The error for a path that is not there."""
    return NotFound("path_not_found", N_("There is no such path."))


def rename(curriculum: Curriculum, title: str, description: str) -> None:
    """Change the title and description of an open draft."""
    if not title.strip():
        raise Invalid("title", N_("Give it a title."), field="title")
    curriculum.title, curriculum.description = title.strip(), description.strip()


def archive(curriculum: Curriculum, *, actor: Actor, now: datetime) -> None:
    """Take a path out of the lists; classes keep what was published to them."""
    curriculum.archived_at = now
    audit("path.archived", "curriculum", curriculum.id, actor_member_id=actor.member_id, now=now)


def add_unit(curriculum: Curriculum, title: str) -> CurriculumUnit:
    """Add a unit at the end of an open draft."""
    count = session().scalar(
        select(func.coalesce(func.max(CurriculumUnit.position), 0)).where(CurriculumUnit.curriculum_id == curriculum.id)
    )
    unit = CurriculumUnit(
        organization_id=organization_id(),
        curriculum_id=curriculum.id,
        title=title.strip() or f"Unit {(count or 0) + 1}",
        position=(count or 0) + 1,
    )
    session().add(unit)
    session().flush()
    return unit


def unit_of(curriculum: Curriculum, unit_id: uuid.UUID) -> CurriculumUnit:
    """A unit of this draft."""
    unit = session().get(CurriculumUnit, unit_id)
    if unit is None or unit.curriculum_id != curriculum.id:
        raise NotFound("unit_not_found", N_("There is no such unit."))
    return unit


def step_of(curriculum: Curriculum, step_id: uuid.UUID) -> CurriculumStep:
    """A step of this draft."""
    step = session().get(CurriculumStep, step_id)
    if step is None or step.curriculum_id != curriculum.id:
        raise NotFound("step_not_found", N_("There is no such step."))
    return step


def remove_unit(curriculum: Curriculum, unit_id: uuid.UUID) -> None:
    """Remove a unit with its steps."""
    session().delete(unit_of(curriculum, unit_id))


def add_steps(
    curriculum: Curriculum, activity_ids: Sequence[uuid.UUID], unit_id: uuid.UUID | None = None
) -> list[CurriculumStep]:
    """Add activities as last steps of a unit (without one, of the last unit), each after those of them it needs."""
    known = set(
        session().scalars(select(Activity.id).where(Activity.id.in_(activity_ids), Activity.archived_at.is_(None)))
    )
    wanted = [key for key in dict.fromkeys(activity_ids) if key in known]
    if not wanted:
        raise Invalid("activity", N_("Choose an activity of the library."), field="activity")
    unit = unit_of(curriculum, unit_id) if unit_id else _last_unit(curriculum)
    last = session().scalar(
        select(func.coalesce(func.max(CurriculumStep.position), 0)).where(CurriculumStep.unit_id == unit.id)
    )
    steps = [
        CurriculumStep(
            organization_id=organization_id(),
            curriculum_id=curriculum.id,
            unit_id=unit.id,
            activity_id=key,
            position=(last or 0) + number,
            options={},
        )
        for number, key in enumerate(_in_order(wanted), 1)
    ]
    session().add_all(steps)
    session().flush()
    return steps


def _in_order(activity_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    edge = ActivityPrerequisite
    needs: dict[uuid.UUID, list[uuid.UUID]] = {}
    found = select(edge.activity_id, edge.prerequisite_id).where(edge.activity_id.in_(activity_ids))
    for activity_id, prerequisite_id in session().execute(found):
        needs.setdefault(activity_id, []).append(prerequisite_id)
    return needs_first(activity_ids, needs)


def _last_unit(curriculum: Curriculum) -> CurriculumUnit:
    unit = session().scalar(
        select(CurriculumUnit)
        .where(CurriculumUnit.curriculum_id == curriculum.id)
        .order_by(CurriculumUnit.position.desc())
        .limit(1)
    )
    return unit or add_unit(curriculum, "")


def remove_step(curriculum: Curriculum, step_id: uuid.UUID) -> None:
    """Take a step out; what needed it no longer does."""
    session().delete(step_of(curriculum, step_id))


def reorder(curriculum: Curriculum, unit_id: uuid.UUID, order: Sequence[uuid.UUID]) -> None:
    """Put a unit's steps into this order; it must name each step of the unit once."""
    unit = unit_of(curriculum, unit_id)
    steps = {
        step.id: step for step in session().scalars(select(CurriculumStep).where(CurriculumStep.unit_id == unit.id))
    }
    if sorted(order) != sorted(steps):
        raise Conflict(
            "draft_changed", N_("Somebody else changed this path. Look at it again, then repeat your change.")
        )
    for number, key in enumerate(order, 1):
        steps[key].position = number


def move(curriculum: Curriculum, step_id: uuid.UUID, *, down: bool) -> None:
    """Move a step one place; beyond the end of its unit it goes into the next one."""
    step = step_of(curriculum, step_id)
    found = queries.draft(curriculum.id)
    assert found is not None  # noqa: S101  # the draft is locked and open
    ids = [[each.id for each in unit.steps] for unit in found.units]
    number = next(index for index, unit in enumerate(found.units) if unit.id == step.unit_id)
    place = ids[number].index(step_id)
    target = place + (1 if down else -1)
    if 0 <= target < len(ids[number]):
        ids[number].insert(target, ids[number].pop(place))
    elif 0 <= (other := number + (1 if down else -1)) < len(ids):
        ids[number].pop(place)
        ids[other].insert(0 if down else len(ids[other]), step_id)
        step.unit_id = found.units[other].id
        session().flush()
        reorder(curriculum, found.units[other].id, ids[other])
    reorder(curriculum, found.units[number].id, ids[number])


def set_step(
    curriculum: Curriculum,
    step_id: uuid.UUID,
    *,
    minutes: int | None,
    required: bool,
    options: dict[str, Any],
    needs: dict[uuid.UUID, tuple[int, bool]],
) -> None:
    """Set a step's options (`portal.curricula.options`); ``needs`` maps prerequisites to (lag, whether in study days).

    Invalid names the field; for a cycle, the steps that wait for each other.
    """
    step = step_of(curriculum, step_id)
    if minutes is not None and (not 5 <= minutes <= 6000 or minutes % 5):
        raise Invalid("minutes", N_("Minutes are a multiple of 5 between 5 and 6000."), field="minutes")
    check(options)
    if any(not 0 <= lag_days <= MAX_LAG_DAYS for lag_days, _in_study_days in needs.values()):
        raise Invalid(
            "lag_days",
            N_("The days between two steps are a whole number between 0 and %(days)d."),
            field="needs",
            days=MAX_LAG_DAYS,
        )
    step.minutes, step.required, step.options = minutes, required, options
    session().execute(delete(CurriculumStepPrerequisite).where(CurriculumStepPrerequisite.step_id == step.id))
    for prerequisite_id, (lag_days, in_study_days) in needs.items():
        if prerequisite_id != step.id:
            step_of(curriculum, prerequisite_id)
            session().add(
                CurriculumStepPrerequisite(
                    organization_id=organization_id(),
                    step_id=step.id,
                    prerequisite_id=prerequisite_id,
                    lag_days=lag_days,
                    lag_in_study_days=in_study_days,
                )
            )
    session().flush()
    found = queries.draft(curriculum.id)
    cycle = None if found is None else next((p for p in problems(found) if p.code == "cycle"), None)
    if cycle is not None:
        raise Invalid("cycle", cycle.message, field="needs", **cycle.values)


def publish(curriculum_id: uuid.UUID, *, revision: int | None = None, actor: Actor, now: datetime) -> CurriculumVersion:
    """Freeze the draft as the next version. Invalid with the first problem when there is one."""
    authorize(actor, Permission.CURRICULA_EDIT)
    curriculum = session().get(Curriculum, curriculum_id, with_for_update=True)
    found = queries.draft(curriculum_id)
    if curriculum is None or found is None:
        raise path_not_found()
    if revision is not None and curriculum.draft_revision != revision:
        raise Conflict(
            "draft_changed", N_("Somebody else changed this path. Look at it again, then repeat your change.")
        )
    for problem in problems(found):
        raise Invalid(problem.code, problem.message, **problem.values)
    number = session().scalar(
        select(func.coalesce(func.max(CurriculumVersion.number), 0)).where(
            CurriculumVersion.curriculum_id == curriculum_id
        )
    )
    version = CurriculumVersion(
        organization_id=organization_id(),
        curriculum_id=curriculum_id,
        number=(number or 0) + 1,
        title=curriculum.title,
        step_count=len(found.steps),
        total_minutes=sum(step.minutes for step in found.steps),
        published_by_id=actor.member_id,
        published_at=now,
    )
    session().add(version)
    session().flush()
    _freeze(version, found)
    audit("path.published", "version", version.id, actor_member_id=actor.member_id, now=now, number=version.number)
    emit("path.published", now=now, version_id=version.id)
    return version


def _freeze(version: CurriculumVersion, draft: queries.Draft) -> None:
    units = {unit.id: unit.title for unit in draft.units}
    made = session().execute(
        insert(VersionStep).returning(VersionStep.step_id, VersionStep.id),
        [
            {
                "organization_id": organization_id(),
                "version_id": version.id,
                "step_id": step.id,
                "activity_id": step.activity_id,
                "position": position,
                "unit_id": step.unit_id,
                "unit_title": units[step.unit_id],
                "title": step.title,
                "description": step.description,
                "minutes": step.minutes,
                "difficulty": step.difficulty,
                "kind": step.kind,
                "splittable": step.splittable,
                "min_session_minutes": min(step.min_session_minutes, step.minutes),
                "required": step.required,
                "resource_url": step.resource_url,
                "domain_name": step.domain_name,
                "domain_hue": step.hue,
                "domain_icon": step.icon,
                "category_name": step.category_name,
                "options": step.options,
            }
            for position, step in enumerate(draft.steps, 1)
        ],
    )
    ids = dict(made.all())
    if draft.edges:
        session().execute(
            insert(VersionEdge),
            [
                {
                    "organization_id": organization_id(),
                    "version_id": version.id,
                    "step_id": ids[edge.step_id],
                    "prerequisite_id": ids[edge.prerequisite_id],
                    "lag_days": edge.lag_days,
                    "lag_in_study_days": edge.lag_in_study_days,
                }
                for edge in draft.edges
            ],
        )
