"""Alembic's environment: runs as the owner, in one transaction, and grants the application's role its rights."""

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, make_url, pool

from migrations.grants import grant
from portal.config import Settings
from portal.models.registry import METADATA


def run() -> None:
    settings: Settings = current_app.extensions["settings"]
    engine = create_engine(settings.migration_database_url, poolclass=pool.NullPool, hide_parameters=True)
    with engine.begin() as connection:
        context.configure(connection=connection, target_metadata=METADATA, compare_server_default=False)
        context.run_migrations()
        grant(connection, make_url(settings.database_url).username or "portal_app")
    engine.dispose()


run()
