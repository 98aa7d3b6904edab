"""Reads of the library: search with facets, one activity with what it needs and leads to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import aliased

from portal.models.library import Activity, ActivityKind, ActivityPrerequisite, Category, Domain
from portal.tenancy.scope import session
from portal.web.paging import Page, page_of

PAGE = 30
MINUTES = {"15": (0, 15), "30": (16, 30), "60": (31, 60), "long": (61, 100_000)}
DIFFICULTY = {"easy": (1, 3), "medium": (4, 6), "hard": (7, 10)}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader asked for; sets are alternatives within, and conditions among, each other."""

    text: str = ""
    domains: frozenset[uuid.UUID] = frozenset()
    categories: frozenset[uuid.UUID] = frozenset()
    minutes: frozenset[str] = frozenset()
    difficulty: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    page: int = 1

    @property
    def active(self) -> bool:
        """Whether anything narrows the list."""
        return any((self.text, self.domains, self.categories, self.minutes, self.difficulty, self.kinds, self.tags))


@dataclass(frozen=True, slots=True)
class Row:
    """An activity as lists show it."""

    id: uuid.UUID
    title: str
    description: str
    minutes: int
    difficulty: int
    kind: ActivityKind
    tags: list[str]
    category: str
    domain: str
    hue: str
    icon: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A value to filter by, with the number of activities it would show."""

    value: str
    label: str
    count: int
    hue: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of activities and the facets beside it."""

    rows: list[Row]
    total: int
    page: Page
    domains: list[Facet] = field(default_factory=list)
    categories: list[Facet] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    minutes: dict[str, int] = field(default_factory=dict)
    difficulty: dict[str, int] = field(default_factory=dict)
    tags: list[Facet] = field(default_factory=list)


def search(filters: Filters) -> Found:
    """Activities that fit, best match first, with counts; a fixed number of statements."""
    base = _filtered(filters).subquery()
    total = session().scalar(select(func.count()).select_from(base)) or 0
    page = page_of(filters.page, total, PAGE)
    return Found(
        rows=_rows(filters, page),
        total=total,
        page=page,
        domains=_domains(filters),
        categories=_categories(filters),
        kinds=_counts(_without(filters, "kinds"), Activity.kind),
        minutes=_counts(_without(filters, "minutes"), _band(Activity.minutes, MINUTES)),
        difficulty=_counts(_without(filters, "difficulty"), _band(Activity.difficulty, DIFFICULTY)),
        tags=_tags(filters),
    )


def _without(filters: Filters, name: str) -> Filters:
    """The filters but one: a facet counts what choosing another of its values would show."""
    values = {key: getattr(filters, key) for key in Filters.__dataclass_fields__}
    return Filters(**{**values, name: frozenset()})


def _filtered(filters: Filters) -> Select[Any]:
    found = (
        select(Activity.id).join(Category, Category.id == Activity.category_id).where(Activity.archived_at.is_(None))
    )
    if filters.text:
        found = found.where(_matches(filters.text))
    if filters.domains:
        found = found.where(Category.domain_id.in_(filters.domains))
    if filters.categories:
        found = found.where(Activity.category_id.in_(filters.categories))
    if filters.kinds:
        found = found.where(Activity.kind.in_(filters.kinds))
    if filters.tags:
        found = found.where(Activity.tags.overlap(sorted(filters.tags)))
    found = _in_bands(found, Activity.minutes, MINUTES, filters.minutes)
    return _in_bands(found, Activity.difficulty, DIFFICULTY, filters.difficulty)


def _in_bands(
    found: Select[Any], column: Any, bands: dict[str, tuple[int, int]], chosen: frozenset[str]
) -> Select[Any]:
    wanted = [column.between(*bands[name]) for name in sorted(chosen) if name in bands]
    return found.where(or_(*wanted)) if wanted else found


def _matches(text: str) -> Any:
    """Full text, or a title that looks alike (a typing error, the beginning of a word)."""
    return or_(
        Activity.search.op("@@")(func.websearch_to_tsquery("english", text)),
        Activity.title.op("%>")(text),
        Activity.title.ilike(f"%{text}%"),
    )


def _rank(text: str) -> Any:
    return (
        func.ts_rank(Activity.search, func.websearch_to_tsquery("english", text))
        + func.word_similarity(text, Activity.title)
    ).desc()


_COLUMNS: tuple[Any, ...] = (
    Activity.id,
    Activity.title,
    Activity.description,
    Activity.minutes,
    Activity.difficulty,
    Activity.kind,
    Activity.tags,
    Category.name,
    Domain.name,
    Domain.hue,
    Domain.icon,
)


