"""The prerequisite graph of a path, by the steps' places in author order."""

from dataclasses import dataclass

from portal.pacing.types import Id, PathVersion, Step


@dataclass(frozen=True, slots=True)
class Link:
    """To the step at ``other``; ``lag`` in days, or in study days."""

    other: int
    lag: int
    study_days: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """Prerequisites and successors of each step, and all that follow from it, near or far, as a bit set."""

    path: PathVersion
    index: dict[Id, int]
    before: list[list[Link]]
    after: list[list[Link]]
    descendants: list[int]

    @property
    def steps(self) -> tuple[Step, ...]:
        """In author order; a step's place is its index."""
        return self.path.steps


def graph_of(path: PathVersion) -> Graph:
    """The graph. ValueError for a step that comes twice or is unknown, or stands before its prerequisite."""
    index = {step.id: place for place, step in enumerate(path.steps)}
    if len(index) != len(path.steps):
        raise ValueError("a step comes twice")
    before: list[list[Link]] = [[] for _ in path.steps]
    after: list[list[Link]] = [[] for _ in path.steps]
    for edge in path.edges:
        if edge.step not in index or edge.prerequisite not in index:
            raise ValueError(f"an edge names an unknown step: {edge.prerequisite!r} before {edge.step!r}")
        here, there = index[edge.step], index[edge.prerequisite]
        if there >= here:
            raise ValueError(f"step {edge.step!r} stands before its prerequisite {edge.prerequisite!r}")
        before[here].append(Link(there, edge.lag, edge.study_days))
        after[there].append(Link(here, edge.lag, edge.study_days))
    descendants = [0] * len(index)
    for here in reversed(range(len(index))):
        for link in after[here]:
            descendants[here] |= 1 << link.other | descendants[link.other]
    return Graph(path, index, before, after, descendants)
