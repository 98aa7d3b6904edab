"""What changed between two versions of a path. Pure."""

import uuid
from dataclasses import dataclass

from portal.curricula.queries import VersionPlan


@dataclass(frozen=True, slots=True)
class Changes:
    """Titles of steps that came, went, moved against their neighbours, take other minutes, or follow other rules."""

    added: list[str]
    removed: list[str]
    minutes: list[tuple[str, int, int]]
    moved: list[str]
    rules: list[str]


def between(old: VersionPlan, new: VersionPlan) -> Changes:
    """The changes from ``old`` to ``new``; steps are the same when they come from the same draft step."""
    before = {step.step_id: step for step in old.steps}
    after = {step.step_id: step for step in new.steps}
    old_rules, rules = _rules(old), _rules(new)
    order_before = [key for key in before if key in after]
    order_after = [key for key in after if key in before]
    return Changes(
        added=[step.title for key, step in after.items() if key not in before],
        removed=[step.title for key, step in before.items() if key not in after],
        minutes=[
            (step.title, before[key].minutes, step.minutes)
            for key, step in after.items()
            if key in before and before[key].minutes != step.minutes
        ],
        moved=[after[key].title for key, other in zip(order_after, order_before, strict=True) if key != other],
        rules=[step.title for key, step in after.items() if key in before and rules[key] != old_rules[key]],
    )


def _rules(plan: VersionPlan) -> dict[uuid.UUID, tuple[object, ...]]:
    """What else says when each step may be done: options, whether it must be and may be split, what it needs."""
    keys = {step.id: step.step_id for step in plan.steps}
    needs: dict[uuid.UUID, set[tuple[uuid.UUID, int, bool]]] = {}
    for edge in plan.edges:
        need = keys[edge.prerequisite_id], edge.lag_days, edge.lag_in_study_days
        needs.setdefault(edge.step_id, set()).add(need)
    return {
        step.step_id: (
            step.options,
            step.required,
            step.min_session_minutes if step.splittable else None,
            needs.get(step.id),
        )
        for step in plan.steps
    }
