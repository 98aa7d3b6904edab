"""The portal over https inside a frame of another site's course, and a browser that blocks third-party cookies.

The platform is lti1p3platform over HTTP at lms.test, the portal stands at tool.test; both names lead to this machine.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Frame, Page, Playwright
from werkzeug.serving import make_server

from portal import clock
from portal.config import Settings
from portal.extensions import limiter
from portal.factory import create_app
from portal.lti.registration import PlatformDraft, register
from portal.models.organizations import OrganizationKind, Role
from portal.tenancy.scope import unit_of_work
from tests.browser.starting import start
from tests.contract.lti.launching import INSTRUCTOR, LEARNER
from tests.contract.lti.platform import Message, Platform, serve
from tests.factories.cast import make_actor, make_member, make_organization, make_user

SITES = "--host-resolver-rules=MAP *.test 127.0.0.1"
COURSE = {"id": "7", "title": "Biology", "type": ["CourseSection"]}


@pytest.fixture
def tool(settings: Settings) -> Iterator[str]:
    """The portal at https://tool.test with a certificate made on the spot."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"https://tool.test:{listening.getsockname()[1]}"
    application = create_app(replace(settings, public_url=address, lti_private_addresses=True))
    limiter.enabled = False
    server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context="adhoc", fd=listening.detach())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def strict(driver: Playwright) -> Iterator[Browser]:
    """A browser that blocks third-party cookies and finds both sites on this machine."""
    browser = start(driver, SITES, "--test-third-party-cookie-phaseout")
    yield browser
    browser.close()


@pytest.fixture
def course(app, tool: str, strict: Browser) -> Iterator[tuple[Platform, Callable[[str], Page]]]:
    """A platform that knows the portal, with a teacher and a learner, and how to open its course."""
    organization = make_organization("Sample School", OrganizationKind.ORGANIZATION)
    admin = make_actor(organization, make_member(organization, make_user("Ada"), Role.OWNER))
    with serve(tool=tool, client_id=organization.hex, host="lms.test") as lms:
        local = lms.url.replace("lms.test", "127.0.0.1")
        draft = PlatformDraft(
            "LMS", lms.url, organization.hex, lms.url + "/auth", local + "/token", local + "/jwks", None, ("1",)
        )
        with unit_of_work(organization_id=organization):
            register(draft, private=True, actor=admin, now=clock.now())
        link = {"id": "link-1", "title": "Week 1"}
        target = tool + "/lti/launch"
        lms.messages["teacher"] = Message(
            "teacher-1", [INSTRUCTOR], "Tea Cher", target=target, resource_link=link, context=COURSE
        )
        lms.messages["learner"] = Message(
            "learner-1", [LEARNER], "Lee Learner", target=target, resource_link=link, context=COURSE
        )
        contexts = []

        def visit(who: str) -> Page:
            context = strict.new_context(ignore_https_errors=True, viewport={"width": 1000, "height": 900})
            contexts.append(context)
            page = context.new_page()
            page.goto(f"{lms.url}/course/{who}")
            return page

        yield lms, visit
        for context in contexts:
            context.close()


def inside(page: Page, tool: str, path: str) -> Frame:
    """The frame once it shows a page of the portal whose address begins so."""
    page.wait_for_function("document.querySelector('iframe') !== null")
    frame = page.frames[1]
    frame.wait_for_url(lambda url: url.startswith(tool + path))
    frame.wait_for_load_state()
    return frame
