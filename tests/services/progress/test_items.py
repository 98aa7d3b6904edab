"""What a learner does with an item: minutes are kept, one clock runs at a time, only the own items move."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.errors import Conflict, Invalid, NotFound
from portal.models.calendars import FeedVersion
from portal.models.schedules import ItemStatus, ProgressEvent, ScheduleItem
from portal.progress import services
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import make_path, publish
from tests.factories.cast import NOW


@pytest.fixture
def items(cast):
    """ben's items in time order, as ids."""
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        return db.scalars(
            select(ScheduleItem.id).where(ScheduleItem.member_id == cast.ben.member_id).order_by(ScheduleItem.starts_at)
        ).all()


def do(actor, action, item_id, *, after=0, **values):
    with unit_of_work(organization_id=actor.organization_id) as db:
        action(item_id, actor=actor, now=NOW + timedelta(minutes=after), **values)
        db.flush()
    return read(actor, item_id)


def read(actor, item_id):
    with unit_of_work(organization_id=actor.organization_id) as db:
        return db.get(ScheduleItem, item_id)


def test_the_clock_adds_up_over_pauses(cast, items):
    do(cast.ben, services.start, items[0])
    assert do(cast.ben, services.pause, items[0], after=12).actual_minutes == 12
    do(cast.ben, services.start, items[0], after=30)
    done = do(cast.ben, services.complete, items[0], after=50)
    assert (done.status, done.actual_minutes, done.running_since) == (ItemStatus.COMPLETED, 32, None)


def test_starting_one_item_pauses_the_other(cast, items):
    do(cast.ben, services.start, items[0])
    do(cast.ben, services.start, items[1], after=10)
    first = read(cast.ben, items[0])
    assert (first.running_since, first.actual_minutes, first.status) == (None, 10, ItemStatus.IN_PROGRESS)


def test_completing_without_a_clock_counts_the_plan_and_can_be_corrected(cast, items):
    assert do(cast.ben, services.complete, items[0]).actual_minutes == 60
    assert do(cast.ben, services.complete, items[0], actual_minutes=25).actual_minutes == 25


def test_minutes_beyond_a_day_are_refused(cast, items):
    with pytest.raises(Invalid, match="between 0 and 1440"):
        do(cast.ben, services.complete, items[0], actual_minutes=1441)


def test_a_clock_left_on_counts_a_day_at_most(cast, items):
    do(cast.ben, services.start, items[0])
    assert do(cast.ben, services.complete, items[0], after=30 * 60).actual_minutes == 24 * 60


def test_a_note_has_its_limit_and_a_longer_one_changes_nothing(cast, items):
    do(cast.ben, services.write_note, items[0], text="x" * 4000)
    with pytest.raises(Invalid, match="at most 4000 characters"):
        do(cast.ben, services.write_note, items[0], text="x" * 4001)
    assert read(cast.ben, items[0]).note == "x" * 4000


def test_skipping_and_reopening(cast, items):
    assert do(cast.ben, services.skip, items[0]).status is ItemStatus.SKIPPED
    with pytest.raises(Conflict):
        do(cast.ben, services.start, items[0])
    assert do(cast.ben, services.reopen, items[0]).status is ItemStatus.PLANNED


def test_a_change_raises_the_sequence_and_the_feeds_version(cast, items):
    before = read(cast.ben, items[0]).sequence
    version = feed_version(cast.ben)
    do(cast.ben, services.complete, items[0])
    assert read(cast.ben, items[0]).sequence == before + 1
    assert feed_version(cast.ben) == version + 1


def feed_version(actor):
    with unit_of_work(organization_id=actor.organization_id) as db:
        return db.scalar(select(FeedVersion.version).where(FeedVersion.member_id == actor.member_id))


def test_every_action_is_kept_as_an_event(cast, items):
    do(cast.ben, services.start, items[0])
    do(cast.ben, services.pause, items[0], after=5)
    do(cast.ben, services.complete, items[0], after=6)
    do(cast.ben, services.write_note, items[0], text="Ask about chords")
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        names = db.scalars(
            select(ProgressEvent.name).where(ProgressEvent.item_id == items[0]).order_by(ProgressEvent.id)
        ).all()
    assert names == ["item.started", "item.paused", "item.completed", "item.noted"]


@pytest.mark.parametrize("action", [services.start, services.pause, services.complete, services.skip, services.reopen])
@pytest.mark.parametrize("who", ["ada", "cleo", "dora"])
def test_nobody_else_can_do_it(cast, items, action, who):
    with pytest.raises(NotFound):
        do(cast.everyone[who], action, items[0])
    assert read(cast.ben, items[0]).status is ItemStatus.PLANNED
