"""The object that holds what differs between platforms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a learning platform does its own way. The defaults are what the specification says.

    ``family`` is the ``product_family_code`` of its launches; ``score_step`` the smallest difference its clock of
    scores sees; ``takes_dates`` whether a line item's dates become due dates; ``service_hosts`` further hosts of its
    services (a leading dot stands for all names below). The ``…_extras`` are properties it reads beside the
    specification's: with a score that is progress, not a submission, and with a new line item that opens ``%s``.
    The ``…_placements`` are where its pages offer a link, and the choice of content, when the portal registers itself.
    """

    family: str
    name: str
    score_step: timedelta = timedelta(milliseconds=1)
    takes_dates: bool = True
    service_hosts: frozenset[str] = frozenset()
    progress_extras: Mapping[str, Any] = field(default_factory=dict)
    line_item_type: str | None = None
    link_placements: tuple[str, ...] = ()
    content_placements: tuple[str, ...] = ()

    def line_item_extras(self, launch_url: str) -> dict[str, Any]:
        """What a new line item carries so that its column opens ``launch_url``."""
        if self.line_item_type is None:
            return {}
        return {self.line_item_type: {"type": "external_tool", "external_tool_url": launch_url}}
