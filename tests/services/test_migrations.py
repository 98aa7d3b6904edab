"""Migrations: the models and the migrated database are the same, and every migration runs both ways."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, text

from portal.models.registry import METADATA


def test_the_migrated_database_is_what_the_models_say(app, settings):
    engine = create_engine(settings.migration_database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    engine.dispose()


def test_every_migration_runs_both_ways(empty_database_app):
    with empty_database_app.app_context():
        upgrade()
        downgrade(revision="base")
        engine = create_engine(empty_database_app.extensions["settings"].migration_database_url)
        with engine.connect() as connection:
            left = connection.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
            ).all()
        engine.dispose()
        assert left == []
        upgrade()
