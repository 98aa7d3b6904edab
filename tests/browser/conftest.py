"""A real browser on the real application, served over HTTP from this test process."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from portal.config import ROOT, Settings
from portal.extensions import limiter
from portal.factory import create_app
from portal.security.actor import Actor
from tests.browser.embedding import *  # noqa: F403  # fixtures
from tests.browser.starting import start
from tests.factories.cast import PASSWORD


@pytest.fixture(scope="session")
def site(settings: Settings) -> Iterator[str]:
    """The address of the application, with CSRF protection on."""
    application: Flask = create_app(replace(settings))
    limiter.enabled = False
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright itself: one a process, whatever browsers it starts."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    browser = start(driver)
    yield browser
    browser.close()


@dataclass
class Visit:
    """A page with what it said on the console, which must be nothing."""

    page: Page
    site: str
    said: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        answer = self.page.goto(self.site + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    def axe(self) -> list[str]:
        """What axe finds on the page as it is."""
        self.page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text())
        found = self.page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )["violations"]
        return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]

    def overflows(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))

    def squeezed(self) -> list[str]:
        """The parts of the page that are lower than what stands in them, and cut it off."""
        found = self.page.evaluate(
            "[...document.querySelectorAll('main > *')].filter(each => each.offsetParent && each.clientHeight"
            " && each.scrollHeight > each.clientHeight + 2 && getComputedStyle(each).overflowY === 'hidden')"
            ".map(each => each.className || each.tagName)"
        )
        return [str(each) for each in found]


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[Callable[..., Visit]]:
    """Opens a browser context, signs an actor in through the form, and hands its page out."""
    contexts: list[BrowserContext] = []

    def enter(actor: Actor | None, *, width: int = 1280, scheme: str = "light", javascript: bool = True) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=javascript
        )
        contexts.append(context)
        here = Visit(context.new_page(), site)
        here.page.on("console", lambda m: here.said.append(m.text) if m.type in ("error", "warning") else None)
        here.page.on("pageerror", lambda error: here.said.append(str(error)))
        if actor is not None:
            here.go("/sign-in")
            here.page.fill("#email", actor.email)
            here.page.fill("#password", PASSWORD)
            here.page.click("main button.pri")
            here.page.wait_for_url(lambda url: "/sign-in" not in url)
        return here

    yield enter
    for context in contexts:
        context.close()
