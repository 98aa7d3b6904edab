"""From a platform's family code to its capabilities."""

from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.canvas import CANVAS
from portal.lti.platforms.generic import GENERIC
from portal.lti.platforms.moodle import MOODLE

_BY_FAMILY = {each.family: each for each in (CANVAS, MOODLE, GENERIC)}


def capabilities_of(family: str | None) -> Capabilities:
    """The platform of a ``product_family_code``, whatever its case; `GENERIC` for one that is not known."""
    return _BY_FAMILY.get((family or "").strip().lower(), GENERIC)
