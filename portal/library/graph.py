"""Prerequisite graphs: finding a cycle, an order that keeps them. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
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


def needs_first(keys: Sequence[Key], needs: Mapping[Key, Iterable[Key]]) -> list[Key]:
    """The keys as they stand, but each after those of them that it needs. The needs have no cycle."""
    waiting, ordered = list(keys), []
    while waiting:
        ready = next(key for key in waiting if not any(need in waiting for need in needs.get(key, ())))
        waiting.remove(ready)
        ordered.append(ready)
    return ordered
