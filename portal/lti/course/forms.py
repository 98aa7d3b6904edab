"""How an assignment is graded."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from wtforms import FloatField, IntegerField, RadioField
from wtforms.validators import InputRequired

from portal.lti.grades.policy import GradeKind, GradePolicy
from portal.web.choices import options
from portal.web.form import Form


class GradingForm(Form):
    """The policy; points of single steps come as ``points-<step id>``."""

    kind = RadioField(
        _l("The score says"),
        choices=options(
            [
                (GradeKind.SHARE.value, _l("what share of the work is completed")),
                (GradeKind.POINTS.value, _l("the points of completed steps")),
                (GradeKind.PASS_FAIL.value, _l("whether it is done: all or nothing")),
            ]
        ),
    )
    maximum = FloatField(_l("Full score"), validators=[InputRequired()])
    pass_percent = IntegerField(_l("Done at, percent of steps"), validators=[InputRequired()])
    each = FloatField(_l("Points of a step"), validators=[InputRequired()])

    def show(self, policy: GradePolicy) -> None:
        """The policy that holds now."""
        self.kind.data, self.maximum.data = policy.kind.value, _plain(policy.maximum)
        self.pass_percent.data, self.each.data = policy.pass_percent, _plain(policy.each)

    def policy(self, points: Mapping[str, float | None]) -> GradePolicy:
        """The policy as chosen; ``points`` by step id, those that are no numbers or as all others are left out."""
        own = {step: value for step, value in points.items() if value is not None and value != self.each.data}
        return GradePolicy(GradeKind(self.kind.data), self.maximum.data, self.each.data, own, self.pass_percent.data)


def _plain(value: float) -> float:
    """A whole number without its ``.0``."""
    return int(value) if value == int(value) else value
