"""Forms of the library."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from portal.library.services import ActivityDraft
from portal.models.library import ActivityKind
from portal.web.choices import options
from portal.web.form import Form
from portal.web.parse import maybe_uuid, split_list

KINDS = [
    (ActivityKind.STUDY.value, _l("Study")),
    (ActivityKind.PRACTICE.value, _l("Practice")),
    (ActivityKind.ASSESSMENT.value, _l("Assessment")),
    (ActivityKind.REVIEW.value, _l("Review")),
]


class ActivityForm(Form):
    """All fields of an activity."""

    title = StringField(_l("Title"), validators=[DataRequired(), Length(max=200)])
    category_id = SelectField(_l("Category"))
    description = TextAreaField(_l("What to do"), validators=[Length(max=8000)])
    minutes = IntegerField(_l("Minutes"), validators=[DataRequired(), NumberRange(5, 6000)])
    difficulty = IntegerField(_l("Difficulty, 1 to 10"), validators=[DataRequired(), NumberRange(1, 10)])
    kind = SelectField(_l("Kind"), choices=options(KINDS))
    splittable = BooleanField(_l("May be split over several days"))
    min_session_minutes = IntegerField(_l("Shortest session, minutes"), validators=[Optional(), NumberRange(5, 6000)])
    resource_url = StringField(_l("Link"), validators=[Length(max=2000)])
    tags = StringField(_l("Tags"), validators=[Length(max=500)])
    needs = SelectMultipleField(_l("Comes after"), validate_choice=False)

    def draft(self) -> ActivityDraft:
        """The form's values for the service."""
        return ActivityDraft(
            category_id=maybe_uuid(self.category_id.data),
            title=self.title.data.strip(),
            description=self.description.data or "",
            minutes=self.minutes.data,
            difficulty=self.difficulty.data,
            kind=ActivityKind(self.kind.data),
            splittable=self.splittable.data,
            min_session_minutes=self.min_session_minutes.data if self.splittable.data else None,
            resource_url=(self.resource_url.data or "").strip() or None,
            tags=split_list(self.tags.data),
            needs=tuple(maybe_uuid(value) for value in self.needs.data or ()),
        )


class CategoryForm(Form):
    """A new category, in a domain by name."""

    domain = StringField(_l("Domain"), validators=[DataRequired(), Length(max=80)])
    name = StringField(_l("Category"), validators=[DataRequired(), Length(max=80)])
