"""Classes, their days off and their people: what is kept, refused and told, and who may."""

from dataclasses import replace
from datetime import date, time

import pytest
from sqlalchemy import event, func, select

from portal.classes import queries, services
from portal.classes.services import ClassDraft, Overrides
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.extensions import db
from portal.models.classes import ClassRole
from portal.models.events import AuditEntry, Event
from portal.models.organizations import Invitation, MemberStatus, Role
from portal.models.people import DueWork
from portal.organizations.services import remove_member
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW, enrol, make_actor, make_class, make_member, make_user
from tests.factories.classes import make_students

DRAFT = ClassDraft(
    name="Evening course",
    zone="Europe/Berlin",
    starts_on=date(2026, 9, 7),
    soft_ends_on=date(2026, 12, 18),
    hard_ends_on=date(2027, 1, 29),
    weekday_minutes=[60, 0, 60, 0, 60, 0, 0],
    holiday_country="DE",
    holiday_subdivision="BY",
)


@pytest.fixture
def here(cast):
    """A unit of work of ada's organization, open for the test."""
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        yield session


def last(session, name):
    session.flush()
    return [each.data for each in session.scalars(select(Event).where(Event.name == name))]


def test_a_new_class_keeps_all_it_was_given_and_its_maker_teaches_it(cast, here):
    made = services.save_class(DRAFT, actor=cast.cleo, now=NOW)
    here.refresh(made)
    for name in ClassDraft.__dataclass_fields__:
        assert getattr(made, name) == getattr(DRAFT, name), name
    assert [(p.name, p.role) for p in queries.people(made.id)] == [("Cleo", ClassRole.TEACHER)]
    assert here.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.target_id == made.id)) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("zone", "Mars/Olympus"),
        ("weekday_minutes", [0] * 7),
        ("weekday_minutes", [60] * 6),
        ("weekday_minutes", [61, 0, 0, 0, 0, 0, 0]),
        ("weekday_minutes", [1445, 0, 0, 0, 0, 0, 0]),
        ("soft_ends_on", date(2026, 9, 6)),
        ("hard_ends_on", date(2026, 12, 17)),
        ("study_until", time(8)),
        ("daily_cap_minutes", 1445),
        ("weekly_cap_minutes", 7),
        ("holiday_country", "XX"),
        ("holiday_subdivision", "ZZ"),
    ],
)
def test_a_wrong_value_is_refused_by_field(cast, here, field, value):
    with pytest.raises(Invalid) as caught:
        services.save_class(replace(DRAFT, **{field: value}), actor=cast.ada, now=NOW)
    assert caught.value.field == field


def test_changing_a_class_tells_the_schedules(cast, here):
    services.save_class(replace(DRAFT, name="Renamed"), class_id=cast.class_id, actor=cast.ada, now=NOW)
    assert queries.classroom(cast.class_id).name == "Renamed"
    assert last(here, "class.changed") == [{"class_id": str(cast.class_id)}]


def test_a_large_class_is_planned_again_where_it_holds_nobody_up(cast, here, monkeypatch):
    def queues():
        here.flush()
        found = select(DueWork.queue).join(Event, Event.id == DueWork.target_id).where(Event.name == "class.changed")
        return sorted(here.scalars(found))

    services.save_class(DRAFT, class_id=cast.class_id, actor=cast.ada, now=NOW)
    assert queues() == ["short"]
    monkeypatch.setattr(queries, "LARGE", 0)
    services.save_class(DRAFT, class_id=cast.class_id, actor=cast.ada, now=NOW)
    assert queues() == ["long", "short"]


def test_days_off_are_the_holidays_of_the_region_and_every_day_of_blackouts(cast, here):
    made = services.save_class(DRAFT, actor=cast.ada, now=NOW)
    services.add_blackout(made.id, date(2026, 11, 2), date(2026, 11, 4), "Autumn", actor=cast.ada, now=NOW)
    days = {day.on: day.label for day in queries.days_off(made)}
    assert {date(2026, 11, number): days[date(2026, 11, number)] for number in (2, 3, 4)} == dict.fromkeys(
        (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)), "Autumn"
    )
    assert date(2026, 11, 1) in days, "All Saints' Day is a holiday in Bavaria"
    assert date(2026, 12, 25) in days
    assert all(made.starts_on <= day <= made.hard_ends_on for day in days)
    made.holiday_subdivision = None
    assert date(2026, 11, 1) not in {day.on for day in queries.days_off(made)}


def test_a_blackout_of_the_organization_holds_in_every_class_and_tells_each(cast, here):
    services.add_blackout(None, date(2026, 10, 5), date(2026, 10, 5), "Fair", actor=cast.ada, now=NOW)
    for class_id in (cast.class_id, cast.other_class_id):
        assert [day.label for day in queries.days_off(queries.classroom(class_id))] == ["Fair"]
    told = {data["class_id"] for data in last(here, "class.changed")}
    assert told == {str(cast.class_id), str(cast.other_class_id)}
    with pytest.raises(Forbidden):
        services.add_blackout(None, date(2026, 10, 6), date(2026, 10, 6), "Party", actor=cast.cleo, now=NOW)


