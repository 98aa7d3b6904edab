"""The sweeper: nothing waits behind work that is stuck, dead letters rest, queues stay within bounds."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.events.outbox import LONG, SHORT, owe_all
from portal.extensions import valkey
from portal.jobs import dispatch
from portal.jobs.dispatch import queue, sweep
from portal.models.people import DueWork
from portal.tenancy.scope import unit_of_work
from tests.factories.cast import NOW


@pytest.fixture
def owed(cast, superuser, database):
    """Makes so many pointers, each a second later than the one before; no other work is there. Their ids in order."""
    with superuser(database.name) as connection:
        connection.execute("DELETE FROM due_work")
    valkey.client.flushdb()

    def make(count, *, name=SHORT, at=NOW - timedelta(hours=1)):
        targets = [uuid.uuid4() for _ in range(count)]
        with unit_of_work(organization_id=cast.ada.organization_id) as db:
            owe_all("test.sweep", [(each, at + timedelta(seconds=n)) for n, each in enumerate(targets)], queue=name)
            rows = db.execute(select(DueWork.id).where(DueWork.target_id.in_(targets)).order_by(DueWork.due_at))
            ids = list(rows.scalars())
        valkey.client.flushdb()  # what was queued at the commit
        return ids

    return make


def queued(name=SHORT):
    return [job.description for job in queue(name).jobs]


def names(ids):
    return [f"work {each}" for each in ids]


def test_a_dead_letter_is_never_queued(cast, owed):
    dead, alive = owed(2)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.execute(update(DueWork).where(DueWork.id == dead).values(failed_at=NOW))
    assert sweep(NOW) == 1
    assert queued() == names([alive])


def test_work_behind_more_stuck_work_than_a_sweep_reads_is_queued(owed, monkeypatch):
    monkeypatch.setattr(dispatch, "_SWEEP_ROWS", 2)
    ids = owed(5)
    assert [sweep(NOW) for _ in range(4)] == [2, 2, 1, 0]
    assert queued() == names(ids)


def test_work_due_at_one_instant_is_queued_whole(cast, owed, monkeypatch):
    ids = owed(5)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.execute(update(DueWork).values(due_at=NOW).where(DueWork.id.in_(ids)))
    monkeypatch.setattr(dispatch, "_SWEEP_ROWS", 2)
    assert [sweep(NOW) for _ in range(3)] == [2, 2, 1]
    assert sorted(queued()) == sorted(names(ids))


def test_a_queue_whose_workers_are_away_stops_growing_and_holds_up_no_other(owed, monkeypatch):
    monkeypatch.setattr(dispatch, "_LONG_QUEUE", 4)
    owed(3)
    late = owed(1, name=LONG)
    for _ in range(5):
        sweep(NOW)
        for guard in valkey.client.scan_iter("work:*"):  # as if their time had passed
            valkey.client.delete(guard)
    assert len(queued()) == 6
    assert set(queued(LONG)) == set(names(late))
