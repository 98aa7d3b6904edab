"""The messages of Deep Linking 2.0: what a platform asks for, and the signed answer; PyLTI1p3's with dates added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.lineitem import LineItem
from pylti1p3.registration import Registration

from portal.errors import N_, Invalid
from portal.lti.grades.gradebook import timestamp
from portal.lti.target import Target

LINK = "ltiResourceLink"
WINDOW, IFRAME = "window", "iframe"
_DATA = "https://purl.imsglobal.org/spec/lti-dl/claim/data"
_FRAME = {"width": 800, "height": 900}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the platform accepts (4.4). ``places`` are the ways a link may be shown, the platform's first choice first.

    ``line_items`` is whether columns may come along; a platform that does not say so takes them.
    """

    return_url: str
    multiple: bool
    line_items: bool
    places: tuple[str, ...]


def wanted(settings: Mapping[str, Any]) -> Wanted:
    """Read ``deep_linking_settings``. Invalid when there is no way back, or no link of LTI is accepted."""
    return_url = settings.get("deep_link_return_url")
    if not isinstance(return_url, str) or urlsplit(return_url).scheme not in ("http", "https"):
        raise Invalid("return_url", N_("deep_link_return_url: the platform names no address to return to."))
    types = settings.get("accept_types")
    if not isinstance(types, list) or LINK not in types:
        raise Invalid("accept_types", N_("accept_types: the platform accepts no ltiResourceLink here."))
    places = settings.get("accept_presentation_document_targets")
    return Wanted(
        return_url=return_url,
        multiple=_true(settings.get("accept_multiple"), otherwise=False),
        line_items=_true(settings.get("accept_lineitem"), otherwise=True),
        places=tuple(place for place in places if place in (IFRAME, WINDOW)) if isinstance(places, list) else (),
    )


def _true(value: Any, *, otherwise: bool) -> bool:
    """Platforms send booleans as texts, too."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value if isinstance(value, bool) else otherwise


@dataclass(frozen=True, slots=True)
class Dates:
    """When a link is available, and until when work is due; instants, any of them may be missing."""

    starts_at: datetime | None = None
    due_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A link to be made: what it opens, how it is called, the maximum of its column (None: no column)."""

    target: Target
    title: str
    text: str
    maximum: float | None


class Item(DeepLinkResource):
    """A content item of type ltiResourceLink (3.2) with its dates and its place."""

    def __init__(self, content: Content, dates: Dates, place: str | None, launch_url: str) -> None:
        """``launch_url`` is the portal's; the target stands in its query and in the custom parameters."""
        self._text, self._dates, self._place = content.text, dates, place
        self.set_type(LINK).set_title(content.title).set_url(content.target.address(launch_url))
        self.set_custom_params(content.target.values())
        if content.maximum is not None:
            column = LineItem().set_label(content.title).set_score_maximum(content.maximum)
            self.set_lineitem(column.set_resource_id(content.target.resource_id).set_tag(content.target.tag))

    def to_dict(self) -> dict[str, object]:
        """The item as JSON."""
        item = super().to_dict() | {"text": self._text}
        if self._place is not None:
            item[self._place] = dict(_FRAME) if self._place == IFRAME else {"targetName": "orchestrator"}
        dates = self._dates
        windows = {
            "available": _window(dates.starts_at, dates.ends_at),
            "submission": _window(dates.starts_at, dates.due_at or dates.ends_at),
        }
        return item | {name: window for name, window in windows.items() if window}


def _window(starts_at: datetime | None, ends_at: datetime | None) -> dict[str, str]:
    named = {"startDateTime": starts_at, "endDateTime": ends_at}
    return {name: timestamp(at) for name, at in named.items() if at is not None}


class Answer(DeepLink):
    """The signed answer (4.5); it says back ``data`` as it came, or nothing where nothing came."""

    def get_message_jwt(self, resources: Sequence[DeepLinkResource]) -> dict[str, object]:
        """The claims."""
        message = super().get_message_jwt(resources)
        if message.get(_DATA) is None:
            message.pop(_DATA, None)
        return message


def answer(registration: Registration, deployment_id: str, settings: Mapping[str, Any], items: Sequence[Item]) -> str:
    """The JWT to post to the return address."""
    given: Any = dict(settings)
    return Answer(registration, deployment_id, given).get_response_jwt(items)