def test_a_blackout_can_be_taken_back_only_where_it_is(cast, here):
    blackout = services.add_blackout(cast.class_id, date(2026, 9, 8), date(2026, 9, 8), "", actor=cast.ada, now=NOW)
    with pytest.raises(NotFound):
        services.remove_blackout(cast.other_class_id, blackout.id, actor=cast.ada, now=NOW)
    services.remove_blackout(cast.class_id, blackout.id, actor=cast.ada, now=NOW)
    here.flush()
    assert queries.days_off(queries.classroom(cast.class_id)) == []


@pytest.mark.parametrize("last_day", [date(2026, 9, 7), date(2028, 1, 1)])
def test_a_blackout_that_ends_before_it_starts_or_lasts_years_is_refused(cast, here, last_day):
    with pytest.raises(Invalid):
        services.add_blackout(cast.class_id, date(2026, 9, 8), last_day, "x", actor=cast.ada, now=NOW)


def test_terms_have_unique_names_and_an_order(cast, here):
    services.create_term("Autumn", date(2026, 9, 1), date(2026, 12, 18), actor=cast.ada, now=NOW)
    assert [term.name for term in queries.terms()] == ["Autumn"]
    with pytest.raises(Invalid):
        services.create_term("Autumn ", date(2027, 9, 1), date(2027, 12, 18), actor=cast.ada, now=NOW)
    with pytest.raises(Invalid):
        services.create_term("Spring", date(2027, 2, 1), date(2027, 1, 1), actor=cast.ada, now=NOW)


def test_the_list_shows_only_the_actors_own_classes_with_counts_in_one_statement(cast):
    make_students(cast.ada.organization_id, cast.class_id, 3)
    seen = []
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        session.connection()
        event.listen(db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        rows = queries.classes_of(cast.ada)
    assert {(row.name, row.students) for row in rows} == {("Year 5", 4), ("Year 6", 0)}
    assert len(seen) == 1
    with unit_of_work(organization_id=cast.ada.organization_id):
        assert [row.name for row in queries.classes_of(cast.cleo)] == ["Year 6"]


def test_an_archived_class_leaves_the_list_and_nothing_is_lost(cast, here):
    services.archive_class(cast.class_id, actor=cast.ada, now=NOW)
    here.flush()
    assert [row.name for row in queries.classes_of(cast.ada)] == ["Year 6"]
    assert len(queries.people(cast.class_id)) == 2


def invite_eva(cast):
    services.enrol_by_email(cast.class_id, "eva@example.org", "Eva", ClassRole.STUDENT, actor=cast.ada, now=NOW)


def test_enrolling_an_unknown_address_invites_and_tells_the_schedules(cast, here):
    invite_eva(cast)
    eva = next(person for person in queries.people(cast.class_id) if person.email == "eva@example.org")
    assert (eva.role, eva.status) == (ClassRole.STUDENT, MemberStatus.INVITED)
    assert last(here, "enrolment.added") == [{"class_id": str(cast.class_id), "member_ids": [str(eva.member_id)]}]


def test_a_second_click_enrols_and_invites_nobody_twice(cast, here):
    invite_eva(cast)
    with pytest.raises(Conflict):
        invite_eva(cast)
    assert here.scalar(select(func.count(Invitation.id))) == 1


def test_enrolling_a_member_needs_no_invitation(cast, here):
    services.enrol_by_email(cast.class_id, cast.cleo.email, "C", ClassRole.ASSISTANT, actor=cast.ada, now=NOW)
    assert ("Cleo", ClassRole.ASSISTANT) in [(p.name, p.role) for p in queries.people(cast.class_id)]
    assert last(here, "member.invited") == []


def test_enrolling_somebody_again_does_not_take_their_role(cast, here):
    with pytest.raises(Conflict):
        services.enrol_member(cast.class_id, cast.ada.member_id, ClassRole.STUDENT, actor=cast.ada, now=NOW)
    assert queries.enrolment(cast.class_id, cast.ada.member_id).role is ClassRole.TEACHER


def test_a_member_of_another_organization_cannot_be_enrolled(cast, here):
    with pytest.raises(NotFound):
        services.enrol_member(cast.class_id, cast.dora.member_id, ClassRole.STUDENT, actor=cast.ada, now=NOW)


def test_a_student_s_own_dates_days_hours_zone_and_pace_are_kept_and_told(cast, here):
    wanted = Overrides(
        starts_on=date(2026, 10, 1),
        zone="Asia/Tokyo",
        weekday_minutes=[0, 0, 0, 0, 0, 120, 120],
        study_from=time(18),
        study_until=time(21),
        pace_multiplier_percent=150,
    )
    services.change_enrolment(cast.class_id, cast.ben.member_id, wanted, actor=cast.ada, now=NOW)
    here.flush()
    here.expire_all()
    found = queries.enrolment(cast.class_id, cast.ben.member_id)
    assert Overrides(*(getattr(found, name) for name in Overrides.__dataclass_fields__)) == wanted
    assert last(here, "enrolment.added")[-1]["member_ids"] == [str(cast.ben.member_id)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"pace_multiplier_percent": 20}, "pace_multiplier_percent"),
        ({"pace_multiplier_percent": 401}, "pace_multiplier_percent"),
        ({"weekday_minutes": [0] * 7}, "weekday_minutes"),
        ({"weekday_minutes": [40000, 0, 0, 0, 0, 0, 0]}, "weekday_minutes"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"study_from": time(9)}, "study_until"),
        ({"study_from": time(9), "study_until": time(9)}, "study_until"),
    ],
)
def test_a_wrong_override_is_refused_by_field(cast, here, values, field):
    with pytest.raises(Invalid) as caught:
        services.change_enrolment(cast.class_id, cast.ben.member_id, Overrides(**values), actor=cast.ada, now=NOW)
    assert caught.value.field == field


