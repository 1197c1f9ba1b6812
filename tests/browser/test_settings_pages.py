"""The settings of a workspace can be used by everybody: axe, both themes, small screens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, violations
from tests.browser.test_contacts_pages import at

PAGES = (
    "settings/general/",
    "settings/members/",
    "settings/channels/",
    "settings/channels/new/whatsapp/",
    "settings/channels/{channel}/",
    "settings/audit/",
    "settings/webhook-problems/",
)


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_page(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("owner", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for rest in PAGES:
            answer = page.goto(at(desk, rest.format(channel=desk.channel["uuid"])))
            assert answer
            assert (rest, answer.status) == (rest, 200)
            for more in page.locator("#main details > summary").all():
                more.click()
            assert (rest, violations(page)) == (rest, [])
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), rest
