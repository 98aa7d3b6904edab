"""What publishing a path's version to a class would do: planned for real, nothing written."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.assignments import queries
from portal.assignments.services import version_of
from portal.classes import queries as classes
from portal.curricula.changes import Changes, between
from portal.curricula.queries import version_for_planning
from portal.models.curricula import CurriculumVersion
from portal.models.schedules import Assignment, AssignmentState
from portal.pacing.results import Verdict
from portal.pacing.types import Id, SlotStatus
from portal.schedules import queries as plans
from portal.schedules import services as schedules
from portal.schedules.changing import DIAGNOSED, stamp_of
from portal.schedules.effects import Effect, effects_of, standing
from portal.schedules.inputs import path_of
from portal.schedules.misfits import Misfit, misfits
from portal.schedules.repairs import Trouble, trouble_of
from portal.security.actor import Actor
from portal.security.authorize import authorize
from portal.security.permissions import Permission

PREVIEWED = 300


@dataclass(frozen=True, slots=True)
class Keeps:
    """What a student keeps whatever the new version says: items begun or done, put by hand, steps that differ."""

    name: str
    done: int
    pinned: int
    own: int


@dataclass(frozen=True, slots=True)
class Merge:
    """Three ways: what the version changes, what students keep, and the items of removed steps that are cancelled.

    ``keeps`` are those who keep something; what differs for a student wins over the new version.
    """

    before: CurriculumVersion
    changes: Changes
    keeps: Sequence[Keeps]
    cancelled: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What publishing would do; of a very large class the first `PREVIEWED` students are planned.

    ``finishes`` counts students by last day; ``weeks`` are (Monday, mean minutes, most minutes of one student).
    ``troubles`` tells of the first `DIAGNOSED` who will not make it, by member. ``titles`` are the steps' by id text.
    """

    version: CurriculumVersion
    students: int
    effects: Sequence[Effect]
    finishes: Sequence[tuple[date, int]]
    weeks: Sequence[tuple[date, int, int]]
    kept: int
    updates: Assignment | None
    merge: Merge | None
    misfits: Sequence[Misfit]
    titles: Mapping[str, str]
    troubles: Mapping[uuid.UUID, Trouble]
    stamp: str

    @property
    def not_fitting(self) -> list[Effect]:
        """Students for whom not everything fits."""
        return [each for each in self.effects if each.verdict != Verdict.FEASIBLE]

    @property
    def touched(self) -> list[Effect]:
        """Students whose dates change."""
        return [each for each in self.effects if each.changes]

    def count(self, kind: str) -> int:
        """Items ``moved``, ``added`` or ``removed``."""
        return sum(change.kind == kind for effect in self.effects for change in effect.changes)


def preview(
    version_id: uuid.UUID, class_id: uuid.UUID, *, policy: dict[str, Any], actor: Actor, now: datetime
) -> Preview:
    """Plan every student without writing anything."""
    authorize(actor, Permission.CLASS_PUBLISH, class_id=class_id)
    version = version_of(version_id)
    existing = queries.of_curriculum(class_id, version.curriculum_id)
    frame = schedules.make_frame(class_id, version_id, policy, assignment_id=None if existing is None else existing.id)
    enrolments = list(classes.students(class_id))
    planned = schedules.plan_learners(frame, enrolments[:PREVIEWED], lock=False, now=now)
    effects = effects_of(frame, version.title, planned, standing(frame.assignment_id))
    bad = [each.member_id for each in effects if each.verdict != Verdict.FEASIBLE]
    return Preview(
        version=version,
        students=len(enrolments),
        effects=effects,
        finishes=sorted(Counter(each.finish_on for each in effects if each.finish_on is not None).items()),
        weeks=_weeks(planned),
        kept=sum(len(each.diff.kept) for each in planned),
        updates=existing,
        merge=_merge(existing, frame, planned, effects),
        misfits=_misfits(frame),
        titles={str(step.step_id): step.title for step in frame.version.steps},
        troubles={member_id: trouble_of(frame, member_id, now=now) for member_id in bad[:DIAGNOSED]},
        stamp="" if existing is None else stamp_of([existing.id]),
    )


def _merge(
    existing: Assignment | None,
    frame: schedules.Frame,
    planned: Sequence[schedules.Planned],
    effects: Sequence[Effect],
) -> Merge | None:
    """What becomes of the plans there are; None when there are none."""
    old = None if existing is None else version_for_planning(existing.version_id)
    if existing is None or old is None or existing.state is AssignmentState.WITHDRAWN:
        return None
    member_ids = [each.enrolment.member_id for each in planned]
    later = plans.extensions(existing.id, member_ids)
    out = plans.left_out(existing.id, member_ids)
    stay = {step.step_id for step in frame.version.steps}
    keeps = [
        Keeps(
            effect.name,
            sum(slot.status is not SlotStatus.PLANNED for slot in each.base),
            sum(slot.pinned and slot.status is SlotStatus.PLANNED and slot.step in stay for slot in each.base),
            len({extension.step for extension in later.get(effect.member_id, ())} | out.get(effect.member_id, set())),
        )
        for each, effect in zip(planned, effects, strict=True)
    ]
    cancelled = sum(gone.slot.step not in stay for each in planned for gone in each.diff.removed)
    return Merge(old.version, between(old, frame.version), [e for e in keeps if e.done or e.pinned or e.own], cancelled)


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
