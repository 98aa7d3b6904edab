"""From rows to the engine's values. Steps are known to the engine by their draft step's id, which stays the
same from version to version, so that a learner's slots keep their identity when a new version is published.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from portal.classes.meetings import Meeting
from portal.classes.queries import DayOff
from portal.curricula.options import BOUNDS
from portal.curricula.queries import VersionPlan
from portal.models.classes import Classroom, Enrolment, Leave
from portal.models.curricula import VersionStep
from portal.models.schedules import ItemStatus, ScheduleItem
from portal.pacing.moments import from_minute, minute_of, zone
from portal.pacing.results import Base, Reason, ReasonCode, Slot
from portal.pacing.types import (
    Anchor,
    Arrangement,
    AtInstant,
    AtMeeting,
    Cadence,
    ClassCalendar,
    Completion,
    DayOffset,
    Edge,
    Extension,
    Hours,
    InWeek,
    LateJoin,
    Learner,
    MissedWork,
    Moment,
    OnWeekday,
    Overload,
    PathVersion,
    Policy,
    Remaining,
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
    """All rows that make one learner of one assignment; ``today`` is the learner's present local day."""

    enrolment: Enrolment
    zone: str | None
    leaves: Sequence[Leave]
    items: Sequence[ScheduleItem]
    taken: Sequence[Taken]
    today: date
    extensions: Sequence[Extension] = ()
    extra_minutes_today: int = 0


def path_of(plan: VersionPlan, class_zone: str, without: frozenset[uuid.UUID] = frozenset()) -> PathVersion:
    """The version as the engine's path, without some steps; what waited for them waits no more.

    Dates and times of steps are local to ``class_zone``.
    """
    keys = {step.id: step.step_id for step in plan.steps if step.step_id not in without}
    return PathVersion(
        steps=tuple(_step(step, class_zone) for step in plan.steps if step.id in keys),
        edges=tuple(
            Edge(keys[edge.prerequisite_id], keys[edge.step_id], edge.lag_days, edge.lag_in_study_days)
            for edge in plan.edges
            if edge.prerequisite_id in keys and edge.step_id in keys
        ),
    )


def left_out_of(policy: Mapping[str, Any]) -> frozenset[uuid.UUID]:
    """Steps that an assignment leaves out for everybody."""
    return frozenset(uuid.UUID(text) for text in policy.get("left_out", ()))


def _step(step: VersionStep, class_zone: str) -> Step:
    return Step(
        id=step.step_id,
        minutes=step.minutes,
        splittable=step.splittable,
        min_session=step.min_session_minutes,
        required=step.required,
        window=_window(step.options, class_zone),
        anchor=_anchor(step.options.get("anchor"), class_zone),
        week=step.options.get("week"),
        difficulty=step.difficulty,
        kind=StepKind[step.kind.name],
        category=step.category_name,
        review_offsets=tuple(step.options.get("review_offsets", ())),
    )


def _window(options: Mapping[str, Any], class_zone: str) -> Window | None:
    bounds = [_bound(options, name, class_zone) for name in BOUNDS]
    return None if all(bound is None for bound in bounds) else Window(*bounds)


def _bound(options: Mapping[str, Any], name: str, class_zone: str) -> Moment | None:
    if f"{name}_at" in options:
        return _instant(options[f"{name}_at"], class_zone)
    days = options.get(f"{name}_offset_days")
    return None if days is None else DayOffset(days)


def _anchor(anchor: Mapping[str, Any] | None, class_zone: str) -> Anchor | None:
    if anchor is None:
        return None
    if "meeting" in anchor:
        return AtMeeting(anchor["meeting"], anchor.get("offset_minutes", 0))
    if "week" in anchor:
        return InWeek(anchor["week"])
    if "weekday" in anchor:
        return OnWeekday(anchor["weekday"])
    return AtInstant(_instant(anchor["at"], class_zone))


def _instant(local: str, class_zone: str) -> datetime:
    """The instant of a date and time of the class; one that a clock change skips is the next valid minute."""
    at = datetime.fromisoformat(local)
    return from_minute(zone(class_zone).wall(at.toordinal(), minute_of(at.time())))


