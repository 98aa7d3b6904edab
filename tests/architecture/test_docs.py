"""The documents name what there is."""

import re
from dataclasses import fields

from portal.config import ROOT, Settings
from portal.models.registry import METADATA


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [each.name for each in fields(Settings) if f"`{each.name.upper()}`" not in text] == []


def test_every_table_is_documented():
    text = (ROOT / "docs" / "data-model.md").read_text()
    assert [name for name in METADATA.tables if f"`{name}`" not in text] == []


def test_every_table_stands_in_the_drawn_diagram():
    drawing = (ROOT / "docs" / "data-model.md").read_text().split("```mermaid")[1].split("```")[0]
    drawn = set(re.findall(r"[a-z_]+", re.sub(r'"[^"]*"', "", drawing)))
    assert sorted(set(METADATA.tables) - drawn) == []
