"""Stopping mails from a mail, and what others never hear."""

from urllib.parse import urlsplit

from sqlalchemy import select

from portal import clock
from portal.models.classes import ClassRole
from portal.models.notifications import Channel, Delivery, DeliveryState, Notification
from portal.models.organizations import Role
from portal.notifications import queries, services
from portal.organizations.services import remove_member
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, enrol, make_member, make_user
from tests.factories.people import mails, send_mails


def chosen(actor):
    with unit_of_work(organization_id=actor.organization_id):
        return queries.preferences(actor.member_id)


def test_a_mail_can_be_stopped_from_the_mail_program_for_its_kind_alone(cast, client, mailbox):
    """RFC 8058: the program posts to the address of the header, without a session; opening it changes nothing."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, now=clock.now())
    send_mails(cast.ada.organization_id)
    (mail,) = mails(mailbox, cast.ben.email)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    assert client.get(address).status_code == 200
    assert chosen(cast.ben) == {}
    assert client.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert chosen(cast.ben) == {("schedule.new", Channel.MAIL): False}
    assert chosen(cast.ada) == {}
    assert client.post(f"{address}x").status_code == 404


def test_who_was_removed_gets_no_mail_that_was_on_its_way(cast, mailbox):
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.send_test(actor=cast.ben, now=clock.now())
    with unit_of_work(organization_id=cast.ada.organization_id):
        remove_member(cast.ben.member_id, actor=cast.ada, now=clock.now())
    send_mails(cast.ada.organization_id)
    assert mails(mailbox, cast.ben.email) == []
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(Delivery.state).where(Delivery.member_id == cast.ben.member_id)).all() == [
            DeliveryState.DEAD
        ]


def test_reading_all_reads_ones_own(cast, drain):
    other = make_member(cast.ada.organization_id, make_user("Other"), Role.STUDENT)
    enrol(cast.ada.organization_id, cast.class_id, other, ClassRole.STUDENT)
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    drain()
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.read_all(actor=cast.ben, now=NOW)
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        rows = dict(db.execute(select(Notification.member_id, Notification.read_at)).all())
    assert rows == {cast.ben.member_id: NOW, other: None}
