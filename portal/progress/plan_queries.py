"""Reads about a learner's own plan: what changed it and when, the days she studies, when she is away."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, any_, func, or_, select

from portal.classes import queries as classes
from portal.models.classes import ClassRole, Classroom, Enrolment, EnrolmentStatus, Leave
from portal.models.curricula import VersionStep
from portal.models.organizations import Member
from portal.models.plans import ChangeKind, PlanChange, PlanDiff
from portal.models.schedules import Assignment, ProgressEvent, Schedule, ScheduleItem
from portal.tenancy.scope import session

Place = tuple[date, time]


@dataclass(frozen=True, slots=True)
class Moved:
    """An item's change of place; ``before`` is absent for a new one, ``after`` for one that is gone."""

    item_id: uuid.UUID
    title: str
    before: Place | None
    after: Place | None


@dataclass(frozen=True, slots=True)
class PlanNote:
    """A change of one learner's plan of one path; ``by`` is the person who made it, if a person did.

    ``takes_back`` says whether the learner herself may take it back. A first plan lists no items.
    """

    change_id: uuid.UUID
    kind: ChangeKind
    detail: Mapping[str, Any]
    at: datetime
    by: str | None
    path_title: str
    first: bool
    takes_back: bool
    moved: Sequence[Moved]


def step_titles(reasons: Iterable[str]) -> dict[str, str]:
    """Titles of the steps that reasons name, by their id's text; the newest where versions differ."""
    wanted = {detail for _code, _sep, detail in (text.partition(":") for text in reasons) if len(detail) == 36}
    if not wanted:
        return {}
    rows = session().execute(
        select(VersionStep.step_id, VersionStep.title)
        .where(VersionStep.step_id.in_(map(uuid.UUID, wanted)))
        .order_by(VersionStep.id)
    )
    return {str(step_id): title for step_id, title in rows}


def _notes() -> Select[PlanChange, PlanDiff, str, str]:
    return (
        select(PlanChange, PlanDiff, Assignment.title, Member.name)
        .join(PlanDiff, PlanDiff.change_id == PlanChange.id)
        .join(Assignment, Assignment.id == PlanChange.assignment_id)
        .outerjoin(Member, Member.id == PlanChange.made_by_id)
        .order_by(PlanChange.made_at.desc(), PlanChange.id.desc())
    )


def changes_of(member_id: uuid.UUID, *, limit: int = 30) -> list[PlanNote]:
    """What changed a learner's plans, newest first; three statements whatever it is."""
    rows = session().execute(
        _notes().join(Schedule, Schedule.id == PlanDiff.schedule_id).where(Schedule.member_id == member_id).limit(limit)
    )
    return _read(rows.all(), member_id)


def history_of_item(item_id: uuid.UUID, schedule_id: uuid.UUID, member_id: uuid.UUID) -> list[PlanNote]:
    """Where one item lay before and why it moved, newest first; each note lists this item only."""
    rows = session().execute(
        _notes().where(
            PlanDiff.schedule_id == schedule_id,
            or_(
                PlanDiff.is_first,
                PlanDiff.moved.contains([{"id": str(item_id)}]),
                any_(PlanDiff.added) == item_id,
                any_(PlanDiff.removed) == item_id,
            ),
        )
    )
    return _read(rows.all(), member_id, only=item_id)


@dataclass(frozen=True, slots=True)
class News:
    """What is new for a learner in one plan: what changed it, newest first, and where items lie now, in time order."""

    notes: Sequence[PlanNote]
    moved: Sequence[Moved]


