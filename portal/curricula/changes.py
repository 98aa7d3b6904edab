"""What changed between two versions of a path. Pure."""

from dataclasses import dataclass

from portal.curricula.queries import VersionPlan


@dataclass(frozen=True, slots=True)
class Changes:
    """Titles of steps that came, went, moved against their neighbours, or take other minutes."""

    added: list[str]
    removed: list[str]
    minutes: list[tuple[str, int, int]]
    moved: list[str]


def between(old: VersionPlan, new: VersionPlan) -> Changes:
    """The changes from ``old`` to ``new``; steps are the same when they come from the same draft step."""
    before = {step.step_id: step for step in old.steps}
    after = {step.step_id: step for step in new.steps}
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
    )
