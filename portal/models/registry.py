"""All mapped classes, imported once, so that migrations and checks see every table."""

from portal.models import (
    calendars,
    classes,
    curricula,
    events,
    library,
    lti,
    notifications,
    organizations,
    people,
    plans,
    schedules,
)
from portal.models.base import Base

AGGREGATES = (
    people,
    organizations,
    events,
    library,
    curricula,
    classes,
    schedules,
    plans,
    calendars,
    notifications,
    lti,
)

METADATA = Base.metadata
