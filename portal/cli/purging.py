"""Erasing what the application may not: the audit log's details, as the owner of the tables."""

from datetime import datetime

from sqlalchemy import create_engine, pool, text

from portal.config import Settings


def purge(settings: Settings, *, before: datetime) -> int:
    """Erase details older than ``before`` in all organizations; how many.

    Row-level security is forced on the owner too: it is lifted and put back within the one transaction, which
    holds the table exclusively meanwhile.
    """
    engine = create_engine(settings.migration_database_url, poolclass=pool.NullPool, hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_details NO FORCE ROW LEVEL SECURITY"))
        erased = connection.execute(text("DELETE FROM audit_details WHERE at < :before"), {"before": before}).rowcount
        connection.execute(text("ALTER TABLE audit_details FORCE ROW LEVEL SECURITY"))
    engine.dispose()
    return erased
