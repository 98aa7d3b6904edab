"""Reaching the platform of a course: its client, its hosts, what it does its own way."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select

from portal.errors import N_
from portal.extensions import valkey
from portal.lti import guard
from portal.lti.connector import Connector, Credentials
from portal.lti.faults import ServiceError
from portal.lti.keys import signing_key
from portal.lti.platforms.base import Capabilities
from portal.lti.platforms.known import capabilities_of
from portal.models.lti import ClientState, LtiClient, LtiContext, LtiDeployment, LtiPlatform
from portal.tenancy.scope import organization_id, session

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Reached:
    """A platform that can be asked, on behalf of one course."""

    context: LtiContext
    platform_id: uuid.UUID
    capabilities: Capabilities
    connector: Connector


@contextmanager
def reach(context: LtiContext, *, private: bool, clock: Clock) -> Iterator[Reached]:
    """The platform of a course, for one piece of work. ServiceError when it is not active.

    ``private`` is the setting that admits private networks.
    """
    _deployment, client, platform = way_of(context.lti_deployment_id)
    if client.state is not ClientState.ACTIVE:
        raise ServiceError(
            "inactive",
            N_("The connection to %(platform)s is not active. An admin of your organization can activate it."),
            again=False,
            platform=platform.name,
        )
    capabilities = capabilities_of(platform.kind.value)
    key = signing_key(now=clock())
    credentials = Credentials(
        key=f"{organization_id()}:{client.id}",
        client_id=client.client_id,
        token_url=client.token_url,
        audience=client.token_audience,
        private_key=key.private_key,
        kid=key.kid,
        hosts=_hosts(platform, client, context) | capabilities.service_hosts,
    )
    with guard.session(private=private) as requests:
        yield Reached(context, platform.id, capabilities, Connector(credentials, requests, valkey.client, clock))


def way_of(lti_deployment_id: uuid.UUID) -> tuple[LtiDeployment, LtiClient, LtiPlatform]:
    """A deployment with its client and platform; one statement."""
    row = (
        session()
        .execute(
            select(LtiDeployment, LtiClient, LtiPlatform)
            .join(LtiClient, LtiClient.id == LtiDeployment.lti_client_id)
            .join(LtiPlatform, LtiPlatform.id == LtiClient.platform_id)
            .where(LtiDeployment.id == lti_deployment_id)
        )
        .one()
    )
    deployment, client, platform = row
    return deployment, client, platform


def _hosts(platform: LtiPlatform, client: LtiClient, context: LtiContext) -> frozenset[str]:
    """Hosts of the registration, and of the services the platform has named in a launch it signed."""
    addresses = (platform.issuer, platform.jwks_url, client.auth_login_url, client.token_url)
    services = (context.memberships_url, context.line_items_url)
    return frozenset(urlsplit(url).netloc.lower() for url in (*addresses, *services) if url)
