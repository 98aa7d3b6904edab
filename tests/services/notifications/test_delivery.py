"""Delivering: once, through kills of the worker, of the database's connection and of Valkey."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select, text, update

from portal import clock
from portal.extensions import valkey
from portal.jobs.dispatch import sweep
from portal.models.notifications import Delivery, DeliverySetting, DeliveryState, Notification
from portal.models.people import DueWork
from portal.notifications import queries, services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW, Cast


@pytest.fixture
def told(cast: Cast, post, superuser, database) -> Cast:
    """ben has a test message on its way, whatever the hour, and no other work is left over from other tests."""
    with superuser(database.name) as connection:
        connection.execute("DELETE FROM due_work")
    post.only = cast.ben.email
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.send_test(actor=cast.ben, now=clock.now())
    return cast


def delivery_of(cast: Cast) -> Delivery:
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        return db.scalars(select(Delivery).where(Delivery.member_id == cast.ben.member_id)).one()


def make_due(cast: Cast) -> None:
    """As if the delays of retries had passed, and the queue's guards with them."""
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        db.execute(
            update(DueWork)
            .where(DueWork.organization_id == cast.ben.organization_id, DueWork.kind == services.DELIVERY)
            .values(due_at=clock.now() - timedelta(minutes=1))
        )
    valkey.client.flushdb()


def finish(worker, cast: Cast) -> None:
    """Work until the delivery is settled; a killed worker's lock goes only when PostgreSQL sees it gone."""
    for _ in range(8):
        make_due(cast)
        worker.run()
        if delivery_of(cast).state is not DeliveryState.PENDING:
            return
    raise AssertionError("the delivery never settles")


def test_a_mail_goes_out_once_and_is_recorded(told, worker, post):
    assert worker.run() == 0
    worker.run()
    assert len(post.ids_for(told.ben.email)) == 1
    delivery = delivery_of(told)
    assert (delivery.state, delivery.attempts, delivery.interrupted) == (DeliveryState.SENT, 1, 0)


def test_a_worker_killed_before_it_begins_loses_nothing(told, worker, post):
    valkey.client.flushdb()  # the job was queued and is gone with the worker that held it
    worker.run()
    assert len(post.ids_for(told.ben.email)) == 1


def test_a_worker_killed_before_the_data_was_sent_sends_once_in_the_end(told, worker, post):
    post.on_recipient = worker.kill
    assert worker.run() < 0
    assert post.ids_for(told.ben.email) == []
    post.on_recipient = lambda: None
    finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 1
    assert delivery_of(told).state is DeliveryState.SENT


def test_a_worker_killed_between_acceptance_and_commit_sends_twice_with_one_message_id(told, worker, post):
    post.on_accepted = worker.kill
    assert worker.run() < 0
    post.on_accepted = lambda: None
    finish(worker, told)
    ids = post.ids_for(told.ben.email)
    assert len(ids) == 2
    assert len(set(ids)) == 1
    delivery = delivery_of(told)
    assert (delivery.state, delivery.interrupted) == (DeliveryState.SENT, 1)


def test_never_a_third_time(told, worker, post):
    post.on_accepted = worker.kill
    for _ in range(3):
        worker.run()
        finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 2
    delivery = delivery_of(told)
    assert delivery.state is DeliveryState.DEAD
    assert "may have arrived" in delivery.error


def test_a_database_killed_while_the_mail_is_handed_over_sends_at_most_twice(told, worker, post, superuser, database):
    def cut() -> None:
        with superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'portal_app'",
                [database.name],
            )

    post.on_accepted = cut
    worker.run()
    post.on_accepted = lambda: None
    finish(worker, told)
    ids = post.ids_for(told.ben.email)
    assert len(ids) <= 2
    assert len(set(ids)) == 1
    assert delivery_of(told).state is DeliveryState.SENT


def test_an_emptied_valkey_loses_nothing(told, worker, post):
    sweep(clock.now())
    valkey.client.flushdb()
    worker.run()
    assert len(post.ids_for(told.ben.email)) == 1


def test_a_server_that_is_busy_is_asked_again(told, worker, post):
    post.on_recipient = lambda: "451 try later"
    worker.run()
    delivery = delivery_of(told)
    assert (delivery.state, delivery.sending_at) == (DeliveryState.PENDING, None)
    assert "451" in delivery.error
    post.on_recipient = lambda: None
    finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 1
    assert delivery_of(told).interrupted == 0


def test_an_address_that_is_refused_becomes_a_dead_letter_with_its_reason(told, worker, post):
    post.on_recipient = lambda: "550 no such person"
    worker.run()
    delivery = delivery_of(told)
    assert delivery.state is DeliveryState.DEAD
    assert "550" in delivery.error
    make_due(told)
    worker.run()
    assert post.ids_for(told.ben.email) == []


def test_in_the_portal_it_stands_once_even_when_the_event_is_handled_twice(cast, drain):
    assignment_id = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    drain()
    with unit_of_work(organization_id=cast.ada.organization_id):
        services.announce(queries.schedules_of_assignment(assignment_id), now=clock.now())
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        rows = db.scalars(select(Notification).where(Notification.member_id == cast.ben.member_id)).all()
        mails = db.scalars(select(Delivery).where(Delivery.member_id == cast.ben.member_id)).all()
    assert [row.kind for row in rows] == ["schedule.new"]
    assert [row.kind for row in mails] == ["schedule.new"]


def test_a_mail_decided_in_quiet_hours_waits_until_they_end(cast, drain):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.add(
            DeliverySetting(
                organization_id=cast.ada.organization_id, member_id=cast.ben.member_id, **hours("08:00", "10:30")
            )
        )
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    with clock.frozen(NOW):
        drain()
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        due_at = db.scalar(
            select(DueWork.due_at)
            .join(Delivery, Delivery.id == DueWork.target_id)
            .where(Delivery.member_id == cast.ben.member_id)
        )
    assert due_at.isoformat() == "2026-09-07T10:30:00+00:00"


def hours(quiet_from: str, quiet_until: str) -> dict:
    return {
        "digest_time": time(7),
        "quiet_from": time.fromisoformat(quiet_from),
        "quiet_until": time.fromisoformat(quiet_until),
    }


def test_the_digest_comes_each_morning_there_is_something_to_do(cast, drain):
    left = {"arrangement": "SOON", "missed": "LEAVE"}
    publish(make_path(cast.ada.organization_id, (60, 60, 60)), cast.class_id, cast.ada, **left)
    with clock.frozen(NOW):
        drain()
    seen = []
    for day in (8, 9, 10, 11):
        morning = NOW.replace(day=day, hour=7)
        with clock.frozen(morning):
            drain(morning)
        with unit_of_work(organization_id=cast.ada.organization_id) as db:
            seen.append(
                len(
                    db.scalars(
                        select(Notification).where(
                            Notification.member_id == cast.ben.member_id, Notification.kind == "digest"
                        )
                    ).all()
                )
            )
    assert seen == [1, 2, 2, 2]


def test_what_is_switched_off_is_not_sent(cast, drain):
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.switch_off(cast.ben.member_id, "schedule.new")
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    drain()
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalars(select(Delivery).where(Delivery.member_id == cast.ben.member_id)).all() == []
        assert db.execute(text("SELECT count(*) FROM notifications")).scalar_one() == 1
