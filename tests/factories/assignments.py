"""Published path versions, and paths published to classes."""

import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.assignments.services import publish_path
from portal.models.curricula import Curriculum, CurriculumVersion, VersionEdge, VersionStep
from portal.models.library import ActivityKind, Hue
from portal.models.organizations import Member
from portal.models.schedules import Schedule, ScheduleItem
from portal.security.actor import Actor
from portal.tenancy.scope import new_id, unit_of_work
from tests.factories.cast import NOW


@dataclass(frozen=True)
class Path:
    """A published version: its id, its steps' ids in order, and the path's own ids that stay between versions."""

    curriculum_id: uuid.UUID
    version_id: uuid.UUID
    step_ids: tuple[uuid.UUID, ...]
    keys: tuple[uuid.UUID, ...]


def make_path(
    organization_id: uuid.UUID,
    minutes: Sequence[int] = (60, 60, 60, 60),
    *,
    title: str = "Sample path",
    chain: bool = True,
    lag_days: int = 0,
    of: Path | None = None,
    keys: Sequence[uuid.UUID] | None = None,
    options: Sequence[dict[str, Any]] = (),
    now: datetime = NOW,
    **values: Any,
) -> Path:
    """Publish a version with a step for each entry of ``minutes``, each ``lag_days`` after the one before if ``chain``.

    ``of`` adds a version to a path there is; ``keys`` then says which steps it still has, by the path's own ids.
    ``options`` are those of the first steps, in order.
    """
    keys = tuple(keys or (new_id() for _ in minutes))
    with unit_of_work(organization_id=organization_id) as db:
        if of is None:
            curriculum = Curriculum(organization_id=organization_id, title=title, created_at=now, updated_at=now)
            db.add(curriculum)
            db.flush()
            curriculum_id, number = curriculum.id, 1
        else:
            curriculum_id = of.curriculum_id
            number = 1 + len(db.scalars(select(CurriculumVersion).filter_by(curriculum_id=curriculum_id)).all())
        version = CurriculumVersion(
            organization_id=organization_id,
            curriculum_id=curriculum_id,
            number=number,
            title=title,
            step_count=len(minutes),
            total_minutes=sum(minutes),
            published_at=now,
        )
        db.add(version)
        db.flush()
        steps = [
            _step(organization_id, version.id, position, key, length, {"options": own, **values})
            for position, (key, length, own) in enumerate(
                itertools.zip_longest(keys, minutes, options, fillvalue={}), 1
            )
        ]
        db.add_all(steps)
        db.flush()
        ids = tuple(step.id for step in steps)
        if chain:
            db.add_all(
                VersionEdge(
                    organization_id=organization_id,
                    version_id=version.id,
                    step_id=later,
                    prerequisite_id=earlier,
                    lag_days=lag_days,
                    lag_in_study_days=False,
                )
                for earlier, later in itertools.pairwise(ids)
            )
        return Path(curriculum_id, version.id, ids, keys)


def _step(
    organization_id: uuid.UUID,
    version_id: uuid.UUID,
    position: int,
    key: uuid.UUID,
    minutes: int,
    values: dict[str, Any],
) -> VersionStep:
    defaults = {
        "activity_id": key,
        "unit_id": version_id,
        "unit_title": "Unit",
        "title": f"Step {position}",
        "description": "",
        "difficulty": 3,
        "kind": ActivityKind.STUDY,
        "splittable": False,
        "min_session_minutes": 15,
        "required": True,
        "domain_name": "Music",
        "domain_hue": Hue.MAKING,
        "domain_icon": "music",
        "category_name": "Guitar",
    }
    return VersionStep(
        organization_id=organization_id,
        version_id=version_id,
        step_id=key,
        position=position,
        minutes=minutes,
        **{**defaults, **values},
    )


def publish(path: Path, class_id: uuid.UUID, actor: Actor, *, now: datetime = NOW, **policy: Any) -> uuid.UUID:
    """Publish a version to a class as the service does it; the assignment's id."""
    with unit_of_work(organization_id=actor.organization_id):
        return publish_path(path.version_id, class_id, policy=policy, actor=actor, now=now).id


def schedules(actor: Actor, assignment_id: uuid.UUID) -> dict[str, Schedule]:
    """The schedules of an assignment, by the learner's name."""
    with unit_of_work(organization_id=actor.organization_id) as db:
        rows = db.execute(
            select(Member.name, Schedule)
            .join(Schedule, Schedule.member_id == Member.id)
            .where(Schedule.assignment_id == assignment_id)
        ).all()
        db.expunge_all()
    return dict(rows)


def items(actor: Actor, schedule_id: uuid.UUID, *, removed: bool = False) -> list[ScheduleItem]:
    """The items of a schedule in time order, those removed only when asked for."""
    with unit_of_work(organization_id=actor.organization_id) as db:
        found = select(ScheduleItem).where(ScheduleItem.schedule_id == schedule_id)
        if not removed:
            found = found.where(ScheduleItem.removed_at.is_(None))
        rows = list(db.scalars(found.order_by(ScheduleItem.starts_at, ScheduleItem.part)))
        db.expunge_all()
    return rows
