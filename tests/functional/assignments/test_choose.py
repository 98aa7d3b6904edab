"""Choosing what to publish."""

import html
import re

from tests.factories.assignments import make_path


def test_the_newest_version_of_each_path_leads_to_its_preview(cast, sign_in):
    first = make_path(cast.ada.organization_id, title="First chords")
    second = make_path(cast.ada.organization_id, title="First chords", of=first, keys=first.keys)
    make_path(cast.dora.organization_id, title="Elsewhere")
    browser = sign_in(cast.ada)
    shown = browser.get(f"/classes/{cast.class_id}/publish")
    assert shown.status_code == 200
    (link,) = re.findall(r'href="([^"]+/publish/preview[^"]+)"', shown.text)
    assert str(second.version_id) in link
    assert browser.get(html.unescape(link)).status_code == 200
