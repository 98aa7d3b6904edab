"""The best any planner could do, by OR-Tools CP-SAT: hard constraints as the rules state them, then the objective."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

from ortools.sat.python import cp_model

from portal.pacing.types import Edge, Id
from tests.unit.pacing.oracle.world import A_DAY, Job, World

Cost = tuple[int, int, int, int]
_WEIGHTS = (10**9, 10**6, 10**3, 1)
# Deterministic units of work, about a second each: the same instances are decided on every machine.
_EFFORT = 6


@dataclass
class Part:
    """A piece a job may have in a gap: whether it is there, where it starts, how long it is."""

    day: int
    gap: int
    until: int
    there: cp_model.IntVar
    start: cp_model.IntVar
    size: cp_model.LinearExpr
    end: cp_model.LinearExpr
    interval: cp_model.IntervalVar


class Model:
    """All lawful plans of a world, and the objective's first terms as expressions."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cp = cp_model.CpModel()
        self.placed = {key: self.cp.new_bool_var(f"{key} placed") for key in world.jobs}
        self.parts = {key: self._parts(job) for key, job in world.jobs.items()}
        self._room()
        broken = [self._edge(edge) for edge in world.case.path.edges]
        given_up = sum(each for each in broken if each is not None)
        required = {key: job for key, job in world.jobs.items() if job.step.required}
        late = sum(self._late(job, part) for key, job in required.items() for part in self.parts[key])
        self.cost = (
            given_up,
            sum(job.size * (1 - self.placed[key]) for key, job in required.items()),
            late,
            sum(job.size * (1 - self.placed[key]) for key, job in world.jobs.items() if key not in required),
        )

    def _parts(self, job: Job) -> list[Part]:
        """Every piece the job may have. One a gap is enough, but for bounds inside of a gap that others may need."""
        cp, key, found = self.cp, job.step.id, []
        for day, gaps in self.world.gaps.items():
            if job.weekday is not None and self.world.on(day).weekday() != job.weekday:
                continue
            for number, (first, last) in enumerate(gaps):
                start, until = max(first, job.release), min(last, job.lock)
                if until - start < job.least:
                    continue
                copies = 1 + self._bounds_inside(first, last) if job.step.splittable else 1
                mine = [self._part(job, (day, number), start, until) for _ in range(copies)]
                for one, other in pairwise(mine):
                    cp.add_implication(other.there, one.there)
                    cp.add(one.end <= other.start).only_enforce_if(one.there, other.there)
                found += mine
        cp.add(sum(part.size for part in found) == job.size * self.placed[key])
        return found

    def _part(self, job: Job, where: tuple[int, int], first: int, until: int) -> Part:
        cp, key = self.cp, job.step.id
        there = cp.new_bool_var(f"{key} on {where}")
        start = cp.new_int_var(first, until - job.least, f"{key} start {where}")
        if not job.step.splittable:
            end = start + job.size
            span = cp.new_optional_fixed_size_interval_var(start, job.size, there, f"{key}")
            return Part(*where, until, there, start, job.size * there, end, span)
        most = max(0, min(job.size, until - first, self.world.left[where[0]]))
        size = cp.new_int_var(0, most, f"{key} size {where}")
        end = cp.new_int_var(first, until, f"{key} end {where}")
        cp.add(size <= most * there)
        cp.add(size >= job.least * there)
        span = cp.new_optional_interval_var(start, size, end, there, f"{key}")
        return Part(*where, until, there, start, size, end, span)

    def _bounds_inside(self, first: int, last: int) -> int:
        times = {bound for job in self.world.jobs.values() for bound in (job.release, job.lock, job.limit)}
        return min(2, sum(first < time < last for time in times))

    def _room(self) -> None:
        """Nothing over another, and the caps of days and weeks."""
        gaps, days, weeks = defaultdict(list), defaultdict(list), defaultdict(list)
        for parts in self.parts.values():
            for part in parts:
                gaps[part.day, part.gap].append(part.interval)
                days[part.day].append(part.size)
                on = self.world.on(part.day)
                weeks[on.toordinal() - on.weekday()].append(part.size)
        for intervals in gaps.values():
            self.cp.add_no_overlap(intervals)
        for day, sizes in days.items():
            self.cp.add(sum(sizes) <= self.world.left[day])
        for monday, left in self.world.left_week.items():
            self.cp.add(sum(weeks[monday.toordinal()]) <= left)

    def _edge(self, edge: Edge) -> cp_model.IntVar | None:
        """A prerequisite before its step; the literal is true when a pin or anchor had to stand before it."""
        world, before, after = self.world, edge.prerequisite, edge.step
        if after in world.finished:
            return None
        if before not in world.jobs:
            return self._after_given(edge)
        if after not in world.jobs:
            return self._before_given(edge)
        if not (world.drops and not world.jobs[before].step.required):
            self.cp.add_implication(self.placed[after], self.placed[before])
        for one in self.parts[before]:
            opens = world.opens(edge, one.day)
            for other in self.parts[after]:
                same = (one.day, one.gap) == (other.day, other.gap)
                if edge.lag == 0 and same:
                    self.cp.add(one.end <= other.start).only_enforce_if(one.there, other.there)
                elif (other.day, other.gap) < ((one.day, one.gap) if edge.lag == 0 else (opens, 0)):
                    self.cp.add_bool_or(one.there.negated(), other.there.negated())
        return None

    def _after_given(self, edge: Edge) -> cp_model.IntVar | None:
        earliest = self.world.earliest(edge, self.world.ended[edge.prerequisite])
        if edge.step in self.world.jobs:
            for part in self.parts[edge.step]:
                self.cp.add(part.start >= earliest).only_enforce_if(part.there)
            return None
        return self.cp.new_constant(int(earliest > self.world.stands[edge.step]))

    def _before_given(self, edge: Edge) -> cp_model.IntVar:
        world, broken = self.world, self.cp.new_bool_var(f"{edge} given up")
        start = world.stands[edge.step]
        optional = not world.jobs[edge.prerequisite].step.required
        if not (world.drops and optional):
            self.cp.add_implication(self.placed[edge.prerequisite].negated(), broken)
        for part in self.parts[edge.prerequisite]:
            if edge.lag == 0:
                self.cp.add(part.end <= start).only_enforce_if(part.there, broken.negated())
            elif world.opens(edge, part.day) * A_DAY > start:
                self.cp.add_implication(part.there, broken)
        return broken

    def _late(self, job: Job, part: Part) -> cp_model.LinearExprT:
        if part.until <= job.limit:
            return 0
        minutes = self.cp.new_int_var(0, job.size, "late")
        in_time = self.cp.new_bool_var("in time")
        self.cp.add(part.end <= job.limit).only_enforce_if(in_time)
        self.cp.add(minutes >= part.size).only_enforce_if(in_time.negated())
        return minutes


