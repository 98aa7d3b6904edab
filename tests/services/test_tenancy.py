"""Tenancy: without a scope no tenant row is visible, with one only that tenant's."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from portal.embedded.postgres import APPLICATION, OWNER
from portal.extensions import db
from portal.models.organizations import Member, Organization
from portal.models.registry import METADATA
from portal.tenancy import scope
from portal.tenancy.scope import Scope, ScopeError, unit_of_work
from tests.factories.rows import row_of

OPEN_TO_ALL = {"directory_entries", "due_work", "sign_ins"}
OWNED = {  # the column that says whose a row is
    **{n: "organization_id" for n, t in METADATA.tables.items() if "organization_id" in t.c and n not in OPEN_TO_ALL},
    "organizations": "id",
    "users": "id",
    "person_events": "user_id",
}

# Policies as PostgreSQL writes them down.
ORGANIZATION, USER = (
    f"( SELECT (NULLIF(current_setting('app.{name}'::text, true), ''::text))::uuid AS \"nullif\")"
    for name in ("organization_id", "user_id")
)
OWN = f"((organization_id = {ORGANIZATION}) OR (user_id = {USER}))"
OWN_SIGN_IN = f"((user_id = {USER}) OR ((user_id IS NULL) AND (organization_id = {ORGANIZATION})))"


def policies(using: str, check: str = "") -> set[tuple[str | None, ...]]:
    """One policy for everything."""
    return {("ALL", "{public}", using, check or using)}


def directory_policies(owner: str) -> set[tuple[str | None, ...]]:
    """Read by all, written by the owner."""
    return {
        ("SELECT", "{public}", "true", None),
        ("INSERT", "{public}", None, owner),
        ("UPDATE", "{public}", owner, owner),
        ("DELETE", "{public}", owner, None),
    }


OTHER_POLICIES = {
    "users": policies(f"(id = {USER})"),
    "person_events": policies(f"(user_id = {USER})"),
    "organizations": policies(
        f"((id = {ORGANIZATION}) OR (({ORGANIZATION} IS NULL) AND (id IN ( SELECT members.organization_id "
        f"FROM members WHERE (members.user_id = {USER})))))",
        f"(id = {ORGANIZATION})",
    ),
    "members": policies(
        f"((organization_id = {ORGANIZATION}) OR (({ORGANIZATION} IS NULL) AND (user_id = {USER})))",
        f"(organization_id = {ORGANIZATION})",
    ),
    "directory_entries": directory_policies(OWN),
    "due_work": directory_policies(OWN),
    "sign_ins": directory_policies(OWN_SIGN_IN),
    "security_log": {("INSERT", "{public}", None, "true"), ("SELECT", f"{{{OWNER}}}", "true", None)},
}


def tables() -> list[str]:
    return sorted(METADATA.tables)


def test_every_table_forces_row_level_security_and_has_a_policy(app):
    with unit_of_work() as session:
        rows = session.execute(
            text(
                "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, "
                "(SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) "
                "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname <> 'alembic_version'"
            )
        ).all()
    assert sorted(name for name, _, _ in rows) == tables()
    assert [name for name, forced, policies in rows if not forced or not policies] == []


@pytest.mark.parametrize("table", sorted(set(tables()) - OPEN_TO_ALL))
def test_without_a_scope_no_row_of_any_table_is_visible(cast, table):
    with unit_of_work() as session:
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.fixture
def outside(superuser, database) -> Iterator[Connection]:
    """A transaction above all policies that is taken back; `become` lays them on."""

    def connect() -> psycopg.Connection:
        connection = superuser(database.name)
        connection.autocommit = False
        return connection

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # rows without what they refer to
        yield connection
        connection.rollback()


def become(connection: Connection, bound: uuid.UUID) -> None:
    """Go on as the application does, with ``bound`` as the organization and the person."""
    connection.execute(text(f"SET LOCAL ROLE {APPLICATION}"))
    for setting in ("app.organization_id", "app.user_id"):
        connection.execute(text("SELECT set_config(:name, :bound, true)"), {"name": setting, "bound": str(bound)})


@pytest.mark.parametrize("table", sorted(OWNED))
def test_anothers_rows_are_invisible_and_untouchable(outside, table):
    mine, theirs, column = uuid.uuid4(), uuid.uuid4(), OWNED[table]
    outside.execute(row_of(METADATA.tables[table], **{column: theirs}))
    count = text(f"SELECT count(*) FROM {table}")
    become(outside, theirs)
    assert outside.execute(count).scalar_one() == 1
    become(outside, mine)
    assert outside.execute(count).scalar_one() == 0
    if not METADATA.tables[table].info.get("append_only"):
        assert outside.execute(text(f"UPDATE {table} SET {column} = :mine"), {"mine": mine}).rowcount == 0
        assert outside.execute(text(f"DELETE FROM {table}")).rowcount == 0


@pytest.mark.parametrize("table", sorted(OWNED))
def test_rows_cannot_be_written_for_another(outside, table):
    become(outside, uuid.uuid4())
    with pytest.raises(DBAPIError, match="row-level security"):
        outside.execute(row_of(METADATA.tables[table], **{OWNED[table]: uuid.uuid4()}))


@pytest.mark.parametrize("column", ["organization_id", "user_id"])
@pytest.mark.parametrize("table", sorted(OPEN_TO_ALL))
def test_anothers_rows_that_all_may_read_are_untouchable(outside, table, column):
    mine, theirs = uuid.uuid4(), uuid.uuid4()
    member = {"member_id": uuid.uuid4()} if table == "sign_ins" else {}
    outside.execute(row_of(METADATA.tables[table], **{column: theirs, **member}))
    become(outside, mine)
    assert outside.execute(text(f"UPDATE {table} SET {column} = :mine"), {"mine": mine}).rowcount == 0
    assert outside.execute(text(f"DELETE FROM {table}")).rowcount == 0


def test_a_foreign_key_cannot_reach_into_another_organization(cast):
    with (
        pytest.raises(DBAPIError, match="foreign key"),
        unit_of_work(organization_id=cast.ada.organization_id) as session,
    ):
        session.execute(
            text(
                "INSERT INTO enrolments (organization_id, class_id, member_id, role, created_at) "
                "VALUES (:mine, :theirs, :me, 'TEACHER', now())"
            ),
            {"mine": cast.ada.organization_id, "theirs": cast.foreign_class_id, "me": cast.ada.member_id},
        )


def test_the_application_role_owns_nothing_and_cannot_bypass(app):
    with unit_of_work() as session:
        superuser, bypass = session.execute(
            text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
        owned = session.execute(
            text("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        ).scalar_one()
    assert (superuser, bypass, owned) == (False, False, 0)


@pytest.mark.parametrize("table", sorted(n for n, t in METADATA.tables.items() if t.info.get("append_only")))
def test_append_only_tables_refuse_update_and_delete(cast, table):
    column = next(iter(METADATA.tables[table].c)).name
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            unit_of_work(organization_id=cast.ada.organization_id) as session,
        ):
            session.execute(text(statement))


def test_a_person_without_an_organization_bound_sees_just_the_own_memberships(cast):
    with unit_of_work(user_id=cast.ada.user_id) as session:
        assert [member.id for member in session.query(Member)] == [cast.ada.member_id]
        assert [organization.id for organization in session.query(Organization)] == [cast.ada.organization_id]


def test_binding_after_the_transaction_began_is_an_error(cast):
    unit = scope.Unit(Scope())
    try:
        unit.session.execute(text("SELECT 1"))
        with pytest.raises(ScopeError):
            unit.bind(Scope(cast.ada.organization_id))
    finally:
        unit.close()


def test_a_unit_that_fails_writes_nothing(cast):
    def fail() -> None:
        with unit_of_work(organization_id=cast.ada.organization_id) as session:
            session.execute(text("UPDATE organizations SET name = 'changed'"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        assert session.query(Organization).one().name == "Sample School"


def test_the_scope_does_not_stay_on_the_connection(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        assert session.query(Organization).count() == 1
    with unit_of_work() as session:
        assert session.execute(text("SELECT current_setting('app.organization_id', true)")).scalar_one() == ""


def test_every_tenant_table_has_only_composite_foreign_keys_into_tenant_tables(app):
    tenant_tables = {name for name, table in METADATA.tables.items() if "organization_id" in table.c}
    plain = [
        f"{name}.{key['constrained_columns']}"
        for name in tenant_tables - OPEN_TO_ALL
        for key in inspect(db.engine).get_foreign_keys(name)
        if key["referred_table"] in tenant_tables and "organization_id" not in key["constrained_columns"]
    ]
    assert plain == []


def test_every_policy_is_one_of_the_few_forms_there_are(app):
    """To the letter: a condition more or another role would open or close a table."""
    with unit_of_work() as session:
        rows = session.execute(
            text(
                "SELECT tablename, cmd, roles::text, permissive, regexp_replace(qual, '\\s+', ' ', 'g') AS qual, "
                "regexp_replace(with_check, '\\s+', ' ', 'g') AS checked "
                "FROM pg_policies WHERE schemaname = 'public'"
            )
        ).all()
    found: dict[str, set[tuple[str | None, ...]]] = {}
    for row in rows:
        assert row.permissive == "PERMISSIVE"
        found.setdefault(row.tablename, set()).add((row.cmd, row.roles, row.qual, row.checked))
    tenant = policies(f"(organization_id = {ORGANIZATION})")
    assert found == dict.fromkeys(tables(), tenant) | OTHER_POLICIES
