"""Forms of registrations by hand and of linking an account."""

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, PasswordField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.web.form import Form

_TEXT = [DataRequired(), Length(max=1000)]


class PlatformForm(Form):
    """What the learning platform shows of the registration."""

    name = StringField(_l("Name"), validators=[DataRequired(), Length(max=120)], description=_l("As you call it."))
    issuer = StringField(_l("Platform ID (issuer)"), validators=_TEXT)
    client_id = StringField(_l("Client ID"), validators=_TEXT)
    deployment_ids = TextAreaField(_l("Deployment IDs"), description=_l("One a line. More can be added later."))
    auth_login_url = StringField(_l("Authentication request URL"), validators=_TEXT)
    token_url = StringField(_l("Access token URL"), validators=_TEXT)
    jwks_url = StringField(_l("Public keyset URL"), validators=_TEXT)


class MailForm(Form):
    """The account, to be proved by its mailbox."""

    email = EmailField(_l("E-mail"), id="mail-email", validators=[DataRequired(), Length(max=254)])


class LinkForm(Form):
    """The account, proved by its password."""

    email = EmailField(_l("E-mail"), validators=[DataRequired()])
    password = PasswordField(_l("Password"), validators=[DataRequired()])
