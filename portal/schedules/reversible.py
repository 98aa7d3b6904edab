"""Changes of the rows a plan is made from, each answered by the change that takes it back.

A change is JSON, so that it can be kept with the plan it led to: ``{"do": "set", "table", "id", "values"}``,
``{"do": "insert", "table", "values"}``, ``{"do": "delete", "table", "id"}`` or ``{"do": "adopt", "id", "version"}``
(an assignment takes another version of its path). Row-level security keeps each within the organization.
"""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.sql.elements import KeyedColumnElement

from portal.models.base import Base
from portal.models.classes import Classroom, Enrolment, Leave
from portal.models.curricula import VersionStep
from portal.models.plans import StepOverride
from portal.models.schedules import Assignment, Schedule, ScheduleItem
from portal.tenancy.scope import organization_id, session

RowChange = dict[str, Any]

_TABLES: dict[str, type[Base]] = {
    model.__tablename__: model for model in (Assignment, Classroom, Enrolment, Leave, ScheduleItem, StepOverride)
}


def set_values(model: type[Base], row_id: uuid.UUID, **values: Any) -> RowChange:
    """Give columns of a row new values."""
    return {"do": "set", "table": model.__tablename__, "id": str(row_id), "values": _plain(values)}


def insert_row(model: type[Base], **values: Any) -> RowChange:
    """Add a row of the bound organization."""
    return {"do": "insert", "table": model.__tablename__, "values": _plain(values)}


def delete_row(model: type[Base], row_id: uuid.UUID) -> RowChange:
    """Remove a row."""
    return {"do": "delete", "table": model.__tablename__, "id": str(row_id)}


def adopt(assignment_id: uuid.UUID, version_id: uuid.UUID) -> RowChange:
    """Let an assignment and its items refer to another version of the path."""
    return {"do": "adopt", "id": str(assignment_id), "version": str(version_id)}


def write(changes: Iterable[RowChange]) -> list[RowChange]:
    """Make the changes in order; the changes that take them back, last first. A row that is gone is passed over."""
    undo: list[RowChange] = []
    session().flush()
    for change in changes:
        undo[:0] = _HOW[change["do"]](change)
    session().expire_all()  # the rows were written beside the session's objects
    return undo


def _set(change: RowChange) -> list[RowChange]:
    model, row_id = _TABLES[change["table"]], uuid.UUID(change["id"])
    columns = model.__table__.c
    names = list(change["values"])
    before = session().execute(select(*(columns[name] for name in names)).where(columns.id == row_id)).first()
    if before is None:
        return []
    session().execute(
        update(model.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
        .where(columns.id == row_id)
        .values(**_typed(model, change["values"]))
    )
    return [{**change, "values": _plain(dict(zip(names, before, strict=True)))}]


def _insert(change: RowChange) -> list[RowChange]:
    model = _TABLES[change["table"]]
    row_id = session().scalar(
        insert(model.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
        .values(organization_id=organization_id(), **_typed(model, change["values"]))
        .returning(model.__table__.c.id)
    )
    return [{"do": "delete", "table": change["table"], "id": str(row_id)}]


def _delete(change: RowChange) -> list[RowChange]:
    model, row_id = _TABLES[change["table"]], uuid.UUID(change["id"])
    columns = [column for column in model.__table__.c if column.name != "organization_id"]
    before = (
        session()
        .execute(
            delete(model.__table__)  # type: ignore[arg-type]  # a mapped class's table is a Table
            .where(model.__table__.c.id == row_id)
            .returning(*columns)
        )
        .first()
    )
    if before is None:
        return []
    values = {column.name: value for column, value in zip(columns, before, strict=True)}
    return [{"do": "insert", "table": change["table"], "values": _plain(values)}]


def _adopt(change: RowChange) -> list[RowChange]:
    assignment = session().get(Assignment, uuid.UUID(change["id"]), populate_existing=True)
    if assignment is None:
        return []
    before = assignment.version_id
    adopt_version(assignment, uuid.UUID(change["version"]))
    session().flush()
    return [adopt(assignment.id, before)]


def adopt_version(assignment: Assignment, version_id: uuid.UUID) -> None:
    """Let an assignment's items refer to another version's steps, where that version still has them."""
    old, new = VersionStep.__table__.alias("old"), VersionStep.__table__.alias("new")
    mine = select(Schedule.id).where(Schedule.assignment_id == assignment.id)
    session().execute(
        update(ScheduleItem)
        .where(
            ScheduleItem.schedule_id.in_(mine),
            ScheduleItem.version_step_id == old.c.id,
            new.c.step_id == old.c.step_id,
            new.c.version_id == version_id,
        )
        .values(version_step_id=new.c.id)
        .execution_options(synchronize_session=False)
    )
    assignment.version_id = version_id


_HOW = {"set": _set, "insert": _insert, "delete": _delete, "adopt": _adopt}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else value


def _typed(model: type[Base], values: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(model.__table__.c[name], value) for name, value in values.items()}


def _value(column: KeyedColumnElement[Any], value: Any) -> Any:
    kind = column.type.python_type
    if not isinstance(value, str) or kind not in (uuid.UUID, date, datetime, time):
        return value
    return uuid.UUID(value) if kind is uuid.UUID else kind.fromisoformat(value)
