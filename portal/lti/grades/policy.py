"""From what a learner has done to a score: a pure function.

Only required steps count (all of them where none is required). A step counts as done when every part of it is
completed; a skipped one is not done.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.errors import N_, Invalid

MAXIMUM = 100.0
MOST_POINTS = 1000.0


class GradeKind(enum.StrEnum):
    """What the score of an assignment says."""

    SHARE = "SHARE"
    POINTS = "POINTS"
    PASS_FAIL = "PASS_FAIL"  # noqa: S105  # a pass, not a password


@dataclass(frozen=True, slots=True)
class GradePolicy:
    """How an assignment is graded.

    ``maximum`` is the full score of SHARE and PASS_FAIL; ``points`` those of single steps by the path's own step id,
    and ``each`` those of all others, for POINTS; ``pass_percent`` the share of steps that passes.
    """

    kind: GradeKind = GradeKind.SHARE
    maximum: float = MAXIMUM
    each: float = 10.0
    points: Mapping[str, float] = field(default_factory=dict)
    pass_percent: int = 100

    def of_step(self, step_id: str) -> float:
        """The points of a step."""
        return self.points.get(step_id, self.each)

    def as_json(self) -> dict[str, Any]:
        """The stored form, read again by `policy_of`."""
        return {
            "kind": self.kind.value,
            "maximum": self.maximum,
            "each": self.each,
            "points": dict(self.points),
            "pass_percent": self.pass_percent,
        }


def policy_of(stored: Mapping[str, Any]) -> GradePolicy:
    """The policy of its stored form; what is missing is as the default has it."""
    values = {name: stored[name] for name in GradePolicy.__dataclass_fields__ if name in stored}
    return GradePolicy(**{**values, "kind": GradeKind(values.get("kind", GradeKind.SHARE))})


def check(policy: GradePolicy) -> None:
    """Invalid names the field that breaks a rule."""
    if not 0 < policy.maximum <= MOST_POINTS:
        raise Invalid(
            "maximum",
            N_("The full score must be above 0, at most %(most)d."),
            field="maximum",
            most=int(MOST_POINTS),
        )
    if any(not 0 <= value <= MOST_POINTS for value in (policy.each, *policy.points.values())):
        raise Invalid(
            "each", N_("The points of a step must be between 0 and %(most)d."), field="each", most=int(MOST_POINTS)
        )
    if not 1 <= policy.pass_percent <= 100:
        raise Invalid("pass_percent", N_("The share that passes must be 1 to 100 percent."), field="pass_percent")


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of a learner's schedule: minutes planned and completed, whether it is begun."""

    step_id: str
    required: bool
    minutes: int
    done_minutes: int
    begun: bool

    @property
    def done(self) -> bool:
        """Whether every part is completed."""
        return self.done_minutes >= self.minutes


@dataclass(frozen=True, slots=True)
class Score:
    """A score as the platform gets it (AGS 3.4); ``given`` is None while there is none."""

    given: float | None
    maximum: float
    activity_progress: str
    grading_progress: str


def full_score(policy: GradePolicy, steps: Sequence[StepDone]) -> float:
    """The most a learner can reach; above 0, as a line item's maximum must be."""
    if policy.kind is not GradeKind.POINTS:
        return policy.maximum
    return sum(policy.of_step(step.step_id) for step in _counting(steps)) or MAXIMUM


def score_of(policy: GradePolicy, steps: Sequence[StepDone], *, maximum: float, scored: bool) -> Score:
    """The score of a learner with these steps, on a line item of ``maximum``.

    ``scored`` says that the platform holds a score: what is taken back then becomes 0 rather than nothing, since
    not every platform clears a score that is left out.
    """
    counting = _counting(steps)
    share = _share(policy, counting)
    finished = bool(counting) and all(step.done for step in counting)
    begun = any(step.begun for step in steps)
    if not begun and not scored:
        return Score(None, maximum, "Initialized", "NotReady")
    progress = "Completed" if finished else "InProgress" if begun else "Initialized"
    if share == 0 and policy.kind is GradeKind.PASS_FAIL and not scored:
        return Score(None, maximum, progress, "NotReady")
    return Score(round(share * maximum, 2), maximum, progress, "FullyGraded")


def _counting(steps: Sequence[StepDone]) -> Sequence[StepDone]:
    return [step for step in steps if step.required] or steps


def _share(policy: GradePolicy, steps: Sequence[StepDone]) -> float:
    """Between 0 and 1."""
    if policy.kind is GradeKind.SHARE:
        return _ratio(sum(step.done_minutes for step in steps), sum(step.minutes for step in steps))
    if policy.kind is GradeKind.POINTS:
        reached = sum(policy.of_step(step.step_id) for step in steps if step.done)
        return _ratio(reached, sum(policy.of_step(step.step_id) for step in steps))
    passed = 100 * sum(step.done for step in steps) >= policy.pass_percent * len(steps)
    return 1.0 if steps and passed else 0.0


def _ratio(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else 0.0
