"""Tenancy: without a scope no tenant row is visible, with one only that tenant's."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from portal.extensions import db
from portal.models.organizations import Member, Organization
from portal.models.registry import METADATA
from portal.tenancy import scope
from portal.tenancy.scope import Scope, ScopeError, unit_of_work

OPEN_TO_ALL = {"directory_entries", "due_work", "sign_ins"}


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


@pytest.mark.parametrize(
    "table",
    sorted(name for name, table in METADATA.tables.items() if "organization_id" in table.c and name not in OPEN_TO_ALL),
)
def test_another_organizations_rows_are_invisible_and_untouchable(cast, table):
    mine, theirs = cast.ada.organization_id, cast.dora.organization_id
    with unit_of_work(organization_id=mine) as session:
        seen = session.execute(
            text(f"SELECT count(*) FROM {table} WHERE organization_id = :theirs"), {"theirs": theirs}
        ).scalar_one()
    assert seen == 0


def test_rows_of_another_organization_cannot_be_inserted(cast):
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        unit_of_work(organization_id=cast.ada.organization_id) as session,
    ):
        session.execute(
            text(
                "INSERT INTO domains (organization_id, name, hue, icon, position) "
                "VALUES (:theirs, 'x', 'number', 'x', 1)"
            ),
            {"theirs": cast.dora.organization_id},
        )


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


def test_every_policy_of_a_tenant_table_reads_the_bound_organization(app):
    """Also of tables the cast has no row in, for reading and for writing."""
    with unit_of_work() as session:
        rows = session.execute(
            text("SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies WHERE schemaname = 'public'")
        ).all()
    tenant_tables = {name for name, table in METADATA.tables.items() if "organization_id" in table.c}
    loose = [
        (row.tablename, row.policyname)
        for row in rows
        if row.tablename in tenant_tables - OPEN_TO_ALL
        for rule in (row.qual, row.with_check)
        if rule is not None and "app.organization_id" not in rule
    ]
    assert loose == []
