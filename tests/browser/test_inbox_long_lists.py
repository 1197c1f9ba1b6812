"""A list of hundreds: it keeps its length when it catches up, and never holds more than 200 rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk

ROWS = 260
# Copies of one resolved conversation, each older than the one before, with a person of its own.
FILL = """
WITH model AS (
    SELECT c.* FROM inbox_conversation c JOIN workspaces_workspace w ON w.id = c.workspace_id
     WHERE w.slug = %(slug)s ORDER BY c.id LIMIT 1
), people AS (
    INSERT INTO contacts_identity
    SELECT (jsonb_populate_record(i, jsonb_build_object(
        'id', 9000000 + n, 'address', '9990' || n, 'phone', '+9990' || n, 'user_id', ''))).*
      FROM contacts_identity i JOIN model ON model.identity_id = i.id, generate_series(1, %(rows)s) n
    RETURNING id
)
INSERT INTO inbox_conversation
SELECT (jsonb_populate_record(c, jsonb_build_object(
    'id', 9000000 + n, 'uuid', gen_random_uuid(), 'identity_id', 9000000 + n, 'status', 'resolved',
    'last_message_at', now() - interval '30 days' - n * interval '1 minute'))).*
  FROM model m JOIN inbox_conversation c ON c.id = m.id, generate_series(1, %(rows)s) n, (SELECT count(*) FROM people) p
"""


@pytest.fixture(scope="module")
def many(desk: Desk) -> Iterator[Desk]:
    with psycopg.connect(desk.stack.database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(FILL, {"slug": desk.slug, "rows": ROWS})
        yield desk
        connection.execute("DELETE FROM inbox_conversation WHERE id > 9000000")
        connection.execute("DELETE FROM contacts_identity WHERE id > 9000000")


def scroll_to(page: Page, rows: int) -> None:
    while page.locator("#rows .row").count() < rows:
        before = page.locator("#rows .row").count()
        page.locator("#rows [data-sentinel]").scroll_into_view_if_needed()
        expect(page.locator("#rows .row").nth(before)).to_be_attached()


def test_a_list_that_catches_up_keeps_what_was_scrolled_to(many: Desk) -> None:
    with many.agent() as page:
        page.goto(many.url("closed/"))
        scroll_to(page, 100)
        shown, top = page.locator("#rows .row").count(), page.locator("#rows").evaluate("list => list.scrollTop")
        with page.expect_response(lambda answer: "/rows/?" in answer.url) as caught:
            page.evaluate("document.dispatchEvent(new CustomEvent('live:sync'))")
        assert f"count={shown}" in caught.value.url
        page.evaluate("new Promise((done) => setTimeout(done))")
        expect(page.locator("#rows .row")).to_have_count(shown)
        assert page.locator("#rows").evaluate("list => list.scrollTop") == top


def test_a_list_ends_at_200_rows_and_a_link_goes_on(many: Desk) -> None:
    with many.agent() as page:
        page.goto(many.url("closed/"))
        scroll_to(page, 200)
        link = page.get_by_role("link", name="More conversations")
        link.scroll_into_view_if_needed()
        expect(page.locator("#rows .row")).to_have_count(200)
        expect(page.locator("#rows [hx-get*=before]")).to_have_count(0)
        seen = set(page.locator("#rows .row").evaluate_all("rows => rows.map((row) => row.dataset.conv)"))
        link.click()
        expect(page).to_have_url(re.compile(r"/closed/\?before="))
        rest = set(page.locator("#rows .row").evaluate_all("rows => rows.map((row) => row.dataset.conv)"))
        assert rest
        assert not rest & seen
