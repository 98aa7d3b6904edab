"""The kinds of notification a member can switch on or off, and their defaults."""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l

from portal.models.notifications import Channel

DIGEST = "digest"
SCHEDULE_NEW = "schedule.new"
SCHEDULE_CHANGED = "schedule.changed"
TEST = "test"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the preferences table."""

    name: str
    label: str
    about: str


KINDS = (
    Kind(DIGEST, _l("Daily digest"), _l("What is planned for today, on days when something is.")),
    Kind(SCHEDULE_NEW, _l("New schedule"), _l("A path was published to you and your dates are set.")),
    Kind(SCHEDULE_CHANGED, _l("Changed schedule"), _l("Dates of yours have moved, and why.")),
)
CHANNELS = (Channel.IN_APP, Channel.MAIL)
