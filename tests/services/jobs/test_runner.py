"""Work that is due: run once, put off with growing delays, kept as a dead letter in the end."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from portal import clock
from portal.errors import NotFound
from portal.events.outbox import emit, owe, withdraw
from portal.extensions import Valkey, valkey
from portal.jobs import runner
from portal.jobs.dispatch import dispatch, queue, sweep
from portal.jobs.progress import begin_run
from portal.jobs.registry import on_due, on_event
from portal.models.events import JobRun, JobState
from portal.models.people import DueWork
from portal.notifications.mail import NotSentError
from portal.tenancy.scope import Due, unit_of_work
from tests.factories.cast import NOW

HANDLED: list[uuid.UUID] = []
FAIL: dict[uuid.UUID, BaseException] = {}


@on_event("test.killing")
def _kill(event, now):
    raise KeyboardInterrupt


@on_due("test.work")
def _work(target_id, now):
    HANDLED.append(target_id)
    if target_id in FAIL:
        raise FAIL[target_id]


def owed(cast, target_id, *, due_at=NOW, kind="test.work"):
    with unit_of_work(organization_id=cast.ada.organization_id):
        owe(kind, target_id, due_at=due_at)
    return pointer(cast, target_id)


def pointer(cast, target_id):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.scalar(select(DueWork).where(DueWork.target_id == target_id))


def run(cast, found):
    runner.run(str(found.id), str(cast.ada.organization_id), None)


def test_work_is_done_once_and_its_pointer_goes(cast):
    target = uuid.uuid4()
    found = owed(cast, target)
    run(cast, found)
    run(cast, found)
    assert HANDLED.count(target) == 1
    assert pointer(cast, target) is None


def test_owing_the_same_twice_is_one_pointer(cast):
    target = uuid.uuid4()
    assert owed(cast, target).id == owed(cast, target).id


def test_failing_work_is_put_off_with_doubling_delays_and_dies_with_its_reason(cast):
    target = uuid.uuid4()
    FAIL[target] = RuntimeError("it does not work for ben@example.org")
    owed(cast, target)
    delays = []
    with clock.frozen(NOW):
        for _ in range(runner.MAX_ATTEMPTS):
            run(cast, pointer(cast, target))
            delays.append(pointer(cast, target).due_at - NOW)
    assert delays[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    dead = pointer(cast, target)
    assert dead.failed_at == NOW
    assert dead.error == "RuntimeError"
    run(cast, dead)
    assert HANDLED.count(target) == runner.MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotSentError("451 <ben@example.org> try later"), "NotSentError"),
        (NotFound("class_not_found", "%(name)s is not there.", name="Ben"), "NotFound: class_not_found"),
    ],
)
def test_why_work_failed_is_told_to_other_tenants_without_a_word_about_people(cast, error, reason):
    target = uuid.uuid4()
    FAIL[target] = error
    run(cast, owed(cast, target))
    with unit_of_work(organization_id=cast.dora.organization_id) as db:
        assert db.scalar(select(DueWork.error).where(DueWork.target_id == target)) == reason


def test_an_error_of_the_database_never_says_what_was_asked_for(app):
    with unit_of_work() as db, pytest.raises(ProgrammingError) as caught:
        db.execute(text("SELECT no_such_function(:e)"), {"e": "ben@example.org"})
    assert "no_such_function" in str(caught.value)
    assert "ben@example.org" not in str(caught.value)


def killed(cast, found):
    with pytest.raises(KeyboardInterrupt):
        run(cast, found)


def test_work_that_kills_its_worker_each_time_dies_too(cast):
    target = uuid.uuid4()
    FAIL[target] = KeyboardInterrupt()
    found = owed(cast, target)
    for _ in range(runner.MAX_ATTEMPTS):
        killed(cast, found)
        assert pointer(cast, target).failed_at is None
    run(cast, found)
    run(cast, found)
    assert HANDLED.count(target) == runner.MAX_ATTEMPTS
    dead = pointer(cast, target)
    assert dead.failed_at is not None
    assert dead.error == "WorkerKilled"


def test_work_whose_worker_was_killed_is_done_in_the_last_attempt(cast):
    target = uuid.uuid4()
    FAIL[target] = KeyboardInterrupt()
    found = owed(cast, target)
    for _ in range(runner.MAX_ATTEMPTS - 1):
        killed(cast, found)
    FAIL.clear()
    run(cast, found)
    assert pointer(cast, target) is None


def test_kills_and_failures_count_alike(cast):
    target = uuid.uuid4()
    found = owed(cast, target)
    with clock.frozen(NOW):
        FAIL[target] = KeyboardInterrupt()
        killed(cast, found)
        FAIL[target] = RuntimeError()
        run(cast, found)
    put_off = pointer(cast, target)
    assert (put_off.attempts, put_off.due_at - NOW) == (2, timedelta(seconds=60))


def test_whoever_watches_work_that_kills_its_worker_is_told_in_the_end(cast):
    with unit_of_work(organization_id=cast.ada.organization_id):
        run_id = begin_run("test", f"test:{uuid.uuid4()}", uuid.uuid4(), total=3, created_by_id=None, now=NOW)
        event_id = emit("test.killing", now=NOW, run_id=run_id)
    found = pointer(cast, event_id)
    for _ in range(runner.MAX_ATTEMPTS):
        killed(cast, found)
        assert state_of(cast, run_id) is JobState.QUEUED
    run(cast, found)
    assert state_of(cast, run_id) is JobState.FAILED


def state_of(cast, run_id):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return db.get_one(JobRun, run_id).state


def test_work_somebody_else_holds_is_left_alone(cast):
    target = uuid.uuid4()
    found = owed(cast, target)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.scalar(select(DueWork).where(DueWork.id == found.id).with_for_update())
        with unit_of_work():  # units nest, each with a connection of its own
            run(cast, found)
    assert target not in HANDLED
    assert pointer(cast, target).attempts == 0


def test_the_sweeper_queues_what_is_due_once_and_again_after_valkey_was_emptied(cast):
    valkey.client.flushdb()
    sweep(NOW)  # what other tests have left
    valkey.client.flushdb()
    found = owed(cast, uuid.uuid4())
    name = f"work {found.id}"
    sweep(NOW)
    sweep(NOW)
    assert [job.description for job in queue("short").jobs].count(name) == 1
    valkey.client.flushdb()
    sweep(NOW)
    assert [job.description for job in queue("short").jobs].count(name) == 1


def test_future_work_is_not_queued(cast):
    valkey.client.flushdb()
    found = owed(cast, uuid.uuid4(), due_at=clock.now() + timedelta(days=1))
    sweep(NOW)
    assert f"work {found.id}" not in [job.description for job in queue("short").jobs]


def test_a_queue_that_is_away_does_not_fail_the_request(cast, monkeypatch):
    away = Valkey()
    away.connect("unix:///nowhere/valkey.sock")
    monkeypatch.setattr(valkey, "client", away.client)
    dispatch([Due(uuid.uuid4(), "short", NOW, cast.ada.organization_id, None)])
    with unit_of_work(organization_id=cast.ada.organization_id):
        event_id = emit("test.happened", now=NOW)
    assert pointer(cast, event_id) is not None


def test_withdrawn_work_is_gone(cast):
    target = uuid.uuid4()
    owed(cast, target)
    with unit_of_work(organization_id=cast.ada.organization_id):
        withdraw("test.work", target)
    assert pointer(cast, target) is None


@pytest.fixture(autouse=True)
def _clean():
    yield
    FAIL.clear()