def test_who_is_taken_out_is_gone_from_the_class_and_the_schedules_hear_of_it(cast, here):
    services.remove_enrolment(cast.class_id, cast.ben.member_id, actor=cast.ada, now=NOW)
    here.flush()
    assert "Ben" not in [person.name for person in queries.people(cast.class_id)]
    assert last(here, "enrolment.removed") == [
        {"class_id": str(cast.class_id), "member_ids": [str(cast.ben.member_id)]}
    ]


def test_a_teacher_cannot_take_themselves_out(cast, here):
    with pytest.raises(Invalid):
        services.remove_enrolment(cast.class_id, cast.ada.member_id, actor=cast.ada, now=NOW)


def test_a_member_who_leaves_the_organization_leaves_its_classes(cast, drain):
    with unit_of_work(organization_id=cast.ada.organization_id):
        remove_member(cast.ben.member_id, actor=cast.ada, now=NOW)
    drain()
    with unit_of_work(organization_id=cast.ada.organization_id) as session:
        assert "Ben" not in [person.name for person in queries.people(cast.class_id)]
        assert last(session, "enrolment.removed") == [
            {"class_id": str(cast.class_id), "member_ids": [str(cast.ben.member_id)]}
        ]


CHANGES = {
    "change": lambda cast, who: services.save_class(DRAFT, class_id=cast.class_id, actor=who, now=NOW),
    "archive": lambda cast, who: services.archive_class(cast.class_id, actor=who, now=NOW),
    "enrol": lambda cast, who: services.enrol_member(
        cast.class_id, cast.cleo.member_id, ClassRole.STUDENT, actor=who, now=NOW
    ),
    "invite": lambda cast, who: services.enrol_by_email(
        cast.class_id, "eva@example.org", "Eva", ClassRole.STUDENT, actor=who, now=NOW
    ),
    "override": lambda cast, who: services.change_enrolment(
        cast.class_id, cast.ben.member_id, Overrides(), actor=who, now=NOW
    ),
    "remove": lambda cast, who: services.remove_enrolment(cast.class_id, cast.ben.member_id, actor=who, now=NOW),
    "blackout": lambda cast, who: services.add_blackout(
        cast.class_id, date(2026, 9, 8), date(2026, 9, 8), "x", actor=who, now=NOW
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("who", "error"), [("ben", Forbidden), ("cleo", NotFound), ("dora", NotFound)])
def test_only_who_teaches_the_class_may_change_it(cast, change, who, error):
    actor = cast.everyone[who]
    with unit_of_work(organization_id=actor.organization_id), pytest.raises(error):
        CHANGES[change](cast, actor)


@pytest.mark.parametrize("change", CHANGES)
def test_an_assistant_sees_the_class_and_changes_nothing(cast, here, change):
    enrol(cast.ada.organization_id, cast.class_id, cast.cleo.member_id, ClassRole.ASSISTANT)
    with pytest.raises(Forbidden):
        CHANGES[change](cast, cast.cleo)


def test_a_teacher_who_is_no_admin_may_do_all_of_it(cast):
    school = cast.ada.organization_id
    class_id = make_class(school, "Year 8")
    teacher = make_actor(school, make_member(school, make_user("Theo"), Role.MEMBER))
    enrol(school, class_id, teacher.member_id, ClassRole.TEACHER)
    with unit_of_work(organization_id=school):
        services.enrol_by_email(class_id, "eva@example.org", "Eva", ClassRole.STUDENT, actor=teacher, now=NOW)
        services.save_class(DRAFT, class_id=class_id, actor=teacher, now=NOW)
