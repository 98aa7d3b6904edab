"""The starter library: data files, copied into each organization when it is made."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.dialects.postgresql import insert

from portal.models.library import Activity, ActivityPrerequisite, Category, Domain
from portal.tenancy.scope import organization_id, session

FOLDER = Path(__file__).parent / "starter"


@dataclass(frozen=True, slots=True)
class Starter:
    """All starter rows, without ids and organization; activities name their category by key."""

    domains: tuple[dict[str, Any], ...]
    categories: tuple[dict[str, Any], ...]
    activities: tuple[dict[str, Any], ...]
    needs: tuple[tuple[str, str], ...]


@cache
def load() -> Starter:
    """Read the data files once a process."""
    domains, categories, activities, needs = [], [], [], []
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == "paths.yaml":
            continue
        data = yaml.safe_load(path.read_text())
        domain = data["domain"]
        domains.append({"origin_key": domain["key"], **{name: domain[name] for name in ("name", "hue", "icon")}})
        for category in data["categories"]:
            key = f"{domain['key']}/{category['key']}"
            categories.append({"origin_key": key, "name": category["name"], "domain": domain["key"]})
            for item in category["activities"]:
                activities.append(_activity(domain["key"], key, item))
                needs += [
                    (f"{domain['key']}/{item['key']}", _full(domain["key"], need)) for need in item.get("needs", ())
                ]
    return Starter(tuple(domains), tuple(categories), tuple(activities), tuple(needs))


def _full(domain: str, key: str) -> str:
    return key if "/" in key else f"{domain}/{key}"


def _activity(domain: str, category: str, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "origin_key": f"{domain}/{item['key']}",
        "category": category,
        "title": item["title"],
        "description": " ".join(item["description"].split()),
        "minutes": item["minutes"],
        "difficulty": item["difficulty"],
        "kind": item["kind"],
        "splittable": item.get("splittable", False),
        "min_session_minutes": item.get("min_session_minutes", item["minutes"]),
        "resource_url": item.get("url"),
        "tags": item["tags"],
    }


def copy(*, now: datetime) -> None:
    """Copy the starter library into the bound organization; what is there already stays as it is."""
    starter = load()
    domain_ids = _insert(Domain, [{**row, "position": number} for number, row in enumerate(starter.domains, 1)])
    category_ids = _insert(
        Category,
        [
            {
                "origin_key": row["origin_key"],
                "name": row["name"],
                "domain_id": domain_ids[row["domain"]],
                "position": number,
            }
            for number, row in enumerate(starter.categories, 1)
            if row["domain"] in domain_ids
        ],
    )
    activity_ids = _insert(
        Activity,
        [
            {
                **{name: value for name, value in row.items() if name != "category"},
                "category_id": category_ids[row["category"]],
                "created_at": now,
                "updated_at": now,
            }
            for row in starter.activities
            if row["category"] in category_ids
        ],
    )
    edges = [
        {
            "organization_id": organization_id(),
            "activity_id": activity_ids[later],
            "prerequisite_id": activity_ids[earlier],
        }
        for later, earlier in starter.needs
        if later in activity_ids and earlier in activity_ids
    ]
    if edges:
        session().execute(insert(ActivityPrerequisite).on_conflict_do_nothing(), edges)


def _insert(model: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Insert the rows that are not there yet; ids of those just made, by origin key."""
    if not rows:
        return {}
    made = session().execute(
        insert(model).on_conflict_do_nothing().returning(model.origin_key, model.id),
        [{"organization_id": organization_id(), **row} for row in rows],
    )
    return dict(made.all())
