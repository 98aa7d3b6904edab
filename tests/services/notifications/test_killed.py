"""Kills at each named point, of the worker, of PostgreSQL, of Valkey: nothing is lost, nothing comes three times."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask_migrate import upgrade
from sqlalchemy import func, select

from portal import clock
from portal.embedded.postgres import APPLICATION, OWNER, ensure_database, start_postgres
from portal.extensions import valkey
from portal.factory import create_app
from portal.jobs.dispatch import sweep
from portal.models.notifications import Delivery, DeliveryState, Notification
from portal.notifications import services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import make_cast
from tests.services.notifications.conftest import Worker
from tests.services.notifications.delivering import delivery_of, finish, make_due


@pytest.fixture
def held(superuser, database) -> Callable:
    """Holds a table, and kills the worker once it waits for it: whatever it did before is not committed."""

    @contextmanager
    def hold(table: str, worker: Worker) -> Iterator[None]:
        with superuser(database.name) as holder, superuser(database.name) as watcher, holder.transaction():
            holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
            process = worker.begin()
            while watcher.execute(waiting, [database.name]).fetchone() == (0,):
                assert process.poll() is None, "the worker ended without touching the table"
            worker.kill()
            assert process.wait(timeout=60) == -signal.SIGKILL

    return hold


def test_a_worker_killed_before_it_begins_loses_nothing(told, worker, post, held):
    sweep(clock.now())
    with held("due_work", worker):
        pass
    assert post.ids_for(told.ben.email) == []
    finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 1
    assert delivery_of(told).attempts == 1


def test_a_worker_killed_between_an_event_and_its_deliveries_tells_each_once(
    cast, post, worker, held, superuser, database
):
    with superuser(database.name) as connection:
        connection.execute("DELETE FROM due_work")
    post.only = cast.ben.email
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, now=clock.now())
    sweep(clock.now())
    with held("deliveries", worker):
        pass
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalar(select(func.count()).select_from(Delivery)) == 0
    finish(worker, cast)
    assert len(post.ids_for(cast.ben.email)) == 1
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalars(select(Notification.kind).where(Notification.member_id == cast.ben.member_id)).all() == [
            "schedule.new"
        ]


def test_a_worker_killed_before_the_data_was_sent_sends_once_in_the_end(told, worker, post):
    post.on_recipient = worker.kill
    assert worker.run() < 0
    assert post.ids_for(told.ben.email) == []
    post.on_recipient = lambda: None
    finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 1
    assert delivery_of(told).state is DeliveryState.SENT


def test_killed_twice_before_the_data_was_sent_still_sends_once(told, worker, post):
    post.on_recipient = worker.kill
    for _ in range(2):
        make_due(told)
        assert worker.run() < 0
    post.on_recipient = lambda: None
    finish(worker, told)
    assert len(post.ids_for(told.ben.email)) == 1
    assert (delivery_of(told).state, delivery_of(told).interrupted) == (DeliveryState.SENT, 0)


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


def test_postgres_killed_while_the_mail_is_handed_over_sends_at_most_twice(app, settings, post, tmp_path_factory):
    home = tmp_path_factory.mktemp("postgres")
    server = start_postgres(home, durable=False)
    try:
        ensure_database(server, "portal")
        own = replace(
            settings,
            database_url=server.url(APPLICATION, "portal"),
            migration_database_url=server.url(OWNER, "portal"),
        )
        with create_app(own).app_context():
            upgrade()
            _kill_postgres_at_acceptance(home, Worker(own, post.port), post)
    finally:
        start_postgres(home, durable=False).stop()


def _kill_postgres_at_acceptance(home, worker, post):
    cast = make_cast()
    post.only = cast.ben.email
    with unit_of_work(organization_id=cast.ben.organization_id):
        services.send_test(actor=cast.ben, now=clock.now())

    def kill() -> None:
        os.kill(int((home / "data" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)

    post.on_accepted = kill
    worker.run()
    post.on_accepted = lambda: None
    start_postgres(home, durable=False)
    finish(worker, cast)
    ids = post.ids_for(cast.ben.email)
    assert len(ids) == 2, "the first was accepted, and nobody could write that down"
    assert len(set(ids)) == 1
    assert delivery_of(cast).state is DeliveryState.SENT


def test_an_emptied_valkey_loses_nothing(told, worker, post):
    sweep(clock.now())
    valkey.client.flushdb()
    worker.run()
    assert len(post.ids_for(told.ben.email)) == 1
