"""Forms of classes."""

from datetime import time
from itertools import zip_longest

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, EmailField, FieldList, IntegerField, SelectField, StringField, TimeField
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.classes.services import ClassDraft, Overrides
from portal.models.classes import Cadence, ClassRole, Classroom
from portal.web.choices import WEEKDAYS, countries, enum_select, options, zones
from portal.web.form import Form
from portal.web.parse import NOTHING, maybe_uuid

DEFAULT_WEEK = [60, 60, 60, 60, 60, 0, 0]


class ClassForm(Form):
    """All a person may say of a class."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    term_id = SelectField(_l("Term"))
    zone = SelectField(_l("Time zone"), choices=zones)
    starts_on = DateField(_l("First day"), validators=[DataRequired()])
    soft_ends_on = DateField(_l("Planned end"), validators=[Optional()])
    hard_ends_on = DateField(_l("Last possible day"), validators=[Optional()])
    weekday_minutes = FieldList(
        IntegerField(validators=[InputRequired(), NumberRange(0, 1440)]), min_entries=7, max_entries=7
    )
    daily_cap_minutes = IntegerField(_l("At most, minutes a day"), validators=[Optional(), NumberRange(5, 1440)])
    weekly_cap_minutes = IntegerField(_l("At most, minutes a week"), validators=[Optional(), NumberRange(5, 10080)])
    study_from = TimeField(_l("Study from"), default=time(8), validators=[DataRequired()])
    study_until = TimeField(_l("Study until"), default=time(22), validators=[DataRequired()])
    break_from = FieldList(TimeField(validators=[Optional()]), min_entries=3, max_entries=6)
    break_until = FieldList(TimeField(validators=[Optional()]), min_entries=3, max_entries=6)
    due_time = TimeField(_l("Due at"), default=time(23, 59), validators=[DataRequired()])
    cadence = enum_select(
        _l("Due dates"),
        {
            Cadence.DAILY: _l("by day"),
            Cadence.WEEKLY: _l("by week"),
            Cadence.MONTHLY: _l("by month"),
        },
    )
    holiday_country = SelectField(_l("Public holidays of"), choices=countries)
    holiday_subdivision = StringField(_l("Region code"), validators=[Length(max=12)])
    streaks = BooleanField(_l("Show students their streak"), default=True)
    milestones = BooleanField(_l("Show students their milestones"), default=True)

    @staticmethod
    def breaks(classroom: Classroom) -> dict[str, list[time]]:
        """The fields' values for the breaks of a class."""
        return {
            f"break_{name}": [time.fromisoformat(each[name]) for each in classroom.study_breaks]
            for name in ("from", "until")
        }

    def validate_break_until(self, field: FieldList) -> None:
        """A break has both ends."""
        if any((begin is None) != (end is None) for begin, end in self._breaks()):
            raise ValidationError(_("Give both ends of a break, or neither."))

    def _breaks(self) -> list[tuple[time | None, time | None]]:
        return list(zip_longest(self.break_from.data, self.break_until.data))

    def draft(self, classroom: Classroom | None = None) -> ClassDraft:
        """The form's values for the service; the policy stays as it is."""
        term = maybe_uuid(self.term_id.data)
        return ClassDraft(
            name=self.name.data.strip(),
            zone=self.zone.data,
            starts_on=self.starts_on.data,
            soft_ends_on=self.soft_ends_on.data,
            hard_ends_on=self.hard_ends_on.data,
            weekday_minutes=[minutes or 0 for minutes in self.weekday_minutes.data],
            daily_cap_minutes=self.daily_cap_minutes.data,
            weekly_cap_minutes=self.weekly_cap_minutes.data,
            study_from=self.study_from.data,
            study_until=self.study_until.data,
            study_breaks=[
                {"from": begin.isoformat("minutes"), "until": end.isoformat("minutes")}
                for begin, end in self._breaks()
                if begin is not None and end is not None
            ],
            due_time=self.due_time.data,
            cadence=Cadence(self.cadence.data),
            holiday_country=self.holiday_country.data or None,
            holiday_subdivision=(self.holiday_subdivision.data or "").strip().upper() or None,
            term_id=None if term == NOTHING else term,
            policy={} if classroom is None else classroom.policy,
            streaks=self.streaks.data,
            milestones=self.milestones.data,
        )


class EnrolForm(Form):
    """Enrolling one person by address."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[DataRequired(), Email(), Length(max=254)])
    role = enum_select(
        _l("Role"),
        {
            ClassRole.STUDENT: _l("Student"),
            ClassRole.ASSISTANT: _l("Assistant"),
            ClassRole.TEACHER: _l("Teacher"),
        },
    )
    starts_on = DateField(_l("Starts on"), validators=[Optional()])


class RosterForm(Form):
    """A roster file."""

    file = FileField(_l("CSV file"), validators=[FileRequired()])


class TermForm(Form):
    """A term."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=80)])
    starts_on = DateField(_l("First day"), validators=[DataRequired()])
    ends_on = DateField(_l("Last day"), validators=[DataRequired()])


class BlackoutForm(Form):
    """Dates without study."""

    label = StringField(_l("What for"), validators=[DataRequired(), Length(max=80)])
    starts_on = DateField(_l("First day"), validators=[DataRequired()])
    ends_on = DateField(_l("Last day"), validators=[DataRequired()])


class MeetingForm(Form):
    """A weekly meeting."""

    weekday = SelectField(_l("Weekday"), choices=WEEKDAYS, coerce=int)
    start_time = TimeField(_l("Begins at"), validators=[DataRequired()], render_kw={"step": 300})
    minutes = IntegerField(_l("Minutes"), default=60, validators=[DataRequired(), NumberRange(5, 1440)])
    first_on = DateField(_l("From"), validators=[Optional()])
    last_on = DateField(_l("Until"), validators=[Optional()])


class EnrolmentForm(Form):
    """What differs for one student."""

    starts_on = DateField(_l("Starts on"), validators=[Optional()])
    ends_on = DateField(_l("Ends on"), validators=[Optional()])
    zone = SelectField(_l("Time zone"), choices=lambda: [*options([("", _l("As the class"))]), *zones()])
    study_from = TimeField(_l("Study from"), validators=[Optional()])
    study_until = TimeField(_l("Study until"), validators=[Optional()])
    pace_multiplier_percent = IntegerField(_l("Effort, percent"), validators=[DataRequired(), NumberRange(25, 400)])
    weekday_minutes = FieldList(
        IntegerField(validators=[Optional(), NumberRange(0, 1440)]), min_entries=7, max_entries=7
    )

    def overrides(self) -> Overrides:
        """The form's values for the service; a week left empty is the class's."""
        week = self.weekday_minutes.data
        return Overrides(
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            zone=self.zone.data or None,
            weekday_minutes=[minutes or 0 for minutes in week] if any(m is not None for m in week) else None,
            study_from=self.study_from.data,
            study_until=self.study_until.data,
            pace_multiplier_percent=self.pace_multiplier_percent.data,
        )
