"""The options of a step, as the draft and every version keep them. Pure.

Keys, each absent when not given: ``release_offset_days``, ``due_offset_days``, ``lock_offset_days`` (days from the
learner's start) or, instead, ``release_at``, ``due_at``, ``lock_at`` (``2026-10-05T18:00``, local to the class);
``anchor``, one of ``{"meeting": n, "offset_minutes": m}``, ``{"week": n}``, ``{"weekday": 0..6}`` and
``{"at": "2026-10-05T18:00"}``; ``week`` (from 1), the step's place in plans by week; ``review_offsets`` (days).
"""

import itertools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.errors import N_, Invalid

BOUNDS = ("release", "due", "lock")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_DAY = 1000
MAX_WEEK = 150
MAX_MEETING = 1000
MAX_OFFSET_MINUTES = 7 * 24 * 60
MAX_REVIEWS = 10
MAX_REVIEW_DAY = 366
_MEETING = re.compile(r"meeting (\d{1,4})(?: ?([+-]) ?(\d{1,5}))?")
_WEEK = re.compile(r"week (\d{1,4})")


def check(options: Mapping[str, Any]) -> None:
    """Invalid names the key of the first option that breaks a rule; of an anchor as ``anchor_week``, for example."""
    for name in BOUNDS:
        if f"{name}_offset_days" in options and f"{name}_at" in options:
            raise Invalid("two_bounds", N_("Give a day or a date and time, not both."), field=f"{name}_at")
    for kind in ("offset_days", "at"):
        given = [name for name in BOUNDS if f"{name}_{kind}" in options]
        for earlier, later in itertools.pairwise(given):
            if options[f"{later}_{kind}"] < options[f"{earlier}_{kind}"]:
                raise Invalid(
                    "bounds", N_("A step opens before it is due, and is due before it closes."), field=f"{later}_{kind}"
                )
    _check_anchor(options.get("anchor"))
    _check_reviews(options.get("review_offsets", ()))


def _check_anchor(anchor: Mapping[str, Any] | None) -> None:
    if anchor is None:
        return
    limits = {
        "meeting": (1, MAX_MEETING),
        "offset_minutes": (-MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES),
        "week": (1, MAX_WEEK),
        "weekday": (0, 6),
    }
    for name, (low, high) in limits.items():
        if name in anchor and not low <= anchor[name] <= high:
            raise Invalid(
                "anchor",
                N_("The number must be between %(low)d and %(high)d."),
                field=f"anchor_{name}",
                low=low,
                high=high,
            )
    if anchor.get("offset_minutes", 0) % 5:
        raise Invalid("anchor", N_("Minutes are a multiple of 5."), field="anchor_offset_minutes")
    if "at" in anchor and datetime.fromisoformat(anchor["at"]).minute % 5:
        raise Invalid("anchor", N_("Minutes are a multiple of 5."), field="anchor_at")


def _check_reviews(days: Any) -> None:
    if len(days) > MAX_REVIEWS or list(days) != sorted(set(days)) or not all(0 < day <= MAX_REVIEW_DAY for day in days):
        raise Invalid(
            "review_offsets",
            N_("Give at most %(count)d rising numbers of days between 1 and %(days)d."),
            field="review_offsets",
            count=MAX_REVIEWS,
            days=MAX_REVIEW_DAY,
        )


def local_moment(text: str) -> str | None:
    """``2026-10-05 18:00`` as it is kept, or None for anything else: a date alone, another zone, seconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is not None or len(text) <= len("2026-10-05") or found.second or found.microsecond:
        return None
    return found.isoformat(timespec="minutes")


def read_anchor(text: str) -> dict[str, Any] | None:
    """``meeting 3``, ``meeting 3 -15``, ``week 2``, ``friday`` or ``2026-12-12 10:00``; None for anything else."""
    words = " ".join(text.lower().split())
    if words in WEEKDAYS:
        return {"weekday": WEEKDAYS.index(words)}
    if found := _MEETING.fullmatch(words):
        minutes = int(found[3] or 0)
        return {"meeting": int(found[1]), "offset_minutes": -minutes if found[2] == "-" else minutes}
    if found := _WEEK.fullmatch(words):
        return {"week": int(found[1])}
    at = local_moment(text.strip())
    return None if at is None else {"at": at}
