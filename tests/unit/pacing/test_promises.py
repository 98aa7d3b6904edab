"""What the engine promises over any history: pins stand, roll-back restores, events have a direction, all zones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from portal.pacing.engine import plan, signature
from portal.pacing.results import Move, Plan, ReasonCode, Slot, Verdict
from portal.pacing.types import (
    Arrangement,
    ClassCalendar,
    Completion,
    DayOffset,
    Edge,
    Hours,
    Learner,
    PathVersion,
    Pin,
    Policy,
    SlotStatus,
    Step,
    Window,
)
from tests.unit.pacing.case import Case, locked
from tests.unit.pacing.checker import breaches
from tests.unit.pacing.strategies import MUTANT, PROOF, QUICK, cases, replans, run, stored

MONDAY = date(2026, 9, 7)
BEFORE = datetime(2026, 9, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EDITS = 10 if MUTANT else 10_000 if PROOF else 300
ZONES = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()


def _toggle(days: frozenset[date], dice: Random) -> frozenset[date]:
    return days ^ {MONDAY + dice.randrange(60) * DAY}


def _blackout(case: Case, dice: Random) -> Case:
    return replace(case, calendar=replace(case.calendar, blackouts=_toggle(case.calendar.blackouts, dice)))


def _leave(case: Case, dice: Random) -> Case:
    return replace(case, learner=replace(case.learner, leave=_toggle(case.learner.leave, dice)))


def _cap(case: Case, dice: Random) -> Case:
    caps = {"day_cap": dice.choice((None, 60, 90)), "week_cap": dice.choice((None, 240, 400))}
    return replace(case, calendar=replace(case.calendar, **caps))


def _effort(case: Case, dice: Random) -> Case:
    number = dice.randrange(len(case.path.steps))
    step = replace(case.path.steps[number], minutes=5 * dice.randint(3, 12))
    return replace(
        case, path=replace(case.path, steps=(*case.path.steps[:number], step, *case.path.steps[number + 1 :]))
    )


def _window(case: Case, dice: Random) -> Case:
    number = dice.randrange(len(case.path.steps))
    window = dice.choice(
        (None, Window(due=DayOffset(dice.randrange(40))), Window(release=DayOffset(dice.randrange(30))))
    )
    step = replace(case.path.steps[number], window=window)
    return replace(
        case, path=replace(case.path, steps=(*case.path.steps[:number], step, *case.path.steps[number + 1 :]))
    )


def _edge(case: Case, dice: Random) -> Case:
    first, second = sorted(dice.sample(range(len(case.path.steps)), 2))
    edges = {*case.path.edges} ^ {Edge(case.path.steps[first].id, case.path.steps[second].id, lag=1)}
    return replace(case, path=replace(case.path, edges=tuple(sorted(edges, key=str))))


def _pace(case: Case, dice: Random) -> Case:
    return replace(case, learner=replace(case.learner, pace_percent=dice.choice((75, 100, 150))))


def _zone(case: Case, dice: Random) -> Case:
    return replace(case, learner=replace(case.learner, zone=dice.choice((None, "America/New_York", "Asia/Tokyo"))))


def _ends(case: Case, dice: Random) -> Case:
    soft = dice.choice((None, MONDAY + dice.randint(20, 60) * DAY))
    return replace(case, calendar=replace(case.calendar, soft_ends_on=soft))


def _done(case: Case, dice: Random) -> Case:
    """Toggle one unpinned step between open and done."""
    step = dice.choice([each for each in case.path.steps if each.id not in ("p", "q")]).id
    done = tuple(each for each in case.learner.completions if each.step != step)
    if done == case.learner.completions:
        done = (*done, Completion(step, case.now))
    return replace(case, learner=replace(case.learner, completions=done))


RANDOM_EDITS: tuple[Callable[[Case, Random], Case], ...] = (
    _blackout, _leave, _cap, _effort, _window, _edge, _pace, _zone, _ends, _done,
)  # fmt: skip


def test_no_random_edit_ever_moves_a_pin() -> None:
    dice = Random(7)
    names = ("a", "b", "p", "c", "d", "e", "q", "f", "g")
    path = PathVersion(tuple(Step(name, 40, splittable=name in "bdf") for name in names), (Edge("a", "b"),))
    calendar = ClassCalendar("Europe/Berlin", MONDAY, (90, 90, 90, 90, 90, 0, 0))
    pins = (Pin("p", MONDAY + 9 * DAY, time(18, 30)), Pin("q", MONDAY + 13 * DAY, time(10)))
    case = Case(path, calendar, Learner(pins=pins), Policy(arrangement=Arrangement.SPREAD), (), BEFORE)
    case = replace(case, base=stored(run(case)), learner=Learner())
    for number in range(EDITS):
        case = dice.choice(RANDOM_EDITS)(case, dice)
        made = run(case)
        pinned = {slot.step: (slot.on, slot.start) for slot in made.slots if slot.pinned}
        assert pinned == {pin.step: (pin.on, pin.start) for pin in pins}, number
        found = {slot.id: number for number, slot in enumerate(made.slots) if slot.id is not None}
        assert len(found) == len({*found}), number
        fresh = (replace(slot, id=slot.id or f"{number}.{n}") for n, slot in enumerate(made.slots))
        case = replace(case, base=tuple(fresh))


@QUICK
@given(cases(), st.integers(0, 20))
def test_roll_back_of_a_blackout_restores_every_date(case: Case, number: int) -> None:
    first = replace(case, base=stored(run(case)))
    off = case.calendar.starts_on + number * DAY
    changed = replace(first, calendar=replace(case.calendar, blackouts=case.calendar.blackouts | {off}))
    before = {slot.id: slot for slot in first.base}
    back = tuple(before[gone.id] for gone in _known(run(changed)))
    assume(all(slot.on >= case.today for slot in first.base))
    assert run(replace(first, base=back)).slots == first.base


def _known(made: Plan) -> list[Slot]:
    """The base's slots as a diff names them: kept, moved or removed."""
    diff = made.diff
    slots = [*diff.kept, *(move.before for move in diff.moved), *(gone.slot for gone in diff.removed)]
    return sorted(slots, key=lambda slot: (slot.starts_at, str(slot.id)))


