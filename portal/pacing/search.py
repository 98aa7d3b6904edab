"""Branch and bound over the order of at most twelve steps that conflict, with a fixed number of nodes."""

from portal.pacing.layout import Layout, latest
from portal.pacing.objective import Cost, cost, late_minutes, troubled
from portal.pacing.passes import NONE, fill, settle
from portal.pacing.problem import Task
from portal.pacing.repair import Repairer

_STEPS = 12
# Nodes times steps of the path: small plans are searched well, large ones stay quick.
_WORK = 8000


def search(layout: Layout) -> Layout:
    """A layout with fewer required minutes unplaced or late, or the same one."""
    chosen = _conflicting(layout)
    if len(chosen) < 2:
        return layout
    found = _Search(layout, chosen).best
    if found is not layout:
        fill(found, Repairer(found, {}, frozenset(range(len(found.problem.tasks)))))
    return found


def _conflicting(layout: Layout) -> list[Task]:
    """Steps in trouble, and those nearest before the instants by which these had to end."""
    problem = layout.problem
    found = troubled(layout)[:_STEPS]
    places = {task.place for task in found}
    first = min(task.release for task in found)
    until = max(task.limit for task in found)
    near = [
        (max(block.start for block in mine), task)
        for task in problem.tasks
        if task.place not in places and (mine := layout.blocks[task.place][len(task.given) :])
    ]
    near = [(start, task) for start, task in near if first <= start < until]
    near.sort(key=lambda each: -each[0])
    found += [task for _, task in near[: _STEPS - len(found)]]
    deadline = latest(problem)
    return sorted(found, key=lambda task: (deadline[task.place], task.place))


class _Search:
    """Depth first; a branch ends where it has as much trouble as the best so far."""

    def __init__(self, layout: Layout, chosen: list[Task]) -> None:
        self.best = layout
        self._least: Cost = cost(layout)
        self._nodes = _WORK // len(layout.problem.tasks)
        self._chosen = chosen
        places = {task.place for task in chosen}
        problem = layout.problem
        self._layout = Layout(problem, layout.left - places)
        for task in problem.tasks:
            mine = layout.blocks[task.place][len(task.given) :]
            if task.place in layout.unplaced and task.place not in places:
                self._layout.unplaced.append(task.place)
            elif mine and task.place not in places:
                for block in mine:
                    self._layout.room.take(block.start, block.minutes)
                self._layout.settle(task, mine)
        self._repairer = Repairer(self._layout, {}, places)
        self._visit(chosen, 0, 0)

    def _visit(self, rest: list[Task], unplaced: int, late: int) -> None:
        if not rest:
            self._arrive()
            return
        layout = self._layout
        waiting = {task.place for task in rest}
        for task in rest:
            if any(link.other in waiting for link in layout.problem.graph.before[task.place]):
                continue
            if self._nodes <= 0 or (unplaced, late) >= self._least[1:3]:
                return
            self._nodes -= 1
            was_left = task.place in layout.left
            settle(layout, self._repairer, task, NONE)
            more, later = self._trouble(task)
            if not self._strands(task) and (unplaced + more, late + later) < self._least[1:3]:
                self._visit([each for each in rest if each is not task], unplaced + more, late + later)
            layout.undo(task, was_left=was_left)

    def _strands(self, task: Task) -> bool:
        """Whether a step has no place though one that waits for it stands."""
        return task.place in self._layout.unplaced and bool(self._layout.limits(task, placed=True))

    def _trouble(self, task: Task) -> tuple[int, int]:
        if not task.step.required:
            return 0, 0
        if task.place in self._layout.unplaced:
            return task.minutes, 0
        return 0, late_minutes(task, self._layout.blocks[task.place])

    def _arrive(self) -> None:
        found = cost(self._layout)
        if found[:3] < self._least[:3]:
            self.best, self._least = self._layout.copy(), found
