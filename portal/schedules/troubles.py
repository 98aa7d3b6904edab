"""What does not fit in a plan, in plain sentences, each with what would change it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.errors import N_
from portal.pacing.results import CertificateCode, ConflictCode, LeftOutCode
from portal.web.format import full_date, minutes

Entry = Mapping[str, Any]

_UNPLACED = {
    LeftOutCode.OPTIONAL_DROPPED: N_("“%(title)s” is optional and left out."),
    LeftOutCode.LATE_JOIN: N_("“%(title)s” is left out for a late start."),
    LeftOutCode.NO_ROOM: N_(
        "“%(title)s” (%(time)s) finds no free time. More minutes a day or a later end would make room."
    ),
    LeftOutCode.TOO_LONG: N_(
        "“%(title)s” (%(time)s) is longer than any study day. Longer days would hold it, or a step that may be split."
    ),
    LeftOutCode.WINDOW_CLOSED: N_("“%(title)s” closes before it can be done. A later closing date would help."),
    LeftOutCode.PREREQUISITE_UNPLACED: N_(
        "“%(title)s” waits for something that has no time. Make room for that first."
    ),
}
_CONFLICTS = {
    ConflictCode.PIN_BEFORE_PREREQUISITE: N_(
        "“%(title)s” stands on %(day)s, before what it builds on is done. Move it to a later day."
    ),
    ConflictCode.NO_STUDY_DAY: N_(
        "“%(title)s” stands on %(day)s, which is no study day. Move it, or let the portal choose."
    ),
    ConflictCode.OUTSIDE_HOURS: N_(
        "“%(title)s” stands outside the study hours of %(day)s. Move it to another time, or widen the hours."
    ),
    ConflictCode.OVERLAP: N_("“%(title)s” stands on %(day)s at the same time as something else. Move one of them."),
    ConflictCode.DAY_OVER_CAP: N_(
        "“%(title)s” makes %(day)s longer than it may be. Move it to another day, or give that day more minutes."
    ),
    ConflictCode.WEEK_OVER_CAP: N_(
        "“%(title)s” makes the week of %(day)s longer than it may be. Move it to another week."
    ),
    ConflictCode.BEFORE_RELEASE: N_("“%(title)s” stands on %(day)s, before it opens. Move it to a later day."),
    ConflictCode.AFTER_LOCK: N_(
        "“%(title)s” stands on %(day)s, after it closes. Move it to an earlier day, or let it close later."
    ),
    ConflictCode.BEFORE_START: N_("“%(title)s” stands on %(day)s, before the plan begins. Move it to a later day."),
    ConflictCode.AFTER_HARD_END: N_(
        "“%(title)s” stands on %(day)s, after the last possible day. Move it to an earlier day, or set a later end."
    ),
}
_PROOFS = {
    CertificateCode.WINDOW_OVERFULL: N_("%(needed)s of work have to fit into %(available)s of study time."),
    CertificateCode.CHAIN_TOO_LONG: N_(
        "Steps that build on each other need more days than there are until %(until)s. "
        "A later end or shorter waits between them would help."
    ),
    CertificateCode.STEP_TOO_LONG: N_("A step of %(needed)s has no unbroken time: the longest is %(available)s."),
}


def trouble(report: Entry) -> list[str]:
    """What does not fit, is late or breaks a rule where it stands: the proof first, then a sentence each."""
    proof = report.get("certificate")
    return [
        *([] if proof is None else [_proof(proof)]),
        *(
            _(_UNPLACED[LeftOutCode(e["code"])], title=e["title"], time=minutes(e["minutes"]))
            for e in report.get("unplaced", ())
        ),
        *(_late(e) for e in report.get("late", ()) if e["code"] != "CADENCE"),
        *(
            _(_CONFLICTS[ConflictCode(e["code"])], title=e["title"], day=_day(e["on"]))
            for e in report.get("conflicts", ())
        ),
    ]


def _proof(certificate: Entry) -> str:
    return str(
        _(
            _PROOFS[CertificateCode(certificate["code"])],
            needed=minutes(certificate["needed"]),
            available=minutes(certificate["available"]),
            until=_day(certificate["until_on"]),
        )
    )


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
