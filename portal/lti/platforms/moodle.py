"""Moodle: compares scores' timestamps in whole seconds (409), and ignores the dates of a line item."""

from datetime import timedelta

from portal.lti.platforms.base import Capabilities

MOODLE = Capabilities("moodle", "Moodle", score_step=timedelta(seconds=1), takes_dates=False)
