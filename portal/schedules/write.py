"""Writing items in bulk: COPY into a temporary table, then one statement into the table.

PostgreSQL refuses COPY into a table under row-level security; this way the policies check every row. The
members, schedules and steps of the rows were read in the same transaction.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from portal.models.calendars import FeedVersion
from portal.models.schedules import ScheduleItem
from portal.pacing.results import Slot
from portal.tenancy.scope import organization_id, session

_PLACE = (
    "part",
    "parts",
    "on_date",
    "start_time",
    "starts_at",
    "minutes",
    "bucket_on",
    "due_at",
    "reasons",
    "slack_days",
)
_NEW = ("organization_id", "schedule_id", "member_id", "version_step_id", *_PLACE, "pinned", "changed_at")
_MOVED = ("id", *_PLACE, "pinned", "changed_at")
_PLANNED = ("zone", "starts_on", "finish_on", "verdict", "report")


def _place(slot: Slot) -> tuple[Any, ...]:
    return (
        *(slot.part, slot.parts, slot.on, slot.start, slot.starts_at, slot.minutes, slot.bucket_on, slot.due_at),
        [reason.text for reason in slot.reasons],
        slot.slack_days,
    )


NewItem = tuple[uuid.UUID, uuid.UUID, uuid.UUID, Slot]


def insert_items(rows: Iterable[NewItem], *, now: datetime) -> None:
    """Add items: (schedule id, member id, version step id, slot)."""
    _insert(rows, "", now=now)


def insert_more_items(rows: Iterable[NewItem], *, now: datetime) -> dict[uuid.UUID, list[uuid.UUID]]:
    """As `insert_items`; the new ids by schedule."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for item_id, schedule_id in _insert(rows, " RETURNING id, schedule_id", now=now):
        found.setdefault(schedule_id, []).append(item_id)
    return found


def _insert(rows: Iterable[NewItem], returning: str, *, now: datetime) -> Sequence[Any]:
    organization = organization_id()
    values = [
        (organization, schedule_id, member_id, step_id, *_place(slot), slot.pinned, now)
        for schedule_id, member_id, step_id, slot in rows
    ]
    if not values:
        return ()
    _copy("new_items", _NEW, values)
    names = ", ".join(_NEW)
    made = session().execute(
        text(f"INSERT INTO schedule_items ({names}) SELECT {names} FROM new_items{returning}")  # noqa: S608  # our names
    )
    return made.all() if returning else ()


def move_items(moves: Sequence[tuple[object, Slot]], *, now: datetime) -> None:
    """Give items (id, slot) their new place, removed ones too; calendars see a higher sequence."""
    values = [(item_id, *_place(slot), slot.pinned, now) for item_id, slot in moves]
    if values:
        _copy("moved_items", _MOVED, values)
        names = ", ".join(f"{name} = moved.{name}" for name in _MOVED if name != "id")
        session().execute(
            text(
                f"UPDATE schedule_items AS item SET {names}, sequence = item.sequence + 1, removed_at = NULL "  # noqa: S608  # our names
                "FROM moved_items AS moved WHERE item.id = moved.id"
            )
        )


def change_schedules(rows: Iterable[tuple[uuid.UUID, bool, Mapping[str, Any]]], *, now: datetime) -> None:
    """Give schedules the values of `_PLANNED`; (schedule id, whether its learner must be told, values)."""
    values = [
        (key, int(tell), *(plan[name] if name != "report" else Jsonb(plan[name]) for name in _PLANNED), now)
        for key, tell, plan in rows
    ]
    if values:
        _copy("changed_schedules", ("id", "revision", *_PLANNED, "planned_at"), values, like="schedules")
        names = ", ".join(f"{name} = changed.{name}" for name in (*_PLANNED, "planned_at"))
        session().execute(
            text(
                f"UPDATE schedules AS schedule SET {names}, revision = schedule.revision + changed.revision "  # noqa: S608  # our names
                "FROM changed_schedules AS changed WHERE schedule.id = changed.id"
            )
        )


def remove_items(item_ids: Sequence[object], *, now: datetime) -> None:
    """Mark items as removed; their calendars show them as cancelled for a while."""
    if item_ids:
        session().execute(
            update(ScheduleItem)
            .where(ScheduleItem.id.in_(item_ids), ScheduleItem.removed_at.is_(None))
            .values(removed_at=now, changed_at=now, sequence=ScheduleItem.sequence + 1, running_since=None)
        )


def _copy(table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]], like: str = "schedule_items") -> None:
    names = ", ".join(columns)
    connection = session().connection().connection.driver_connection
    assert connection is not None  # noqa: S101  # the session has just opened it
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} ON COMMIT DROP AS "  # noqa: S608  # our names
            f"SELECT {names} FROM {like} WITH NO DATA"
        )
        cursor.execute(f"TRUNCATE {table}")
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def bump_feeds(member_ids: Iterable[uuid.UUID], *, now: datetime) -> None:
    """Raise the counters of these members' feeds, so that the next poll reads anew."""
    rows = [
        {"organization_id": organization_id(), "member_id": key, "changed_at": now} for key in sorted(set(member_ids))
    ]
    if rows:
        session().execute(
            insert(FeedVersion)
            .on_conflict_do_update(
                index_elements=[FeedVersion.member_id],
                set_={"version": FeedVersion.version + 1, "changed_at": now},
            )
            .returning(FeedVersion.member_id),  # with RETURNING, rows go by the thousand a statement
            rows,
        )
