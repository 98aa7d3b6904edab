"""What a link in a course opens: a path, one of its units or one of its steps; pure.

It travels as custom parameters of the link and, for platforms that keep only addresses, in the link's query.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from portal.web.parse import NOTHING, maybe_uuid

_NAMES = ("path", "unit", "step")


@dataclass(frozen=True, slots=True)
class Target:
    """A path, by its own id; with ``unit_id`` one of its units, with ``step_id`` one of its steps."""

    curriculum_id: uuid.UUID
    unit_id: uuid.UUID | None = None
    step_id: uuid.UUID | None = None

    @property
    def tag(self) -> str:
        """``path``, ``unit`` or ``step``: the tag of its column."""
        return "step" if self.step_id else "unit" if self.unit_id else "path"

    @property
    def resource_id(self) -> str:
        """The resourceId of its column: the same in every course."""
        return str(self.step_id or self.unit_id or self.curriculum_id)

    def values(self) -> dict[str, str]:
        """The custom parameters."""
        ids = zip(_NAMES, (self.curriculum_id, self.unit_id, self.step_id), strict=True)
        return {name: str(value) for name, value in ids if value is not None}

    @property
    def code(self) -> str:
        """One text for a form's value; `of_code` reads it."""
        return ".".join("" if each is None else str(each) for each in (self.curriculum_id, self.unit_id, self.step_id))

    def address(self, launch_url: str) -> str:
        """The launch address with the target in its query."""
        return f"{launch_url}?{urlencode(self.values())}"

    def holds(self, *, unit_id: uuid.UUID, step_id: uuid.UUID) -> bool:
        """Whether a step of the path belongs to it."""
        if self.step_id is not None:
            return self.step_id == step_id
        return self.unit_id is None or self.unit_id == unit_id


def of_launch(custom: Mapping[str, Any], target_link_uri: str | None) -> Target | None:
    """The target of a launch: its custom parameters, else the query of its address; None names the class itself."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(target_link_uri or "").query).items()}
    return of_values(custom) or of_values(query)


def of_values(values: Mapping[str, Any]) -> Target | None:
    """The target of named ids; None without a path. What is no id counts as absent."""
    path, unit, step = (_id(values.get(name)) for name in _NAMES)
    return None if path is None else Target(path, unit, step)


def of_code(code: str) -> Target | None:
    """The target of a form's value; None for anything else."""
    parts = code.split(".")
    return of_values(dict(zip(_NAMES, parts, strict=True))) if len(parts) == len(_NAMES) else None


def _id(value: Any) -> uuid.UUID | None:
    found = maybe_uuid(value) if isinstance(value, str) else NOTHING
    return None if found == NOTHING else found
