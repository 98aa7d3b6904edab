"""Any platform that keeps to the specification."""

from portal.lti.platforms.base import Capabilities

GENERIC = Capabilities("generic", "LTI 1.3")
