"""Alembic migrations, in order of their file names; each runs both ways."""
