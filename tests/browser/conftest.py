from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.desk import Desk
from tests.stack import Stack


@pytest.fixture(scope="module")
def desk(stack: Stack, browser: Browser) -> Iterator[Desk]:
    """The demo's first workspace with everything running."""
    desk = Desk(stack, browser)
    yield desk
    desk.provider.close()
