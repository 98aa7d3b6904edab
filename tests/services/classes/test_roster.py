"""A roster is imported whole or not at all; again, it updates."""

from datetime import date

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine.interfaces import ExecuteStyle

from portal.classes import queries
from portal.classes.importing import import_roster
from portal.classes.services import remove_enrolment
from portal.errors import Forbidden, Invalid, InvalidRows, NotFound
from portal.extensions import db
from portal.models.classes import ClassRole
from portal.models.events import Event
from portal.models.organizations import MemberStatus
from portal.tenancy.scope import Scope, Unit, unit_of_work
from tests.factories.cast import NOW, enrol
from tests.factories.classes import roster


def run(cast, data, *, actor=None, dry_run=False):
    actor = actor or cast.ada
    with unit_of_work(organization_id=actor.organization_id):
        return import_roster(cast.class_id, data, dry_run=dry_run, actor=actor, now=NOW)


def people(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return {person.email: person for person in queries.people(cast.class_id)}


def events(cast, name):
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        return [each.data for each in session.scalars(select(Event).where(Event.name == name))]


def test_everybody_of_the_file_is_enrolled_invited_and_planned(cast):
    outcome = run(cast, roster([("Eva", "eva@example.org", "2026-10-01"), ("Finn", "Finn@Example.org", "")]))
    assert (outcome.rows, outcome.new_members, outcome.new_enrolments, outcome.changed) == (2, 2, 2, 0)
    found = people(cast)
    assert found["eva@example.org"].starts_on == date(2026, 10, 1)
    assert found["eva@example.org"].status is MemberStatus.INVITED
    assert found["finn@example.org"].starts_on is None
    ids = {str(found[email].member_id) for email in ("eva@example.org", "finn@example.org")}
    assert {data["member_id"] for data in events(cast, "member.invited")} == ids
    assert [set(data["member_ids"]) for data in events(cast, "enrolment.added")] == [ids]


def test_the_same_file_again_changes_nothing_and_invites_nobody_twice(cast):
    data = roster([("Eva", "eva@example.org", "2026-10-01")])
    run(cast, data)
    outcome = run(cast, data)
    assert (outcome.new_members, outcome.new_enrolments, outcome.changed) == (0, 0, 0)
    assert len(events(cast, "member.invited")) == 1
    assert len(events(cast, "enrolment.added")) == 1


def test_again_with_another_start_date_and_name_it_updates(cast):
    run(cast, roster([("Eva", "eva@example.org", "2026-10-01")]))
    outcome = run(cast, roster([("Eva Sample", "EVA@example.org", "2026-11-02")]))
    assert (outcome.new_members, outcome.changed) == (0, 1)
    eva = people(cast)["eva@example.org"]
    assert (eva.starts_on, eva.name) == (date(2026, 11, 2), "Eva Sample")
    assert len(events(cast, "enrolment.added")) == 2


def test_a_person_with_an_account_keeps_the_name_they_gave_themselves(cast):
    run(cast, roster([("Benjamin", cast.ben.email, "")]))
    assert people(cast)[cast.ben.email].name == "Ben"


def test_wrong_rows_are_all_named_and_nothing_is_imported(cast):
    before = people(cast).keys()
    data = roster(
        [
            ("Eva", "eva@example.org", "2026-10-01"),
            ("", "nobody@example.org", ""),
            ("Finn", "not an address", ""),
            ("Gus", "gus@example.org", "1.10.2026"),
            ("Eva again", "Eva@example.org", ""),
        ]
    )
    with pytest.raises(InvalidRows) as caught:
        run(cast, data)
    assert [(line, error.code) for line, error in caught.value.rows] == [
        (3, "name"),
        (4, "email"),
        (5, "start_date"),
        (6, "email"),
    ]
    assert people(cast).keys() == before
    assert events(cast, "enrolment.added") == []


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff\xfename", "encoding"),
        (b"", "columns"),
        (b"first,second\na,b", "columns"),
        (b"name,email,start_date\n", "empty_file"),
    ],
)
def test_a_file_that_is_no_roster_says_why(cast, data, code):
    with pytest.raises(Invalid) as caught:
        run(cast, data)
    assert caught.value.code == code


def test_semicolons_a_byte_order_mark_and_columns_in_any_order_are_read(cast):
    run(cast, "\ufeffEmail;Name\r\neva@example.org;Eva\r\n".encode())
    assert people(cast)["eva@example.org"].name == "Eva"


def test_a_preview_counts_and_writes_nothing(cast):
    before = people(cast).keys()
    outcome = run(cast, roster([("Eva", "eva@example.org", ""), ("Ben", cast.ben.email, "2026-10-01")]), dry_run=True)
    assert (outcome.rows, outcome.new_members, outcome.new_enrolments, outcome.changed) == (2, 1, 1, 1)
    assert people(cast).keys() == before
    assert events(cast, "enrolment.added") == []


def test_who_was_taken_out_comes_back_as_a_student_whatever_they_were_before(cast):
    enrol(cast.ada.organization_id, cast.class_id, cast.cleo.member_id, ClassRole.TEACHER)
    with unit_of_work(organization_id=cast.ada.organization_id):
        remove_enrolment(cast.class_id, cast.cleo.member_id, actor=cast.ada, now=NOW)
    run(cast, roster([("Cleo", cast.cleo.email, "")]))
    assert people(cast)[cast.cleo.email].role is ClassRole.STUDENT


def test_a_teacher_in_the_file_stays_the_teacher(cast):
    with pytest.raises(InvalidRows) as caught:
        run(cast, roster([("Eva", "eva@example.org", ""), ("Ada", cast.ada.email, "")]))
    assert [(line, error.code) for line, error in caught.value.rows] == [(3, "other_role")]
    assert people(cast)[cast.ada.email].role is ClassRole.TEACHER


@pytest.mark.parametrize(("who", "error"), [("ben", Forbidden), ("cleo", NotFound), ("dora", NotFound)])
def test_only_the_class_s_teachers_and_admins_may_import(cast, who, error):
    with pytest.raises(error):
        run(cast, roster([("Eva", "eva@example.org", "")]), actor=cast.everyone[who])


def test_ten_thousand_rows_take_a_fixed_number_of_statements(cast):
    def statements(count):
        seen = []

        def note(_connection, _cursor, statement, _parameters, context, _executemany):
            seen.append((statement[:60], context.execute_style))

        data = roster([(f"Student {n}", f"s{n}@example.org", "2026-10-01") for n in range(count)])
        unit = Unit(Scope(cast.ada.organization_id))  # closed without a commit, so that no work stays behind
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            import_roster(cast.class_id, data, actor=cast.ada, now=NOW)
            assert len(queries.students(cast.class_id)) == count + 1
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
            unit.close()
        assert not [statement for statement, style in seen if style is ExecuteStyle.EXECUTEMANY], "one a row"
        return len(seen)

    assert statements(10_000) <= statements(10) + 60
