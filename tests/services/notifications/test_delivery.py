"""Delivering: once, when it is wanted, and what becomes of mails a server does not take."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select, text, update

from portal import clock
from portal.events.outbox import emit_for_person
from portal.models.notifications import Delivery, DeliverySetting, DeliveryState, Notification
from portal.models.people import DueWork
from portal.models.schedules import Schedule
from portal.notifications import queries, services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW
from tests.services.notifications.delivering import delivery_of, finish, make_due


def test_a_mail_goes_out_once_and_is_recorded(told, worker, post):
    assert worker.run() == 0
    worker.run()
    assert len(post.ids_for(told.ben.email)) == 1
    delivery = delivery_of(told)
    assert (delivery.state, delivery.attempts, delivery.interrupted) == (DeliveryState.SENT, 1, 0)


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


@pytest.mark.parametrize(
    ("attempts", "wait"), [(0, timedelta(seconds=30)), (3, timedelta(minutes=4)), (77, timedelta(hours=1)), (78, None)]
)
def test_a_server_that_is_away_is_asked_for_three_days(told, worker, attempts, wait):
    worker.port = 1  # nobody listens there
    delivery_id = delivery_of(told).id
    with unit_of_work(organization_id=told.ben.organization_id) as db:
        db.execute(update(Delivery).where(Delivery.id == delivery_id).values(attempts=attempts))
    before = clock.now()
    assert worker.run() == 0
    with unit_of_work(organization_id=told.ben.organization_id) as db:
        due_at = db.scalars(select(DueWork.due_at).where(DueWork.target_id == delivery_id)).one_or_none()
    delivery = delivery_of(told)
    assert "refused" in delivery.error
    if wait is None:
        assert (due_at, delivery.state) == (None, DeliveryState.DEAD)
    else:
        assert before + wait <= due_at <= clock.now() + wait
        assert delivery.state is DeliveryState.PENDING


@pytest.fixture
def forgetful(cast, superuser, database):
    """ben asked for a new password two hours ago; the id of his user."""
    with superuser(database.name) as connection:
        connection.execute("DELETE FROM due_work")
    with unit_of_work(user_id=cast.ben.user_id):
        emit_for_person("account.reset_asked", cast.ben.user_id, now=clock.now() - timedelta(hours=2))
    return cast.ben.user_id


def owed_to(user_id):
    with unit_of_work(user_id=user_id) as db:
        return db.execute(select(DueWork.due_at, DueWork.attempts).where(DueWork.user_id == user_id)).one_or_none()


def test_a_mail_to_a_person_that_is_refused_is_not_tried_again(cast, forgetful, worker, post):
    post.only, post.on_recipient = cast.ben.email, lambda: "550 no such person"
    assert worker.run() == 0
    assert owed_to(forgetful) is None
    assert post.accepted == []


def test_a_mail_to_a_person_waits_for_the_server_too(forgetful, worker):
    worker.port = 1  # nobody listens there
    before = clock.now()
    assert worker.run() == 0
    due_at, attempts = owed_to(forgetful)
    assert before + timedelta(hours=1) <= due_at <= clock.now() + timedelta(hours=1)
    assert attempts == 0, "the waits of an outage use up no attempts"


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


def replanned(assignment_id, actor, revision):
    """As if a re-plan had made this revision of every schedule, and its event were handled; the kinds ben was told."""
    with unit_of_work(organization_id=actor.organization_id) as db:
        db.execute(update(Schedule).where(Schedule.assignment_id == assignment_id).values(revision=revision))
    with unit_of_work(organization_id=actor.organization_id):
        services.announce(queries.schedules_of_assignment(assignment_id), now=NOW)
    with unit_of_work(organization_id=actor.organization_id) as db:
        return [
            list(db.scalars(select(table.kind).where(table.member_id == actor.member_id).order_by(table.key)))
            for table in (Notification, Delivery)
        ]


def test_a_schedule_whose_replan_is_handled_first_is_told_as_new(cast):
    assignment_id = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    assert replanned(assignment_id, cast.ben, 2) == [["schedule.new"]] * 2
    assert replanned(assignment_id, cast.ben, 3) == [["schedule.new", "schedule.changed"]] * 2


def test_who_wants_no_news_of_new_schedules_still_hears_of_changes(cast):
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.switch_off(cast.ben.member_id, "schedule.new")
    assignment_id = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    assert replanned(assignment_id, cast.ben, 1) == [["schedule.new"], []]
    assert replanned(assignment_id, cast.ben, 2) == [["schedule.new", "schedule.changed"], ["schedule.changed"]]


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
