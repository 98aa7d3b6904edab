"""What the application's role may do: read and write rows, never change or delete append-only ones."""

from sqlalchemy import Connection, text

from portal.models.registry import METADATA


def grant(connection: Connection, role: str) -> None:
    """Give ``role`` its rights on every table that exists; idempotent, run after each migration."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"))
    existing = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
    for table in METADATA.sorted_tables:
        if table.name in existing and table.info.get("append_only"):
            connection.execute(text(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table.name} FROM {quoted}"))
    connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {quoted}"))
