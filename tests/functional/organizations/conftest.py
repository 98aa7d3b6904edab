"""These tests live on the cast's day."""

from collections.abc import Iterator

import pytest

from portal import clock
from tests.factories.cast import NOW


@pytest.fixture(autouse=True)
def on_the_casts_day() -> Iterator[None]:
    with clock.frozen(NOW):
        yield