def news_of(schedule_id: uuid.UUID, member_id: uuid.UUID, *, told: Collection[uuid.UUID]) -> News:
    """What others, or the portal by itself, changed, but for the changes ``told``: old places, and those of now.

    What is where it was again is no news; nor is a first plan.
    """
    found = _notes().where(
        PlanDiff.schedule_id == schedule_id,
        PlanDiff.is_first.is_(False),
        PlanChange.made_by_id.is_distinct_from(member_id),
        PlanChange.id.not_in(told),
    )
    notes = _read(session().execute(found).all(), member_id)
    oldest: dict[uuid.UUID, Moved] = {}
    for note in notes:
        oldest |= {each.item_id: each for each in note.moved}
    standing = session().scalars(
        select(ScheduleItem.id).where(ScheduleItem.id.in_(oldest), ScheduleItem.removed_at.is_(None))
    )
    places = _places(set(standing))
    moved = [
        Moved(item_id, each.title, each.before, places[item_id][1] if item_id in places else None)
        for item_id, each in oldest.items()
    ]
    news = [each for each in moved if each.before != each.after]
    return News(notes, sorted(news, key=lambda each: each.after or each.before or (date.max, time.max)))


def _read(rows: Sequence[Any], member_id: uuid.UUID, *, only: uuid.UUID | None = None) -> list[PlanNote]:
    diffs = [diff for _change, diff, _title, _name in rows]
    places = _places({each for diff in diffs for each in (*diff.added, *diff.removed)} | _moved_ids(diffs))
    notes = []
    for change, diff, title, name in rows:
        moved = [
            *(_moved(places, uuid.UUID(move["id"]), _place(move["from"]), _place(move["to"])) for move in diff.moved),
            *(_moved(places, each, None, places[each][1]) for each in diff.added if each in places),
            *(_moved(places, each, places[each][1], None) for each in diff.removed if each in places),
        ]
        notes.append(
            PlanNote(
                change_id=change.id,
                kind=change.kind,
                detail=change.detail,
                at=change.made_at,
                by=name,
                path_title=title,
                first=diff.is_first,
                takes_back=change.made_by_id == member_id == change.member_id
                and change.rolled_back_at is None
                and change.kind is not ChangeKind.ROLLED_BACK,
                moved=[each for each in moved if only is None or each.item_id == only],
            )
        )
    return notes


def _moved_ids(diffs: Iterable[PlanDiff]) -> set[uuid.UUID]:
    return {uuid.UUID(move["id"]) for diff in diffs for move in diff.moved}


def _places(item_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[str, Place]]:
    """Title and present place of items, removed ones too."""
    if not item_ids:
        return {}
    rows = session().execute(
        select(ScheduleItem.id, VersionStep.title, ScheduleItem.on_date, ScheduleItem.start_time)
        .join(VersionStep, VersionStep.id == ScheduleItem.version_step_id)
        .where(ScheduleItem.id.in_(item_ids))
    )
    return {item_id: (title, (on, start)) for item_id, title, on, start in rows}


def _moved(
    places: Mapping[uuid.UUID, tuple[str, Place]], item_id: uuid.UUID, before: Place | None, after: Place | None
) -> Moved:
    return Moved(item_id, places[item_id][0] if item_id in places else "–", before, after)


def _place(stored: Mapping[str, Any]) -> Place:
    return date.fromisoformat(stored["on"]), time.fromisoformat(stored["start"])


@dataclass(frozen=True, slots=True)
class StudyDays:
    """When a learner may study for one class: what holds, and whether it is her own."""

    class_id: uuid.UUID
    class_name: str
    week: Sequence[int]
    class_week: Sequence[int]
    own_week: bool
    study_from: time
    study_until: time
    own_hours: bool


def study_days_of(member_id: uuid.UUID) -> list[StudyDays]:
    """A learner's study days in each of her classes, by name; one statement."""
    rows = session().execute(
        select(Classroom, Enrolment)
        .join(Enrolment, Enrolment.class_id == Classroom.id)
        .where(
            Enrolment.member_id == member_id,
            Enrolment.role == ClassRole.STUDENT,
            Enrolment.status == EnrolmentStatus.ACTIVE,
            Classroom.archived_at.is_(None),
        )
        .order_by(Classroom.name, Classroom.id)
    )
    return [
        StudyDays(
            class_id=classroom.id,
            class_name=classroom.name,
            week=enrolment.weekday_minutes or classroom.weekday_minutes,
            class_week=classroom.weekday_minutes,
            own_week=enrolment.weekday_minutes is not None,
            study_from=enrolment.study_from or classroom.study_from,
            study_until=enrolment.study_until or classroom.study_until,
            own_hours=enrolment.study_from is not None,
        )
        for classroom, enrolment in rows
    ]


