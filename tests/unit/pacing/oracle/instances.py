"""Random instances of at most 10 steps and 10 days in UTC, the same for the same number, about as full as they hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from portal.pacing.types import (
    Arrangement,
    AtInstant,
    ClassCalendar,
    Completion,
    DayOffset,
    Edge,
    Hours,
    InWeek,
    Learner,
    OnWeekday,
    Overload,
    PathVersion,
    Pin,
    Policy,
    SlotStatus,
    Step,
    Taken,
    Window,
)
from tests.unit.pacing.case import Case
from tests.unit.pacing.strategies import run, stored

START = date(2026, 9, 2)
BEFORE = datetime(2026, 9, 1, 12, tzinfo=UTC)
DAYS = 10
MINUTE = timedelta(minutes=1)
HOURS = (
    (Hours(time(8), time(22)),),
    (Hours(time(8), time(22)),),
    (Hours(time(7), time(8, 10)), Hours(time(17), time(19))),
    (Hours(time(16), time(18)),),
)


def mixed(number: int) -> Case:
    """Everything at once: graphs with lags, windows, anchors, pins, optional steps, caps, days off, other paths."""
    dice = Random(number)
    steps = tuple(_step(dice, key) for key in _keys(dice))
    edges = _edges(dice, steps, lags=(0, 0, 0, 1, 2))
    learner = Learner(
        starts_on=dice.choice((None, None, None, START + timedelta(days=1))),
        ends_on=dice.choice((None,) * 5 + (START + timedelta(days=dice.randrange(4, 9)),)),
        leave=_some_days(dice, 1),
        pace_percent=dice.choice((100, 100, 100, 150)),
        taken=_taken(dice, dice.choice((0, 0, 1, 3))),
        pins=tuple(_pins(dice, steps)),
        extra_minutes_today=dice.choice((0, 0, 0, 20)),
    )
    return _case(dice, PathVersion(steps, edges), learner, week_cap=dice.choice((None, None, 120, 200)))


def exact(number: int) -> Case:
    """The exact class: splittable to 5 minutes, lags 0, no weekly cap, no pins, no anchors."""
    dice = Random(number)
    steps = tuple(
        replace(_step(dice, key), splittable=True, min_session=5, anchor=None, window=_window(dice, at=False))
        for key in _keys(dice)
    )
    learner = Learner(leave=_some_days(dice, 1), taken=_taken(dice, dice.choice((0, 0, 2))))
    return _case(dice, PathVersion(steps, _edges(dice, steps, lags=(0,))), learner, week_cap=None)


def changed(number: int) -> Case:
    """A stored plan of unsplittable steps, some days later, after one or two changes; no notice period."""
    dice = Random(number)
    steps = tuple(replace(_step(dice, key), splittable=False, anchor=None) for key in _keys(dice))
    case = _case(dice, PathVersion(steps, _edges(dice, steps, lags=(0, 0, 1))), Learner(), week_cap=None)
    case = replace(case, now=BEFORE)
    case = replace(case, base=stored(run(case)))
    case = _later(dice, case, dice.choice((0, 0, 1, 2, 4)))
    for edit in dice.sample((_days_off, _less_time, _more_effort), dice.choice((1, 2))):
        case = edit(dice, case)
    return case


def _keys(dice: Random) -> range:
    return range(dice.randint(3, 10))


def _case(dice: Random, path: PathVersion, learner: Learner, *, week_cap: int | None) -> Case:
    work = sum(step.minutes for step in path.steps)
    a_day = max(30, round(work / dice.choice((2, 3, 4, 6)) / 10) * 10)
    week = tuple(dice.choice((0, a_day, a_day, a_day, a_day, a_day + 30)) for _ in range(7))
    calendar = ClassCalendar(
        zone="UTC",
        starts_on=START,
        weekday_minutes=week if any(week) else (a_day,) * 7,
        soft_ends_on=dice.choice((None, START + timedelta(days=dice.randrange(4, DAYS)))),
        hard_ends_on=START + timedelta(days=DAYS - 1),
        hours=dice.choice(HOURS),
        day_cap=dice.choice((None, None, None, 90)),
        week_cap=None if week_cap is None else max(week_cap, work // 2),
        blackouts=_some_days(dice, 2),
    )
    policy = Policy(arrangement=dice.choice(list(Arrangement)), overload=dice.choice(list(Overload)))
    now = dice.choice((BEFORE, BEFORE, BEFORE, datetime(2026, 9, 2, 17, 20, tzinfo=UTC)))
    return Case(path, calendar, learner, policy, (), now)


def _step(dice: Random, key: int) -> Step:
    return Step(
        id=key,
        minutes=5 * dice.choice((dice.randint(2, 9), dice.randint(6, 18))),
        splittable=dice.random() < 0.5,
        min_session=dice.choice((5, 15, 25)),
        required=dice.random() < 0.8,
        window=_window(dice, at=True) if dice.random() < 0.4 else None,
        anchor=_anchor(dice) if dice.random() < 0.15 else None,
    )


def _window(dice: Random, *, at: bool) -> Window:
    def bound(first: int, last: int) -> DayOffset | None:
        clock = time(dice.choice((9, 12, 18))) if at and dice.random() < 0.2 else None
        return DayOffset(dice.randint(first, last), clock) if dice.random() < 0.5 else None

    return Window(release=bound(0, 4), due=bound(3, 9), lock=bound(6, 9))


def _anchor(dice: Random) -> AtInstant | InWeek | OnWeekday:
    at = datetime.combine(START, time(9), UTC) + timedelta(days=dice.randrange(1, 8), minutes=30 * dice.randrange(16))
    return dice.choice((AtInstant(at), InWeek(dice.randint(1, 2)), OnWeekday(dice.randrange(7))))


def _edges(dice: Random, steps: tuple[Step, ...], lags: tuple[int, ...]) -> tuple[Edge, ...]:
    pairs = [(a, b) for b in range(len(steps)) for a in range(b)]
    chosen = dice.sample(pairs, min(len(pairs), dice.randint(0, len(steps) + 1)))
    return tuple(Edge(a, b, dice.choice(lags), study_days=dice.random() < 0.5) for a, b in chosen)


def _some_days(dice: Random, most: int) -> frozenset[date]:
    return frozenset(START + timedelta(days=dice.randrange(DAYS)) for _ in range(dice.randint(0, most)))


def _taken(dice: Random, count: int) -> tuple[Taken, ...]:
    midnight = datetime.combine(START, time(), UTC)
    return tuple(
        Taken(
            midnight + timedelta(days=dice.randrange(DAYS), minutes=30 * dice.randrange(14, 44)), dice.choice((30, 45))
        )
        for _ in range(count)
    )


def _pins(dice: Random, steps: tuple[Step, ...]) -> list[Pin]:
    free = [step for step in steps if step.anchor is None]
    if not free or dice.random() < 0.8:
        return []
    return [Pin(dice.choice(free).id, START + timedelta(days=dice.randrange(1, 7)), time(dice.randrange(8, 20)))]


def _later(dice: Random, case: Case, days: int) -> Case:
    """Midnight some days later; what has passed was done, but for the last slots, which were missed."""
    now = datetime.combine(START + timedelta(days=days), time(), UTC)
    past = [slot for slot in case.base if slot.starts_at < now]
    done = past[: max(0, len(past) - dice.randint(0, 2))]
    base = tuple(replace(slot, status=SlotStatus.COMPLETED) if slot in done else slot for slot in case.base)
    completions = tuple(Completion(slot.step, slot.starts_at + timedelta(minutes=slot.minutes)) for slot in done)
    return replace(case, base=base, now=now, learner=replace(case.learner, completions=completions))


def _days_off(dice: Random, case: Case) -> Case:
    leave = frozenset(slot.on for slot in dice.sample(case.base, min(2, len(case.base))))
    return replace(case, learner=replace(case.learner, leave=leave))


def _less_time(dice: Random, case: Case) -> Case:
    cap = max(case.calendar.weekday_minutes) * dice.choice((2, 3)) // 4 // 5 * 5
    return replace(case, calendar=replace(case.calendar, day_cap=cap))


def _more_effort(dice: Random, case: Case) -> Case:
    steps = tuple(
        replace(step, minutes=step.minutes + 5 * dice.randint(1, 6)) if dice.random() < 0.3 else step
        for step in case.path.steps
    )
    return replace(case, path=replace(case.path, steps=steps))
