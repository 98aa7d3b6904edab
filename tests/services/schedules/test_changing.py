"""Commands: previewed without a trace, applied once, taken back whole."""

import uuid
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.models.classes import Classroom, Enrolment, Leave
from portal.models.events import AuditEntry, Event
from portal.models.people import DueWork
from portal.models.plans import ChangeKind, PlanChange, PlanDiff, PlanRequest
from portal.models.schedules import Assignment, AssignmentState, ItemStatus, ScheduleItem
from portal.progress import services as progress
from portal.schedules.changing import apply, preview
from portal.schedules.commands.arranging import CatchUp, Relevel, RollBack
from portal.schedules.commands.overrides import AddMinutes, Differ, ExtendEnd, ExtendStep, LeaveOut
from portal.schedules.commands.personal import Away, Back, MoveItem, OwnDays, Unpin
from portal.schedules.queries import step_keys
from portal.tenancy.scope import new_id, unit_of_work
from tests.factories.assignments import items, make_path, publish, schedules
from tests.factories.cast import NOW
from tests.factories.classes import make_students

MON, TUE, WED, THU, FRI = [date(2026, 9, 7) + timedelta(days=number) for number in range(5)]
SOON = {"arrangement": "SOON"}


@pytest.fixture
def planned(cast):
    """Four hours in a chain, one each day from Monday, for ben; the assignment's id."""
    return publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)


def of_ben(cast, assignment_id, **more):
    return items(cast.ada, schedules(cast.ada, assignment_id)["Ben"].id, **more)


def dates(cast, assignment_id):
    return [item.on_date for item in of_ben(cast, assignment_id)]


def look(actor, command, now=NOW):
    with unit_of_work(organization_id=actor.organization_id):
        outcome = preview(command, actor=actor, now=now)
        return outcome, [
            [(each.title, each.before and each.before[0], each.after and each.after[0]) for each in effect.changes]
            for effect in outcome.effects
        ]


def do(actor, command, now=NOW, key=None):
    outcome, _changes = look(actor, command, now)
    with unit_of_work(organization_id=actor.organization_id):
        apply(command, key=key or uuid.uuid4().hex, stamp=outcome.stamp, actor=actor, now=now)
    return outcome


def newest_change(cast):
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        found = db.scalars(select(PlanChange).order_by(PlanChange.id.desc()).limit(1)).one()
        db.expunge_all()
    return found


def everything(cast):
    """All rows a command could write, but for those that only count."""
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        return [
            db.execute(select(model.__table__).order_by(model.__table__.c.id)).all()
            for model in (ScheduleItem, Leave, Enrolment, Classroom, PlanChange, PlanDiff, Event, AuditEntry, DueWork)
        ]


def commands(cast, assignment_id):
    first = of_ben(cast, assignment_id)[0]
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        db.get_one(Classroom, cast.class_id).soft_ends_on = FRI
    return [
        MoveItem(first.id, TUE, time(20)),
        Away(MON, TUE, cast.class_id, (cast.ben.member_id,)),
        Differ(cast.class_id, cast.ben.member_id, pace=150),
        Relevel(assignment_id),
        CatchUp(assignment_id),
        AddMinutes(cast.class_id, 30, (0, 1)),
        ExtendEnd(cast.class_id, FRI + timedelta(days=7)),
        LeaveOut(assignment_id, (_key_of(cast, first),)),
        ExtendStep(assignment_id, (cast.ben.member_id,), _key_of(cast, first), FRI),
    ]


def _key_of(cast, item):
    with unit_of_work(organization_id=cast.ada.organization_id):
        return step_keys([item.version_step_id])[item.version_step_id]


def test_a_preview_leaves_no_trace(cast, planned):
    for command in commands(cast, planned):
        before = everything(cast)
        look(cast.ada, command)
        assert everything(cast) == before, command


def test_a_move_by_hand_is_a_pin_that_everything_else_gives_way_to(cast, planned):
    second = of_ben(cast, planned)[1]
    _outcome, changes = look(cast.ben, MoveItem(second.id, THU, time(8)))
    assert changes == [[("Step 2", TUE, THU), ("Step 3", WED, FRI), ("Step 4", THU, FRI + timedelta(days=3))]]
    do(cast.ben, MoveItem(second.id, THU, time(8)))
    found = of_ben(cast, planned)
    assert [item.on_date for item in found] == [MON, THU, FRI, FRI + timedelta(days=3)]
    assert [item.pinned for item in found] == [False, True, False, False]


def test_a_pin_stays_when_its_day_becomes_a_day_off_and_can_be_let_go(cast, planned):
    second = of_ben(cast, planned)[1]
    do(cast.ben, MoveItem(second.id, THU, time(8)))
    do(cast.ada, Away(THU, THU, cast.class_id, (cast.ben.member_id,)))
    assert next(item for item in of_ben(cast, planned) if item.id == second.id).on_date == THU
    do(cast.ben, Unpin(second.id))
    assert next(item for item in of_ben(cast, planned) if item.id == second.id).on_date == FRI


