"""A plan in the making: the blocks of each step, when it ends, and the bounds its neighbours in the graph give it."""

from collections.abc import Iterable

from portal.pacing.graph import Link
from portal.pacing.problem import Block, Problem, Task
from portal.pacing.results import Reason, ReasonCode

MET = -1


class Layout:
    """Blocks by step place. ``end`` is None while a step has no place, `MET` when nothing waits for it."""

    def __init__(self, problem: Problem, left: Iterable[int] = ()) -> None:
        """Only the given blocks; the steps in ``left`` are left out by policy until they are settled."""
        self.problem = problem
        self.room = problem.room.copy()
        self.left = set(left)
        self.unplaced: list[int] = []
        self.blocks: list[list[Block]] = [list(task.given) for task in problem.tasks]
        self.end: list[int | None] = [self._first_end(task) for task in problem.tasks]

    def _first_end(self, task: Task) -> int | None:
        if task.done is not None:
            return task.done
        if task.left_out is not None or task.place in self.left:
            return MET
        if task.minutes:
            return None
        return max((block.end for block in task.given), default=MET)

    def settle(self, task: Task, blocks: list[Block]) -> None:
        """A step has its place."""
        self.left.discard(task.place)
        self.blocks[task.place] += blocks
        self.end[task.place] = max(block.end for block in self.blocks[task.place])

    def replace(self, task: Task, blocks: list[Block]) -> None:
        """A step has another place."""
        self.blocks[task.place] = [*task.given, *blocks]
        self.end[task.place] = max(block.end for block in self.blocks[task.place])

    def undo(self, task: Task, *, was_left: bool) -> None:
        """Take a step's place, or the note that it has none, away again."""
        for block in self.blocks[task.place][len(task.given) :]:
            self.room.give_back(block.start, block.minutes)
        self.blocks[task.place] = list(task.given)
        if task.place in self.unplaced:
            self.unplaced.remove(task.place)
        if not was_left:
            self.left.discard(task.place)
        self.end[task.place] = self._first_end(task)

    def copy(self) -> "Layout":
        """An independent layout in the same state."""
        twin = Layout(self.problem, self.left)
        twin.room = self.room.copy()
        twin.unplaced = list(self.unplaced)
        twin.blocks = [list(blocks) for blocks in self.blocks]
        twin.end = list(self.end)
        return twin

    def leave_out(self, task: Task) -> None:
        """The policy leaves a step out; nothing waits for it."""
        self.left.add(task.place)
        self.end[task.place] = MET

    def earliest(self, task: Task) -> tuple[int, Reason] | None:
        """From when on a step may begin, and what makes it so; None while an open prerequisite has no place."""
        at, cause = task.release, None
        for link in self.problem.graph.before[task.place]:
            end = self.end[link.other]
            if end is None:
                return None
            if end != MET and (after := self.after(link, end)) > at:
                at, cause = after, link.other
        if cause is not None:
            return at, Reason(ReasonCode.PREREQUISITE, self.problem.graph.steps[cause].id)
        return at, Reason(_release_code(self.problem, task))

    def after(self, link: Link, end: int) -> int:
        """The earliest instant a prerequisite's end and the lag allow (H1). Work up to midnight is that day's."""
        if not link.lag:
            return end
        days = self.problem.days
        is_done = self.problem.tasks[link.other].done is not None
        day = days.zone.day_of(end if is_done else end - 1)
        return days.zone.midnight(days.later(day, link.lag) if link.study_days else day + link.lag)

    def limits(self, task: Task, *, placed: bool = False) -> list[int]:
        """Instants by which a step has to end for successors that stand already, tightest first.

        ``placed``: for what the planner has placed of them, without what was given.
        """
        found = []
        for link in self.problem.graph.after[task.place]:
            blocks = self.blocks[link.other]
            if placed:
                blocks = blocks[len(self.problem.tasks[link.other].given) :]
            if not blocks or self.problem.tasks[link.other].done is not None:
                continue
            found.append(before(self.problem, link, min(block.start for block in blocks)))
        return sorted(found)


def before(problem: Problem, link: Link, start: int) -> int:
    """The instant by which a prerequisite has to end for a successor that starts at ``start``."""
    if not link.lag:
        return start
    days = problem.days
    day = days.zone.day_of(start)
    if link.study_days:
        return days.zone.midnight(days.earlier(day, link.lag, problem.room.today - 1) + 1)
    return days.zone.midnight(day - link.lag + 1)


def latest(problem: Problem) -> list[int]:
    """By when each step has to end so that nothing after it is late, pulled back through the graph."""
    if problem.latest is None:
        problem.latest = _latest(problem)
    return problem.latest


def _latest(problem: Problem) -> list[int]:
    found = [task.limit for task in problem.tasks]
    for task in reversed(problem.tasks):
        if task.done is not None or task.left_out is not None:
            continue
        start = min((found[task.place] - task.minutes, *(block.start for block in task.given)))
        for link in problem.graph.before[task.place]:
            found[link.other] = min(found[link.other], before(problem, link, start))
    return found


def _release_code(problem: Problem, task: Task) -> ReasonCode:
    if task.release > problem.floor:
        return ReasonCode.RELEASE if task.step.anchor is None else ReasonCode.ANCHOR
    if task.weekday is not None:
        return ReasonCode.ANCHOR
    return ReasonCode.NOW if problem.floor == problem.now else ReasonCode.LEARNER_START
