"""Making a path from a file: activities are found in the library or added to it, then the draft is built."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.curricula import services
from portal.curricula.pathfile import PathFile, StepEntry, read
from portal.errors import N_, DomainError, Invalid, InvalidRows
from portal.library.services import ActivityDraft, ensure_category, ensure_domain, save_activity
from portal.models.curricula import Curriculum, CurriculumStep, CurriculumStepPrerequisite, CurriculumUnit
from portal.models.library import Activity
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission
from portal.tenancy.scope import organization_id, session


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import made."""

    curriculum: Curriculum
    steps: int
    new_activities: int


def import_path(data: bytes, file_format: str, *, title: str = "", actor: Actor, now: datetime) -> ImportOutcome:
    """Make a draft from a file, all or nothing. InvalidRows and Invalid say what to mend and where."""
    authorize(actor, Permission.CURRICULA_EDIT)
    return build(read(data, file_format, title=title), actor=actor, now=now)


def build(path: PathFile, *, actor: Actor, now: datetime) -> ImportOutcome:
    """Make a draft from a path that was read."""
    found = _known(path)
    activities, made, wrong = [], 0, []
    for step in path.steps:
        activity_id = found.get((step.activity or step.title).lower())
        if activity_id is None:
            try:
                activity_id = _new_activity(step, actor=actor, now=now)
                made += 1
                found[step.title.lower()] = activity_id
            except DomainError as error:
                wrong.append((step.line, error))
                continue
        activities.append(activity_id)
    if wrong:
        raise InvalidRows(wrong)
    curriculum = services.create(path.title, path.description, actor=actor, now=now)
    _steps(curriculum, path, activities)
    return ImportOutcome(curriculum, len(path.steps), made)


def _known(path: PathFile) -> dict[str, uuid.UUID]:
    """Activities the file names, by lower-case origin key or title."""
    names = {(step.activity or step.title).lower() for step in path.steps}
    rows = session().execute(
        select(Activity.id, Activity.origin_key, Activity.title).where(
            Activity.archived_at.is_(None),
            func.lower(Activity.title).in_(names) | func.lower(Activity.origin_key).in_(names),
        )
    )
    found: dict[str, uuid.UUID] = {}
    for key, origin_key, title in rows:
        found.setdefault(title.lower(), key)
        if origin_key:
            found[origin_key.lower()] = key
    return found


def _new_activity(step: StepEntry, *, actor: Actor, now: datetime) -> uuid.UUID:
    if step.activity is not None:
        raise Invalid("activity", N_("activity: the library has no “%(name)s”."), field="activity", name=step.activity)
    if step.minutes is None:
        raise Invalid(
            "minutes", N_("minutes: is missing; “%(title)s” is new to the library."), field="minutes", title=step.title
        )
    category = ensure_category(ensure_domain(step.domain or "General"), step.category or "Imported")
    draft = ActivityDraft(
        category_id=category.id,
        title=step.title,
        description=step.description,
        minutes=step.minutes,
        difficulty=step.difficulty,
        kind=step.kind,
        splittable=step.splittable,
        min_session_minutes=step.min_session,
        resource_url=step.url,
        tags=step.tags,
    )
    return save_activity(draft, actor=actor, now=now).id


def _steps(curriculum: Curriculum, path: PathFile, activities: list[uuid.UUID]) -> None:
    """Units in the order they appear, the first one taking the place of the empty unit of a new path."""
    db = session()
    units: dict[str, CurriculumUnit] = {}
    first = db.scalars(select(CurriculumUnit).where(CurriculumUnit.curriculum_id == curriculum.id)).one()
    steps: dict[str, CurriculumStep] = {}
    for number, (entry, activity_id) in enumerate(zip(path.steps, activities, strict=True), 1):
        if entry.unit not in units:
            if units:
                units[entry.unit] = services.add_unit(curriculum, entry.unit)
            else:
                first.title = entry.unit
                units[entry.unit] = first
        steps[entry.key] = CurriculumStep(
            organization_id=organization_id(),
            curriculum_id=curriculum.id,
            unit_id=units[entry.unit].id,
            activity_id=activity_id,
            position=number,
            minutes=entry.minutes if entry.activity else None,
            required=entry.required,
            options=entry.options,
        )
    db.add_all(steps.values())
    db.flush()
    db.add_all(
        CurriculumStepPrerequisite(
            organization_id=organization_id(),
            step_id=steps[entry.key].id,
            prerequisite_id=steps[need.key].id,
            lag_days=need.lag_days,
            lag_in_study_days=need.in_study_days,
        )
        for entry in path.steps
        for need in {need.key: need for need in entry.needs}.values()
    )
    db.flush()
