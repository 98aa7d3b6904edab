"""The choices of a publishing."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectMultipleField
from wtforms.validators import NumberRange, Optional

from portal.pacing.types import Arrangement, LateJoin, MissedWork, Overload, Policy
from portal.web.choices import enum_select
from portal.web.form import Form
from portal.web.parse import uuids


class PolicyForm(Form):
    """How dates are found."""

    arrangement = enum_select(
        _l("Dates"),
        {
            Arrangement.SPREAD: _l("spread evenly to the planned end"),
            Arrangement.SOON: _l("as soon as possible"),
            Arrangement.BY_WEEK: _l("by the week of each step"),
        },
    )
    late_join = enum_select(
        _l("Who starts later"),
        {
            LateJoin.SHIFT: _l("ends later by as much"),
            LateJoin.COMPRESS: _l("ends with the class"),
            LateJoin.CATCH_UP: _l("catches up with the class over some weeks"),
            LateJoin.SKIP_OPTIONAL: _l("ends with the class, without optional steps"),
            LateJoin.JOIN_CLASS: _l("starts where the class is, without what it has done"),
        },
    )
    catch_up_weeks = IntegerField(
        _l("Weeks to catch up"), default=Policy().catch_up_weeks, validators=[Optional(), NumberRange(1, 26)]
    )
    overload = enum_select(
        _l("Too much for the time"),
        {
            Overload.EXTEND: _l("use the days up to the last possible one"),
            Overload.DROP_OPTIONAL: _l("leave optional steps out"),
            Overload.REPORT: _l("only report it"),
        },
    )
    missed = enum_select(
        _l("Work not done on its day"),
        {
            MissedWork.ROLL_FORWARD: _l("takes the next free time"),
            MissedWork.COMPRESS: _l("is spread over the days that are left"),
            MissedWork.LEAVE: _l("stays where it was"),
        },
    )
    due_moves = BooleanField(_l("Due dates move with the plan"))
    left_out = SelectMultipleField(_l("Steps left out"), choices=[], validate_choice=False)
    notice_days = IntegerField(_l("Notice, days"), default=0, validators=[Optional(), NumberRange(0, 30)])

    def policy(self) -> dict[str, Any]:
        """The assignment's policy."""
        return {
            "arrangement": self.arrangement.data,
            "late_join": self.late_join.data,
            "catch_up_weeks": self.catch_up_weeks.data or Policy().catch_up_weeks,
            "overload": self.overload.data,
            "missed": self.missed.data,
            "due_moves": self.due_moves.data,
            "notice_days": self.notice_days.data or 0,
            "left_out": sorted(str(step) for step in uuids(self.left_out.data or ())),
        }

    def fields(self) -> list[tuple[str, str]]:
        """The choices as a form or an address carries them."""
        plain = [(name, str(value)) for name, value in self.policy().items() if name not in ("due_moves", "left_out")]
        ticked = [("due_moves", "y")] if self.due_moves.data else []
        return [*plain, *ticked, *(("left_out", step) for step in self.policy()["left_out"])]
