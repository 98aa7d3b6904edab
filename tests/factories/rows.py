"""A row of any table, made from the metadata alone: the least that its columns and checks allow."""

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Column, Enum, Table, insert
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.dml import Insert

# What checks ask for beyond the type.
_VALUES: dict[str, Any] = {
    "weekday_minutes": [0] * 7,
    "minutes": 30,
    "min_session_minutes": 15,
    "weekday": 0,
    "study_until": time(22),
}
_OF_TYPE: dict[type, Any] = {
    int: 1,
    str: "x",
    bool: False,
    bytes: b"x" * 32,
    date: date(2026, 9, 7),
    time: time(8),
    datetime: datetime(2026, 9, 7, tzinfo=UTC),
}


def row_of(table: Table, **owner: uuid.UUID) -> Insert:
    """An insert of a row with ``owner``'s columns; its other references lead nowhere."""
    needed = [
        column
        for column in table.columns
        if not column.nullable and column.server_default is None and column.computed is None
    ]
    return insert(table).values({**{column.name: _value(column) for column in needed}, **owner})


def _value(column: "Column[Any]") -> Any:
    if column.name in _VALUES:
        return _VALUES[column.name]
    if isinstance(column.type, Enum):
        return column.type.enums[0]
    if isinstance(column.type, JSONB):
        return {}
    if isinstance(column.type, ARRAY):
        return []
    kind = column.type.python_type
    return uuid.uuid4() if kind is uuid.UUID else _OF_TYPE[kind]
