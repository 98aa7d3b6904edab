"""Launches in a browser that keeps no cookie of the portal inside other sites, not even a partitioned one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Playwright

from portal.cli.browser import find_browser
from tests.browser.embedding import SITES
from tests.browser.starting import FLAGS

BLOCKED = 2


@pytest.fixture
def strict(driver: Playwright, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser whose settings forbid the portal every cookie below the platform's site, and nothing else."""
    settings = {"[*.]tool.test,[*.]lms.test": {"setting": BLOCKED}}
    profile = tmp_path / "Default"
    profile.mkdir()
    (profile / "Preferences").write_text(
        json.dumps({"profile": {"content_settings": {"exceptions": {"cookies": settings}}}})
    )
    context = driver.chromium.launch_persistent_context(
        tmp_path,
        executable_path=find_browser(),
        args=[*FLAGS, SITES],
        ignore_https_errors=True,
        viewport={"width": 1000, "height": 900},
    )
    yield context
    context.close()


def test_the_platforms_storage_proves_the_browser_and_one_button_opens_a_tab(app, tool, course, strict):
    lms, _visit = course
    lms.storage = "_parent"
    page = strict.new_page()
    page.goto(f"{lms.url}/course/learner")
    frame = page.frames[1]
    button = frame.get_by_role("button", name="Open in a new tab")
    button.wait_for()
    assert strict.cookies() == [], "a kept cookie would make this test tell nothing"
    ((origin, kept),) = page.evaluate("Object.entries(kept)")
    assert origin == tool
    ((key, _secret),) = kept.items()
    assert key.startswith("state-")
    assert frame.get_by_role("button").count() == 1
    with strict.expect_page() as opened:
        button.click()
    tab = opened.value
    tab.get_by_role("heading", name="No path yet").wait_for()
    assert "?" not in tab.url
    tab.reload()
    tab.get_by_role("heading", name="No path yet").wait_for()


def test_a_platform_without_storage_gets_one_button_that_begins_again_in_a_tab(app, tool, course, strict):
    lms, _visit = course
    page = strict.new_page()
    page.goto(f"{lms.url}/course/learner")
    frame = page.frames[1]
    button = frame.get_by_role("button", name="Open in a new tab")
    button.wait_for()
    assert frame.get_by_role("button").count() == 1
    with strict.expect_page() as opened:
        button.click()
    opened.value.get_by_role("heading", name="No path yet").wait_for()
