"""What learners type: the minutes something took, and a note."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional

from portal.progress.services import MAX_ACTUAL_MINUTES, MAX_NOTE_CHARACTERS
from portal.web.form import Form


class CompleteForm(Form):
    """Completing an item; empty minutes mean what the clock says."""

    actual_minutes = IntegerField(
        _l("Minutes it took"), validators=[Optional(), NumberRange(min=0, max=MAX_ACTUAL_MINUTES)]
    )


class NoteForm(Form):
    """The learner's own note."""

    note = TextAreaField(_l("Your note"), validators=[Length(max=MAX_NOTE_CHARACTERS)])


class EncouragementForm(Form):
    """What the learner wants to see."""

    streaks = BooleanField(_l("Show my streak"))
    milestones = BooleanField(_l("Show my milestones"))
