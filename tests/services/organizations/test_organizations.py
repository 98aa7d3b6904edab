"""Making organizations and changing their settings."""

import pytest
from sqlalchemy import select

from portal.accounts.queries import user_of
from portal.errors import Forbidden, Invalid
from portal.models.events import AuditEntry, Event
from portal.models.organizations import Organization, OrganizationKind, Role
from portal.organizations.queries import memberships
from portal.organizations.services import change_organization, create_organization
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW
from tests.factories.people import register_person


@pytest.mark.parametrize("kind", [OrganizationKind.TEAM, OrganizationKind.EDUCATOR, OrganizationKind.ORGANIZATION])
def test_who_makes_an_organization_owns_it_and_others_hear_of_it(app, kind):
    eva = register_person()
    organization_id, member_id = create_organization(
        " Sample School ", kind, "Europe/Paris", user=user_of(eva.user_id), now=NOW, holiday_country="FR"
    )
    made = memberships(eva.user_id)[0]
    assert (made.organization_id, made.member_id) == (organization_id, member_id)
    assert (made.name, made.kind, made.role) == ("Sample School", kind, Role.OWNER)
    with unit_of_work(organization_id=organization_id) as db:
        assert db.execute(select(Event.name, Event.data)).all() == [
            ("organization.created", {"organization_id": str(organization_id)})
        ]
        assert db.scalars(select(AuditEntry.actor_member_id)).all() == [member_id]
        assert db.scalars(select(Organization.holiday_country)).all() == ["FR"]


def test_an_unknown_zone_makes_nothing(app):
    eva = register_person()
    with pytest.raises(Invalid):
        create_organization("School", OrganizationKind.TEAM, "Mars/Olympus", user=user_of(eva.user_id), now=NOW)
    assert len(memberships(eva.user_id)) == 1


def settings_of(actor):
    with unit_of_work(organization_id=actor.organization_id) as db:
        found = db.get_one(Organization, actor.organization_id)
        return found.name, found.zone, found.holiday_country, found.streaks, found.milestones


def change(actor, **values):
    wanted = {
        "name": "Renamed",
        "zone": "Asia/Tokyo",
        "holiday_country": "JP",
        "streaks": False,
        "milestones": True,
        **values,
    }
    with unit_of_work(organization_id=actor.organization_id):
        change_organization(**wanted, actor=actor, now=NOW)


def test_its_owner_changes_name_zone_and_holidays_of_one_organization_only(cast):
    before = settings_of(cast.dora)
    change(cast.ada)
    assert settings_of(cast.ada) == ("Renamed", "Asia/Tokyo", "JP", False, True)
    assert settings_of(cast.dora) == before


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_students_and_educators_do_not(cast, who):
    before = settings_of(cast.ada)
    with pytest.raises(Forbidden):
        change(cast.everyone[who])
    assert settings_of(cast.ada) == before


def test_it_keeps_its_zone_when_the_new_one_is_unknown(cast):
    before = settings_of(cast.ada)
    with pytest.raises(Invalid):
        change(cast.ada, zone="Mars/Olympus")
    assert settings_of(cast.ada) == before
