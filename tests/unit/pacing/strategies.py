"""Generated graphs, calendars, learners and histories, small enough to be hostile quickly."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from portal.pacing.engine import plan
from portal.pacing.results import Plan, Slot
from portal.pacing.types import (
    Arrangement,
    AtInstant,
    Cadence,
    ClassCalendar,
    Completion,
    DayOffset,
    Edge,
    Hours,
    InWeek,
    LateJoin,
    Learner,
    MissedWork,
    OnWeekday,
    Overload,
    PathVersion,
    Pin,
    Policy,
    SlotStatus,
    Step,
    StepKind,
    Taken,
    Window,
)
from tests.unit.pacing.case import Case

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Tehran",
)
# Weeks around the clock changes of both hemispheres, and one quiet week.
STARTS = (
    date(2026, 3, 5),
    date(2026, 3, 26),
    date(2026, 4, 2),
    date(2026, 6, 1),
    date(2026, 10, 22),
    date(2026, 10, 30),
)
HOURS = (
    None,
    (Hours(time(8), time(22)),),
    (Hours(time(0), time(0)),),
    (Hours(time(1, 30), time(3, 30)),),
    (Hours(time(6), time(7, 10)), Hours(time(17), time(19))),
    (Hours(time(23), time(0)),),
)
PROOF = "PROOF" in os.environ  # `make proof`: many more generated cases
MUTANT = "MUTANT_UNDER_TEST" in os.environ  # `make mutate`: thousands of runs
MUTANT_CASES = 5


def examples(count: int) -> settings:
    """So many generated cases in `make test`, twenty times as many in `make proof`, the same few for each mutant."""
    always = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
    if MUTANT:
        return settings(always, max_examples=MUTANT_CASES, derandomize=True, phases=[Phase.generate])
    return settings(always, max_examples=count * (20 if PROOF else 1))


QUICK = examples(150)
grid = st.integers(1, 30).map(lambda n: 5 * n)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    release = draw(st.none() | st.integers(0, 12))
    due = draw(st.none() | st.integers(0, 25))
    lock = draw(st.none() | st.integers(3, 30))
    return Window(*(None if days is None else DayOffset(days) for days in (release, due, lock)))


@st.composite
def paths(draw: st.DrawFn, most: int = 9, *, start: date = STARTS[0]) -> PathVersion:
    instants = st.integers(0, 20 * 96).map(
        lambda n: AtInstant(datetime.combine(start, time(), UTC) + timedelta(minutes=15 * n))
    )
    count = draw(st.integers(0, most))
    steps = tuple(
        Step(
            id=f"s{number}",
            minutes=draw(grid | st.integers(1, 150)),
            splittable=draw(st.booleans()),
            min_session=draw(st.sampled_from((5, 10, 15, 25, 40))),
            required=draw(st.integers(0, 3)) > 0,
            window=draw(st.none() | st.none() | windows()),
            anchor=draw(
                st.none()
                | st.none()
                | st.none()
                | st.builds(InWeek, st.integers(1, 4))
                | st.builds(OnWeekday, st.integers(0, 6))
                | instants
            ),
            week=draw(st.none() | st.integers(1, 4)),
            difficulty=draw(st.sampled_from((1, 8, 10))),
            kind=draw(st.sampled_from(StepKind)),
            category=draw(st.sampled_from((None, "x", "y"))),
            review_offsets=draw(st.sampled_from(((), (), (1, 3), (7,)))),
        )
        for number in range(count)
    )
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=count + 2, unique=True)) if pairs else []
    edges = tuple(
        Edge(f"s{a}", f"s{b}", lag=draw(st.sampled_from((0, 0, 1, 3))), study_days=draw(st.booleans()))
        for a, b in chosen
    )
    return PathVersion(steps, edges)


@st.composite
def calendars(draw: st.DrawFn, start: date) -> ClassCalendar:
    week = draw(st.lists(st.sampled_from((0, 0, 30, 47, 60, 120, 240)), min_size=7, max_size=7))
    soft = draw(st.none() | st.integers(2, 30))
    hard = draw(st.none() | st.integers(10, 50))
    return ClassCalendar(
        zone=draw(st.sampled_from(ZONES)),
        starts_on=start,
        weekday_minutes=tuple(week),
        soft_ends_on=None if soft is None else start + timedelta(days=soft),
        hard_ends_on=None if hard is None else start + timedelta(days=max(hard, soft or 0)),
        hours=draw(st.sampled_from(HOURS[1:])),
        day_cap=draw(st.none() | st.sampled_from((40, 90))),
        week_cap=draw(st.none() | st.sampled_from((60, 200, 333))),
        due_time=draw(st.sampled_from((time(23, 59), time(9)))),
        cadence=draw(st.sampled_from(Cadence)),
        blackouts=draw(st.frozensets(st.integers(0, 30).map(lambda n: start + timedelta(days=n)), max_size=5)),
    )


@st.composite
def learners(draw: st.DrawFn, start: date) -> Learner:
    own = st.integers(0, 9).map(lambda n: start + timedelta(days=n))
    blocks = st.builds(
        Taken,
        st.integers(0, 20 * 96).map(lambda n: datetime.combine(start, time(), UTC) + timedelta(minutes=15 * n)),
        grid,
    )
    return Learner(
        id="learner",
        starts_on=draw(st.none() | own),
        ends_on=draw(st.none() | own),
        zone=draw(st.none() | st.sampled_from(ZONES)),
        weekday_minutes=draw(st.none() | st.just((60, 0, 90, 0, 45, 120, 0))),
        hours=draw(st.sampled_from(HOURS)),
        leave=draw(st.frozensets(own, max_size=4)),
        pace_percent=draw(st.sampled_from((100, 100, 150, 75))),
        taken=tuple(draw(st.lists(blocks, max_size=4))),
        extra_minutes_today=draw(st.sampled_from((0, 0, 25))),
    )


def policies() -> st.SearchStrategy[Policy]:
    return st.builds(
        Policy,
        arrangement=st.sampled_from(Arrangement),
        late_join=st.sampled_from(LateJoin),
        catch_up_weeks=st.sampled_from((1, 2)),
        overload=st.sampled_from(Overload),
        missed=st.sampled_from(MissedWork),
        notice_days=st.sampled_from((0, 3)),
        due_moves=st.booleans(),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A first plan."""
    start = draw(st.sampled_from(STARTS))
    calendar = draw(calendars(start))
    minutes = draw(st.integers(-3 * 1440, 12 * 1440))
    now = datetime.combine(start, time(), UTC) + timedelta(minutes=minutes, seconds=draw(st.sampled_from((0, 1))))
    return Case(draw(paths(start=start)), calendar, draw(learners(start)), draw(policies()), (), now)


