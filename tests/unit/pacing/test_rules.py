"""No input makes the engine break a hard rule, and the same inputs make the same plan."""

import os
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from portal.pacing.engine import plan
from portal.pacing.types import SlotStatus
from tests.unit.pacing.instances import Instance, breaches, instances

EXAMPLES = 3000 if os.environ.get("PROOF") else 150
LONG = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def make(case: Instance, base=()):
    return plan(case.path, case.calendar, case.learner, case.policy, base, case.now)


def with_ids(made):
    return tuple(replace(slot, id=number) for number, slot in enumerate(made.slots))


@LONG
@given(instances())
def test_no_hard_rule_is_broken(case):
    made = make(case)
    assert breaches(case, made) == []


@LONG
@given(instances())
def test_equal_inputs_give_equal_plans(case):
    assert make(case) == make(case)


@LONG
@given(instances())
def test_planning_again_changes_nothing(case):
    """R1: the same inputs and nothing missed return the base."""
    base = with_ids(make(case))
    again = make(case, base)
    assert again.diff.empty
    assert set(again.diff.kept) == set(base)


@LONG
@given(instances())
def test_a_day_off_moves_nothing_earlier_and_keeps_every_identity(case):
    base = with_ids(make(case))
    if not base:
        return
    off = base[len(base) // 2].on
    changed = replace(case, calendar=replace(case.calendar, blackouts=case.calendar.blackouts | {off}))
    again = make(changed, base)
    assert breaches(changed, again) == []
    for move in again.diff.moved:
        assert (move.after.on, move.after.start) >= (move.before.on, move.before.start)
    for slot in again.diff.kept:
        old = next(each for each in base if each.id == slot.id)
        assert (old.on, old.start, old.due_at) == (slot.on, slot.start, slot.due_at)


@LONG
@given(instances())
def test_pins_never_move(case):
    base = with_ids(make(case))
    if not base:
        return
    pinned = tuple(replace(slot, pinned=number % 3 == 0) for number, slot in enumerate(base))
    off = frozenset(slot.on for slot in base[:3])
    changed = replace(case, calendar=replace(case.calendar, blackouts=case.calendar.blackouts | off))
    again = {slot.id: slot for slot in make(changed, pinned).slots}
    for slot in pinned:
        if slot.pinned:
            assert (again[slot.id].on, again[slot.id].start) == (slot.on, slot.start)


@LONG
@given(instances())
def test_what_is_done_is_never_rewritten(case):
    base = with_ids(make(case))
    if not base:
        return
    done = tuple(replace(slot, status=SlotStatus.COMPLETED) for slot in base[: len(base) // 2])
    rest = base[len(done) :]
    later = replace(case, now=case.now + timedelta(days=9))
    again = {slot.id: slot for slot in make(later, done + rest).slots if slot.id is not None}
    for slot in done:
        kept = again[slot.id]
        assert (kept.on, kept.start, kept.minutes, kept.status) == (slot.on, slot.start, slot.minutes, slot.status)
