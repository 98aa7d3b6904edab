"""Spacing, the last term of the objective: hard assessments on days of their own, reviews at their offsets, steps of
one category not side by side.

Spacing is a wish of first plans: it yields to everything above it, and a re-plan moves nothing for its sake. Author
order is the order in which steps are looked at; a spacing wish may let independent work that follows go ahead, as a
window may.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from portal.pacing.layout import Layout
from portal.pacing.problem import Problem
from portal.pacing.types import Step, StepKind

HARD = 7
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Spacing:
    """``apart``: places of steps of which a day should hold one. ``offsets``: for the place of a review the place of
    what it reviews and the days after that one's end. ``order``: places, so that categories alternate.
    """

    order: Sequence[int]
    apart: frozenset[int] = frozenset()
    offsets: dict[int, tuple[int, int]] = field(default_factory=dict)


def spacing(problem: Problem) -> Spacing | None:
    """What there is to space; None when nothing is."""
    steps = problem.graph.steps
    hard = frozenset(place for place, step in enumerate(steps) if is_hard(step))
    offsets = review_offsets(problem)
    categories = {step.category for step in steps} - {None}
    if len(hard) < 2 and not offsets and len(categories) < 2:
        return None
    return Spacing(_alternating(problem), hard if len(hard) > 1 else frozenset(), offsets)


def is_hard(step: Step) -> bool:
    """An assessment that should not share its day with another one."""
    return step.kind is StepKind.ASSESSMENT and step.difficulty >= HARD


def review_offsets(problem: Problem) -> dict[int, tuple[int, int]]:
    """For each review its offset: a step's n-th offset is for the n-th review, in author order, that waits for it."""
    steps, found = problem.graph.steps, dict[int, tuple[int, int]]()
    for place, step in enumerate(steps):
        if step.review_offsets:
            links = sorted(link.other for link in problem.graph.after[place])
            reviews = [other for other in links if steps[other].kind is StepKind.REVIEW]
            for other, days in zip(reviews, step.review_offsets, strict=False):
                found[other] = place, days
    return found


def _alternating(problem: Problem) -> list[int]:
    """Author order, but that one of the next few steps may come before a step of the category just placed."""
    graph = problem.graph
    rest, order, placed, last = list(range(len(graph.steps))), list[int](), set[int](), None
    while rest:
        chosen = rest[0]
        if last is not None and graph.steps[chosen].category == last:
            ready = (
                place
                for place in rest[1 : 1 + _AHEAD]
                if graph.steps[place].category != last and all(link.other in placed for link in graph.before[place])
            )
            chosen = next(ready, chosen)
        rest.remove(chosen)
        order.append(chosen)
        placed.add(chosen)
        last = graph.steps[chosen].category
    return order


def crowding(layout: Layout) -> tuple[int, int, int]:
    """Hard assessments too many on a day, days that reviews are off their offset, neighbours of one category."""
    problem = layout.problem
    day_of, steps = problem.zone.day_of, problem.graph.steps
    placed = sorted((block.start, place) for place, blocks in enumerate(layout.blocks) for block in blocks)
    days = [(day_of(start), place) for start, place in placed]
    hard = Counter(day for day, place in set(days) if is_hard(steps[place]))
    near = sum(
        day == other_day
        and place != other
        and steps[place].category is not None
        and steps[place].category == steps[other].category
        for (day, place), (other_day, other) in pairwise(days)
    )
    return sum(count - 1 for count in hard.values()), _off(layout), near


def _off(layout: Layout) -> int:
    day_of, total = layout.problem.zone.day_of, 0
    for review, (step, days) in review_offsets(layout.problem).items():
        blocks, end = layout.blocks[review], layout.end[step]
        if blocks and end is not None and end > 0:
            total += abs(day_of(min(block.start for block in blocks)) - day_of(end - 1) - days)
    return total
