"""The first half of a launch: a platform's login request becomes a redirect to its sign-in (LTI 1.3, 5.1.1)."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pylti1p3.cookie import CookieService
from pylti1p3.exception import OIDCException
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from portal.errors import N_
from portal.lti import registry, states
from portal.lti.refusals import Refused
from portal.lti.registry import Registered
from portal.lti.states import LoginState

LONGEST_PARAMETER = 8192


@dataclass(frozen=True, slots=True)
class Login:
    """What the browser gets: where to go, and what it proves itself with when it comes back.

    ``storage`` names the platform's frame that keeps data for tools (empty without); ``platform_origin`` is where
    that frame's messages must go.
    """

    url: str
    state: str
    secret: str
    storage: str
    platform_origin: str
    frame_origins: str


class Parameters(Request):
    """A request's parameters as PyLTI1p3 reads them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """``values`` of a form or an address."""
        self._values = values

    def is_secure(self) -> bool:
        """Cookies are always made secure here."""
        return True

    def get_param(self, key: str) -> str:
        """A parameter, or empty."""
        return self._values.get(key, "")


class Known(ToolConfAbstract[Parameters]):
    """PyLTI1p3's way to the registrations: one issuer always has many clients."""

    def __init__(self, within: uuid.UUID | None) -> None:
        """``within`` is the organization the address names."""
        self._within = within
        self.found: Registered | None = None

    def check_iss_has_one_client(self, iss: str) -> bool:
        """Never: Moodle gives one issuer several clients, Canvas' cloud one issuer all schools."""
        return False

    def find_registration_by_issuer(self, iss: str, *args: Any, **kwargs: Any) -> Registration:
        """Not asked: see `check_iss_has_one_client`."""
        raise NotImplementedError

    def find_deployment(self, iss: str, deployment_id: str) -> None:
        """Not asked: a launch's own step finds the deployment within the login's client."""
        raise NotImplementedError

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: Any, **kwargs: Any
    ) -> None:
        """Not asked, as `find_deployment`."""
        raise NotImplementedError

    def find_registration_by_params(self, iss: str, client_id: str, *args: Any, **kwargs: Any) -> Registration:
        """The registration the request means. Refused."""
        deployment_id = kwargs["request"].get_param("lti_deployment_id")
        self.found = registry.find(iss, client_id, deployment_id, within=self._within)
        return self.found.as_pylti1p3()


class _NoCookies(CookieService):
    """PyLTI1p3's cookies lack Partitioned: the route sets the portal's own."""

    def get_cookie(self, name: str) -> str | None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        """Nothing."""


class _Nonces(SessionService):
    """Keeps the nonce for the login's state instead of a session."""

    def __init__(self) -> None:
        self.nonce = ""

    def save_nonce(self, nonce: str) -> None:
        self.nonce = nonce


class _Address(Redirect[str]):
    """An address to go to."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get_redirect_url(self) -> str:
        return self._url

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def do_redirect(self) -> str:
        """The address: the route answers with it."""
        return self._url

    def do_js_redirect(self) -> str:
        """As `do_redirect`."""
        return self._url


class _ToolLogin(OIDCLogin[Parameters, Known, _Nonces, _NoCookies, str]):
    """PyLTI1p3's login, whose state is ours and whose address may have a query already."""

    def __init__(self, values: Mapping[str, str], within: uuid.UUID | None) -> None:
        self.known, self.nonces, self.state = Known(within), _Nonces(), ""
        super().__init__(Parameters(values), self.known, self.nonces, _NoCookies())

    def _generate_nonce(self) -> str:
        return secrets.token_urlsafe(24)

    def get_redirect(self, url: str) -> Redirect[str]:
        base = self._registration.get_auth_login_url() or ""
        return _Address(base + "&" + url[len(base) + 1 :] if "?" in base else url)

    def _get_uuid(self) -> str:
        """The random part of the state."""
        assert self.known.found is not None  # noqa: S101  # the registration is found before the state is made
        made = states.new(self.known.found.organization_id)
        self.state = "state-" + made  # as PyLTI1p3 sends it
        return made


def begin(values: Mapping[str, str], *, within: uuid.UUID | None, launch_url: str, now: datetime) -> Login:
    """Begin a launch for the login request ``values``. Refused."""
    try:
        return _begin(values, within=within, launch_url=launch_url, now=now)
    except Refused as refused:
        refused.details |= {name: values.get(name, "") for name in ("iss", "client_id", "lti_deployment_id")}
        raise


def _begin(values: Mapping[str, str], *, within: uuid.UUID | None, launch_url: str, now: datetime) -> Login:
    if any(len(value) > LONGEST_PARAMETER or "\x00" in value for value in values.values()):
        raise _incomplete()
    _check_target(values.get("target_link_uri", ""), launch_url)
    tool = _ToolLogin(values, within)
    try:
        url = tool.get_redirect_object(launch_url).get_redirect_url()
    except OIDCException as error:
        raise _incomplete() from error
    found = tool.known.found
    assert found is not None  # noqa: S101  # no registration raises above
    secret = states.new_secret(now)
    storage = values.get("lti_storage_target", "")
    states.keep(
        tool.state,
        LoginState(
            registered=found,
            nonce=tool.nonces.nonce,
            proof=states.proof_of(secret),
            storage=storage,
            hints={name: values[name] for name in states.HINTS if values.get(name)},
        ),
    )
    return Login(url, tool.state, secret, storage, registry.origin_of(found.auth_login_url), found.frame_origins)


def _check_target(target: str, launch_url: str) -> None:
    if target and registry.origin_of(target) != registry.origin_of(launch_url):
        raise Refused(
            "foreign_target", N_("The link leads to another host than this portal's. Its address has to be corrected.")
        )


def _incomplete() -> Refused:
    return Refused(
        "login_incomplete", N_("The learning platform's request lacks its issuer or its user. Open the link once more.")
    )