def leaves_of(member_id: uuid.UUID) -> Sequence[Leave]:
    """A learner's leaves, the latest first."""
    return (
        session()
        .scalars(select(Leave).where(Leave.member_id == member_id).order_by(Leave.starts_on.desc(), Leave.id))
        .all()
    )


@dataclass(frozen=True, slots=True)
class Days:
    """The days one may study for a class, for quick choices of a move."""

    week: Sequence[int]
    off: frozenset[date]
    leaves: Sequence[tuple[date, date]]
    until: time

    def open(self, day: date) -> bool:
        """Whether it is a study day."""
        away = any(first <= day <= last for first, last in self.leaves)
        return self.week[day.weekday()] > 0 and day not in self.off and not away


def days_of(schedule_id: uuid.UUID, member_id: uuid.UUID) -> Days:
    """The study days of the class that a learner's schedule belongs to."""
    classroom, enrolment = (
        session()
        .execute(
            select(Classroom, Enrolment)
            .join(Assignment, Assignment.class_id == Classroom.id)
            .join(Schedule, Schedule.assignment_id == Assignment.id)
            .outerjoin(Enrolment, (Enrolment.class_id == Classroom.id) & (Enrolment.member_id == member_id))
            .where(Schedule.id == schedule_id)
        )
        .one()
    )
    week, until = (None, None) if enrolment is None else (enrolment.weekday_minutes, enrolment.study_until)
    return Days(
        week=week or classroom.weekday_minutes,
        off=frozenset(day.on for day in classes.days_off(classroom)),
        leaves=[(leave.starts_on, leave.ends_on) for leave in leaves_of(member_id)],
        until=until or classroom.study_until,
    )


@dataclass(frozen=True, slots=True)
class LateStart:
    """The plan of somebody who came later than the class."""

    title: str
    class_starts_on: date
    starts_on: date
    verdict: str
    finish_on: date | None
    report: Mapping[str, Any]


def late_starts(member_id: uuid.UUID, *, day_began_at: datetime) -> list[LateStart]:
    """Plans the learner has not seen on an earlier day, of classes that began before she came; one statement."""
    seen = (
        select(func.count())
        .where(
            ProgressEvent.member_id == member_id,
            ProgressEvent.name == "page.today",
            ProgressEvent.at < day_began_at,
            ProgressEvent.at >= Enrolment.created_at,
        )
        .scalar_subquery()
    )
    came_on = func.greatest(Schedule.starts_on, func.date(func.timezone(Schedule.zone, Enrolment.created_at)))
    rows = session().execute(
        select(Assignment.title, Classroom.starts_on, came_on, Schedule.verdict, Schedule.finish_on, Schedule.report)
        .select_from(Schedule)
        .join(Assignment, Assignment.id == Schedule.assignment_id)
        .join(Classroom, Classroom.id == Assignment.class_id)
        .join(Enrolment, (Enrolment.class_id == Classroom.id) & (Enrolment.member_id == Schedule.member_id))
        .where(
            Schedule.member_id == member_id,
            Classroom.archived_at.is_(None),
            Enrolment.status == EnrolmentStatus.ACTIVE,
            came_on > Classroom.starts_on,
            or_(Enrolment.starts_on > Classroom.starts_on, Enrolment.created_at > Assignment.published_at),
            seen == 0,
        )
        .order_by(Assignment.published_at)
    )
    return [LateStart(*row) for row in rows]
