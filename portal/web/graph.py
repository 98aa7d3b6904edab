"""A prerequisite graph as SVG, made on the server: layers by longest path, order by barycentre sweeps.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures"
(1981): long edges run through dummy nodes, so that lines do not cross boxes.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markupsafe import Markup

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _SWEEPS = 148, 44, 14, 30, 8


@dataclass(frozen=True, slots=True)
class Node:
    """A box: an id, its words, where it leads, and whether it is the one the page is about."""

    id: Hashable
    title: str
    href: str
    focus: bool = False


def draw(nodes: Sequence[Node], needs: Mapping[Any, Sequence[Any]], label: str) -> Markup:
    """The graph of ``nodes``; ``needs`` lists each node's prerequisites (those outside are left out).

    The edges must have no cycle.
    """
    known = {node.id: node for node in nodes}
    edges = {key: [need for need in needs.get(key, ()) if need in known] for key in known}
    layer = _layers(edges)
    rows, chains = _with_dummies(edges, layer)
    _order(rows, chains)
    width = max((len(row) for row in rows), default=1) * (_WIDTH + _GAP_X) - _GAP_X + 8
    height = len(rows) * (_HEIGHT + _GAP_Y) - _GAP_Y + 8
    place = {
        key: (
            (width - len(row) * (_WIDTH + _GAP_X) + _GAP_X) / 2 + column * (_WIDTH + _GAP_X),
            4 + level * (_HEIGHT + _GAP_Y),
        )
        for level, row in enumerate(rows)
        for column, key in enumerate(row)
    }
    lines = Markup("").join(Markup('<path d="{}"/>').format(_line(chain, place)) for chain in chains)
    boxes = Markup("").join(
        _box(node, *place[node.id], [known[need].title for need in edges[node.id]]) for node in nodes
    )
    return Markup(
        '<div class="graph-wrap" tabindex="0" role="region" aria-label="{label}">'
        '<svg class="graph" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="group" aria-label="{label}">'
        "{lines}{boxes}</svg></div>"
    ).format(label=label, w=round(width), h=round(height), lines=lines, boxes=boxes)


def _layers(edges: Mapping[Hashable, Sequence[Hashable]]) -> dict[Hashable, int]:
    """Longest distance of each node from a node without prerequisites; iterative, for long chains."""
    layer: dict[Hashable, int] = {}
    stack = list(edges)
    while stack:
        key = stack[-1]
        open_needs = [need for need in edges[key] if need not in layer]
        if key not in layer and open_needs:
            stack.extend(open_needs)
            continue
        stack.pop()
        layer.setdefault(key, 1 + max((layer[need] for need in edges[key]), default=-1))
    return layer


def _with_dummies(
    edges: Mapping[Hashable, Sequence[Hashable]], layer: Mapping[Hashable, int]
) -> tuple[list[list[Hashable]], list[list[Hashable]]]:
    rows: list[list[Hashable]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for key, level in layer.items():
        rows[level].append(key)
    chains: list[list[Hashable]] = []
    for key, needs in edges.items():
        for need in needs:
            chain: list[Hashable] = [need]
            for level in range(layer[need] + 1, layer[key]):
                dummy = ("via", need, key, level)
                rows[level].append(dummy)
                chain.append(dummy)
            chains.append([*chain, key])
    return rows, chains


def _order(rows: list[list[Hashable]], chains: list[list[Hashable]]) -> None:
    above: dict[Hashable, list[Hashable]] = {}
    below: dict[Hashable, list[Hashable]] = {}
    for chain in chains:
        for first, second in pairwise(chain):
            above.setdefault(second, []).append(first)
            below.setdefault(first, []).append(second)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for level in range(len(rows)) if down else reversed(range(len(rows))):
            other = level - 1 if down else level + 1
            if 0 <= other < len(rows):
                _sort(rows[level], rows[other], above if down else below)


def _sort(row: list[Hashable], other: list[Hashable], near: Mapping[Hashable, list[Hashable]]) -> None:
    position = {key: index for index, key in enumerate(other)}
    here = {key: index for index, key in enumerate(row)}

    def centre(key: Hashable) -> float:
        places = [position[neighbour] for neighbour in near.get(key, ()) if neighbour in position]
        return sum(places) / len(places) if places else here[key]

    row.sort(key=centre)


def _line(chain: list[Hashable], place: Mapping[Hashable, tuple[float, float]]) -> str:
    parts: list[str] = []
    for first, second in pairwise(chain):
        x1, y1 = place[first][0] + _WIDTH / 2, place[first][1] + _HEIGHT
        x2, y2 = place[second][0] + _WIDTH / 2, place[second][1]
        middle = (y1 + y2) / 2
        parts.append(f"M{x1:.0f},{y1:.0f}" if not parts else f"L{x1:.0f},{y1:.0f}")
        parts.append(f"C{x1:.0f},{middle:.0f} {x2:.0f},{middle:.0f} {x2:.0f},{y2:.0f}")
    return " ".join(parts)


def _box(node: Node, x: float, y: float, needs: list[str]) -> Markup:
    first, second = _two_lines(node.title)
    text = Markup('<text x="{}" y="{}">{}</text>')
    middle = x + _WIDTH / 2
    words = (
        text.format(round(middle), round(y + 26.5), first)
        if not second
        else text.format(round(middle), round(y + 19), first) + text.format(round(middle), round(y + 34), second)
    )
    return Markup('<a href="{}"{}><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="9"/>{}</a>').format(
        node.href,
        Markup(' class="focus"') if node.focus else "",
        node.title if not needs else f"{node.title} ← {', '.join(needs)}",
        round(x),
        round(y),
        _WIDTH,
        _HEIGHT,
        words,
    )


def _two_lines(title: str, characters: int = 20) -> tuple[str, str]:
    if len(title) <= characters:
        return title, ""
    first = ""
    words = title.split()
    while words and len(f"{first} {words[0]}".strip()) <= characters:
        first = f"{first} {words.pop(0)}".strip()
    rest = " ".join(words)
    if not first:
        first, rest = title[:characters], title[characters:]
    return first, rest if len(rest) <= characters else rest[: characters - 1] + "…"
