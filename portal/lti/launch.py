"""The second half of a launch: the platform's token, checked in named steps, becomes `LaunchClaims`.

PyLTI1p3's message launch gives the steps' frame. Its replay, its lack of leeway and its decoding are replaced: a state
serves one browser and once, times have a minute of leeway, and joserfc checks the signature with keys parsed once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from pylti1p3.cookie import CookieService
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from pylti1p3.message_validators.resource_message import ResourceMessageValidator
from pylti1p3.session import SessionService

from portal.errors import N_
from portal.lti import claims, keysets, registry, states
from portal.lti.claims import LaunchClaims
from portal.lti.login import Known, Parameters
from portal.lti.refusals import Refused, claim, malformed
from portal.lti.registry import Registered
from portal.lti.states import LoginState

LEEWAY_SECONDS = 60
OLDEST_SECONDS = 3600
_ALGORITHMS = ("RS256", "RS384", "RS512", "ES256")


class _Tokens(jws.JWSRegistry):
    """Sizes of launch tokens: a roster of roles and custom values makes long ones."""

    max_header_length = 4096
    max_payload_length = 256 * 1024


_TOKENS = _Tokens(algorithms=_ALGORITHMS, strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """A launch that passed every check, before anything is written."""

    claims: LaunchClaims
    registered: Registered


class NeedsProofError(Exception):
    """No cookie came with the launch: the browser may still prove itself through the platform's storage."""

    def __init__(self, login: LoginState) -> None:
        """``login`` is the state that was begun."""
        super().__init__("the browser has not proved itself yet")
        self.login = login


class _Offered(CookieService):
    """The secrets the browser offers for this state: its cookie's, and the one the platform's storage kept."""

    def __init__(self, cookie: str | None, stored: str | None) -> None:
        self.cookie, self.stored = cookie, stored
        self.secrets = [secret for secret in (cookie, stored) if secret]

    def get_cookie(self, name: str) -> str | None:
        return self.cookie

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        """Nothing: a launch sets no cookie of this kind."""


