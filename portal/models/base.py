"""The declarative base, column shorthands and the tenant mixin every tenant table is built from."""

import enum
import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all mapped classes."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        uuid.UUID: Uuid(),
        str: Text(),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text()),
        list[dict[str, Any]]: JSONB(),
        list[uuid.UUID]: ARRAY(Uuid()),
    }


def key() -> Mapped[uuid.UUID]:
    """A primary key made by the server, rising with time."""
    return mapped_column(primary_key=True, server_default=text("uuidv7()"))


def choice(options: type[enum.StrEnum]) -> Enum:
    """A text column that holds one of the enumeration's values, checked by the database."""
    return Enum(
        options,
        native_enum=False,
        create_constraint=True,
        length=24,
        name=options.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )


class Tenant:
    """A table whose rows belong to one organization."""

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))


class TenantEntity(Tenant):
    """A tenant table with an id of its own, so that others can refer to it by (organization_id, id)."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:  # noqa: N805  # SQLAlchemy hands in the class
        """The pair that composite foreign keys point to; subclasses add theirs with `within`."""
        return within()


class Encourages:
    """Whether streaks and milestones are shown: where the organization, the class and the learner all say so."""

    streaks: Mapped[bool] = mapped_column(server_default=text("true"))
    milestones: Mapped[bool] = mapped_column(server_default=text("true"))


def within(*more: Any) -> tuple[Any, ...]:
    """Table arguments of a tenant entity: the (organization_id, id) pair plus ``more``."""
    return (UniqueConstraint("organization_id", "id"), *more)


def refers(column: str, table: str, *, ondelete: str | None = "CASCADE") -> ForeignKeyConstraint:
    """A composite foreign key (organization_id, column) → table; plain ones would skip row-level security.

    For a nullable column pass ``ondelete="SET NULL (column)"``.
    """
    return ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        ondelete=ondelete,
    )
