"""Forms of accounts."""

from flask_babel import get_babel
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Email, Length

from portal.accounts.services import MIN_PASSWORD
from portal.web.choices import options, zones
from portal.web.form import Form


def languages() -> list[SelectChoice]:
    """The languages there are texts in, each by its own name."""
    found = get_babel().instance.list_translations()
    return options(sorted((str(locale), locale.get_display_name(locale)) for locale in found))


_EMAIL = [DataRequired(), Email(), Length(max=254)]
_NEW = [DataRequired(), Length(min=MIN_PASSWORD, max=200)]


class SignInForm(Form):
    """Signing in."""

    email = EmailField(_l("E-mail"), validators=[DataRequired(), Length(max=254)])
    password = PasswordField(_l("Password"), validators=[DataRequired(), Length(max=200)])


class RegisterForm(Form):
    """Making an account."""

    name = StringField(_l("Your name"), validators=[DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail"), validators=_EMAIL)
    password = PasswordField(_l("Password"), validators=_NEW)
    zone = SelectField(_l("Time zone"), choices=zones, validate_choice=False)


class EmailForm(Form):
    """Asking for a reset link."""

    email = EmailField(_l("E-mail"), validators=_EMAIL)


class ResetForm(Form):
    """A new password by a reset link."""

    password = PasswordField(_l("New password"), validators=_NEW)


class ProfileForm(Form):
    """Name, zone and language."""

    name = StringField(_l("Your name"), validators=[DataRequired(), Length(max=120)])
    zone = SelectField(_l("Time zone"), choices=zones)
    locale = SelectField(_l("Language"), choices=languages)


class PasswordForm(Form):
    """Another password."""

    old = PasswordField(_l("Password now"), validators=[DataRequired()])
    new = PasswordField(_l("New password"), validators=_NEW)


class ChangeEmailForm(Form):
    """Another address."""

    email = EmailField(_l("New e-mail"), validators=_EMAIL)
    password = PasswordField(_l("Your password"), validators=[DataRequired()])
