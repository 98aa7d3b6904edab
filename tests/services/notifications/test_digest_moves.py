"""An owed digest follows the member's hour and zone."""

from datetime import datetime, time

import pytest
from sqlalchemy import select

from portal import clock
from portal.events.outbox import EVENT, emit
from portal.models.organizations import Member
from portal.models.people import DueWork
from portal.notifications import services
from portal.notifications.kinds import DIGEST
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW


@pytest.fixture
def school(cast, settle):
    """ben hears on Tuesday, at seven in the class's zone, what there is to do."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, arrangement="SOON")
    settle()
    return cast


def owed(cast) -> list[datetime]:
    with unit_of_work() as db:
        rows = db.scalars(select(DueWork.due_at).where(DueWork.kind == DIGEST, DueWork.target_id == cast.ben.member_id))
        return [found.replace(tzinfo=NOW.tzinfo) if found.tzinfo is None else found for found in rows]


def test_it_moves_with_the_hour_that_is_chosen(school):
    (before,) = owed(school)
    with unit_of_work(organization_id=school.ben.organization_id):
        services.choose({}, digest_time=time(17), quiet_from=time(21), quiet_until=time(7), actor=school.ben, now=NOW)
    (after,) = owed(school)
    assert (before.hour, after.hour) == (7, 17)


def test_it_moves_with_the_zone(school, drain):
    (before,) = owed(school)
    with unit_of_work(organization_id=school.ben.organization_id) as db:
        db.get_one(Member, school.ben.member_id).zone = "Asia/Tokyo"
        emit("member.zone_changed", now=NOW, member_id=school.ben.member_id)
    with clock.frozen(NOW):
        drain(kind=EVENT)
    (after,) = owed(school)
    assert (before.hour, after.hour) == (7, 22)
