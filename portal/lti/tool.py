"""What the portal says of itself to platforms: addresses, messages, scopes (Dynamic Registration 1.0; Canvas JSON)."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.canvas import CANVAS

NAME = "Orchestrator"
DESCRIPTION = "Learning paths that become a personal, paced schedule for every student."
SCOPES = (
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
CUSTOM = {
    "context_id_history": "$Context.id.history",
    "resource_link_id_history": "$ResourceLink.id.history",
}
TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_CLAIMS = ["iss", "sub", "name", "given_name", "family_name", "email"]


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses an organization's platforms need."""

    launch: str
    login: str
    keys: str
    canvas: str

    @property
    def domain(self) -> str:
        """Host and port: Moodle compares both with the launch address."""
        return urlsplit(self.launch).netloc


def addresses(base_url: str, organization_id: uuid.UUID) -> Addresses:
    """An organization's addresses; all but the launch's name it."""
    own = f"?organization={organization_id}"
    return Addresses(
        launch=f"{base_url}/lti/launch",
        login=f"{base_url}/lti/login{own}",
        keys=f"{base_url}/lti/keys.json{own}",
        canvas=f"{base_url}/lti/config.json{own}",
    )


def registration_request(own: Addresses, platform: Capabilities) -> dict[str, Any]:
    """The body of a Dynamic Registration request (IMS Dynamic Registration 1.0, 3.5)."""

    def message(kind: str, placements: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {"type": kind, "target_link_uri": own.launch, "label": NAME}
        return {**made, "placements": list(placements)} if placements else made

    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": own.login,
        "redirect_uris": [own.launch],
        "client_name": NAME,
        "jwks_uri": own.keys,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": own.domain,
            "description": DESCRIPTION,
            "target_link_uri": own.launch,
            "custom_parameters": CUSTOM,
            "claims": _CLAIMS,
            "messages": [
                message("LtiResourceLinkRequest", platform.link_placements),
                message("LtiDeepLinkingRequest", platform.content_placements),
            ],
        },
    }


def canvas_configuration(own: Addresses) -> dict[str, Any]:
    """The JSON a Canvas developer key is made from."""

    def placement(name: str, message: str) -> dict[str, Any]:
        return {
            "placement": name,
            "message_type": message,
            "target_link_uri": own.launch,
            "text": NAME,
            "enabled": True,
        }

    return {
        "title": NAME,
        "description": DESCRIPTION,
        "oidc_initiation_url": own.login,
        "target_link_uri": own.launch,
        "public_jwk_url": own.keys,
        "scopes": list(SCOPES),
        "custom_fields": CUSTOM,
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": own.domain,
                "privacy_level": "public",
                "settings": {
                    "text": NAME,
                    "placements": [
                        *(placement(name, "LtiResourceLinkRequest") for name in CANVAS.link_placements),
                        *(placement(name, "LtiDeepLinkingRequest") for name in CANVAS.content_placements),
                    ],
                },
            }
        ],
    }
