"""The audit log: append-only, one row an action, details beside it that only the owner erases."""

import ast
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from portal.cli.purging import purge
from portal.config import ROOT
from portal.events.audit import audit, comes_from
from portal.models.events import AuditDetail, AuditEntry
from portal.models.organizations import Role
from portal.models.plans import ChangeKind
from portal.organizations import services
from portal.organizations.words import action_words, noun_words
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


def details(actor) -> list[AuditDetail]:
    with unit_of_work(organization_id=actor.organization_id) as db:
        found = list(db.scalars(select(AuditDetail).order_by(AuditDetail.id)))
        db.expunge_all()
    return found


def test_of_before_and_after_only_what_differs_is_kept(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        services.change_organization(
            name="Another name",
            zone="UTC",
            holiday_country=None,
            streaks=True,
            milestones=True,
            actor=cast.ada,
            now=NOW,
        )
    detail = details(cast.ada)[-1]
    assert (detail.before, detail.after) == ({"name": "Sample School"}, {"name": "Another name"})


def test_a_changed_role_is_traced_with_both_roles_and_the_address(cast):
    comes_from("192.0.2.7")
    try:
        with unit_of_work(organization_id=cast.ada.organization_id):
            services.change_role(cast.cleo.member_id, Role.ADMIN, actor=cast.ada, now=NOW)
    finally:
        comes_from(None)
    detail = details(cast.ada)[-1]
    assert (detail.before, detail.after, detail.address) == ({"role": "MEMBER"}, {"role": "ADMIN"}, "192.0.2.7")


def test_an_action_without_an_address_and_without_values_has_no_detail(cast):
    before = len(details(cast.ada))
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        audit("term.created", "term", cast.class_id, actor_member_id=None, now=NOW)
        entry = db.scalars(select(AuditEntry).where(AuditEntry.action == "term.created")).one()
        assert (entry.actor_member_id, entry.at) == (None, NOW)
    assert len(details(cast.ada)) == before


def test_purging_erases_old_details_of_every_organization_and_keeps_all_entries(cast, settings):
    comes_from("192.0.2.7")
    try:
        for actor in (cast.ada, cast.dora):
            with unit_of_work(organization_id=actor.organization_id):
                for at in (NOW - timedelta(days=9000), NOW):
                    audit("term.created", "term", cast.class_id, actor_member_id=actor.member_id, now=at)
    finally:
        comes_from(None)
    assert purge(settings, before=NOW - timedelta(days=8000)) == 2
    for actor in (cast.ada, cast.dora):
        assert [detail.at for detail in details(actor) if detail.address] == [NOW]
        with unit_of_work(organization_id=actor.organization_id) as db:
            assert len(db.scalars(select(AuditEntry).where(AuditEntry.action == "term.created")).all()) == 2
    with unit_of_work() as db:
        assert db.execute(text("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'audit_details'")).scalar_one()


def actions() -> set[str]:
    """Every action that the code records: literal first arguments of ``audit``, and kinds of changes of plans."""
    found = {f"plan.{kind.value.lower()}" for kind in ChangeKind} - {"plan.published", "plan.replanned"}
    for file in (ROOT / "portal").rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
        for call in calls:
            if isinstance(call.func, ast.Name) and call.func.id == "audit":
                texts = (str(c.value) for c in ast.walk(call.args[0]) if isinstance(c, ast.Constant))
                found |= {text for text in texts if "." in text and not text.endswith(".")}
    return found


@pytest.mark.parametrize("action", sorted(actions()))
def test_every_action_reads_as_words(app, action):
    with app.test_request_context():
        assert action_words(action) != action
        assert noun_words(action.partition(".")[0]) != action.partition(".")[0]
