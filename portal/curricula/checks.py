"""What is wrong with a draft, in words that say what to do. Pure."""

import uuid
from dataclasses import dataclass
from typing import Any

from portal.curricula.queries import Draft, Step
from portal.errors import N_
from portal.library.graph import find_cycle


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; ``message`` is an English %-template filled from ``values``."""

    code: str
    message: str
    values: dict[str, Any]
    step_id: uuid.UUID | None = None


def problems(draft: Draft) -> list[Problem]:
    """Everything that keeps the draft from being published, in the order of the list."""
    if not draft.steps:
        return [Problem("empty_path", N_("The path has no step yet: add one from the library."), {})]
    found = [
        Problem("empty_unit", N_("The unit “%(unit)s” has no step: add one or remove the unit."), {"unit": unit.title})
        for unit in draft.units
        if not unit.steps
    ]
    for step in draft.steps:
        found += _step_problems(step)
    return found + _order_problems(draft)


def _step_problems(step: Step) -> list[Problem]:
    found = []
    if step.archived:
        found.append(
            Problem("archived", N_("“%(step)s” is archived: restore it or take it out."), {"step": step.title}, step.id)
        )
    return found


def _order_problems(draft: Draft) -> list[Problem]:
    titles = {step.id: step.title for step in draft.steps}
    needs: dict[uuid.UUID, list[uuid.UUID]] = {}
    for edge in draft.edges:
        needs.setdefault(edge.step_id, []).append(edge.prerequisite_id)
    cycle = find_cycle(needs)
    if cycle is not None:
        words = " → ".join(titles[key] for key in cycle)
        return [
            Problem(
                "cycle",
                N_("These wait for each other: %(cycle)s. Remove one of the needs."),
                {"cycle": words},
                cycle[0],
            )
        ]
    place = {step.id: number for number, step in enumerate(draft.steps)}
    return [
        Problem(
            "order",
            N_("“%(step)s” stands before “%(need)s”, which it needs: move it down."),
            {"step": titles[edge.step_id], "need": titles[edge.prerequisite_id]},
            edge.step_id,
        )
        for edge in draft.edges
        if place[edge.step_id] < place[edge.prerequisite_id]
    ]
