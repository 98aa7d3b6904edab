"""The engine and first-fit beside the solver's best, instance by instance, and the figures over all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import mean

from portal.pacing.results import ConflictCode, LateCode, Plan, Verdict
from portal.pacing.types import Arrangement
from tests.unit.pacing.case import Case
from tests.unit.pacing.checker import breaches
from tests.unit.pacing.oracle import instances
from tests.unit.pacing.oracle.first_fit import first_fit
from tests.unit.pacing.oracle.solver import (
    Cost,
    Model,
    best_cost,
    hold,
    least_change,
    least_finish,
    least_peak,
)
from tests.unit.pacing.oracle.world import A_DAY, World, build
from tests.unit.pacing.strategies import run

Gap = tuple[float, float]


@dataclass(frozen=True)
class Outcome:
    """One instance; costs are edges given up, required unplaced, required late, optional unplaced, in 5 minutes.

    ``best`` is None where the solver's effort did not suffice. ``peak``, ``finish`` and ``change`` are (engine's,
    least) where the costs are equal and the instance asks for them.
    """

    number: int
    mine: Cost
    plain: Cost
    best: Cost | None
    infeasible: bool
    breaches: tuple[str, ...]
    peak: Gap | None = None
    finish: Gap | None = None
    change: Gap | None = None

    @property
    def found(self) -> bool:
        """Whether what is unplaced and late is the least there is."""
        return self.best is not None and self.mine[:3] == self.best[:3]

    @property
    def possible(self) -> bool:
        """Whether all required work fits in time."""
        return self.best is not None and self.best[1:3] == (0, 0)


@cache
def outcomes(kind: str, count: int) -> tuple[Outcome, ...]:
    """The first ``count`` instances of a kind: mixed, exact, changed."""
    make: Callable[[int], Case] = getattr(instances, kind)
    return tuple(_outcome(number, make(number)) for number in range(count))


def _outcome(number: int, case: Case) -> Outcome:
    world, planned = build(case), run(case)
    model = Model(world)
    mine, best = _cost(world, planned), best_cost(model)
    peak = finish = change = None
    if best == mine:
        hold(model, best)
        if case.base:
            change = _change(model, world, planned)
        elif case.policy.arrangement is Arrangement.SPREAD and case.calendar.soft_ends_on is not None:
            peak = _peak(model, world, planned)
        elif case.policy.arrangement is Arrangement.SOON and not any(best):
            finish = _finish(model, world, planned)
    is_infeasible = planned.report.verdict is Verdict.INFEASIBLE
    found = tuple(breaches(case, planned))
    return Outcome(number, mine, first_fit(world), best, is_infeasible, found, peak, finish, change)


def _cost(world: World, planned: Plan) -> Cost:
    """From the plan's own report: its breaches are checked beside it. Due dates the cadence made are no trouble."""
    report = planned.report
    late = [each for each in report.late if each.code is not LateCode.CADENCE]
    away = [*report.unplaced, *planned.left_out]
    late = [each for each in report.late if each.code is not LateCode.CADENCE]
    return (
        sum(each.code is ConflictCode.PIN_BEFORE_PREREQUISITE for each in report.conflicts),
        sum(each.minutes for each in away if each.required) // 5,
        sum(each.minutes for each in late if each.required and each.step in world.jobs) // 5,
        sum(each.minutes for each in away if not each.required) // 5,
    )


def _peak(model: Model, world: World, planned: Plan) -> Gap | None:
    standing: dict[int, int] = {}
    loads: dict[int, int] = {}
    for slot in planned.slots:
        day = world.unit(slot.starts_at) // A_DAY
        loads[day] = loads.get(day, 0) + slot.minutes // 5
        if slot.step not in world.jobs:
            standing[day] = standing.get(day, 0) + slot.minutes // 5
    open_days = {world.unit(slot.starts_at) // A_DAY for slot in planned.slots if slot.step in world.jobs}
    least = least_peak(model, standing)
    return None if least is None or not open_days else (max(loads[day] for day in open_days), least)


def _finish(model: Model, world: World, planned: Plan) -> Gap | None:
    mine = max((world.unit(slot.starts_at) // A_DAY for slot in planned.slots if slot.step in world.jobs), default=-1)
    least = least_finish(model)
    return None if least is None else (mine, least)


def _change(model: Model, world: World, planned: Plan) -> Gap | None:
    old = {slot.step: world.unit(slot.starts_at) for slot in world.case.base if slot.step in world.jobs}
    new = {slot.step: world.unit(slot.starts_at) for slot in planned.slots}
    least = least_change(model, old)
    if least is None:
        return None
    mine = sum(4 if new[key] < start else new[key] > start for key, start in old.items() if key in new)
    return mine, least[0]


def rate(those: Sequence[Outcome]) -> float:
    """The share of decided instances in which the engine left as little unplaced and late as can be."""
    decided = [each for each in those if each.best is not None]
    return sum(each.found for each in decided) / len(decided)


def figures(kind: str, those: Sequence[Outcome]) -> str:
    """What was measured, in a few lines."""
    decided = [each for each in those if each.best is not None]
    plain = sum(each.plain[:3] == (each.best or ())[:3] for each in decided) / len(decided)
    lines = [
        f"{kind}: {len(those)} instances, {len(decided)} decided, {sum(each.possible for each in decided)} feasible",
        f"  (unplaced, late) at the optimum: {rate(those):.1%}; first-fit: {plain:.1%}",
    ]
    for name in ("peak", "finish", "change"):
        gaps = [gap for each in those if (gap := getattr(each, name)) is not None]
        if gaps:
            equal = sum(mine == least for mine, least in gaps) / len(gaps)
            mine, least = (mean(column) for column in zip(*gaps, strict=True))
            lines.append(f"  {name}: {equal:.1%} of {len(gaps)} at the least; mean {mine:.2f}, least {least:.2f}")
    return "\n".join(lines)
