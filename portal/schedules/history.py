"""The record of what changed plans: written with every change, read to show it and to take it back."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from portal.models.plans import ChangeKind, PlanChange, PlanDiff
from portal.pacing.results import Base, Diff, Slot
from portal.pacing.types import SlotStatus
from portal.tenancy.scope import organization_id, session


@dataclass(frozen=True, slots=True)
class Cause:
    """Why plans change: ``key`` makes it happen once an assignment; ``detail`` is for words, ``undo`` for roll back."""

    kind: ChangeKind
    key: str
    made_by_id: uuid.UUID | None = None
    member_id: uuid.UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    undo: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What was written to one schedule; ``added`` are the new items' ids, none for a first plan."""

    schedule_id: uuid.UUID
    diff: Diff
    first: bool
    added: Sequence[uuid.UUID]


def record(assignment_id: uuid.UUID, cause: Cause, written: Sequence[Written], *, now: datetime) -> None:
    """Keep a change and its diffs; a job's later batches join the change of its first. Nothing changed, no row."""
    touched = [each for each in written if each.first or not each.diff.empty]
    if not touched and not cause.undo:
        return
    counts = {
        "learners": len(touched),
        "moved": sum(len(each.diff.moved) for each in touched),
        "added": sum(len(each.diff.added) for each in touched),
        "removed": sum(len(each.diff.removed) for each in touched),
    }
    made = upsert(PlanChange).values(
        organization_id=organization_id(),
        assignment_id=assignment_id,
        member_id=cause.member_id,
        kind=cause.kind,
        key=cause.key,
        detail=dict(cause.detail),
        undo=list(cause.undo),
        made_by_id=cause.made_by_id,
        made_at=now,
        **counts,
    )
    change_id = session().scalar(
        made.on_conflict_do_update(
            index_elements=["organization_id", "assignment_id", "key"],
            set_={name: getattr(PlanChange, name) + made.excluded[name] for name in counts},
        ).returning(PlanChange.id)
    )
    if touched:
        session().execute(
            upsert(PlanDiff).on_conflict_do_nothing().returning(PlanDiff.id),  # with RETURNING, many rows a statement
            [_diff_row(change_id, each) for each in touched],
        )


def _diff_row(change_id: uuid.UUID | None, each: Written) -> dict[str, Any]:
    return {
        "organization_id": organization_id(),
        "change_id": change_id,
        "schedule_id": each.schedule_id,
        "is_first": each.first,
        "moved": [
            {
                "id": str(move.before.id),
                "from": _place(move.before),
                "to": _place(move.after),
                "why": move.after.reasons[0].text if move.after.reasons else "",
            }
            for move in each.diff.moved
        ],
        "added": list(each.added),
        "removed": [gone.slot.id for gone in each.diff.removed],
    }


def _place(slot: Slot) -> dict[str, Any]:
    return {
        "on": slot.on.isoformat(),
        "start": slot.start.isoformat(),
        "starts_at": slot.starts_at.isoformat(),
        "minutes": slot.minutes,
        "bucket_on": slot.bucket_on.isoformat(),
        "due_at": slot.due_at.isoformat(),
        "pinned": slot.pinned,
    }


def diffs_of(change_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, PlanDiff]:
    """Diffs of changes of different assignments, by schedule."""
    rows = session().scalars(select(PlanDiff).where(PlanDiff.change_id.in_(change_ids)))
    return {row.schedule_id: row for row in rows}


def before(diff: PlanDiff, base: Base, removed: Base) -> Base:
    """The slots as they were before a change: ``base`` are those stored now, ``removed`` those it took away.

    What is started, done or no longer there stays as it is.
    """
    places: dict[object, dict[str, Any]] = {uuid.UUID(move["id"]): move["from"] for move in diff.moved}
    gone: set[object] = set(diff.added)
    found = []
    for slot in base:
        if slot.status is not SlotStatus.PLANNED:
            found.append(slot)
        elif diff.is_first or slot.id in gone:
            continue
        else:
            found.append(_at(slot, places[slot.id]) if slot.id in places else slot)
    return tuple(sorted([*found, *removed], key=lambda slot: (slot.starts_at, slot.part)))


def _at(slot: Slot, place: Mapping[str, Any]) -> Slot:
    return replace(
        slot,
        on=date.fromisoformat(place["on"]),
        start=time.fromisoformat(place["start"]),
        starts_at=datetime.fromisoformat(place["starts_at"]),
        minutes=place["minutes"],
        bucket_on=date.fromisoformat(place["bucket_on"]),
        due_at=datetime.fromisoformat(place["due_at"]),
        pinned=place["pinned"],
    )


def known(key: str, made_by_id: uuid.UUID) -> uuid.UUID | None:
    """The change that a person made with this key already; of several, the first."""
    return session().scalar(
        select(PlanChange.id)
        .where(PlanChange.key == key, PlanChange.made_by_id == made_by_id)
        .order_by(PlanChange.id)
        .limit(1)
    )


def change_with(assignment_id: uuid.UUID, key: str) -> uuid.UUID | None:
    """The change of an assignment with this key."""
    return session().scalar(
        select(PlanChange.id).where(PlanChange.assignment_id == assignment_id, PlanChange.key == key)
    )


def together(change: PlanChange) -> Sequence[PlanChange]:
    """A change with those that one command made in other assignments of the same learners, oldest first."""
    return (
        session()
        .scalars(
            select(PlanChange)
            .where(
                PlanChange.key == change.key,
                PlanChange.made_at == change.made_at,
                PlanChange.made_by_id.is_not_distinct_from(change.made_by_id),
            )
            .order_by(PlanChange.id)
        )
        .all()
    )
