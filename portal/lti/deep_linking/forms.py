"""What a teacher says beside the choice: column, dates, place."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateTimeLocalField, SelectField
from wtforms.validators import Optional

from portal.lti.deep_linking.message import IFRAME, WINDOW, Dates, Wanted
from portal.web.choices import options
from portal.web.form import Form

_PLACES = {IFRAME: _l("inside the course page"), WINDOW: _l("in a window of its own")}


class ContentForm(Form):
    """Dates are local to the class's zone."""

    graded = BooleanField(_l("Make a gradebook column for each"), default=True)
    starts_at = DateTimeLocalField(_l("Available from"), validators=[Optional()])
    due_at = DateTimeLocalField(_l("Due"), validators=[Optional()])
    ends_at = DateTimeLocalField(_l("Available until"), validators=[Optional()])
    place = SelectField(_l("Open"), validators=[Optional()])

    def offer(self, wanted: Wanted) -> None:
        """Only what the platform accepts."""
        self.place.choices = options((place, _PLACES[place]) for place in wanted.places)

    def dates(self, zone: str) -> Dates:
        """The dates as instants."""
        return Dates(*(_instant(each.data, zone) for each in (self.starts_at, self.due_at, self.ends_at)))


def _instant(local: datetime | None, zone: str) -> datetime | None:
    return None if local is None else local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
