"""Starting the browser."""

from playwright.sync_api import Browser, Playwright

from portal.cli.browser import find_browser

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)


def start(driver: Playwright, *flags: str) -> Browser:
    """A browser of its own with more flags."""
    path = find_browser()
    assert path is not None, "run 'make test', which finds or installs a browser"
    return driver.chromium.launch(executable_path=str(path), args=[*FLAGS, *flags])
