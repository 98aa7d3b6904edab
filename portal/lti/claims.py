"""The claims of a verified launch as one frozen value (LTI 1.3 core, 5.3 and 5.4; AGS 3.1; NRPS 2.2; DL 4.4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.lti.refusals import claim
from portal.web.parse import UNSTORABLE

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
VERSION = "1.3.0"


@dataclass(frozen=True, slots=True)
class LaunchClaims:
    """A launch after every check. Texts are as the platform sent them; absent ones are None or empty.

    ``history`` and ``link_history`` are the ids of the courses and links this one was copied from, nearest first.
    """

    issuer: str
    client_id: str
    deployment_id: str
    sub: str
    message_type: str
    roles: tuple[str, ...]
    target_link_uri: str | None
    resource_link_id: str | None
    resource_link_title: str | None
    context_id: str | None
    context_title: str | None
    name: str | None
    email: str | None
    locale: str | None
    family: str | None
    return_url: str | None
    memberships_url: str | None
    line_items_url: str | None
    line_item_url: str | None
    scopes: tuple[str, ...]
    history: tuple[str, ...]
    link_history: tuple[str, ...]
    custom: Mapping[str, str] = field(default_factory=dict)
    deep_linking: Mapping[str, Any] | None = None

    @property
    def is_deep_linking(self) -> bool:
        """Whether content is to be chosen."""
        return self.message_type == DEEP_LINKING_REQUEST


def read(body: Mapping[str, Any], client_id: str) -> LaunchClaims:
    """The claims of a token whose signature and required claims were checked. Refused for a wrong kind of value."""
    resource, context = _object(body, LTI + "resource_link"), _object(body, LTI + "context")
    endpoint, service = _object(body, ENDPOINT), _object(body, NAMES_AND_ROLES)
    tool_platform, presentation = _object(body, LTI + "tool_platform"), _object(body, LTI + "launch_presentation")
    custom = {str(name): str(value) for name, value in _object(body, LTI + "custom").items()}
    if UNSTORABLE.search("".join((*custom, *custom.values(), *body[LTI + "roles"]))):
        raise claim("custom")
    return LaunchClaims(
        issuer=body["iss"],
        client_id=client_id,
        deployment_id=body[LTI + "deployment_id"],
        sub=body["sub"],
        message_type=body[LTI + "message_type"],
        roles=tuple(body[LTI + "roles"]),
        target_link_uri=_text(body, LTI + "target_link_uri"),
        resource_link_id=_text(resource, "id"),
        resource_link_title=_text(resource, "title"),
        context_id=_text(context, "id"),
        context_title=_text(context, "title") or _text(context, "label"),
        name=_name(body),
        email=_email(body),
        locale=_text(presentation, "locale"),
        family=_text(tool_platform, "product_family_code"),
        return_url=_text(presentation, "return_url"),
        memberships_url=_text(service, "context_memberships_url"),
        line_items_url=_text(endpoint, "lineitems"),
        line_item_url=_text(endpoint, "lineitem"),
        scopes=tuple(str(scope) for scope in _list(endpoint, "scope")),
        history=_ids(custom.get("context_id_history")),
        link_history=_ids(custom.get("resource_link_id_history")),
        custom=custom,
        deep_linking=_object(body, DEEP_LINKING) or None,
    )


def check_shape(body: Mapping[str, Any]) -> None:
    """Refused, naming the first claim that is missing or of the wrong kind."""
    if body.get(LTI + "version") != VERSION:
        raise claim("version")
    message_type = body.get(LTI + "message_type")
    if message_type not in (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST):
        raise claim("message_type")
    roles = body.get(LTI + "roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise claim("roles")
    for name in ("deployment_id", *(("target_link_uri",) if message_type == RESOURCE_LINK_REQUEST else ())):
        if not _text(body, LTI + name):
            raise claim(name)
    if not _text(body, "sub"):
        raise claim("sub")
    if message_type == RESOURCE_LINK_REQUEST and not _text(_object(body, LTI + "resource_link"), "id"):
        raise claim("resource_link")
    if message_type == DEEP_LINKING_REQUEST and not _text(_object(body, DEEP_LINKING), "deep_link_return_url"):
        raise claim("deep_linking_settings")


def instant(body: Mapping[str, Any], name: str) -> float:
    """A NumericDate claim (RFC 7519, 2). Refused when it is missing or none."""
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise claim(name)
    return float(value)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object; absent is empty."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise claim(name.rsplit("/", 1)[-1])
    return value


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return value if isinstance(value, list) else []


def _text(body: Mapping[str, Any], name: str) -> str | None:
    """A text the database can hold; absent, empty or blank is None."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or UNSTORABLE.search(value):
        raise claim(name.rsplit("/", 1)[-1])
    return value.strip() or None


def _name(body: Mapping[str, Any]) -> str | None:
    parts = (_text(body, "given_name"), _text(body, "family_name"))
    return _text(body, "name") or " ".join(part for part in parts if part) or None


def _email(body: Mapping[str, Any]) -> str | None:
    found = _text(body, "email")
    return found if found and "@" in found and len(found) <= 254 else None


def _ids(text: str | None) -> tuple[str, ...]:
    """Ids of an ``…id.history`` variable; one that came unsubstituted (``$Context.id.history``) is none."""
    if not text or text.startswith("$"):
        return ()
    return tuple(part.strip() for part in text.split(",") if part.strip())
