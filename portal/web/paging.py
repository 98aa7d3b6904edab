"""Pages of lists: the one asked for, kept within what there is."""

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict


@dataclass(frozen=True, slots=True)
class Page:
    """Page ``number`` of ``count``, both from 1, with ``size`` rows a page."""

    number: int
    count: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size


def page_asked(values: "MultiDict[str, str]") -> int:
    """The number in the address as ``page``; 1 for none and for what is no number."""
    return values.get("page", 1, int)


def page_of(asked: int, total: int, size: int) -> Page:
    """The page asked for among ``total`` rows: the first or the last where it lies outside."""
    count = max(1, -(-total // size))
    return Page(min(max(1, asked), count), count, size)
