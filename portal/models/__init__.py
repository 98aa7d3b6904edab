"""Mapped classes, one file an aggregate; no queries, no session, no Flask.

Keys are UUIDv7 made by the server. Instants (``_at``) are UTC, local dates end in ``_on``, durations in
``_minutes``. Every tenant table carries ``organization_id`` and lives behind forced row-level security;
``portal.models.registry`` imports all of them for migrations.
"""
