"""From rows to the engine's values. Steps are known to the engine by their draft step's id, which stays the
same from version to version, so that a learner's slots keep their identity when a new version is published.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from portal.classes.queries import DayOff
from portal.curricula.queries import VersionPlan
from portal.models.classes import Classroom, Enrolment, Leave
from portal.models.curricula import VersionStep
from portal.models.schedules import ItemStatus, ScheduleItem
from portal.pacing.results import Base, Reason, ReasonCode, Slot
from portal.pacing.types import (
    Arrangement,
    Cadence,
    ClassCalendar,
    Completion,
    DayOffset,
    Edge,
    Extension,
    Hours,
    LateJoin,
    Learner,
    MissedWork,
    Overload,
    PathVersion,
    Policy,
    SlotStatus,
    Step,
    StepKind,
    Taken,
    WeekMinutes,
    Window,
)

DONE = (ItemStatus.COMPLETED, ItemStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class LearnerRows:
    """All rows that make one learner of one assignment."""

    enrolment: Enrolment
    zone: str | None
    leaves: Sequence[Leave]
    items: Sequence[ScheduleItem]
    taken: Sequence[Taken]
    extensions: Sequence[Extension] = ()


def path_of(plan: VersionPlan, without: frozenset[uuid.UUID] = frozenset()) -> PathVersion:
    """The version as the engine's path, without some steps; what waited for them waits no more."""
    keys = {step.id: step.step_id for step in plan.steps if step.step_id not in without}
    return PathVersion(
        steps=tuple(_step(step) for step in plan.steps if step.id in keys),
        edges=tuple(
            Edge(keys[edge.prerequisite_id], keys[edge.step_id], edge.lag_days, edge.lag_in_study_days)
            for edge in plan.edges
            if edge.prerequisite_id in keys and edge.step_id in keys
        ),
    )


def left_out_of(policy: Mapping[str, Any]) -> frozenset[uuid.UUID]:
    """Steps that an assignment leaves out for everybody."""
    return frozenset(uuid.UUID(text) for text in policy.get("left_out", ()))


def _step(step: VersionStep) -> Step:
    return Step(
        id=step.step_id,
        minutes=step.minutes,
        splittable=step.splittable,
        min_session=step.min_session_minutes,
        required=step.required,
        window=_window(step.options),
        week=step.options.get("week"),
        difficulty=step.difficulty,
        kind=StepKind[step.kind.name],
        category=step.category_name,
    )


def _window(options: Mapping[str, Any]) -> Window | None:
    days = [options.get(f"{name}_offset_days") for name in ("release", "due", "lock")]
    if all(day is None for day in days):
        return None
    return Window(*(None if day is None else DayOffset(day) for day in days))


def calendar_of(classroom: Classroom, days_off: Iterable[DayOff]) -> ClassCalendar:
    """The class's frame with every day off."""
    return ClassCalendar(
        zone=classroom.zone,
        starts_on=classroom.starts_on,
        weekday_minutes=week_of(classroom.weekday_minutes),
        soft_ends_on=classroom.soft_ends_on,
        hard_ends_on=classroom.hard_ends_on,
        hours=(Hours(classroom.study_from, classroom.study_until),),
        week_cap=classroom.weekly_cap_minutes,
        due_time=classroom.due_time,
        cadence=Cadence[classroom.cadence.name],
        blackouts=frozenset(day.on for day in days_off),
    )


def week_of(minutes: Sequence[int]) -> WeekMinutes:
    """Seven minutes, Monday..Sunday, as the engine's tuple."""
    return cast(WeekMinutes, tuple(minutes))


def policy_of(data: Mapping[str, Any]) -> Policy:
    """The assignment's policy; what is absent is the engine's default."""
    return Policy(
        arrangement=Arrangement(data.get("arrangement", Arrangement.SPREAD)),
        late_join=LateJoin(data.get("late_join", LateJoin.SHIFT)),
        overload=Overload(data.get("overload", Overload.EXTEND)),
        missed=MissedWork(data.get("missed", MissedWork.ROLL_FORWARD)),
        notice_days=data.get("notice_days", 0),
        due_moves=data.get("due_moves", False),
    )


def learner_of(rows: LearnerRows, step_keys: Mapping[uuid.UUID, uuid.UUID]) -> tuple[Learner, Base]:
    """The engine's learner and base; ``step_keys`` maps version step ids to draft step ids."""
    enrolment = rows.enrolment
    learner = Learner(
        id=enrolment.member_id,
        starts_on=enrolment.starts_on,
        ends_on=enrolment.ends_on,
        zone=enrolment.zone or rows.zone,
        weekday_minutes=None if enrolment.weekday_minutes is None else week_of(enrolment.weekday_minutes),
        hours=_hours(enrolment),
        leave=frozenset(day for leave in rows.leaves for day in _days(leave.starts_on, leave.ends_on)),
        pace_percent=enrolment.pace_multiplier_percent,
        extensions=tuple(rows.extensions),
        completions=tuple(_completions(rows.items, step_keys)),
        taken=tuple(rows.taken),
    )
    return learner, tuple(slot_of(item, step_keys[item.version_step_id]) for item in rows.items)


def _hours(enrolment: Enrolment) -> tuple[Hours, ...] | None:
    if enrolment.study_from is None or enrolment.study_until is None:
        return None
    return (Hours(enrolment.study_from, enrolment.study_until),)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _completions(items: Sequence[ScheduleItem], step_keys: Mapping[uuid.UUID, uuid.UUID]) -> Iterable[Completion]:
    """Steps all of whose items are done; a skipped one counts, so that nothing waits for it."""
    by_step: dict[uuid.UUID, list[ScheduleItem]] = {}
    for item in items:
        by_step.setdefault(step_keys[item.version_step_id], []).append(item)
    for step_id, parts in by_step.items():
        if all(part.status in DONE for part in parts):
            yield Completion(step_id, max(part.finished_at or part.starts_at for part in parts))


def slot_of(item: ScheduleItem, step_id: uuid.UUID) -> Slot:
    """An item as the engine's slot."""
    return Slot(
        step=step_id,
        part=item.part,
        parts=item.parts,
        on=item.on_date,
        start=item.start_time,
        starts_at=item.starts_at,
        minutes=item.minutes,
        bucket_on=item.bucket_on,
        due_at=item.due_at,
        id=item.id,
        status=SlotStatus[item.status.name],
        pinned=item.pinned,
        reasons=tuple(_reason(text) for text in item.reasons),
        slack_days=item.slack_days,
    )


def _reason(text: str) -> Reason:
    """The inverse of `Reason.text`: a detail is an ISO date or a step's id."""
    code, _, detail = text.partition(":")
    if not detail:
        return Reason(ReasonCode(code))
    try:
        return Reason(ReasonCode(code), on=date.fromisoformat(detail))
    except ValueError:
        return Reason(ReasonCode(code), step=uuid.UUID(detail))
