"""A learning platform for launches: it signs what a test wants it to say; the portal is asked as a browser would."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import RSAKey
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from portal import clock
from portal.lti.claims import DEEP_LINKING, LTI
from portal.lti.registration import PlatformDraft, register
from portal.models.events import AuditEntry
from portal.models.lti import LtiUser
from portal.models.people import SignIn
from portal.security.actor import Actor
from portal.tenancy.scope import unit_of_work
from tests.contract.lti.platform import PLATFORM_KEY, Platform

ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
INSTRUCTOR, LEARNER = ROLE + "Instructor", ROLE + "Learner"
GONE = object()  # a claim that is left out


@dataclass
class Lms:
    """A served platform with a client of the portal, registered by ``admin``."""

    app: Flask
    served: Platform
    admin: Actor
    client_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    deployment_id: str = "1"

    @property
    def issuer(self) -> str:
        return self.served.url

    @property
    def launch_url(self) -> str:
        return self.app.extensions["settings"].base_url + "/lti/launch"

    def draft(self, **changes: Any) -> PlatformDraft:
        values = {
            "name": "Sample platform",
            "issuer": self.issuer,
            "client_id": self.client_id,
            "auth_login_url": self.issuer + "/auth",
            "token_url": self.issuer + "/token",
            "jwks_url": self.issuer + "/jwks",
            "deployment_ids": (self.deployment_id,),
        }
        return PlatformDraft(**{**values, **changes})

    def register(self, actor: Actor | None = None, **changes: Any) -> uuid.UUID:
        """Register the client; its row's id."""
        actor = actor or self.admin
        with unit_of_work(organization_id=actor.organization_id):
            return register(self.draft(**changes), private=True, actor=actor, now=clock.now()).id

    def browser(self) -> FlaskClient:
        return self.app.test_client()

    def begin(self, browser: FlaskClient, method: str = "POST", **changes: Any) -> TestResponse:
        values = {
            "iss": self.issuer,
            "login_hint": "someone",
            "target_link_uri": self.launch_url,
            "client_id": self.client_id,
            "lti_deployment_id": self.deployment_id,
        } | changes
        values = {name: value for name, value in values.items() if value is not GONE}
        if method == "GET":
            return browser.get("/lti/login", query_string=values)
        return browser.post("/lti/login", data=values)

    def asked(self, browser: FlaskClient, **changes: Any) -> dict[str, str]:
        """What the portal asks the platform's sign-in for."""
        answer = self.begin(browser, **changes)
        assert answer.status_code == 302, answer.text
        return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def claims(self, made_for: str, /, **changes: Any) -> dict[str, Any]:
        """A learner's standard launch; ``changes`` by claim name, LTI's without its prefix."""
        seconds = int(clock.now().timestamp())
        body: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "learner-1",
            "iat": seconds,
            "exp": seconds + 60,
            "nonce": made_for,
            "name": "Sam Sample",
            "given_name": "Sam",
            "family_name": "Sample",
            "email": "sam@example.org",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": self.deployment_id,
            LTI + "target_link_uri": self.launch_url,
            LTI + "resource_link": {"id": "link-1", "title": "Week 1"},
            LTI + "roles": [LEARNER],
            LTI + "context": {"id": "course-1", "title": "Biology", "type": ["CourseSection"]},
        }
        for name, value in changes.items():
            full = (
                DEEP_LINKING if name == "deep_linking" else LTI + name if LTI + name in body or name in OURS else name
            )
            if value is GONE:
                body.pop(full, None)
            else:
                body[full] = value
        return body

    def sign(self, body: Any, header: dict[str, Any] | None = None, key: str = PLATFORM_KEY[0]) -> str:
        """A token of this platform."""
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"} | (header or {})
        header = {name: value for name, value in header.items() if value is not GONE}
        return jws.serialize_compact(header, json.dumps(body), RSAKey.import_key(key), algorithms=["RS256"])

    @property
    def kid(self) -> str:
        found = self.served.configuration.get_jwks()["keys"][0]["kid"]
        assert isinstance(found, str)
        return found

    def launch(self, browser: FlaskClient | None = None, **changes: Any) -> TestResponse:
        """Login and launch of a whole; ``changes`` as in `claims`."""
        browser = browser or self.browser()
        asked = self.asked(browser)
        return self.send(browser, asked["state"], self.sign(self.claims(asked["nonce"], **changes)))

    def send(self, browser: FlaskClient, state: str, token: str, **more: str) -> TestResponse:
        return browser.post("/lti/launch", data={"state": state, "id_token": token, **more})

    def trace(self) -> tuple[int, int]:
        """(launch sessions, people of the platform) of the admin's organization."""
        with unit_of_work(organization_id=self.admin.organization_id) as db:
            sessions = db.scalar(
                select(func.count()).select_from(SignIn).where(SignIn.organization_id == self.admin.organization_id)
            )
            return sessions or 0, db.scalar(select(func.count()).select_from(LtiUser)) or 0

    def reasons(self) -> list[str]:
        """Why launches were refused, from the organization's audit log."""
        with unit_of_work(organization_id=self.admin.organization_id) as db:
            rows = db.scalars(select(AuditEntry).where(AuditEntry.action == "lti.refused").order_by(AuditEntry.id))
            return [row.data["reason"] for row in rows]


OURS = {"custom", "launch_presentation", "tool_platform", "lis"}


def security_log(owner: Any, reference: str) -> list[tuple[str, str]]:
    """(action, reason) of the security log's rows with this reference, read as its owner."""
    rows = owner.execute(text("SELECT action, reason FROM security_log WHERE reference = :r"), {"r": reference})
    return [tuple(row) for row in rows]
