"""The audit log's page: who may see it, filters, paging, export."""

import csv
import io
from datetime import timedelta

from portal.events.audit import audit
from portal.organizations.audit_queries import PAGE
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


def record(actor, action: str, count: int = 1) -> None:
    with unit_of_work(organization_id=actor.organization_id):
        for number in range(count):
            at = NOW + timedelta(minutes=number)
            audit(action, "organization", actor.organization_id, actor_member_id=actor.member_id, now=at)


def test_an_owner_reads_who_signed_in_and_from_where(cast, sign_in):
    page = sign_in(cast.ada).get("/settings/audit").text
    assert "signed in" in page
    assert "127.0.0.1" in page


def test_a_student_may_not_read_it_and_another_organization_sees_its_own(cast, sign_in):
    record(cast.ada, "roster.imported")
    assert sign_in(cast.ben).get("/settings/audit").status_code == 403
    assert "imported a roster" not in sign_in(cast.dora).get("/settings/audit").text


def test_it_is_filtered_by_person_by_kind_and_by_day(cast, sign_in):
    record(cast.ada, "roster.imported")
    browser = sign_in(cast.ada)
    assert "imported a roster" in browser.get("/settings/audit?noun=roster&who=ada").text
    assert "imported a roster" not in browser.get("/settings/audit?noun=roster&who=nobody").text
    assert "imported a roster" in browser.get("/settings/audit?noun=roster&first=2026-09-07&last=2026-09-07").text
    assert "imported a roster" not in browser.get("/settings/audit?noun=roster&first=2026-09-08&last=").text


def test_a_day_that_is_none_is_named(cast, sign_in):
    answer = sign_in(cast.ada).get("/settings/audit?first=yesterday")
    assert answer.status_code == 422
    assert "yesterday is not a date" in answer.text


def test_older_entries_follow_page_by_page_each_once(cast, sign_in):
    record(cast.ada, "term.created", PAGE + 5)
    browser = sign_in(cast.ada)
    first = browser.get("/settings/audit?noun=term")
    older = first.text.partition("before=")[2].partition('"')[0].replace("&amp;", "&")
    second = browser.get(f"/settings/audit?before={older}")
    assert first.text.count("made the term") == PAGE
    assert second.text.count("made the term") == 5


def test_the_export_holds_what_is_filtered_is_no_formula_and_is_recorded(cast, sign_in):
    with unit_of_work(organization_id=cast.ada.organization_id):
        audit(
            "organization.changed",
            "organization",
            cast.ada.organization_id,
            actor_member_id=cast.ada.member_id,
            now=NOW,
            before={"name": "a"},
            after={"name": "b"},
            note="=1+1",
        )
    record(cast.ada, "=cmd.run")
    browser = sign_in(cast.ada)
    answer = browser.post("/settings/audit/export", data={"noun": ""})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.mimetype == "text/csv"
    assert {row["action"] for row in rows} >= {"organization.changed", "'=cmd.run", "member.signed_in"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert "exported the audit log" in browser.get("/settings/audit").text