class ToolLaunch(MessageLaunch[Parameters, Known, SessionService, _Offered]):
    """One launch. Each step returns the launch itself or raises Refused."""

    login: LoginState
    header: Mapping[str, Any]
    body: Mapping[str, Any]

    def __init__(
        self, values: Mapping[str, str], cookies: _Offered, *, launch_url: str, private: bool, now: datetime
    ) -> None:
        """``private`` admits key sets in private networks."""
        parameters = Parameters(values)
        super().__init__(parameters, Known(None), SessionService(parameters), cookies)
        self._launch_url, self._private, self._now = launch_url, private, now
        self._compact: jws.CompactSignature | None = None

    def _get_request_param(self, key: str) -> str:
        found: str = self._request.get_param(key)
        return found

    def validate(self) -> "ToolLaunch":
        """All steps, in order."""
        return (
            self.validate_state()
            .validate_browser()
            .validate_answer()
            .validate_jwt_format()
            .validate_registration()
            .validate_jwt_signature()
            .validate_times()
            .validate_nonce()
            .validate_message()
            .validate_target()
        )

    def validate_state(self) -> "ToolLaunch":
        """The state is ours and was not used. Whoever offers a secret uses it up here, and with it the nonce."""
        state = self._get_request_param("state")
        known = states.take if self._cookie_service.secrets else states.read
        login = known(state) if state else None
        if login is None:
            raise _stale(state)
        self.login = login
        return self

    def validate_browser(self) -> "ToolLaunch":
        """It is the browser that began the login: by cookie, else by the platform's storage."""
        offered = self._cookie_service
        if offered.secrets:
            if not any(map(self.login.proven_by, offered.secrets)):
                raise _other_browser()
            return self
        if self.login.storage and offered.stored is None:
            raise NeedsProofError(self.login)
        raise Refused(
            "no_cookies",
            N_("This browser keeps nothing for pages inside other pages. Open the portal in a tab of its own."),
        )

    def validate_answer(self) -> "ToolLaunch":
        """The platform sent a token, not an error (OpenID Connect Core, 3.1.2.6)."""
        if self._get_request_param("error"):
            said = self._get_request_param("error_description") or self._get_request_param("error")
            raise Refused("platform_error", N_("The learning platform says: %(said)s"), said=said[:200])
        if not self._get_request_param("id_token"):
            raise malformed()
        return self

    def validate_jwt_format(self) -> "ToolLaunch":
        """Three parts, a header that names a key and a usual algorithm, an object within."""
        try:
            token = self._get_id_token().encode("ascii")
            self._compact = jws.extract_compact(token, registry=_TOKENS)
            header, body = self._compact.headers(), json.loads(self._compact.payload or b"")
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise malformed() from error
        if not isinstance(body, dict) or not isinstance(header, dict):
            raise malformed()
        if header.get("alg") not in _ALGORITHMS:
            raise Refused("algorithm", N_("The learning platform's message is not signed in a way that is accepted."))
        if not isinstance(header.get("kid"), str) or not header["kid"]:
            raise Refused("no_kid", N_("The learning platform does not say which key it signed with (“kid”)."))
        self.header, self.body = header, body
        return self

    def validate_registration(self) -> "ToolLaunch":
        """The token is from the platform and for the client that the login was for."""
        body, found = self.body, self.login.registered
        if body.get("iss") != found.issuer:
            raise claim("iss")
        audience = body.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if found.client_id not in audiences:
            raise claim("aud")
        if body.get("azp", found.client_id) != found.client_id or (len(audiences) > 1 and "azp" not in body):
            raise claim("azp")
        return self

    def validate_jwt_signature(self) -> "ToolLaunch":
        """The platform signed it."""
        assert self._compact is not None  # noqa: S101  # made by the format's step
        jwks_url, kid = self.login.registered.jwks_url, self.header["kid"]
        key = keysets.find(jwks_url, kid, private=self._private, now=self._now)
        try:
            fits = jws.validate_compact(self._compact, key, registry=_TOKENS)
        except (JoseError, ValueError, TypeError):
            fits = False
        if not fits:
            raise Refused("signature", N_("The learning platform's signature does not fit its key."))
        return self

    def validate_times(self) -> "ToolLaunch":
        """Neither expired nor from the future nor old, with a minute's leeway between clocks."""
        seconds = self._now.timestamp()
        expires, issued = (claims.instant(self.body, name) for name in ("exp", "iat"))
        if expires <= seconds - LEEWAY_SECONDS or issued < seconds - OLDEST_SECONDS:
            raise Refused("expired", N_("This launch has expired. Open the link in the course once more."))
        if issued > seconds + LEEWAY_SECONDS:
            raise Refused("from_the_future", N_("The learning platform's clock is ahead. Its admin has to set it."))
        return self

    def validate_nonce(self) -> "ToolLaunch":
        """The nonce is the login's."""
        if self.body.get("nonce") != self.login.nonce:
            raise Refused("nonce", N_("This launch was used before. Open the link in the course once more."))
        return self

    def validate_message(self) -> "ToolLaunch":
        """The claims a message must have, and that the link leads here."""
        body = self.body
        claims.check_shape(body)
        try:
            for validator in (ResourceMessageValidator(), DeepLinkMessageValidator()):
                if validator.can_validate(body):
                    validator.validate(body)
        except (LtiException, AttributeError, TypeError) as error:
            raise Refused(
                "message", N_("The learning platform's message is not complete: %(why)s."), why=str(error)
            ) from error
        return self

    def validate_target(self) -> "ToolLaunch":
        """The link leads to this portal."""
        target = self.body.get(claims.LTI + "target_link_uri")
        if target and registry.origin_of(str(target)) != registry.origin_of(self._launch_url):
            raise Refused("foreign_target", N_("The link leads to another host than this portal's."))
        return self


def verify(values: Mapping[str, str], *, cookie: str | None, launch_url: str, private: bool, now: datetime) -> Verified:
    """Check all of a launch that needs no database. ``cookie`` is the value of the state's cookie.

    Refused, or NeedsProofError. Whether client and deployment may launch is checked where it is taken in.
    """
    tool = ToolLaunch(values, _Offered(cookie, values.get("stored")), launch_url=launch_url, private=private, now=now)
    try:
        tool.validate()
        registered = tool.login.registered
        return Verified(claims.read(tool.body, registered.client_id), registered)
    except Refused as refused:
        login = getattr(tool, "login", None)
        if login is not None:
            refused.of(login.registered.organization_id, login.registered.client_key)
        raise


def _stale(state: str) -> Refused:
    owner = states.owner_of_used(state) if state else None
    if owner is None:
        return Refused(
            "unknown_state", N_("This launch was not begun here, or too long ago. Open the link in the course again.")
        )
    refused = Refused("used_state", N_("This launch was used before. Open the link in the course once more."))
    refused.organization_id = owner
    return refused


def _other_browser() -> Refused:
    return Refused("other_browser", N_("This launch was begun in another browser. Open the link in the course again."))