def run(case: Case) -> Plan:
    return plan(case.path, case.calendar, case.learner, case.policy, case.base, case.now)


def stored(planned: Plan) -> tuple[Slot, ...]:
    """The plan as a caller reads it back: every slot with an id."""
    return tuple(
        slot
        if slot.id is not None
        else replace(slot, id=f"{len(planned.slots)}.{number}-{slot.step}-{slot.starts_at:%m%d%H%M}-{slot.minutes}")
        for number, slot in enumerate(planned.slots)
    )


@st.composite
def edited(draw: st.DrawFn, case: Case) -> Case:
    """What may happen between two plans: time passes, work is done or begun, the calendar or the path changes."""
    case = replace(case, now=case.now + timedelta(minutes=draw(st.sampled_from((0, 0, 40, 600, 1440, 4000)))))
    edits = draw(st.lists(st.sampled_from(EDITS), max_size=3))
    for edit in edits:
        case = edit(draw, case)
    return case


def _finish(draw: st.DrawFn, case: Case) -> Case:
    open_steps = sorted({s.step for s in case.base if s.status is SlotStatus.PLANNED})
    if not open_steps:
        return case
    key = draw(st.sampled_from(open_steps))
    base = tuple(
        replace(s, status=SlotStatus.COMPLETED) if s.step == key and s.status is SlotStatus.PLANNED else s
        for s in case.base
    )
    done = Completion(key, case.now)
    learner = replace(case.learner, completions=(*case.learner.completions, done))
    return replace(case, base=base, learner=learner)


