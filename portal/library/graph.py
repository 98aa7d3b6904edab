"""Prerequisite graphs: finding a cycle. Pure."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def find_cycle(needs: Mapping[Key, Iterable[Key]]) -> list[Key] | None:
    """A cycle as a list that begins and ends with the same node, or None. Depth first, without recursion."""
    done: set[Key] = set()
    for start in needs:
        path: list[Key] = []
        on_path: set[Key] = set()
        stack: list[tuple[Key, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                path.pop()
                on_path.discard(node)
                done.add(node)
            elif node in on_path:
                return [*path[path.index(node) :], node]
            elif node not in done:
                path.append(node)
                on_path.add(node)
                stack.append((node, True))
                stack.extend((need, False) for need in needs.get(node, ()))
    return None
