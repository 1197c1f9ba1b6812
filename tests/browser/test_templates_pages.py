"""Templates in a real browser against the running product: writing, submitting, and pages that everybody can use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, too_wide, violations


def at(desk: Desk, rest: str = "") -> str:
    return f"{desk.stack.base_url}/w/{desk.slug}/templates/{rest}"


def row(page: Page, name: str) -> Locator:
    return page.locator("#template-rows tr").filter(has=page.get_by_role("link", name=name, exact=True))


def begin(desk: Desk, page: Page, name: str, *, category: str = "Utility", language: str = "en") -> None:
    """A new template, in its editor."""
    page.goto(at(desk, "new/"))
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name=re.compile(f"^{category}")).check()
    page.get_by_label("Language").select_option(language)
    page.get_by_role("button", name="Write the text").click()
    expect(page.locator("#editor-form")).to_be_visible()
    page.wait_for_load_state()


def saved(page: Page) -> None:
    """Wait until everything typed is kept."""
    with page.expect_response(re.compile("/edit/$")):
        page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#saved")).to_contain_text("Draft saved")


def test_typing_narrows_the_list_and_its_address(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk))
        expect(page.locator("#template-rows tr").first).to_be_visible()
        page.get_by_label("Search templates").press_sequentially("order_sh")
        expect(page.locator("#template-rows tr")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"templates/\?q=order_sh$"))
        expect(page.locator("#announce")).to_have_text("1 template")
        page.get_by_label("Search templates").fill("")
        page.get_by_label("Status").select_option("rejected")
        expect(page).to_have_url(re.compile("status=rejected"))
        expect(page.locator("#template-rows .chip--bad").first).to_be_visible()
        page.reload()
        expect(page.locator("#template-rows .chip--ok")).to_have_count(0)
        page.get_by_role("link", name=re.compile("^Quick templates")).click()
        expect(page.get_by_role("heading", name="Quick templates")).to_be_visible()


def test_what_is_wrong_is_named_while_it_is_typed_and_what_is_right_gets_approved(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_order")
        phone, lint = page.locator("#phone"), page.locator("#lint")
        page.get_by_label("Header").select_option("TEXT")
        page.get_by_label("Text of the header").fill("x" * 61)
        expect(page.locator("#part-header .counter--over")).to_have_text(re.compile("61 / 60"))
        page.get_by_label("Body").fill("{{1}} is your <b>order</b>")
        expect(phone).to_contain_text("<b>order</b>")
        expect(lint).to_contain_text("61")
        expect(lint.locator(".lint__item--error")).not_to_have_count(0)
        for _ in range(11):
            count = page.locator(".button-row").count()
            page.get_by_role("button", name="Quick reply").click()
            expect(page.locator(".button-row")).to_have_count(count + 1)
        expect(lint).to_contain_text("11")
        page.get_by_role("button", name="Submit for review").click()
        expect(page.get_by_role("alert").filter(has_text="Not submitted")).to_be_focused()
        while page.locator(".button-row").count() > 1:
            count = page.locator(".button-row").count()
            page.get_by_role("button", name="Remove button 1", exact=True).click()
            expect(page.locator(".button-row")).to_have_count(count - 1)
        page.get_by_label("Words on it").fill("Where is it?")
        page.get_by_label("Text of the header").fill("Your order")
        page.get_by_label("Body").fill("Hi ")
        page.locator("#part-body").get_by_role("button", name="Variable").click()
        expect(page.get_by_label("Body")).to_have_value("Hi {{1}}")
        expect(page.get_by_label("Body")).to_be_focused()
        page.keyboard.type(", your order is on its way to you now.")
        page.get_by_label("Sample").fill("Ana")
        page.get_by_label("Value when sent").select_option("field:first_name")
        page.get_by_label("If the contact has none").fill("there")
        expect(phone).to_contain_text("Hi Ana, your order is on its way")
        expect(phone).to_contain_text("Where is it?")
        expect(lint).to_contain_text("Ready to be submitted")
        page.get_by_role("button", name="Submit for review").click()
        expect(page).to_have_url(re.compile(r"/en/$"))
        expect(page.locator("#state-title")).to_have_text(re.compile("Being submitted|In review|Approved"))
        expect(page.locator("#state-title")).to_have_text(re.compile("Approved"), timeout=60_000)
        page.get_by_text("Versions").scroll_into_view_if_needed()
        expect(page.locator(".version")).to_have_count(1)


def test_what_is_typed_is_there_again_after_a_reload(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_autosave")
        with page.expect_response(re.compile("/saving/")):
            page.get_by_label("Body").fill("Kept without a button")
        expect(page.locator("#saved")).to_contain_text("Draft saved")
        page.reload()
        expect(page.get_by_label("Body")).to_have_value("Kept without a button")


def test_two_tabs_on_one_draft_notice_each_other(desk: Desk) -> None:
    with desk.agent("marketer") as page, desk.agent("owner") as other:
        begin(desk, page, "browser_tabs")
        other.goto(page.url)
        page.get_by_label("Body").fill("From the first tab")
        saved(page)
        other.get_by_label("Body").fill("From the second tab")
        expect(other.locator(".saved__stale")).to_be_visible()
        expect(other.get_by_label("Body")).to_have_value("From the second tab")
        other.get_by_role("button", name="Keep mine instead").click()
        expect(other.locator(".saved__stale")).to_have_count(0)
        page.reload()
        expect(page.get_by_label("Body")).to_have_value("From the second tab")


def test_buttons_are_moved_by_keyboard(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_moves")
        for number, word in enumerate(("First", "Second"), 1):
            page.get_by_role("button", name="Quick reply").click()
            expect(page.locator(".button-row")).to_have_count(number)
            field = page.get_by_label("Words on it").last
            expect(field).to_be_focused()
            field.fill(word)
        page.get_by_role("button", name="Move button 2 up").press("Enter")
        expect(page.get_by_label("Words on it").first).to_have_value("Second")
        expect(page.locator(".phone__button").first).to_have_text(re.compile("Second"))


def test_a_picture_goes_up_and_is_seen_on_the_phone(desk: Desk, tmp_path: Any) -> None:
    from PIL import Image

    picture = tmp_path / "menu.png"
    Image.new("RGB", (40, 30), "teal").save(picture)
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_picture", category="Marketing")
        page.get_by_label("Header").select_option("IMAGE")
        page.locator("input[type=file]").set_input_files(picture)
        expect(page.get_by_role("link", name="menu.png")).to_be_visible()
        seen = page.locator("#phone img")
        expect(seen).to_be_visible()
        assert seen.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40
        page.get_by_role("button", name=re.compile("^Remove menu.png")).click()
        expect(page.locator("#phone img")).to_have_count(0)


def test_the_phone_has_a_theme_of_its_own(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_theme")
        page.get_by_label("Body").fill("Night and day")
        screen = page.locator("#phone")
        expect(screen).to_contain_text("Night and day")
        light = screen.evaluate("screen => getComputedStyle(screen).backgroundColor")
        page.locator("#preview").get_by_text("Dark", exact=True).click()
        expect(screen).not_to_have_css("background-color", light)
        page.get_by_label("Body").fill("Still dark")
        expect(screen).to_contain_text("Still dark")
        expect(screen).not_to_have_css("background-color", light)


def test_a_language_is_added_by_translating_and_deleted_alone(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "browser_languages")
        page.get_by_label("Body").fill("Good morning to you all.")
        saved(page)
        page.get_by_role("link", name="Back to the template").click()
        page.get_by_role("link", name="Language", exact=True).click()
        page.locator("#add-language").get_by_label("Language").select_option("ar")
        page.get_by_role("button", name="Add and translate").click()
        body = page.get_by_label("Body")
        expect(body).to_have_value("Good morning to you all.")
        expect(body).to_have_attribute("dir", "rtl")
        body.fill("صباح الخير لكم جميعا.")
        saved(page)
        page.get_by_role("link", name="Back to the template").click()
        expect(page.locator(".chip--tab")).to_have_count(2)
        page.locator("#main details.menu > summary").click()
        page.get_by_role("link", name="Delete…").click()
        dialog = page.locator("#delete-dialog")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("radio", name=re.compile("^Arabic"))).to_be_checked()
        dialog.get_by_role("button", name="Delete").click()
        expect(page.locator(".chip--tab")).to_have_count(1)


def test_a_quick_template_is_written_and_put_into_use(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, "?kind=quick"))
        page.get_by_role("link", name="New quick template").click()
        page.get_by_label("Name").fill("Parking")
        page.get_by_role("button", name="Write the text").click()
        page.get_by_label("Text").fill("Hello {{name}}, please park behind the house.")
        page.get_by_label("Value when sent").select_option("field:first_name")
        expect(page.locator("#lint")).to_contain_text(re.compile("used|right"))
        page.get_by_label("Sample").fill("Ana")
        expect(page.locator("#phone")).to_contain_text("Hello Ana")
        page.get_by_role("button", name="Put into use").click()
        expect(page.locator("#state-title")).to_have_text(re.compile("In use"))


def test_an_agent_sees_everything_and_can_change_nothing(desk: Desk) -> None:
    with desk.agent("agent") as page:
        page.goto(at(desk))
        expect(page.locator("#template-rows tr").first).to_be_visible()
        expect(page.get_by_role("link", name="New template")).to_have_count(0)
        page.locator("#template-rows a.chip--ok").first.click()
        expect(page.locator("#phone")).to_be_visible()
        expect(page.locator("#main form")).to_have_count(0)


def test_everything_works_without_scripts(desk: Desk) -> None:
    with desk.agent("marketer", java_script_enabled=False) as page:
        page.goto(at(desk))
        page.get_by_label("Status").select_option("approved")
        page.get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile("status=approved"))
        begin(desk, page, "browser_plain")
        page.get_by_label("Header").select_option("TEXT")
        page.get_by_role("button", name="Choose", exact=True).click()
        page.get_by_label("Text of the header").fill("Your order")
        page.get_by_label("Body").fill("Hi {{1}}, your order is on its way to you now.")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_label("Sample").fill("Ana")
        page.get_by_role("button", name="Quick reply").click()
        page.get_by_label("Words on it").fill("Where is it?")
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator("#phone")).to_contain_text("Hi Ana, your order")
        page.get_by_role("button", name="Submit for review").click()
        expect(page.locator("#state-title")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/en/$"))


# The first language of each state within each category, and everything with cards.
ONE_OF_EACH = """all => {
    const kind = (one) => one.closest("tr").querySelector("td.template-table__wide").textContent.trim()
    const state = (one) => one.lastElementChild.textContent.trim()
    const cards = (one) => one.closest("tr").textContent.includes("carousel")
    const first = new Map(all.map((one) => [cards(one) ? one.href : `${kind(one)} ${state(one)}`, one.href]))
    return [...first.values()]
}"""


def every_page(desk: Desk, page: Page) -> Iterator[str]:
    """Each page in turn: the lists, the forms, a template of each category in each state, and editors of each kind."""
    for rest in ("", "?kind=quick", "?q=nothing-is-called-this", "new/", "new/?kind=quick", "notices/"):
        page.goto(at(desk, rest))
        yield rest
    page.goto(at(desk))
    chips = page.locator("#template-rows a.chip").evaluate_all(ONE_OF_EACH)
    page.goto(at(desk, "?kind=quick"))
    chips += page.locator("#template-rows a.chip").evaluate_all("all => all.map((one) => one.href)")[:1]
    for address in chips:
        page.goto(address)
        expect(page.get_by_role("heading", name="Where it is used")).to_be_visible()
        yield address
        change = page.locator("form[action$='/draft/'] button")
        if change.count():
            change.click()
            expect(page.locator("#editor-form")).to_be_visible()
            page.wait_for_load_state()  # the style sheets may come after the form
            yield f"{address}edit/"


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_page(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("marketer", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for name in every_page(desk, page):
            # Where the bar of the editor stands for itself: elsewhere it lies over half a field, until that is focused.
            page.locator("#main").evaluate("main => main.scrollTo(0, main.scrollHeight)")
            assert (name, violations(page)) == (name, [])


def test_nothing_has_to_be_scrolled_sideways(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        for name in every_page(desk, page):
            assert (name, too_wide(page)) == (name, [])
