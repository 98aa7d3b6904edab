"""Addresses with letters beyond ASCII, and what a failed message leaves behind for the next one."""

import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from portal import clock
from portal.models.notifications import Delivery, DeliveryState
from portal.models.organizations import Member
from portal.models.people import DueWork
from portal.notifications import mail, services
from portal.notifications.mail import Mailer, NotSentError, RefusedError
from portal.tenancy.scope import unit_of_work
from tests.services.notifications.conftest import Post
from tests.services.notifications.delivering import delivery_of


def told_first(cast, address):
    """cleo, at this address, has a test message that is due before ben's."""
    with unit_of_work(organization_id=cast.cleo.organization_id) as db:
        db.execute(update(Member).where(Member.id == cast.cleo.member_id).values(email=address))
        services.send_test(actor=cast.cleo, now=clock.now())
    with unit_of_work(organization_id=cast.cleo.organization_id) as db:
        found = db.scalars(select(Delivery.id).where(Delivery.member_id == cast.cleo.member_id)).one()
        db.execute(update(DueWork).where(DueWork.target_id == found).values(due_at=DueWork.due_at - timedelta(days=1)))


def state_of(actor):
    with unit_of_work(organization_id=actor.organization_id) as db:
        return db.scalars(select(Delivery.state).where(Delivery.member_id == actor.member_id)).one()


def letter(to_address):
    return mail.build(
        sender="Portal <portal@example.org>",
        to_name="Jürgen",
        to_address=to_address,
        subject="Test",
        text="Test",
        html="<p>Test</p>",
        message_id="<1@portal>",
    )


@pytest.mark.parametrize(
    ("address", "announced"),
    [("x@münchen.de", "x@xn--mnchen-3ya.de"), ("jürgen@example.org", "jürgen@example.org")],
)
def test_an_international_address_gets_its_mail_and_so_does_the_next(told, worker, post, address, announced):
    told_first(told, address)
    worker.run()
    assert [envelope.rcpt_tos for envelope in post.accepted] == [[announced], [told.ben.email]]
    assert state_of(told.cleo) is DeliveryState.SENT
    assert (delivery_of(told).state, delivery_of(told).attempts) == (DeliveryState.SENT, 1)


def test_what_is_no_address_becomes_a_dead_letter_and_the_next_mail_goes_out(told, worker, post):
    told_first(told, "no address")
    worker.run()
    assert state_of(told.cleo) is DeliveryState.DEAD
    assert delivery_of(told).state is DeliveryState.SENT


def nothing() -> None:
    """Nobody wants to know when the data is sent."""


def test_a_server_without_smtputf8_is_not_given_such_an_address_and_takes_the_next(settings, free_port):
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port, enable_SMTPUTF8=False)
    controller.start()
    mailer = Mailer(replace(settings, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none"))
    try:
        with pytest.raises(RefusedError, match="beyond ASCII"):
            mailer.send(letter("jürgen@example.org"), before_data=nothing)
        mailer.send(letter("ben@example.org"), before_data=nothing)
    finally:
        mailer.close()
        controller.stop()
    assert [envelope.rcpt_tos for envelope in post.accepted] == [["ben@example.org"]]


def test_a_message_after_one_whose_data_was_refused_begins_afresh(settings, post):
    mailer = Mailer(replace(settings, smtp_host="127.0.0.1", smtp_port=post.port, smtp_security="none"))
    post.only, post.on_accepted = "ben@example.org", lambda: "451 later"
    with pytest.raises(NotSentError):
        mailer.send(letter("ben@example.org"), before_data=nothing)
    mailer.send(letter("cleo@example.org"), before_data=nothing)
    mailer.close()
    assert post.ids_for("cleo@example.org") == ["<1@portal>"]


def test_a_connection_that_cannot_be_secured_is_closed(settings):
    """The server refuses STARTTLS and then sees the end of the connection."""
    seen = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            connection.settimeout(10)
            lines.write(b"220 here\r\n")
            seen.append(lines.readline()[:4])
            lines.write(b"250-here\r\n250 STARTTLS\r\n")
            seen.append(lines.readline()[:8])
            lines.write(b"454 no\r\n")
            seen.append(lines.readline())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=[listener])
        server.start()
        port = listener.getsockname()[1]
        mailer = Mailer(replace(settings, smtp_host="127.0.0.1", smtp_port=port, smtp_security="starttls"))
        with pytest.raises(NotSentError, match="454") as caught:
            mailer.send(letter("ben@example.org"), before_data=nothing)
        server.join(timeout=20)
    assert caught.tb is not None, "the connection lives on in it unless it is closed"
    assert seen == [b"ehlo", b"STARTTLS", b""]
