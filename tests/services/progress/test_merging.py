"""One learner known twice: nothing that was done is lost when the two become one."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.models.classes import ClassRole
from portal.models.organizations import Role
from portal.models.schedules import ItemStatus, ProgressEvent, Schedule, ScheduleItem
from portal.progress import services
from portal.progress.merging import take_over
from portal.tenancy.scope import unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW, enrol, make_actor, make_member, make_user

LATER = NOW + timedelta(days=3)


@pytest.fixture
def twin(cast):
    """ben once more, enrolled beside him."""
    member_id = make_member(cast.ada.organization_id, make_user("Ben again"), Role.STUDENT)
    enrol(cast.ada.organization_id, cast.class_id, member_id, ClassRole.STUDENT)
    return make_actor(cast.ada.organization_id, member_id)


@pytest.fixture
def both(cast, twin):
    """A path of three steps, the last in two parts, that both have: the items of ben and of his twin."""
    path = make_path(cast.ada.organization_id, (60, 60, 120), splittable=True)
    assignment_id = publish(path, cast.class_id, cast.ada)
    found = schedules(cast.ada, assignment_id)
    return items(cast.ada, found["Ben"].id), items(cast.ada, found["Ben again"].id)


def do(actor, action, item, at=NOW, **values):
    with unit_of_work(organization_id=actor.organization_id):
        action(item.id, actor=actor, now=at, **values)


def merge(cast, twin):
    with unit_of_work(organization_id=cast.ada.organization_id):
        take_over(twin.member_id, cast.ben.member_id, now=LATER)


def work_of(cast):
    """ben's items that stand: (status, finished at), in order."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        rows = db.execute(
            select(ScheduleItem.status, ScheduleItem.finished_at)
            .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
            .where(Schedule.member_id == cast.ben.member_id, ScheduleItem.removed_at.is_(None))
            .order_by(ScheduleItem.starts_at, ScheduleItem.part)
        )
        return [tuple(row) for row in rows]


DONE, OPEN = ItemStatus.COMPLETED, ItemStatus.PLANNED


def test_what_only_the_removed_one_finished_is_finished(cast, twin, both):
    mine, theirs = both
    do(cast.ben, services.complete, mine[0])
    do(twin, services.complete, theirs[1], NOW + timedelta(hours=1))
    merge(cast, twin)
    assert work_of(cast)[:2] == [(DONE, NOW), (DONE, NOW + timedelta(hours=1))]
    assert {status for status, _at in work_of(cast)[2:]} == {OPEN}


@pytest.mark.parametrize("twin_was_first", [True, False])
def test_of_a_step_that_both_finished_the_earlier_completion_counts(cast, twin, both, twin_was_first):
    mine, theirs = both
    early, late = NOW, NOW + timedelta(days=1)
    do(cast.ben, services.complete, mine[0], late if twin_was_first else early)
    do(twin, services.complete, theirs[0], early if twin_was_first else late)
    merge(cast, twin)
    assert work_of(cast)[0] == (DONE, early)


def test_a_part_of_a_step_that_was_finished_counts_as_a_part(cast, twin, both):
    _mine, theirs = both
    parts = [item for item in theirs if item.parts > 1]
    assert len(parts) == 2
    do(twin, services.complete, parts[0])
    merge(cast, twin)
    assert [status for status, _at in work_of(cast)] == [OPEN, OPEN, DONE, OPEN]


def test_a_plan_that_only_the_removed_one_has_goes_over_whole(cast, twin):
    other = make_member(cast.ada.organization_id, None, Role.STUDENT, name="Nobody yet")
    assignment_id = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada)
    given = items(cast.ada, schedules(cast.ada, assignment_id)["Ben again"].id)
    do(twin, services.complete, given[0])
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        take_over(twin.member_id, other, now=LATER)
        rows = db.scalars(select(ScheduleItem).where(ScheduleItem.member_id == other)).all()
        assert {row.id for row in rows} == {item.id for item in given}
        assert [row.status for row in rows if row.id == given[0].id] == [DONE]


def test_notes_and_the_history_go_over(cast, twin, both):
    mine, theirs = both
    do(cast.ben, services.write_note, mine[0], text="mine")
    do(twin, services.write_note, theirs[0], text="theirs")
    do(twin, services.complete, theirs[0])
    merge(cast, twin)
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(ScheduleItem, mine[0].id).note == "mine\n\ntheirs"
        names = db.scalars(select(ProgressEvent.name).where(ProgressEvent.member_id == cast.ben.member_id)).all()
        assert sorted(names) == ["item.completed", "item.noted", "item.noted"]
        assert db.scalars(select(ProgressEvent).where(ProgressEvent.member_id == twin.member_id)).all() == []
