"""What new plans would change, learner by learner, as values for pages."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.schedules import Assignment, Schedule
from portal.pacing.results import Slot, Verdict
from portal.schedules.report import as_json
from portal.schedules.services import Frame, Planned
from portal.tenancy.scope import session


class Place(NamedTuple):
    """Where an item lies in a plan; dates and start are local to the learner's zone."""

    on: date
    start: time
    minutes: int
    due_on: date
    pinned: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One item that a command touches; ``before`` is absent for a new one, ``after`` for one that goes."""

    title: str
    part: int
    parts: int
    before: Place | None
    after: Place | None
    reason: str

    @property
    def kind(self) -> str:
        """``moved``, ``added`` or ``removed``."""
        return "added" if self.before is None else "removed" if self.after is None else "moved"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command or a publishing does to one learner's plan of a path; ``fitted`` says whether all fitted before.

    ``assignment_id`` and ``fitted`` are absent before a path is first published.
    """

    member_id: uuid.UUID
    name: str
    class_id: uuid.UUID
    assignment_id: uuid.UUID | None
    path: str
    changes: Sequence[Change]
    verdict: str
    finish_before: date | None
    finish_on: date | None
    report: Mapping[str, Any]
    fitted: bool | None

    @property
    def days(self) -> int:
        """By how many days the finish moves; 0 when there was none."""
        if self.finish_before is None or self.finish_on is None:
            return 0
        return (self.finish_on - self.finish_before).days


Standing = Mapping[uuid.UUID, tuple[date | None, str]]


def standing(assignment_id: uuid.UUID | None) -> Standing:
    """Finish and verdict of each learner's plan as it is stored, by member."""
    rows = session().execute(
        select(Schedule.member_id, Schedule.finish_on, Schedule.verdict).where(Schedule.assignment_id == assignment_id)
    )
    return {member_id: (finish_on, verdict) for member_id, finish_on, verdict in rows}


def effects_of(frame: Frame, path: str, planned: Sequence[Planned], before: Standing) -> list[Effect]:
    """What these plans would change, a learner each, in the order given."""
    titles = {str(step.step_id): step.title for step in frame.version.steps} | _titles_gone(frame, planned)
    names = _names([each.enrolment.member_id for each in planned])
    return [_effect(frame, path, each, titles, names, before) for each in planned]


def _titles_gone(frame: Frame, planned: Sequence[Planned]) -> dict[str, str]:
    """Titles of steps that only items that go still have: the version has them no more."""
    there = {step.step_id for step in frame.version.steps}
    gone = {removed.slot.step for each in planned for removed in each.diff.removed} - there
    if not gone:
        return {}
    rows = session().execute(select(VersionStep.step_id, VersionStep.title).where(VersionStep.step_id.in_(gone)))
    return {str(step_id): title for step_id, title in rows}


def _names(member_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(session().execute(select(Member.id, Member.name).where(Member.id.in_(member_ids))).all())


def _effect(
    frame: Frame,
    path: str,
    planned: Planned,
    titles: Mapping[str, str],
    names: Mapping[uuid.UUID, str],
    before: Standing,
) -> Effect:
    diff = planned.diff
    member_id = planned.enrolment.member_id
    zone = ZoneInfo(planned.zone)
    changes = [
        *(_change(titles, move.before, move.after, zone) for move in diff.moved),
        *(_change(titles, None, slot, zone) for slot in diff.added),
        *(_change(titles, gone.slot, None, zone) for gone in diff.removed),
    ]
    finish_before, verdict_before = before.get(member_id, (None, None))
    return Effect(
        member_id,
        names[member_id],
        frame.classroom.id,
        frame.assignment_id,
        path,
        sorted(changes, key=lambda each: (each.after or each.before or (date.max, time.max))[:2]),
        planned.plan.report.verdict.value,
        finish_before,
        planned.plan.finish_on,
        as_json(planned.plan, {uuid.UUID(key): title for key, title in titles.items()}),
        None if verdict_before is None else verdict_before == Verdict.FEASIBLE,
    )


def _change(titles: Mapping[str, str], before: Slot | None, after: Slot | None, zone: ZoneInfo) -> Change:
    slot = after or before
    assert slot is not None  # noqa: S101  # one of the two is there
    return Change(
        titles.get(str(slot.step), "–"),
        slot.part,
        slot.parts,
        None if before is None else _place(before, zone),
        None if after is None else _place(after, zone),
        after.reasons[0].text if after is not None and after.reasons else "",
    )


def _place(slot: Slot, zone: ZoneInfo) -> Place:
    return Place(slot.on, slot.start, slot.minutes, slot.due_at.astimezone(zone).date(), slot.pinned)


def as_stored(schedule: Schedule, name: str, assignment: Assignment) -> Effect:
    """A learner's plan as it is stored: nothing changes."""
    fits = schedule.verdict == Verdict.FEASIBLE
    ids = (assignment.class_id, assignment.id)
    finish = (schedule.finish_on, schedule.finish_on)
    return Effect(
        schedule.member_id, name, *ids, assignment.title, (), schedule.verdict, *finish, schedule.report, fits
    )
