"""What learners type: the minutes something took, and a note."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from portal.progress.services import MAX_ACTUAL_MINUTES, MAX_NOTE_CHARACTERS


class CompleteForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """Completing an item; empty minutes mean what the clock says."""

    actual_minutes = IntegerField(
        _l("Minutes it took"), validators=[Optional(), NumberRange(min=0, max=MAX_ACTUAL_MINUTES)]
    )


class NoteForm(FlaskForm):  # type: ignore[misc]  # as above
    """The learner's own note."""

    note = TextAreaField(_l("Your note"), validators=[Length(max=MAX_NOTE_CHARACTERS)])
