"""Forms of learning paths."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional


class PathForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """A path's name and what it is for."""

    title = StringField(_l("Title"), validators=[DataRequired(), Length(max=200)])
    description = TextAreaField(_l("What it is for"), validators=[Length(max=4000)])


class StepForm(FlaskForm):  # type: ignore[misc]  # as above
    """The options of one step."""

    minutes = IntegerField(_l("Minutes here"), validators=[Optional(), NumberRange(5, 6000)])
    required = BooleanField(_l("Required"))
    release_offset_days = IntegerField(_l("Opens on day"), validators=[Optional(), NumberRange(0, 1000)])
    due_offset_days = IntegerField(_l("Due on day"), validators=[Optional(), NumberRange(0, 1000)])
    lock_offset_days = IntegerField(_l("Closes on day"), validators=[Optional(), NumberRange(0, 1000)])
    week = IntegerField(_l("Belongs to week"), validators=[Optional(), NumberRange(1, 150)])


class UploadForm(FlaskForm):  # type: ignore[misc]  # as above
    """A path as a file."""

    file = FileField(_l("YAML or CSV file"), validators=[FileRequired()])
    title = StringField(_l("Title, for a CSV file"), validators=[Length(max=200)])