def _takes(case: Case, kind: str, number: int) -> Case:
    off = case.calendar.starts_on + number * DAY
    calendar, learner, path = case.calendar, case.learner, case.path
    if kind == "blackout":
        return replace(case, calendar=replace(calendar, blackouts=calendar.blackouts | {off}))
    if kind == "leave":
        return replace(case, learner=replace(learner, leave=learner.leave | {off}))
    if kind == "cap":
        return replace(case, calendar=replace(calendar, day_cap=min(calendar.day_cap or 999, 30 + number)))
    if kind == "effort":
        steps = tuple(replace(step, minutes=step.minutes + 5 * number) for step in path.steps)
        return replace(case, path=replace(path, steps=steps))
    edges = tuple(replace(edge, lag=edge.lag + number % 3) for edge in path.edges)
    return replace(case, path=replace(path, edges=edges))


TAKING = st.sampled_from(("blackout", "leave", "cap", "effort", "lag"))


@QUICK
@given(cases(), st.integers(0, 20), st.integers(1, 4))
def test_leave_moves_only_what_lay_on_its_days_and_what_waits_for_that(case: Case, number: int, length: int) -> None:
    case = replace(case, base=stored(run(case)))
    days = {case.calendar.starts_on + each * DAY for each in range(number, number + length)}
    case = replace(case, learner=replace(case.learner, leave=case.learner.leave | days))
    touched = {slot.step for slot in case.base if slot.on in days}
    for step in case.path.steps:
        if any(edge.step == step.id and (edge.prerequisite in touched or edge.study_days) for edge in case.path.edges):
            touched.add(step.id)
    moves = [move for move in run(case).diff.moved if not _is_rescue(move)]
    assert {move.before.step for move in moves} <= touched


@QUICK
@given(replans())
def test_a_due_moment_moves_only_with_the_policy_or_the_step(case: Case) -> None:
    assume(not case.policy.due_moves)
    case = replace(case, base=stored(run(case)), learner=replace(case.learner, pins=()))
    off = frozenset(slot.on for slot in case.base[:2])
    made = run(replace(case, calendar=replace(case.calendar, blackouts=case.calendar.blackouts | off)))
    assert [move for move in made.diff.moved if move.before.due_at != move.after.due_at] == []


def _is_rescue(move: Move) -> bool:
    return ReasonCode.RESCUE in {reason.code for reason in move.after.reasons}


@QUICK
@given(cases(), TAKING, st.integers(0, 20))
def test_an_event_that_only_takes_away_moves_nothing_earlier_save_a_rescue(case: Case, kind: str, number: int) -> None:
    made = run(_takes(replace(case, base=stored(run(case))), kind, number))
    earlier = [move for move in made.diff.moved if move.after.starts_at < move.before.starts_at]
    assert [move for move in earlier if not _is_rescue(move)] == []


@QUICK
@given(cases(), TAKING, st.integers(0, 20))
def test_an_event_that_only_gives_moves_nothing_later_save_a_rescue(case: Case, kind: str, number: int) -> None:
    assume(kind != "lag" or not any(edge.study_days for edge in case.path.edges))
    assume(kind not in ("blackout", "leave") or not any(edge.study_days and edge.lag for edge in case.path.edges))
    wide = case
    case = replace(case, base=stored(run(_takes(case, kind, number))))
    made = run(replace(wide, base=case.base))
    later = [move for move in made.diff.moved if move.after.starts_at > move.before.starts_at]
    assert [move for move in later if not _is_rescue(move)] == []


@QUICK
@given(cases(), TAKING, st.integers(0, 20))
def test_without_due_dates_locks_and_ends_there_is_no_rescue(case: Case, kind: str, number: int) -> None:
    steps = tuple(replace(step, window=None, anchor=None) for step in case.path.steps)
    case = replace(
        case,
        path=replace(case.path, steps=steps),
        calendar=replace(case.calendar, soft_ends_on=None, hard_ends_on=None),
        learner=replace(case.learner, ends_on=None),
    )
    first = run(case)
    assume(not first.report.unplaced and not first.left_out)
    made = run(_takes(replace(case, base=stored(first)), kind, number))
    assume(not made.report.unplaced)
    assert [move for move in made.diff.moved if _is_rescue(move)] == []


