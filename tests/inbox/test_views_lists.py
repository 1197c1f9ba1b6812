from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from inbox import queues
from tests import factories
from tests.inbox.seeing import HTMX, inbox, signed_in
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


def names(html: bytes) -> list[str]:
    text = html.decode()
    return [part.split("</bdi>")[0] for part in text.split('<span class="row__name"><bdi>')[1:]]


def talk(member: Any, name: str, *, minutes: int = 0, **fields: Any) -> Any:
    contact = factories.make_contact(member.workspace, name=name)
    at = timezone.now() - timedelta(minutes=minutes)
    identity = factories.make_identity(contact)
    return factories.make_conversation(member.workspace, identity=identity, last_message_at=at, **fields)


def test_the_inbox_opens_on_what_is_mine(ben: Any) -> None:
    assert signed_in(ben).get(inbox(ben))["Location"] == inbox(ben, "mine/")


def test_each_queue_holds_its_conversations_newest_first(ben: Any) -> None:
    talk(ben, "Mine old", minutes=5, assignee=ben)
    talk(ben, "Mine new", minutes=1, assignee=ben)
    talk(ben, "Nobody's", minutes=2)
    talk(ben, "Done", minutes=3, status="resolved", assignee=ben)
    shown = {queue: names(signed_in(ben).get(inbox(ben, f"{queue}/rows/"), **HTMX).content) for queue in queues.TITLES}
    assert shown == {
        "mine": ["Mine new", "Mine old"],
        "unassigned": ["Nobody&#x27;s"],
        "all": ["Mine new", "Nobody&#x27;s", "Mine old"],
        "closed": ["Done"],
    }


def test_a_queue_nobody_knows_is_not_found(ben: Any) -> None:
    assert signed_in(ben).get(inbox(ben, "everything/")).status_code == 404


def test_the_next_page_goes_on_where_the_first_ended(ben: Any) -> None:
    for number in range(queues.PAGE + 3):
        talk(ben, f"Customer {number:03d}", minutes=number)
    first = signed_in(ben).get(inbox(ben, "all/"))
    before = parse_qs(urlsplit(first.context["more"]).query)["before"][0]
    second = signed_in(ben).get(inbox(ben, "all/rows/"), {"before": before}, **HTMX)
    assert names(second.content) == ["Customer 050", "Customer 051", "Customer 052"]
    assert "data-sentinel" not in second.content.decode()


@pytest.mark.parametrize(
    ("shown", "expected"), [("60", 60), ("3", 50), ("500", 70), ("", 50), ("-5", 50), ("x", 50), ("9" * 9, 50)]
)
def test_a_list_brought_up_to_date_keeps_its_length(ben: Any, shown: str, expected: int) -> None:
    for number in range(70):
        talk(ben, f"Customer {number}", minutes=number)
    html = signed_in(ben).get(inbox(ben, "all/rows/"), {"count": shown}, **HTMX).content
    assert len(names(html)) == expected
    assert ("data-sentinel" in html.decode()) is (expected < 70)


@pytest.mark.parametrize("before", ["x", "1-", "-1", "9" * 40 + "-1", "99999999999999999-1"])
def test_a_made_up_page_key_is_no_error(ben: Any, before: str) -> None:
    talk(ben, "Nora")
    assert signed_in(ben).get(inbox(ben, "all/rows/"), {"before": before}, **HTMX).status_code == 200


def test_the_cost_of_a_list_does_not_grow_with_its_rows(ben: Any, django_assert_num_queries: Any) -> None:
    client = signed_in(ben)
    talk(ben, "Only one", assignee=ben)
    client.get(inbox(ben, "all/"))
    with django_assert_num_queries(11) as few:
        client.get(inbox(ben, "all/"))
    for number in range(20):
        talk(ben, f"Customer {number}", assignee=ben)
    with django_assert_num_queries(len(few)):
        client.get(inbox(ben, "all/"))


def test_counts_are_what_waits(ben: Any) -> None:
    talk(ben, "A", assignee=ben, unread_count=2)
    talk(ben, "B", assignee=ben)
    talk(ben, "C")
    talk(ben, "D", status="resolved")
    with tenancy.scope(ben.workspace_id):
        assert queues.counts(ben.workspace, ben) == queues.Counts(mine=2, unassigned=1, all=3, unread=1)
    html = signed_in(ben).get(inbox(ben, "all/counts/"), **HTMX).content.decode()
    assert 'data-unread="1"' in html


def test_rows_asked_for_by_name_say_whether_they_are_still_in_the_queue(ben: Any) -> None:
    mine, taken = talk(ben, "Mine", assignee=ben), talk(ben, "Taken away")
    response = signed_in(ben).get(
        inbox(ben, "mine/rows/delta/"), {"id": [str(mine.uuid), str(taken.uuid), "x"]}, **HTMX
    )
    html = response.content.decode()
    assert names(response.content) == ["Mine"]
    assert f'<li id="c-{taken.uuid}" data-gone>' in html


def test_rows_of_another_workspace_are_never_named(ben: Any) -> None:
    zoe = factories.make_member(name="Zoe")
    theirs = talk(zoe, "Canary")
    html = signed_in(ben).get(inbox(ben, "all/rows/delta/"), {"id": str(theirs.uuid)}, **HTMX).content.decode()
    assert "Canary" not in html


@pytest.mark.parametrize("query", ["nora", "Haddad", "7009", "+44 77", "cake"])
def test_search_finds_by_name_number_and_words(ben: Any, query: str) -> None:
    conversation = talk(ben, "Nora Haddad", status="resolved")
    factories.make_message(conversation, text="Where is my birthday cake?")
    talk(ben, "Somebody else")
    response = signed_in(ben).get(inbox(ben, "mine/"), {"q": query})
    assert "Nora Haddad" in names(response.content)


def test_a_search_without_matches_offers_to_clear_it(ben: Any) -> None:
    html = signed_in(ben).get(inbox(ben, "mine/rows/"), {"q": "<b>nobody"}, **HTMX).content.decode()
    assert "Nothing matches “&lt;b&gt;nobody”" in html


def test_an_empty_inbox_says_what_to_do_next(ben: Any) -> None:
    ana = factories.make_member(ben.workspace, name="Ana")
    assert "An owner or admin can do that" in signed_in(ben).get(inbox(ben, "all/")).content.decode()
    assert "Connect WhatsApp" in signed_in(ana).get(inbox(ana, "all/")).content.decode()
    talk(ben, "Waiting")
    assert "1 waits in Unassigned" in signed_in(ben).get(inbox(ben, "mine/")).content.decode()


def test_a_name_cannot_turn_the_row_around_or_carry_markup(ben: Any) -> None:
    talk(ben, "<b>x</b>\u202egpj.exe", preview="<script>alert(1)</script>")
    html = signed_in(ben).get(inbox(ben, "all/")).content.decode()
    assert "\u202e" not in html
    assert "⟨RLO⟩" in html
    assert "<b>x</b>" not in html
    assert "<script>alert" not in html
