"""The pictures of docs/pacing.md are what the engine makes now, and well-formed."""

import re
from xml.etree import ElementTree

import pytest

from portal.cli.pictures import pictures
from portal.config import ROOT

DOCS = ROOT / "docs"
MADE = dict(pictures())


def test_the_pictures_in_the_docs_are_what_the_engine_makes_now() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "pictures").glob("pacing-*.svg")}
    old = [name for name in MADE.keys() | kept.keys() if kept.get(name) != MADE.get(name)]
    assert old == [], "run: portal draw-pacing docs/pictures"


def test_the_document_shows_every_picture() -> None:
    text = (DOCS / "pacing.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(pictures/(pacing-[a-z-]+\.svg)\)", text)) == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_a_picture_is_well_formed_titled_and_nothing_lies_beyond_its_edges(name: str) -> None:
    root = ElementTree.fromstring(MADE[name])
    space = "{http://www.w3.org/2000/svg}"
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    assert root.findtext(f"{space}title")
    boxes = [each.attrib for each in root.iter(f"{space}rect") if "x" in each.attrib]
    assert len(boxes) > 10
    for box in boxes:
        assert 0 <= float(box["x"]) <= width - float(box["width"])
        assert 0 <= float(box["y"]) <= height - float(box["height"])
