"""Forms of learning paths."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional, StopValidation, ValidationError

from portal.curricula.options import BOUNDS, MAX_DAY, MAX_MEETING, MAX_OFFSET_MINUTES, MAX_WEEK
from portal.web.choices import WEEKDAYS, options
from portal.web.form import Form


class PathForm(Form):
    """A path's name and what it is for."""

    title = StringField(_l("Title"), validators=[DataRequired(), Length(max=200)])
    description = TextAreaField(_l("What it is for"), validators=[Length(max=4000)])


def _needed_for(kind: str) -> Any:
    """The number must be there when this kind of anchor is chosen."""

    def check(form: Form, field: Field) -> None:
        if form.anchor.data == kind and not any(field.raw_data or ()):
            field.errors = []
            raise StopValidation(_l("Say which one."))

    return check


def _day(label: str) -> IntegerField:
    return IntegerField(label, validators=[Optional(), NumberRange(0, MAX_DAY)])


def _moment(label: str, *validators: Any) -> DateTimeLocalField:
    return DateTimeLocalField(
        label, format=["%Y-%m-%dT%H:%M"], validators=[*validators, Optional()], render_kw={"step": 300}
    )


class StepForm(Form):
    """The options of one step."""

    minutes = IntegerField(_l("Minutes here"), validators=[Optional(), NumberRange(5, 6000)])
    required = BooleanField(_l("Required"))
    release_offset_days = _day(_l("Opens on day"))
    due_offset_days = _day(_l("Due on day"))
    lock_offset_days = _day(_l("Closes on day"))
    release_at = _moment(_l("Opens at"))
    due_at = _moment(_l("Due at"))
    lock_at = _moment(_l("Closes at"))
    week = IntegerField(_l("Belongs to week"), validators=[Optional(), NumberRange(1, MAX_WEEK)])
    anchor = RadioField(
        _l("When exactly"),
        choices=options(
            [
                ("", _l("Wherever there is time")),
                ("meeting", _l("At a class meeting")),
                ("weekday", _l("On a weekday")),
                ("week", _l("In a week")),
                ("at", _l("At a date and time")),
            ]
        ),
        default="",
    )
    anchor_meeting = IntegerField(
        _l("Number of the meeting"), validators=[_needed_for("meeting"), Optional(), NumberRange(1, MAX_MEETING)]
    )
    anchor_offset_minutes = IntegerField(
        _l("Minutes after it begins"), validators=[Optional(), NumberRange(-MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES)]
    )
    anchor_weekday = SelectField(_l("Weekday"), choices=WEEKDAYS, coerce=int, default=0)
    anchor_week = IntegerField(
        _l("Number of the week"), validators=[_needed_for("week"), Optional(), NumberRange(1, MAX_WEEK)]
    )
    anchor_at = _moment(_l("Date and time"), _needed_for("at"))
    review_offsets = StringField(_l("Review after days"), validators=[Length(max=80)])

    @staticmethod
    def values(options: Mapping[str, Any]) -> dict[str, Any]:
        """The fields' values for options as they are kept."""
        found = {name: value for name, value in options.items() if name not in ("anchor", "review_offsets")}
        for name in BOUNDS:
            if f"{name}_at" in found:
                found[f"{name}_at"] = datetime.fromisoformat(found[f"{name}_at"])
        anchor = options.get("anchor", {})
        found["anchor"] = next((name for name in ("meeting", "weekday", "week", "at") if name in anchor), "")
        found |= {f"anchor_{name}": value for name, value in anchor.items()}
        if "at" in anchor:
            found["anchor_at"] = datetime.fromisoformat(anchor["at"])
        return found | {"review_offsets": ", ".join(str(day) for day in options.get("review_offsets", ()))}

    def options(self) -> dict[str, Any]:
        """The options to keep; what is empty is left out."""
        names = [*(f"{name}_offset_days" for name in BOUNDS), "week"]
        found = {name: self[name].data for name in names}
        found |= {f"{name}_at": _plain(self[f"{name}_at"].data) for name in BOUNDS}
        found["anchor"] = self._anchor()
        found["review_offsets"] = [int(word) for word in _words(self.review_offsets)] or None
        return {name: value for name, value in found.items() if value is not None}

    def validate_review_offsets(self, field: Field) -> None:
        """Whole numbers only."""
        if not all(word.isdecimal() for word in _words(field)):
            raise ValidationError(_l("Give whole numbers of days, such as 1, 7, 21."))

    def _anchor(self) -> dict[str, Any] | None:
        kind = self.anchor.data
        if not kind:
            return None
        if kind == "at":
            return {"at": _plain(self.anchor_at.data)}
        if kind == "meeting":
            return {"meeting": self.anchor_meeting.data, "offset_minutes": self.anchor_offset_minutes.data or 0}
        return {kind: self[f"anchor_{kind}"].data}


def _words(field: Field) -> list[str]:
    return (field.data or "").replace(",", " ").split()


def _plain(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="minutes")


class UploadForm(Form):
    """A path as a file."""

    file = FileField(_l("YAML or CSV file"), validators=[FileRequired()])
    title = StringField(_l("Title, for a CSV file"), validators=[Length(max=200)])
