"""The pages about credits can be used by everybody, and follow what happens elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.looking import violations
from tests.browser.test_contacts_pages import at

PAGES = (
    "credits/",
    "credits/?pocket=sms",
    "credits/ledger/",
    "credits/ledger/?kind=adjustment",
    "credits/ledger/?each=yes&source=broadcast",
    "credits/statement/",
    "credits/prices/",
    "credits/limits/",
    "credits/transfers/",
)
SIZES = [(1440, "light"), (390, "dark"), (320, "light")]


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_axe_finds_nothing_and_nothing_is_scrolled_sideways(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("owner", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for rest in PAGES:
            answer = page.goto(at(desk, rest))
            assert answer
            assert (rest, answer.status) == (rest, 200)
            for more in page.locator("#main details > summary").all():
                more.click()
            assert (rest, violations(page)) == (rest, [])
            for direction in ("rtl", "ltr"):
                page.evaluate("direction => { document.documentElement.dir = direction }", direction)
                over = "document.getElementById('main').scrollWidth - document.getElementById('main').clientWidth"
                assert (rest, direction, page.evaluate(over) <= 0) == (rest, direction, True)


def test_a_filter_stands_in_the_address_and_more_entries_follow_below(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, "credits/ledger/"))
        expect(page.locator("#totals")).to_contain_text("entries")
        page.get_by_label("Sent by").select_option("agent")
        expect(page).to_have_url(re.compile(r"source=agent"))
        rows = page.locator("#ledger-rows tr[id^=e-]")
        expect(rows).to_have_count(50)
        page.get_by_role("link", name="Load more").click()
        expect(rows).to_have_count(100)
        page.reload()
        expect(page.get_by_label("Sent by")).to_have_value("agent")


def test_a_broadcasts_line_opens_into_its_messages(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "credits/ledger/?source=broadcast"))
        line = page.locator("#ledger-rows tr[id^=e-]").filter(
            has=page.get_by_role("link", name=re.compile("^Each of them"))
        )
        charged = int(re.search(r"(\d+) charged", line.first.inner_text()).group(1))  # type: ignore[union-attr]
        line.first.get_by_role("link", name=re.compile("^Each of them")).click()
        expect(page.get_by_label("One line per message")).to_be_checked()
        assert page.locator("#ledger-rows .ledger__kind", has_text="Charge").count() >= min(charged, 40)
        page.locator("#ledger-rows .ledger__link").first.click()
        expect(page.locator("#log .bubble").first).to_be_visible()


def test_credits_that_run_low_show_in_the_navigation_at_once(desk: Desk) -> None:
    with desk.agent("marketer") as watching, desk.agent("owner") as page:
        watching.goto(at(desk, "credits/"))
        expect(watching.locator("#credits-low")).to_be_empty()
        page.goto(at(desk, "credits/limits/"))
        bound = page.get_by_label("Tell us below this balance").first
        before = bound.input_value()
        bound.fill("900000")
        page.get_by_role("button", name="Save the limits of Messages").click()
        expect(page.get_by_role("status").first).to_contain_text("are saved")
        expect(watching.locator("#credits-low")).to_contain_text("running low")
        expect(watching.locator("#overview .banner")).to_contain_text("you wanted to be told at")
        page.get_by_label("Tell us below this balance").first.fill(before)
        page.get_by_role("button", name="Save the limits of Messages").click()
        expect(watching.locator("#credits-low")).to_be_empty()


def test_pressed_twice_a_move_happens_once_also_without_scripts(desk: Desk) -> None:
    with desk.agent("owner", java_script_enabled=False) as page:
        page.goto(at(desk, "credits/?pocket=sms"))
        held = int(page.locator(".balance .big__number").inner_text().replace(",", ""))
        page.goto(at(desk, "credits/transfers/"))
        page.get_by_role("spinbutton", name="Credits").fill("25")
        page.get_by_role("button", name="Move").dblclick()
        expect(page).to_have_url(at(desk, "credits/"))
        page.goto(at(desk, "credits/?pocket=sms"))
        expect(page.locator(".balance .big__number")).to_have_text(f"{held + 25:,}")
        page.goto(at(desk, "credits/ledger/"))
        page.get_by_label("Entry").select_option("transfer")
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#ledger-rows tr[id^=e-]").first).to_contain_text("−25")