def _one_slot(status: SlotStatus) -> Callable[[st.DrawFn, Case], Case]:
    def edit(draw: st.DrawFn, case: Case) -> Case:
        places = [n for n, slot in enumerate(case.base) if slot.status is SlotStatus.PLANNED]
        if not places:
            return case
        number = draw(st.sampled_from(places))
        slot = replace(case.base[number], status=status)
        return replace(case, base=(*case.base[:number], slot, *case.base[number + 1 :]))

    return edit


def _blackout(draw: st.DrawFn, case: Case) -> Case:
    days = sorted({slot.on for slot in case.base}) or [case.calendar.starts_on]
    calendar = replace(case.calendar, blackouts=case.calendar.blackouts | {draw(st.sampled_from(days))})
    return replace(case, calendar=calendar)


def _leave(draw: st.DrawFn, case: Case) -> Case:
    days = sorted({slot.on for slot in case.base}) or [case.calendar.starts_on]
    return replace(case, learner=replace(case.learner, leave=case.learner.leave | {draw(st.sampled_from(days))}))


def _lower_caps(draw: st.DrawFn, case: Case) -> Case:
    return replace(case, calendar=replace(case.calendar, day_cap=draw(st.sampled_from((30, 60, None)))))


def _effort(draw: st.DrawFn, case: Case) -> Case:
    steps = tuple(
        replace(step, minutes=draw(grid)) if draw(st.integers(0, 4)) == 0 else step for step in case.path.steps
    )
    return replace(case, path=replace(case.path, steps=steps))


def _drop_step(draw: st.DrawFn, case: Case) -> Case:
    if not case.path.steps:
        return case
    gone = draw(st.sampled_from(case.path.steps)).id
    path = PathVersion(
        tuple(step for step in case.path.steps if step.id != gone),
        tuple(edge for edge in case.path.edges if gone not in (edge.step, edge.prerequisite)),
    )
    completions = tuple(each for each in case.learner.completions if each.step != gone)
    pins = tuple(each for each in case.learner.pins if each.step != gone)
    return replace(case, path=path, learner=replace(case.learner, completions=completions, pins=pins))


def _pin(draw: st.DrawFn, case: Case) -> Case:
    pinned = {pin.slot for pin in case.learner.pins}
    keys = {step.id for step in case.path.steps}
    slots = [s for s in case.base if s.status is SlotStatus.PLANNED and s.id not in pinned and s.step in keys]
    if not slots:
        return case
    slot = draw(st.sampled_from(slots))
    on = slot.on + timedelta(days=draw(st.integers(-6, 9)))
    pin = Pin(slot.step, max(on, case.today), time(draw(st.integers(0, 23)), draw(st.sampled_from((0, 30)))), slot.id)
    return replace(case, learner=replace(case.learner, pins=(*case.learner.pins, pin)))


def _hours(draw: st.DrawFn, case: Case) -> Case:
    return replace(case, learner=replace(case.learner, hours=draw(st.sampled_from(HOURS))))


EDITS = (
    _finish,
    _one_slot(SlotStatus.IN_PROGRESS),
    _one_slot(SlotStatus.COMPLETED),
    _one_slot(SlotStatus.SKIPPED),
    _blackout,
    _leave,
    _lower_caps,
    _effort,
    _drop_step,
    _pin,
    _hours,
)


@st.composite
def replans(draw: st.DrawFn) -> Case:
    """A stored plan after one or two rounds of edits."""
    case = draw(cases())
    for _ in range(draw(st.integers(1, 2))):
        case = replace(case, base=stored(run(case)), learner=replace(case.learner, pins=()))
        case = draw(edited(case))
    return case
