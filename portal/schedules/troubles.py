"""What does not fit in a plan, in plain sentences, each with what would change it."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.pacing.results import CertificateCode, ConflictCode, LeftOutCode
from portal.web.format import full_date, minutes

Entry = Mapping[str, Any]


def _titled(entry: Entry) -> dict[str, str]:
    return {"title": entry["title"], "time": minutes(entry["minutes"])}


_UNPLACED: dict[LeftOutCode, Callable[[Entry], str]] = {
    LeftOutCode.OPTIONAL_DROPPED: lambda e: _("“%(title)s” is optional and left out.", title=e["title"]),
    LeftOutCode.LATE_JOIN: lambda e: _("“%(title)s” is left out for a late start.", title=e["title"]),
    LeftOutCode.NO_ROOM: lambda e: _(
        "“%(title)s” (%(time)s) finds no free time. More minutes a day or a later end would make room.", **_titled(e)
    ),
    LeftOutCode.TOO_LONG: lambda e: _(
        "“%(title)s” (%(time)s) is longer than any study day. Longer days would hold it, or a step that may be split.",
        **_titled(e),
    ),
    LeftOutCode.WINDOW_CLOSED: lambda e: _(
        "“%(title)s” closes before it can be done. A later closing date would help.", title=e["title"]
    ),
    LeftOutCode.PREREQUISITE_UNPLACED: lambda e: _(
        "“%(title)s” waits for something that has no time. Make room for that first.", title=e["title"]
    ),
}
_CONFLICTS: dict[ConflictCode, Callable[[dict[str, str]], str]] = {
    ConflictCode.PIN_BEFORE_PREREQUISITE: lambda e: _(
        "“%(title)s” stands on %(day)s, before what it builds on is done. Move it to a later day.", **e
    ),
    ConflictCode.NO_STUDY_DAY: lambda e: _(
        "“%(title)s” stands on %(day)s, which is no study day. Move it, or let the portal choose.", **e
    ),
    ConflictCode.OUTSIDE_HOURS: lambda e: _(
        "“%(title)s” stands outside the study hours of %(day)s. Move it to another time, or widen the hours.", **e
    ),
    ConflictCode.OVERLAP: lambda e: _(
        "“%(title)s” stands on %(day)s at the same time as something else. Move one of them.", **e
    ),
    ConflictCode.DAY_OVER_CAP: lambda e: _(
        "“%(title)s” makes %(day)s longer than it may be. Move it to another day, or give that day more minutes.", **e
    ),
    ConflictCode.WEEK_OVER_CAP: lambda e: _(
        "“%(title)s” makes the week of %(day)s longer than it may be. Move it to another week.", **e
    ),
    ConflictCode.BEFORE_RELEASE: lambda e: _(
        "“%(title)s” stands on %(day)s, before it opens. Move it to a later day.", **e
    ),
    ConflictCode.AFTER_LOCK: lambda e: _(
        "“%(title)s” stands on %(day)s, after it closes. Move it to an earlier day, or let it close later.", **e
    ),
    ConflictCode.BEFORE_START: lambda e: _(
        "“%(title)s” stands on %(day)s, before the plan begins. Move it to a later day.", **e
    ),
    ConflictCode.AFTER_HARD_END: lambda e: _(
        "“%(title)s” stands on %(day)s, after the last possible day. Move it to an earlier day, or set a later end.",
        **e,
    ),
}
_PROOFS: dict[CertificateCode, Callable[[dict[str, str]], str]] = {
    CertificateCode.WINDOW_OVERFULL: lambda e: _(
        "%(needed)s of work have to fit into %(available)s of study time.", **e
    ),
    CertificateCode.CHAIN_TOO_LONG: lambda e: _(
        "Steps that build on each other need more days than there are until %(until)s. "
        "A later end or shorter waits between them would help.",
        **e,
    ),
    CertificateCode.STEP_TOO_LONG: lambda e: _(
        "A step of %(needed)s has no unbroken time: the longest is %(available)s.", **e
    ),
}


def trouble(report: Entry) -> list[str]:
    """What does not fit, is late or breaks a rule where it stands: the proof first, then a sentence each."""
    found = [str(_UNPLACED[LeftOutCode(e["code"])](e)) for e in report.get("unplaced", ())]
    found += [_late(e) for e in report.get("late", ()) if e["code"] != "CADENCE"]
    found += [
        str(_CONFLICTS[ConflictCode(e["code"])]({"title": e["title"], "day": _day(e["on"])}))
        for e in report.get("conflicts", ())
    ]
    proof = report.get("certificate")
    if proof:
        values = {
            "needed": minutes(proof["needed"]),
            "available": minutes(proof["available"]),
            "until": _day(proof["until_on"]),
        }
        found.insert(0, str(_PROOFS[CertificateCode(proof["code"])](values)))
    return found


def _late(entry: Entry) -> str:
    return str(
        _(
            "“%(title)s” ends on %(day)s, after it is due. A later due date or more minutes before it would help.",
            title=entry["title"],
            day=_day(entry["ends_on"]),
        )
    )


def _day(text: str) -> str:
    return full_date(date.fromisoformat(text))
