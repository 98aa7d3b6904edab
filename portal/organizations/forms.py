"""Forms of organizations and members."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, SelectField, StringField
from wtforms.validators import DataRequired, Email, Length

from portal.models.organizations import OrganizationKind, Role
from portal.web.choices import countries, enum_select, options, zones
from portal.web.form import Form

ROLES = [
    (Role.STUDENT.value, _l("Student")),
    (Role.MEMBER.value, _l("Educator")),
    (Role.ADMIN.value, _l("Admin")),
    (Role.OWNER.value, _l("Owner")),
]


class OrganizationForm(Form):
    """Name, zone and holidays."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    zone = SelectField(_l("Time zone"), choices=zones)
    holiday_country = SelectField(_l("Public holidays of"), choices=countries)


class SettingsForm(OrganizationForm):
    """As above, with what students are shown."""

    streaks = BooleanField(_l("Show students their streak"))
    milestones = BooleanField(_l("Show students their milestones"))


class NewOrganizationForm(OrganizationForm):
    """As above, with the kind."""

    kind = enum_select(
        _l("Kind"),
        {
            OrganizationKind.EDUCATOR: _l("Educator: my own classes"),
            OrganizationKind.ORGANIZATION: _l("School or organization"),
            OrganizationKind.TEAM: _l("Team"),
        },
    )


class InviteForm(Form):
    """Inviting somebody."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=[DataRequired(), Email(), Length(max=254)])
    role = SelectField(_l("Role"), choices=options(ROLES))
