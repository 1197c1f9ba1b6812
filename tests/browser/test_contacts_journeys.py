"""What people do with contacts, in a real browser against the running product."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import violations
from tests.browser.test_contacts_pages import at, person


def rows(page: Page):
    return page.locator("#people-rows tr")


def test_typing_narrows_the_list_and_its_address(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/"))
        expect(page.locator("#count")).to_have_text(re.compile(r"^\d{3}$"))
        page.get_by_label("Search contacts").press_sequentially("amelia")
        expect(rows(page)).to_have_count(1)
        expect(page).to_have_url(re.compile(r"contacts/\?q=amelia$"))
        expect(page.locator("#count")).to_have_text("1")
        expect(page.locator("#announce")).to_have_text("1 contact")
        expect(page.get_by_role("link", name="Export", exact=True)).to_have_attribute(
            "href", re.compile(r"\?q=amelia$")
        )
        expect(page.get_by_label("Search contacts")).to_be_focused()
        page.reload()
        expect(rows(page)).to_have_count(1)


def test_a_filter_and_an_order_are_kept_while_more_people_come(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/"))
        page.get_by_text("Filter").click()
        page.get_by_label("Order").select_option("name")
        expect(page).to_have_url(re.compile("sort=name"))
        expect(rows(page)).to_have_count(51)
        page.get_by_role("link", name="Load more").click()
        expect(rows(page)).to_have_count(101)
        names = page.locator(".people-table__name").all_inner_texts()
        assert len(set(page.locator("#people-rows tr[id^=p-]").evaluate_all("all => all.map((row) => row.id)"))) == 100
        assert names == sorted(names) or len(names) == 100


def test_several_people_are_tagged_and_it_is_undone(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/?q=hart"))
        page.get_by_label("Choose everybody on this page").check()
        count = page.locator("#people-rows input:checked").count()
        expect(page.locator("#bulk-count")).to_have_text(f"{count} chosen")
        page.get_by_label("Tag to add or remove").fill("Browser made")
        page.get_by_role("button", name="Add tag").click()
        expect(page.locator("#people-rows").get_by_text("Browser made").first).to_be_visible()
        expect(page.locator("#bulk")).to_be_hidden()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#people-rows").get_by_text("Browser made")).to_have_count(0)


def test_a_deleted_person_leaves_the_list_and_comes_back(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/?q=Whitmore"))
        before = rows(page).count()
        page.locator("#people-rows input").first.check()
        page.get_by_role("button", name="Delete").click()
        expect(rows(page)).to_have_count(before - 1)
        page.get_by_role("button", name="Undo").click()
        expect(rows(page)).to_have_count(before)


def test_the_list_follows_what_happens_elsewhere(desk: Desk) -> None:
    with desk.agent("owner") as page, desk.agent("agent") as other:
        page.goto(at(desk, "contacts/?q=Fatima"))
        expect(page.locator("#app[data-connected]")).to_be_attached()
        before = rows(page).count()
        other.goto(at(desk, "contacts/new/"))
        other.get_by_label("Name").fill("Fatima From Elsewhere")
        other.get_by_label("E-mail").fill("fatima.elsewhere@example.test")
        other.get_by_role("button", name="Add contact").click()
        expect(rows(page)).to_have_count(before + 1)
        expect(page.get_by_label("Search contacts")).to_have_value("Fatima")


def test_a_list_in_which_somebody_is_chosen_waits_to_be_refreshed(desk: Desk) -> None:
    with desk.agent("owner") as page, desk.agent("agent") as other:
        page.goto(at(desk, "contacts/?q=Daniel"))
        expect(page.locator("#app[data-connected]")).to_be_attached()
        page.locator("#people-rows input").first.check()
        link = page.locator("#people-rows a").first.get_attribute("href")
        other.goto(f"{desk.stack.base_url}{link}")
        other.get_by_label("Add a tag").fill("Seen elsewhere")
        other.get_by_label("Add a tag").press("Enter")
        news = page.get_by_role("button", name="People changed")
        expect(news).to_be_visible()
        expect(page.locator("#people-rows input").first).to_be_checked()
        assert violations(page) == []
        news.click()
        expect(page.locator("#people-rows").get_by_text("Seen elsewhere")).to_be_visible()
        expect(news).to_be_hidden()
        other.get_by_role("button", name="Remove the tag Seen elsewhere").click()


def test_blocking_somebody_closes_the_reply_box_of_whoever_has_them_open(desk: Desk) -> None:
    with desk.agent("agent") as page, desk.agent("owner") as other:
        page.goto(desk.thread("447700900152"))
        expect(page.locator("#app[data-connected]")).to_be_attached()
        expect(page.locator("#composer-form")).to_be_visible()
        record = page.get_by_role("link", name=re.compile("^Open the record")).get_attribute("href")
        other.goto(f"{desk.stack.base_url}{record}")
        other.get_by_role("group").filter(has_text="More").first.click()
        other.get_by_role("button", name="Block", exact=True).click()
        expect(page.get_by_text("This person is blocked")).to_be_visible()
        expect(page.locator("#composer-form")).to_have_count(0)
        assert violations(page) == []
        page.get_by_role("link", name="Unblock in the record").click()
        page.get_by_role("group").filter(has_text="More").first.click()
        page.get_by_role("button", name="Unblock", exact=True).click()
        expect(page.get_by_text("Blocked since")).to_have_count(0)
        page.goto(desk.thread("447700900152"))
        expect(page.locator("#composer-form")).to_be_visible()


def test_a_fact_is_edited_in_place_by_keyboard(desk: Desk) -> None:
    with desk.agent("agent") as page:
        page.goto(person(desk, "Marcus Bell"))
        edit = page.get_by_role("link", name="Edit E-mail")
        edit.focus()
        page.keyboard.press("Enter")
        field = page.get_by_role("textbox", name="E-mail")
        expect(field).to_be_focused()
        page.keyboard.press("Escape")
        expect(edit).to_be_focused()
        page.keyboard.press("Enter")
        field.fill("marcus@example.test")
        page.keyboard.press("Enter")
        expect(page.get_by_text("marcus@example.test")).to_be_visible()
        expect(edit).to_be_focused()


def test_what_a_colleague_changes_shows_but_never_takes_away_what_is_typed(desk: Desk) -> None:
    with desk.agent("agent") as page, desk.agent("owner") as other:
        for each in (page, other):
            each.goto(person(desk, "Priya Raman"))
            expect(each.locator("#app[data-connected]")).to_be_attached()
        note = page.get_by_label("A note for your team")
        note.fill("Half a thought")
        other.get_by_label("Add a tag").fill("From a colleague")
        other.get_by_label("Add a tag").press("Enter")
        expect(other.get_by_text("From a colleague", exact=True)).to_be_visible()
        expect(note).to_have_value("Half a thought")
        page.get_by_role("button", name="Add note").click()
        expect(page.get_by_text("Half a thought")).to_be_visible()
        expect(page.get_by_text("From a colleague", exact=True)).to_be_visible()
        other.get_by_role("button", name="Remove the tag From a colleague").click()
        expect(page.get_by_text("From a colleague", exact=True)).to_have_count(0)


def test_the_person_beside_a_conversation_is_edited_there(desk: Desk) -> None:
    with desk.agent("agent") as page:
        page.goto(desk.thread("447700900152"))
        card = page.locator("#contact-card")
        card.get_by_role("link", name="Edit Language").click()
        card.get_by_label("Language").select_option("en")
        card.get_by_role("button", name="Save Language").click()
        expect(card.get_by_text("English")).to_be_visible()
        card.get_by_label("A note for your team").fill("Picks up on Fridays")
        card.get_by_role("button", name="Add note").click()
        expect(card.get_by_text("Picks up on Fridays")).to_be_visible()
        page.get_by_role("link", name=re.compile("^Open the record")).click()
        expect(page.get_by_text("Picks up on Fridays")).to_be_visible()
        expect(page.locator("#log .bubble").first).to_be_visible()


def test_consent_needs_words_and_keeps_them(desk: Desk) -> None:
    with desk.agent("agent") as page:
        page.goto(person(desk, "Emma Novak"))
        part = page.locator("#contact-consent")
        part.get_by_text("Change").first.click()
        part.get_by_label("What did they say, and how?").first.fill("Said so on the phone")
        part.get_by_role("button", name=re.compile("^Opt (in|out)$")).first.click()
        expect(part.get_by_text("Said so on the phone").first).to_be_visible()


def test_a_segment_is_counted_while_it_is_built(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/segments/new/"))
        estimate = page.locator("#estimate")
        page.get_by_label("What is compared", exact=True).select_option("name")
        expect(page.get_by_label("How Name is compared")).to_be_focused()
        page.get_by_label("What Name is compared with").fill("amelia hartley")
        expect(estimate.locator(".estimate__number")).to_have_text("1")
        expect(estimate.get_by_text("Amelia Hartley")).to_be_visible()
        page.get_by_role("button", name="Add a condition").click()
        second = page.locator("[data-condition]").nth(1)
        expect(second).to_be_visible()
        expect(page.locator(".htmx-added, .htmx-settling")).to_have_count(0)
        second.get_by_label("What is compared").select_option("blocked")
        second.get_by_label("What Blocked is compared with").select_option("yes")
        expect(estimate.locator(".estimate__number")).to_have_text("0")
        page.get_by_label("How the conditions of this group join").select_option("any")
        expect(estimate.locator(".estimate__number")).not_to_have_text("0")
        page.get_by_role("button", name="Remove the condition about Blocked").click()
        expect(page.locator("[data-condition]")).to_have_count(1)
        expect(estimate.locator(".estimate__number")).to_have_text("1")
        page.get_by_label("Name", exact=True).fill("Only Amelia")
        page.get_by_role("button", name="Save segment").click()
        page.get_by_role("link", name="Show people of Only Amelia").click()
        expect(rows(page)).to_have_count(1)
