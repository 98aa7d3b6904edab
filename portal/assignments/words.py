"""A report's entries in plain sentences."""

from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.web.format import full_date, minutes

_UNPLACED = {
    "OPTIONAL_DROPPED": lambda e: _("“%(title)s” is optional and left out.", title=e["title"]),
    "LATE_JOIN": lambda e: _("“%(title)s” is optional and left out for a late start.", title=e["title"]),
    "NO_ROOM": lambda e: _("“%(title)s” (%(time)s) finds no free time.", title=e["title"], time=minutes(e["minutes"])),
    "TOO_LONG": lambda e: _(
        "“%(title)s” (%(time)s) is longer than any study day.", title=e["title"], time=minutes(e["minutes"])
    ),
    "WINDOW_CLOSED": lambda e: _("“%(title)s” closes before it can be done.", title=e["title"]),
    "PREREQUISITE_UNPLACED": lambda e: _("“%(title)s” waits for something that has no time.", title=e["title"]),
}


def trouble(report: dict[str, Any]) -> list[str]:
    """What does not fit and what is late, required work first, one sentence each."""
    found = [str(_UNPLACED[e["code"]](e)) for e in report.get("unplaced", ())]
    found += [
        str(
            _(
                "“%(title)s” ends on %(day)s, after it is due.",
                title=e["title"],
                day=full_date(date.fromisoformat(e["ends_on"])),
            )
        )
        for e in report.get("late", ())
        if e["code"] != "CADENCE"
    ]
    proof = report.get("certificate")
    if proof and proof["code"] == "WINDOW_OVERFULL":
        found.insert(
            0,
            str(
                _(
                    "%(needed)s of work have to fit into %(available)s of study time.",
                    needed=minutes(proof["needed"]),
                    available=minutes(proof["available"]),
                )
            ),
        )
    return found
