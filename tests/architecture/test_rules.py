"""House rules that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

from portal.config import ROOT

SOURCES = sorted((ROOT / "portal").rglob("*.py"))
PAGES = [p for p in sorted((ROOT / "templates").rglob("*.html")) if not {"emails", "_macros"} & set(p.parts)]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_imports_stand_at_the_top_and_files_stay_small(path):
    tree = ast.parse(path.read_text())
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", [each for each in SOURCES if each.name == "__init__.py"], ids=named)
def test_packages_begin_with_a_docstring_and_hold_nothing_else(path):
    body = ast.parse(path.read_text()).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_only_the_settings_read_the_environment():
    readers = [named(path) for path in SOURCES if "os.environ" in path.read_text()]
    assert readers == ["portal/config.py"]


def test_only_edges_read_the_clock():
    """Services, queries and the engine get ``now``; nothing else asks the system for the time."""
    readers = {
        named(path) for path in SOURCES if re.search(r"\bclock\.now\(|datetime\.now\(|date\.today\(", path.read_text())
    }
    allowed = re.compile(
        r"portal/(clock|factory|cli/|jobs/|web/|[a-z]+/([a-z_]+/)?(([a-z]+_)?routes|jobs)|security/identity|accounts/limits|notifications/mail|[a-z]+/shell)"
    )
    assert [path for path in sorted(readers) if not allowed.match(path)] == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_pages_hold_no_inline_style_or_script(path):
    text = path.read_text()
    assert re.findall(r"\sstyle=|\son[a-z]+=|hx-on|[\"']js:|javascript:", text) == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_text_of_pages_goes_through_gettext(path):
    """No word stands between tags as it is."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!doctype html>", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"<code>.*?</code>|<[^>]*>", "|", text, flags=re.DOTALL)
    words = [part.strip() for part in text.split("|") if re.search(r"[A-Za-z]{3,}", part)]
    assert [word for word in words if word not in ("Orchestrator", "· Orchestrator", "wide")] == []


def test_the_bundle_keeps_its_budget():
    sizes = {path.name.split("-")[0]: path.stat().st_size for path in (ROOT / "portal/static/dist").glob("app-*.gz")}
    css = next(p.stat().st_size for p in (ROOT / "portal/static/dist").glob("app-*.css.gz"))
    js = next(p.stat().st_size for p in (ROOT / "portal/static/dist").glob("app-*.js.gz"))
    assert sizes
    assert css <= 12_000
    assert js <= 30_000