def _rows(filters: Filters, page: Page) -> list[Row]:
    order = [_rank(filters.text)] if filters.text else [Domain.position, Category.position, Activity.difficulty]
    rows = session().execute(
        _filtered(filters)
        .join(Domain, Domain.id == Category.domain_id)
        .with_only_columns(*_COLUMNS)
        .order_by(*order, Activity.title, Activity.id)
        .limit(page.size)
        .offset(page.offset)
    )
    return [Row(*row) for row in rows]


def _domains(filters: Filters) -> list[Facet]:
    counts = _counts(_without(_without(filters, "domains"), "categories"), Category.domain_id)
    rows = session().execute(select(Domain.id, Domain.name, Domain.hue).order_by(Domain.position, Domain.name))
    return [Facet(str(key), name, counts.get(str(key), 0), hue) for key, name, hue in rows]


def _categories(filters: Filters) -> list[Facet]:
    counts = _counts(_without(filters, "categories"), Activity.category_id)
    found = select(Category.id, Category.name, Domain.hue).join(Domain, Domain.id == Category.domain_id)
    if filters.domains:
        found = found.where(Category.domain_id.in_(filters.domains))
    rows = session().execute(found.order_by(Domain.position, Category.position, Category.name))
    return [
        Facet(str(key), name, counts.get(str(key), 0), hue)
        for key, name, hue in rows
        if counts.get(str(key)) or key in filters.categories
    ]


def _counts(filters: Filters, column: Any) -> dict[str, int]:
    rows = session().execute(_filtered(filters).with_only_columns(column, func.count()).group_by(column))
    return {str(getattr(value, "value", value)): count for value, count in rows}


def _band(column: Any, bands: dict[str, tuple[int, int]]) -> Any:
    return case(*((column.between(*limits), name) for name, limits in bands.items()), else_="")


def _tags(filters: Filters) -> list[Facet]:
    tag = func.unnest(Activity.tags)
    rows = session().execute(
        _filtered(_without(filters, "tags"))
        .with_only_columns(tag.label("tag"), func.count())
        .group_by("tag")
        .order_by(func.count().desc(), "tag")
        .limit(14)
    )
    shown = [Facet(name, name, count) for name, count in rows]
    missing = sorted(filters.tags - {facet.value for facet in shown})
    return shown + [Facet(name, name, 0) for name in missing]


@dataclass(frozen=True, slots=True)
class Link:
    """An activity at the other end of an edge."""

    id: uuid.UUID
    title: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One activity with its surroundings; ``edges`` are (prerequisite, activity) pairs among ``around``."""

    activity: Activity
    category: Category
    domain: Domain
    needs: list[Link]
    leads_to: list[Link]


def detail(activity_id: uuid.UUID) -> Detail | None:
    """An activity with what it needs and what it leads to."""
    row = (
        session()
        .execute(
            select(Activity, Category, Domain)
            .join(Category, Category.id == Activity.category_id)
            .join(Domain, Domain.id == Category.domain_id)
            .where(Activity.id == activity_id)
        )
        .first()
    )
    if row is None:
        return None
    near, edge = aliased(Activity), ActivityPrerequisite
    needs = session().execute(
        select(near.id, near.title)
        .join(edge, edge.prerequisite_id == near.id)
        .where(edge.activity_id == activity_id)
        .order_by(near.title)
    )
    leads_to = session().execute(
        select(near.id, near.title)
        .join(edge, edge.activity_id == near.id)
        .where(edge.prerequisite_id == activity_id, near.archived_at.is_(None))
        .order_by(near.title)
    )
    return Detail(row[0], row[1], row[2], [Link(*pair) for pair in needs], [Link(*pair) for pair in leads_to])


def edges() -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Every (activity, prerequisite) pair of the organization."""
    rows = session().execute(select(ActivityPrerequisite.activity_id, ActivityPrerequisite.prerequisite_id))
    return [(activity, prerequisite) for activity, prerequisite in rows]


def titles(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Titles of activities by id."""
    rows = session().execute(select(Activity.id, Activity.title).where(Activity.id.in_(ids)))
    return dict(rows.all())


def category_choices() -> list[tuple[str, str]]:
    """Categories as (id, “Domain: category”) for forms."""
    rows = session().execute(
        select(Category.id, Domain.name, Category.name)
        .join(Domain, Domain.id == Category.domain_id)
        .order_by(Domain.position, Domain.name, Category.position, Category.name)
    )
    return [(str(key), f"{domain}: {name}") for key, domain, name in rows]


def activity_choices(but: uuid.UUID | None = None) -> list[tuple[str, str]]:
    """Activities as (id, title) for the prerequisites of one."""
    rows = session().execute(
        select(Activity.id, Activity.title)
        .where(Activity.archived_at.is_(None), Activity.id != but if but else Activity.id.is_not(None))
        .order_by(Activity.title)
    )
    return [(str(key), title) for key, title in rows]
