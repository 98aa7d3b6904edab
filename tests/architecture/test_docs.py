"""The documents name what there is."""

from dataclasses import fields

from portal.config import ROOT, Settings
from portal.models.registry import METADATA


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "configuration.md").read_text()
    assert [each.name for each in fields(Settings) if f"`{each.name.upper()}`" not in text] == []


def test_every_table_is_documented():
    text = (ROOT / "docs" / "data-model.md").read_text()
    assert [name for name in METADATA.tables if f"`{name}`" not in text] == []
