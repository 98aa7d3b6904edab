"""Milestones: what a learner has reached in a path and in a category, and when. Pure."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


class Kind(enum.StrEnum):
    """What a milestone is of."""

    PATH = "PATH"
    CATEGORY = "CATEGORY"


PATH_PERCENT = (25, 50, 75, 100)
CATEGORY_HOURS = (1, 5, 10, 25, 50, 100, 250, 500)


@dataclass(frozen=True, slots=True)
class Milestone:
    """A threshold that was reached: a percentage of a path's planned minutes, or hours studied in a category."""

    kind: Kind
    subject: str
    threshold: int
    reached_at: datetime


def path_milestones(title: str, done: Sequence[tuple[datetime, int]], planned_minutes: int) -> list[Milestone]:
    """Of one path, from its items done (when, planned minutes) in time order; ``planned_minutes`` is all of it."""
    return _reached(Kind.PATH, title, done, {percent: planned_minutes * percent for percent in PATH_PERCENT}, scale=100)


def category_milestones(category: str, studied: Sequence[tuple[datetime, int]]) -> list[Milestone]:
    """Of one category, from the minutes each completed item really took, in time order."""
    return _reached(Kind.CATEGORY, category, studied, {hours: hours * 60 for hours in CATEGORY_HOURS}, scale=1)


def _reached(
    kind: Kind, subject: str, done: Iterable[tuple[datetime, int]], needed: Mapping[int, int], *, scale: int
) -> list[Milestone]:
    total = 0
    found: list[Milestone] = []
    for at, minutes in done:
        total += minutes * scale
        names = [name for name, minimum in needed.items() if 0 < minimum <= total]
        found += [Milestone(kind, subject, name, at) for name in names[len(found) :]]
    return found
