"""Row-level security: enabled and forced on every table, so that even the owner sees no row without a scope.

The settings are read through sub-selects, so that PostgreSQL evaluates them once a statement.
"""

from alembic import op

ORGANIZATION = "(SELECT nullif(current_setting('app.organization_id', true), '')::uuid)"
USER = "(SELECT nullif(current_setting('app.user_id', true), '')::uuid)"


def force(table: str) -> None:
    """Switch row-level security on for everybody."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def tenant(*tables: str) -> None:
    """Rows of the bound organization only."""
    for table in tables:
        force(table)
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (organization_id = {ORGANIZATION}) "
            f"WITH CHECK (organization_id = {ORGANIZATION})"
        )


def person(table: str, column: str) -> None:
    """Rows of the bound person only."""
    force(table)
    op.execute(f"CREATE POLICY person ON {table} USING ({column} = {USER}) WITH CHECK ({column} = {USER})")


def directory(table: str, owner: str) -> None:
    """Readable by all (ids and hashes only); written only by the owner that ``owner`` (SQL) says."""
    force(table)
    op.execute(f"CREATE POLICY lookup ON {table} FOR SELECT USING (true)")
    op.execute(f"CREATE POLICY insertion ON {table} FOR INSERT WITH CHECK ({owner})")
    op.execute(f"CREATE POLICY change ON {table} FOR UPDATE USING ({owner}) WITH CHECK ({owner})")
    op.execute(f"CREATE POLICY removal ON {table} FOR DELETE USING ({owner})")