def test_a_re_plan_around_every_clock_change_of_every_zone_breaks_nothing() -> None:
    steps = tuple(Step(str(number), 50, splittable=number % 2 == 0) for number in range(6))
    for key in ZONES if PROOF else ZONES[::12]:
        for on in _changes(key):
            calendar = ClassCalendar(key, on - 2 * DAY, (100,) * 7, hours=(Hours(time(0), time(4)),))
            now = datetime.combine(on, time(), UTC) - 4 * DAY
            case = Case(PathVersion(steps), calendar, Learner(), Policy(), (), now)
            case = replace(case, base=stored(run(case)))
            assert run(case).diff.empty, (key, on)
            case = replace(case, calendar=replace(calendar, blackouts=frozenset({on - DAY})))
            assert breaches(case, run(case)) == [], (key, on)


def _changes(key: str) -> list[date]:
    info = locked(key)
    noons = [datetime(2026, 1, 1, 12, tzinfo=UTC) + number * DAY for number in range(365)]
    offsets = [noon.astimezone(info).utcoffset() for noon in noons]
    return [noons[n].astimezone(info).date() for n in range(1, 365) if offsets[n] != offsets[n - 1]]


def test_late_work_is_rescued_by_what_has_time_and_says_whom_it_saves() -> None:
    calendar = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0))
    path = PathVersion((Step("a", 60), Step("b", 60, window=Window(due=DayOffset(1)))))
    base = stored(plan(path, calendar, Learner(), Policy(), (), BEFORE))
    made = plan(path, replace(calendar, blackouts=frozenset({MONDAY})), Learner(), Policy(), base, BEFORE)
    assert {slot.step: (slot.on - MONDAY).days for slot in made.slots} == {"b": 1, "a": 2}
    assert made.report.verdict is Verdict.FEASIBLE
    sooner = replace(path, steps=(path.steps[0], replace(path.steps[1], window=Window(due=DayOffset(0)))))
    made = plan(sooner, calendar, Learner(), Policy(), base, BEFORE)
    assert {slot.step: (slot.on - MONDAY).days for slot in made.slots} == {"a": 1, "b": 0}
    assert {(reason.code, reason.step) for move in made.diff.moved for reason in move.after.reasons[:1]} == {
        (ReasonCode.RESCUE, "b")
    }


def test_a_rescue_keeps_the_notice() -> None:
    calendar = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0))
    path = PathVersion((Step("a", 60), Step("b", 60)))
    policy = Policy(notice_days=5)
    base = stored(plan(path, calendar, Learner(), policy, (), BEFORE))
    sooner = replace(path, steps=(path.steps[0], replace(path.steps[1], window=Window(due=DayOffset(0)))))
    made = plan(sooner, calendar, Learner(), policy, base, BEFORE)
    assert [slot.on for slot in made.slots if slot.step == "b"] == [MONDAY + DAY]
    assert [late.step for late in made.report.late] == ["b"]


def test_work_that_fits_nowhere_later_goes_to_a_free_day_after_the_notice_before_one_inside() -> None:
    calendar = ClassCalendar("UTC", MONDAY, (60, 60, 60, 60, 60, 0, 0), hard_ends_on=MONDAY + 4 * DAY)
    policy = Policy(notice_days=2)
    opens_late = PathVersion((Step("a", 60, window=Window(release=DayOffset(4))),))
    base = stored(plan(opens_late, calendar, Learner(), policy, (), BEFORE))
    assert [slot.on for slot in base] == [MONDAY + 4 * DAY]
    closed = replace(calendar, blackouts=frozenset({MONDAY + 4 * DAY}))
    at_six = datetime(2026, 9, 7, 6, tzinfo=UTC)
    made = plan(PathVersion((Step("a", 60),)), closed, Learner(), policy, base, at_six)
    assert [(slot.on, slot.id) for slot in made.slots] == [(MONDAY + 2 * DAY, base[0].id)]
    full = replace(closed, blackouts=frozenset({MONDAY + n * DAY for n in (2, 3, 4)}))
    made = plan(PathVersion((Step("a", 60),)), full, Learner(), policy, base, at_six)
    assert [(slot.on, slot.id) for slot in made.slots] == [(MONDAY, None)]


def test_the_pace_signature_names_the_zones_data_but_not_the_learner() -> None:
    slot = plan(PathVersion((Step("a", 5),)), ClassCalendar("UTC", MONDAY, (60,) * 7), Learner(), Policy(), (), BEFORE)
    base = stored(slot)
    renamed = (replace(base[0], id="other"),)
    assert signature(Learner(id=1), base) == signature(Learner(id=2), renamed)
    assert signature(Learner(pace_percent=150), base) != signature(Learner(), base)
    done = (replace(base[0], status=SlotStatus.COMPLETED),)
    assert signature(Learner(), done) != signature(Learner(), base)