def solve(model: Model, objective: cp_model.LinearExprT) -> cp_model.CpSolver | None:
    """The solver at a proven optimum, or None when its effort did not suffice."""
    model.cp.minimize(objective)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = _EFFORT
    return solver if solver.solve(model.cp) == cp_model.OPTIMAL else None


def best_cost(model: Model) -> Cost | None:
    """Edges given up, required units unplaced, required late, optional unplaced: the least, in this order."""
    solver = solve(model, sum(weight * term for weight, term in zip(_WEIGHTS, model.cost, strict=True)))
    return None if solver is None else tuple(int(solver.value(term)) for term in model.cost)


def hold(model: Model, cost: Cost) -> None:
    """From now on only plans of this cost."""
    for term, value in zip(model.cost, cost, strict=True):
        model.cp.add(term == value)


def least_peak(model: Model, standing: dict[int, int]) -> int | None:
    """The lowest highest load of a day, ``standing`` units included."""
    peak = model.cp.new_int_var(0, A_DAY * 2, "peak")
    for day in model.world.days:
        parts = [part.size for each in model.parts.values() for part in each if part.day == day]
        if parts:
            model.cp.add(sum(parts) + standing.get(day, 0) <= peak)
    solver = solve(model, peak)
    return None if solver is None else int(solver.value(peak))


def least_finish(model: Model) -> int | None:
    """The earliest last day of what is placed; -1 when nothing is."""
    last = model.cp.new_int_var(-1, len(model.world.days), "finish")
    for parts in model.parts.values():
        for part in parts:
            model.cp.add(last >= part.day).only_enforce_if(part.there)
    solver = solve(model, last)
    return None if solver is None else int(solver.value(last))


def least_change(model: Model, old: dict[Id, int]) -> tuple[int, int] | None:
    """Weight of moves (4 earlier, 1 later), then weight times days, from old starts of unsplittable jobs."""
    weights, days = [], []
    for key, start in old.items():
        for part in model.parts.get(key, ()):
            earlier, later = model.cp.new_bool_var("earlier"), model.cp.new_bool_var("later")
            model.cp.add(part.start >= start).only_enforce_if(part.there, earlier.negated())
            model.cp.add(part.start <= start).only_enforce_if(part.there, later.negated())
            distance = abs(part.day - start // A_DAY)
            weights += [4 * earlier, later]
            days += [4 * distance * earlier, distance * later]
    solver = solve(model, 10**4 * sum(weights) + sum(days))
    return None if solver is None else (int(solver.value(sum(weights))), int(solver.value(sum(days))))