def test_applying_twice_with_one_key_does_it_once(cast, planned):
    second = of_ben(cast, planned)[1]
    command = Away(MON, MON)
    do(cast.ben, command, key="once")
    outcome, _ = look(cast.ben, command)
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        apply(command, key="once", stamp=outcome.stamp, actor=cast.ben, now=NOW)
        assert db.scalar(select(func.count()).select_from(Leave)) == 1
    assert of_ben(cast, planned)[1].id == second.id


def test_whose_preview_is_stale_is_told_and_nothing_is_written(cast, planned):
    outcome, _ = look(cast.ben, Away(TUE, TUE))
    do(cast.ben, Away(MON, MON))
    before = everything(cast)
    with pytest.raises(Conflict, match="meanwhile"), unit_of_work(organization_id=cast.ben.organization_id):
        apply(Away(TUE, TUE), key="late", stamp=outcome.stamp, actor=cast.ben, now=NOW)
    assert everything(cast) == before


def test_leave_moves_only_what_it_must_and_taking_it_back_restores_every_date(cast, planned):
    before = [(item.id, item.on_date, item.start_time, item.minutes) for item in of_ben(cast, planned)]
    do(cast.ben, Away(TUE, TUE))
    assert dates(cast, planned) == [MON, WED, THU, FRI]
    do(cast.ben, RollBack(newest_change(cast).id))
    after = of_ben(cast, planned)
    assert [(item.id, item.on_date, item.start_time, item.minutes) for item in after] == before
    assert [item.sequence for item in after] == [0, 2, 2, 2], "calendars see both moves"
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        assert db.scalars(select(Leave)).all() == []


def test_what_is_done_meanwhile_is_not_rolled_back(cast, planned):
    do(cast.ben, Away(MON, MON))
    second = of_ben(cast, planned)[1]
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        db.execute(
            update(ScheduleItem)
            .where(ScheduleItem.id == second.id)
            .values(status=ItemStatus.COMPLETED, finished_at=NOW)
        )
    do(cast.ben, RollBack(newest_change(cast).id))
    assert next(i for i in of_ben(cast, planned) if i.id == second.id).on_date == second.on_date


def test_a_change_is_taken_back_only_once(cast, planned):
    do(cast.ben, Away(MON, MON))
    change = newest_change(cast)
    do(cast.ben, RollBack(change.id))
    with pytest.raises(Conflict, match="already"):
        look(cast.ben, RollBack(change.id))


def test_a_new_version_rolled_back_gives_its_slots_up_and_the_old_ones_back(cast, planned):
    organization = cast.ada.organization_id
    path = make_path(organization, (60, 60), title="Two")
    two = publish(path, cast.class_id, cast.ada, **SOON)
    before = [(item.id, item.on_date) for item in of_ben(cast, two)]
    newer = make_path(organization, (60, 60), title="Two", of=path, keys=(path.keys[0], new_id()))
    publish(newer, cast.class_id, cast.ada, **SOON)
    assert {item.id for item in of_ben(cast, two)} != {key for key, _day in before}
    do(cast.ada, RollBack(newest_change(cast).id))
    assert [(item.id, item.on_date) for item in of_ben(cast, two)] == before
    with unit_of_work(organization_id=organization) as db:
        assert db.get_one(Assignment, two).version_id == path.version_id


def test_a_first_publishing_rolled_back_is_withdrawn_and_stays_so(cast, planned, drain):
    do(cast.ada, RollBack(newest_change(cast).id))
    assert of_ben(cast, planned) == []
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(Assignment, planned).state is AssignmentState.WITHDRAWN
    with clock.frozen(NOW):
        drain(NOW)
    assert of_ben(cast, planned) == []


def test_re_levelling_keeps_identity(cast, planned):
    ids = [item.id for item in of_ben(cast, planned)]
    do(cast.ben, Away(MON, TUE))
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        db.execute(Leave.__table__.delete())
    do(cast.ben, Relevel(planned, (cast.ben.member_id,)))
    assert [item.id for item in of_ben(cast, planned)] == ids
    assert dates(cast, planned) == [MON, TUE, WED, THU]


def test_missed_work_is_left_by_that_policy_and_caught_up_by_command(cast, drain):
    assignment = publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON, missed="LEAVE")
    later = datetime.combine(WED, time(9), NOW.tzinfo)
    with clock.frozen(later):
        drain(later)
    assert dates(cast, assignment)[:2] == [MON, TUE]
    do(cast.ben, CatchUp(assignment, (cast.ben.member_id,)), now=later)
    assert dates(cast, assignment)[:2] == [WED, THU]


