"""The plain planner to beat: author order, each step at its first place, nothing ever moved again."""

from portal.pacing.types import Edge, Id
from tests.unit.pacing.oracle.solver import Cost
from tests.unit.pacing.oracle.world import A_DAY, Job, World

Blocks = list[tuple[int, int]]


def first_fit(world: World) -> Cost:
    """The cost of the plan it makes, as of `solver.best_cost`."""
    left, weeks = dict(world.left), dict(world.left_week)
    taken: Blocks = []
    ends: dict[Id, int | None] = dict(world.ended)
    unplaced, late = {True: 0, False: 0}, 0
    before: dict[Id, list[Edge]] = {}
    for edge in world.case.path.edges:
        before.setdefault(edge.step, []).append(edge)
    for key, job in world.jobs.items():
        waits = [(edge, ends[edge.prerequisite]) for edge in before.get(key, ()) if not _is_met(world, ends, edge)]
        found = None
        if all(end is not None for _, end in waits):
            at = max([job.release, *(world.earliest(edge, end) for edge, end in waits)])
            found = _place(world, job, at, (left, weeks, taken))
        ends[key] = max(end for _, end in found) if found else None
        unplaced[job.step.required] += 0 if found else job.size
        if job.step.required:
            late += sum(end - start for start, end in found or () if end > job.limit)
    given_up = sum(
        (end := ends[edge.prerequisite]) is None or world.earliest(edge, end) > world.stands[edge.step]
        for edge in world.case.path.edges
        if edge.step in world.stands and not _is_met(world, ends, edge)
    )
    return given_up, unplaced[True], late, unplaced[False]


def _is_met(world: World, ends: dict[Id, int | None], edge: Edge) -> bool:
    """The policy drops an optional step without a place, and nothing waits for it."""
    job = world.jobs.get(edge.prerequisite)
    return ends.get(edge.prerequisite) is None and world.drops and job is not None and not job.step.required


def _place(world: World, job: Job, at: int, room: tuple[dict[int, int], dict, Blocks]) -> Blocks | None:
    left, weeks, taken = room
    found: Blocks = []
    rest = job.size
    for day in world.days:
        if job.weekday is not None and world.on(day).weekday() != job.weekday:
            continue
        on = world.on(day)
        monday = on.fromordinal(on.toordinal() - on.weekday())
        for first, last in _free(world.gaps[day], taken):
            start, until = max(first, at), min(last, job.lock)
            size = min(rest, until - start, left[day], weeks.get(monday, A_DAY * 7))
            if 0 < rest - size < job.least:
                size = rest - job.least
            if size >= job.least:
                found.append((start, start + size))
                taken.append((start, start + size))
                left[day] -= size
                if monday in weeks:
                    weeks[monday] -= size
                rest -= size
            if not rest:
                return found
    for start, end in found:
        taken.remove((start, end))
        left[start // A_DAY] += end - start
        on = world.on(start // A_DAY)
        monday = on.fromordinal(on.toordinal() - on.weekday())
        if monday in weeks:
            weeks[monday] += end - start
    return None


def _free(gaps: Blocks, taken: Blocks) -> Blocks:
    found = []
    for first, last in gaps:
        at = first
        for start, end in sorted(taken):
            if end > at and start < last:
                if at < start:
                    found.append((at, start))
                at = max(at, end)
        if at < last:
            found.append((at, last))
    return found
