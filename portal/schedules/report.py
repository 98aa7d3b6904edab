"""A plan's report as JSON for the schedule row, with steps by title so that pages need no join."""

import uuid
from collections.abc import Mapping
from typing import Any

from portal.pacing.results import Plan


def as_json(plan: Plan, titles: Mapping[uuid.UUID, str]) -> dict[str, Any]:
    """What does not fit and what is late: codes, titles, minutes and dates."""
    report = plan.report
    found: dict[str, Any] = {
        "unplaced": [
            {
                "title": _title(entry.step, titles),
                "code": entry.code.value,
                "required": entry.required,
                "minutes": entry.minutes,
                "until_on": None if entry.until_on is None else entry.until_on.isoformat(),
            }
            for entry in report.unplaced
        ],
        "late": [
            {
                "title": _title(entry.step, titles),
                "code": entry.code.value,
                "required": entry.required,
                "minutes": entry.minutes,
                "ends_on": entry.ends_on.isoformat(),
            }
            for entry in report.late
        ],
        "left_out": [{"title": _title(e.step, titles), "code": e.code.value} for e in plan.left_out],
        "conflicts": [
            {"title": _title(e.step, titles), "code": e.code.value, "on": e.on.isoformat()} for e in report.conflicts
        ],
    }
    if report.certificate is not None:
        proof = report.certificate
        found["certificate"] = {
            "code": proof.code.value,
            "titles": [_title(step, titles) for step in proof.steps],
            "from_on": proof.from_on.isoformat(),
            "until_on": proof.until_on.isoformat(),
            "needed": proof.needed,
            "available": proof.available,
        }
    return found


def _title(step: object, titles: Mapping[uuid.UUID, str]) -> str:
    return titles[step] if isinstance(step, uuid.UUID) and step in titles else "–"