def test_missed_work_rolls_forward_by_itself_when_the_day_is_over(cast, planned, drain):
    midnight = datetime.combine(TUE, time(), NOW.tzinfo)
    with clock.frozen(midnight):
        drain(midnight)
    assert dates(cast, planned) == [TUE, WED, THU, FRI]
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.scalars(select(PlanRequest)).all() == []
    assert newest_change(cast).kind is ChangeKind.REPLANNED


def test_repairs_for_the_class_and_for_one_student(cast, planned):
    make_students(cast.ada.organization_id, cast.class_id, 1)
    publish(make_path(cast.ada.organization_id), cast.class_id, cast.ada, **SOON)
    do(cast.ada, AddMinutes(cast.class_id, 30, (0,), (cast.ben.member_id,)))
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        weeks = dict(db.execute(select(Enrolment.member_id, Enrolment.weekday_minutes)).all())
        assert weeks[cast.ben.member_id] == [90, 60, 60, 60, 60, 0, 0]
        assert db.get_one(Classroom, cast.class_id).weekday_minutes == [60, 60, 60, 60, 60, 0, 0]
    do(cast.ada, AddMinutes(cast.class_id, 15, (1,)))
    with unit_of_work(organization_id=cast.ada.organization_id) as db:
        assert db.get_one(Classroom, cast.class_id).weekday_minutes == [60, 75, 60, 60, 60, 0, 0]


def test_a_step_left_out_for_one_student_goes_for_that_student_only(cast, planned):
    make_students(cast.ada.organization_id, cast.class_id, 1)
    path = make_path(cast.ada.organization_id, (60, 60))
    two = publish(path, cast.class_id, cast.ada, **SOON)
    do(cast.ada, LeaveOut(two, (path.keys[0],), (cast.ben.member_id,)))
    found = schedules(cast.ada, two)
    assert len(items(cast.ada, found["Ben"].id)) == 1
    assert len(items(cast.ada, found["Student 000"].id)) == 2


def test_an_accommodation_gives_half_as_much_time_again(cast, planned):
    do(cast.ada, Differ(cast.class_id, cast.ben.member_id, pace=150, week=(90, 90, 90, 90, 90, 0, 0)))
    assert [item.minutes for item in of_ben(cast, planned)] == [90, 90, 90, 90]


def test_a_student_changes_nothing_of_others(cast, planned):
    first = of_ben(cast, planned)[0]
    with pytest.raises(NotFound):
        look(cast.cleo, MoveItem(first.id, FRI, time(9)))
    with pytest.raises(NotFound):
        look(cast.dora, MoveItem(first.id, FRI, time(9)))
    refused = (Relevel(planned), AddMinutes(cast.class_id, 15, (0,)), Differ(cast.class_id, cast.ben.member_id))
    for command in refused:
        with pytest.raises((Forbidden, NotFound)):
            look(cast.ben, command)
    publishing = newest_change(cast)
    with pytest.raises(Forbidden):
        look(cast.ben, RollBack(publishing.id))


def test_bad_values_are_refused_by_name(cast, planned):
    first = of_ben(cast, planned)[0]
    wrong = [
        (MoveItem(first.id, MON, time(8)), "on"),
        (Away(TUE, MON), "ends_on"),
        (OwnDays(cast.class_id, (0,) * 7), "week"),
        (ExtendStep(planned, (), uuid.uuid4(), FRI), "step"),
        (ExtendStep(planned, (), _key_of(cast, first), FRI, THU), "lock_on"),
    ]
    for command, field in wrong:
        with pytest.raises(Invalid) as caught:
            look(cast.ben if not isinstance(command, ExtendStep) else cast.ada, command)
        assert caught.value.field in (field, "weekday_minutes")


def test_the_learner_who_moves_her_own_item_is_not_told_of_it_but_of_the_teachers(cast, planned):
    def told():
        with unit_of_work(organization_id=cast.ada.organization_id) as db:
            return db.scalar(select(func.count()).select_from(Event).where(Event.name == "schedule.changed"))

    do(cast.ben, Away(MON, MON))
    assert told() == 0
    do(cast.ada, Away(TUE, TUE, cast.class_id, (cast.ben.member_id,)))
    assert told() == 1


def test_a_finished_step_that_changes_nothing_writes_nothing(cast, planned, drain):
    first = of_ben(cast, planned)[0]
    with unit_of_work(organization_id=cast.ben.organization_id):
        progress.complete(first.id, actor=cast.ben, now=NOW)
    before = newest_change(cast).id
    with clock.frozen(NOW):
        drain(NOW)
    assert newest_change(cast).id == before


def test_back_from_leave(cast, planned):
    do(cast.ben, Away(MON, MON))
    with unit_of_work(organization_id=cast.ben.organization_id) as db:
        leave = db.scalars(select(Leave)).one()
    do(cast.ben, Back(leave.id))
    assert dates(cast, planned)[0] == TUE, "what has moved is not pulled forward"
