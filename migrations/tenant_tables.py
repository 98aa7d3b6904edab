"""What every tenant table has alike: its key, its organization, and the pair that others refer to it by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

INSTANT = sa.DateTime(timezone=True)


def create(table: str, *parts: SchemaItem) -> None:
    """Make a table of an organization's rows with the ``parts`` it has of its own."""
    op.create_table(
        table,
        *parts,
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f(f"fk_{table}_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        unique(table, "id"),
    )


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """Columns that together are unique within an organization."""
    names = ("organization_id", *columns)
    return sa.UniqueConstraint(*names, name=op.f("_".join(("uq", table, *names))))


def refers(table: str, column: str, target: str, *, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    """A reference to a row of the same organization."""
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=op.f(f"fk_{table}_organization_id_{column}"),
        ondelete=ondelete,
    )


def choice(name: str, *values: str) -> sa.Enum:
    """A text that is one of ``values``."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=24)
