"""`portal bench`: measures, prints figures, ratios and goals; never fails on a figure."""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from zoneinfo import ZoneInfo

import click

from portal.pacing.engine import plan, plan_many
from portal.pacing.results import Base, Plan
from portal.pacing.types import (
    ClassCalendar,
    Completion,
    Edge,
    Learner,
    PathVersion,
    Policy,
    SlotStatus,
    Step,
)

MONDAY = date(2026, 9, 7)
NOW = datetime(2026, 9, 6, 12, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo", "Asia/Tokyo")
SHARED = 20
STEPS, MANY_STEPS = 60, 200
_QUICK_SHARE, _QUICK_REPEATS = 20, 3
_GROWTH_STEPS = (25, 50, 100, 200, 400)
_SHORTEST = 0.05

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Line:
    """A figure: CPU seconds of one unit, those of the baseline, the goal in words and whether it is met."""

    name: str
    seconds: float
    plain: float | None
    goal: str
    met: bool | None


@click.group()
def bench() -> None:
    """Measure; the figures are printed beside a baseline of the same run."""


@bench.command("pacing")
@click.option("--learners", default=10_000, show_default=True, help="Learners of the class that is planned.")
@click.option("--repeats", default=5, show_default=True, help="Runs of which the median counts.")
@click.option("--quick", is_flag=True, help=f"1/{_QUICK_SHARE} of the learners, {_QUICK_REPEATS} repeats.")
def bench_pacing(learners: int, repeats: int, *, quick: bool) -> None:
    """Time the pacing engine: first plans, a class, re-plans, overload, growth."""
    if quick:
        learners, repeats = max(1, learners // _QUICK_SHARE), _QUICK_REPEATS
    click.echo(
        f"CPU time, median of {repeats}; {learners} learners; beside it first-fit over datetimes on the same inputs.\n"
    )
    click.echo(f"{'work':<46}{'engine':>12}{'first-fit':>12}{'ratio':>8}  goal")
    for line in _lines(learners, repeats):
        ratio = "" if line.plain is None else f"{line.seconds / line.plain:.1f}×"
        plain = "" if line.plain is None else _shown(line.plain)
        mark = "" if line.met is None else ("  met" if line.met else "  NOT met")
        click.echo(f"{line.name:<46}{_shown(line.seconds):>12}{plain:>12}{ratio:>8}  {line.goal}{mark}")
    for text in _growth(learners, repeats):
        click.echo(text)


def _shown(seconds: float) -> str:
    return f"{seconds * 1e3:.3f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _lines(learners: int, repeats: int) -> Iterator[Line]:
    for steps, first_goal, later_goal in ((STEPS, 1.5, 10.0), (MANY_STEPS, None, 20.0)):
        path, calendar = path_of(steps), calendar_of(steps)
        first = cpu(partial(one, path, calendar), repeats)
        plain = cpu(partial(first_fit, path, calendar, [Learner()]), repeats)
        yield _goal(f"one learner × {steps} steps, first plan", first, plain, first_goal)
        again = cpu(partial(one, path, calendar, *begun(one(path, calendar))), repeats)
        yield _goal(f"one learner × {steps} steps, one completed", again, plain, later_goal)
        short = replace(calendar, soft_ends_on=MONDAY + timedelta(days=steps // 3))
        over = cpu(partial(one, path, short), repeats)
        yield _goal(f"one learner × {steps} steps, overload", over, plain, later_goal)
    yield from _classes(learners, repeats)


def _goal(name: str, seconds: float, plain: float, milliseconds: float | None) -> Line:
    if milliseconds is None:
        return Line(name, seconds, plain, "", None)
    return Line(name, seconds, plain, f"≤ {milliseconds:g} ms", seconds * 1e3 <= milliseconds)


def _classes(learners: int, repeats: int) -> Iterator[Line]:
    path, calendar = path_of(STEPS), calendar_of(STEPS)
    different = [different_learner(number) for number in range(learners)]
    shared = [each if number % SHARED == 0 else Learner(id=number) for number, each in enumerate(different)]
    plain = cpu(partial(first_fit, path, calendar, different), repeats)
    apart = cpu(partial(whole_class, path, calendar, different), repeats)
    yield Line(f"{learners} learners × {STEPS} steps, all different", apart, plain, "", None)
    together = cpu(partial(whole_class, path, calendar, shared), repeats)
    faster = apart / together
    goal = f"≥ 10 × faster than all different: {faster:.1f} ×"
    yield Line(f"{learners} learners × {STEPS} steps, 95 % alike", together, plain, goal, faster >= 10)


def _growth(learners: int, repeats: int) -> Iterator[str]:
    sizes = _GROWTH_STEPS
    times = [cpu(partial(one, path_of(n), calendar_of(n)), repeats) for n in sizes]
    yield "\n" + _fit("steps", sizes, times, 1.2)
    counts = sorted({max(1, learners // part) for part in (32, 16, 8, 4)})
    path, calendar = path_of(STEPS), calendar_of(STEPS)
    groups = [[different_learner(number) for number in range(count)] for count in counts]
    times = [cpu(partial(whole_class, path, calendar, group), repeats) for group in groups]
    yield _fit("learners", counts, times, 1.0)


def _fit(what: str, sizes: Sequence[int], times: Sequence[float], goal: float) -> str:
    shown = ", ".join(f"{size}: {_shown(each)}" for size, each in zip(sizes, times, strict=True))
    if len(sizes) < 2:
        return f"growth with {what}: too few to fit ({shown})"
    found = exponent(sizes, times)
    # Measured to two digits: what rounds to the goal meets it.
    mark = "met" if round(found, 1) <= goal else "NOT met"
    return f"growth with {what}: exponent {found:.2f}, goal ≤ {goal:g}  {mark}  ({shown})"


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The slope of the line of least squares through the logarithms."""
    found = statistics.linear_regression([math.log(size) for size in sizes], [math.log(each) for each in times])
    return found.slope


def cpu(work: Work, repeats: int) -> float:
    """CPU seconds of one call, the median of ``repeats``; short work is called until it has lasted."""
    work()
    return statistics.median(_once(work) for _ in range(repeats))


def _once(work: Work) -> float:
    start, count = time.process_time(), 0
    while count == 0 or time.process_time() - start < _SHORTEST:
        work()
        count += 1
    return (time.process_time() - start) / count


def path_of(steps: int) -> PathVersion:
    """A path with branches that join, a day's lag here and there, and some steps that may be split."""
    made = tuple(
        Step(number, (20, 30, 45, 60, 25)[number % 5], splittable=number % 4 == 0, required=number % 9 != 5)
        for number in range(steps)
    )
    edges = tuple(
        Edge(number - back, number, lag=1 if number % 7 == 0 else 0)
        for number in range(steps)
        for back in ((1,) if number % 3 else (1, 3))
        if number >= back and number % 5
    )
    return PathVersion(made, edges)


def calendar_of(steps: int) -> ClassCalendar:
    """Five evenings a week with two days off; its soft end leaves room for so many steps."""
    return ClassCalendar(
        zone="Europe/Berlin",
        starts_on=MONDAY,
        weekday_minutes=(90, 60, 90, 60, 90, 0, 0),
        soft_ends_on=MONDAY + timedelta(days=steps * 3 // 2),
        blackouts=frozenset({date(2026, 9, 16), date(2026, 10, 5)}),
    )


def different_learner(number: int) -> Learner:
    """A learner like no other: zone, pace and two days away."""
    first, second = number % 97, 1 + number // 97 % 113
    leave = frozenset({MONDAY + timedelta(days=first), MONDAY + timedelta(days=first + second)})
    return Learner(id=number, zone=ZONES[number % len(ZONES)], leave=leave, pace_percent=100 + 10 * (number % 3))


def one(
    path: PathVersion, calendar: ClassCalendar, learner: Learner | None = None, base: Base = (), now: datetime = NOW
) -> Plan:
    """One plan by the engine."""
    return plan(path, calendar, learner or Learner(), Policy(), base, now)


def whole_class(path: PathVersion, calendar: ClassCalendar, learners: Sequence[Learner]) -> None:
    """All plans by the engine, none kept."""
    deque(plan_many(path, calendar, [(each, ()) for each in learners], Policy(), now=NOW), maxlen=0)


def begun(made: Plan) -> tuple[Learner, Base, datetime]:
    """The learner who did the first step, the stored plan, and the moment after."""
    first = made.slots[0].step
    base = tuple(
        replace(slot, id=number, status=SlotStatus.COMPLETED if slot.step == first else slot.status)
        for number, slot in enumerate(made.slots)
    )
    now = max(slot.starts_at + timedelta(minutes=slot.minutes) for slot in base if slot.step == first)
    return Learner(completions=(Completion(first, now),)), base, now


def first_fit(path: PathVersion, calendar: ClassCalendar, learners: Sequence[Learner]) -> list[list[datetime]]:
    """The baseline: author order, each step whole on the first day that holds it, with plain datetimes; UTC starts."""
    before: dict[object, list[Edge]] = {}
    for edge in path.edges:
        before.setdefault(edge.step, []).append(edge)
    return [_first_fit(path, before, calendar, learner) for learner in learners]


def _first_fit(
    path: PathVersion, before: dict[object, list[Edge]], calendar: ClassCalendar, learner: Learner
) -> list[datetime]:
    zone = ZoneInfo(learner.zone or calendar.zone)
    used: dict[date, int] = {}
    ends: dict[object, date] = {}
    found = []
    for step in path.steps:
        minutes = step.minutes * learner.pace_percent // 100
        lags = (ends[edge.prerequisite] + timedelta(days=edge.lag) for edge in before.get(step.id, ()))
        on = max(calendar.starts_on, *lags, NOW.astimezone(zone).date())
        while _is_off(calendar, learner, on) or used.get(on, 0) + minutes > calendar.weekday_minutes[on.weekday()]:
            on += timedelta(days=1)
        start = datetime.combine(on, clock_time(8), zone) + timedelta(minutes=used.get(on, 0))
        used[on] = used.get(on, 0) + minutes
        ends[step.id] = on
        found.append(start.astimezone(UTC))
    return found


def _is_off(calendar: ClassCalendar, learner: Learner, on: date) -> bool:
    return on in calendar.blackouts or on in learner.leave