def calendar_of(classroom: Classroom, days_off: Iterable[DayOff], meetings: Iterable[Meeting] = ()) -> ClassCalendar:
    """The class's frame with every day off and every meeting."""
    return ClassCalendar(
        zone=classroom.zone,
        starts_on=classroom.starts_on,
        weekday_minutes=week_of(classroom.weekday_minutes),
        soft_ends_on=classroom.soft_ends_on,
        hard_ends_on=classroom.hard_ends_on,
        hours=windows_of(classroom),
        day_cap=classroom.daily_cap_minutes,
        week_cap=classroom.weekly_cap_minutes,
        due_time=classroom.due_time,
        cadence=Cadence[classroom.cadence.name],
        blackouts=frozenset(day.on for day in days_off),
        meetings=tuple(meeting.starts_at for meeting in meetings),
    )


def windows_of(classroom: Classroom) -> tuple[Hours, ...]:
    """The study hours of a class's day, in order: from the first to the last minute, but for the breaks."""
    breaks = [(time.fromisoformat(each["from"]), time.fromisoformat(each["until"])) for each in classroom.study_breaks]
    starts = [classroom.study_from, *(until for _begin, until in breaks)]
    ends = [*(begin for begin, _until in breaks), classroom.study_until]
    return tuple(Hours(start, end) for start, end in zip(starts, ends, strict=True) if start < end)


def week_of(minutes: Sequence[int]) -> WeekMinutes:
    """Seven minutes, Monday..Sunday, as the engine's tuple."""
    return cast(WeekMinutes, tuple(minutes))


def policy_of(data: Mapping[str, Any]) -> Policy:
    """The assignment's policy; what is absent is the engine's default."""
    return Policy(
        arrangement=Arrangement(data.get("arrangement", Arrangement.SPREAD)),
        late_join=LateJoin(data.get("late_join", LateJoin.SHIFT)),
        catch_up_weeks=data.get("catch_up_weeks", Policy().catch_up_weeks),
        overload=Overload(data.get("overload", Overload.EXTEND)),
        missed=MissedWork(data.get("missed", MissedWork.ROLL_FORWARD)),
        notice_days=data.get("notice_days", 0),
        due_moves=data.get("due_moves", False),
    )


def learner_of(
    rows: LearnerRows, step_keys: Mapping[uuid.UUID, uuid.UUID], efforts: Mapping[uuid.UUID, int]
) -> tuple[Learner, Base]:
    """The engine's learner and base.

    ``step_keys`` maps version step ids to draft step ids; ``efforts`` are the version's minutes by draft step id.
    """
    enrolment = rows.enrolment
    completions, remaining = _work(rows, step_keys, efforts)
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
        completions=completions,
        remaining=remaining,
        taken=tuple(rows.taken),
        extra_minutes_today=rows.extra_minutes_today,
    )
    return learner, tuple(slot_of(item, step_keys[item.version_step_id]) for item in rows.items)


def _hours(enrolment: Enrolment) -> tuple[Hours, ...] | None:
    if enrolment.study_from is None or enrolment.study_until is None:
        return None
    return (Hours(enrolment.study_from, enrolment.study_until),)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _work(
    rows: LearnerRows, step_keys: Mapping[uuid.UUID, uuid.UUID], efforts: Mapping[uuid.UUID, int]
) -> tuple[tuple[Completion, ...], tuple[Remaining, ...]]:
    """What the learner has finished, and what is left of steps begun on days that are over.

    A step is finished when all its items are done; a skipped one counts, so that nothing waits for it. It is too when
    an item was left half done, and items done since hold the rest.
    """
    by_step: dict[uuid.UUID, list[ScheduleItem]] = {}
    for item in rows.items:
        by_step.setdefault(step_keys[item.version_step_id], []).append(item)
    completions, remaining = [], []
    for step_id, parts in by_step.items():
        done = [part for part in parts if part.status in DONE]
        begun = [part for part in parts if part.status is ItemStatus.IN_PROGRESS and part.on_date < rows.today]
        left = None
        if begun and step_id in efforts:
            effort = -(-efforts[step_id] * rows.enrolment.pace_multiplier_percent // 500) * 5  # as the engine counts
            left = effort - sum(part.minutes for part in done) - sum(part.actual_minutes for part in begun)
        if len(done) == len(parts) or (done and left is not None and left <= 0):
            completions.append(Completion(step_id, max(part.finished_at or part.starts_at for part in done)))
        elif left is not None:
            remaining.append(Remaining(step_id, max(0, left)))
    return tuple(completions), tuple(remaining)


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
