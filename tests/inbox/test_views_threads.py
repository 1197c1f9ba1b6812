from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import Contact
from inbox.models import Conversation, Message
from inbox.reading import PAGE
from tests import factories
from tests.inbox.seeing import HTMX, signed_in, thread
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


@pytest.fixture
def nora(ben: Any) -> Any:
    contact = factories.make_contact(ben.workspace, name="Nora Haddad")
    return factories.make_conversation(ben.workspace, identity=factories.make_identity(contact), unread_count=2)


def page(ben: Any, conversation: Any, **query: str) -> str:
    return signed_in(ben).get(thread(ben, conversation), query).content.decode()


def say(conversation: Any, text: str, *, minutes: float, **fields: Any) -> Any:
    return factories.make_message(
        conversation, text=text, occurred_at=timezone.now() - timedelta(minutes=minutes), **fields
    )


def test_a_deep_link_is_a_whole_page_and_htmx_gets_the_thread(ben: Any, nora: Any) -> None:
    factories.make_message(nora, text="Hello there")
    client = signed_in(ben)
    whole, piece = client.get(thread(ben, nora)), client.get(thread(ben, nora), **HTMX)
    restored = client.get(thread(ben, nora), **HTMX, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    for response in (whole, restored):
        assert b"<!doctype html>" in response.content
        assert b"Hello there" in response.content
    assert b"<!doctype html>" not in piece.content
    assert b"Hello there" in piece.content
    assert b'hx-swap-oob="innerHTML:#side"' in piece.content
    for response in (whole, piece):
        assert "HX-Request" in response["Vary"]
        assert "no-store" in response["Cache-Control"]
        assert "private" in response["Cache-Control"]


def test_the_cost_of_a_thread_does_not_grow_with_its_messages(
    ben: Any, nora: Any, django_assert_num_queries: Any
) -> None:
    client = signed_in(ben)
    first = say(nora, "Hello", minutes=30)
    say(nora, "Answer", minutes=29, direction="out", sender=ben, reply_to=first.provider_id)
    client.get(thread(ben, nora), **HTMX)
    with django_assert_num_queries(15) as few:
        client.get(thread(ben, nora), **HTMX)
    for number in range(30):
        say(nora, f"More {number}", minutes=20 - number / 2, direction="out", sender=ben, reply_to=first.provider_id)
    with django_assert_num_queries(len(few)):
        client.get(thread(ben, nora), **HTMX)


def test_every_kind_of_message_has_a_bubble(ben: Any, nora: Any) -> None:
    kinds = {
        "location": ({"latitude": 30.0, "longitude": 31.0, "name": "Quay"}, "Quay"),
        "contacts": ({"contacts": [{"name": "Layla", "phone": "+201"}]}, "Layla"),
        "button_reply": ({"reply": {"id": "a", "title": "Morning"}}, "Morning"),
        "list_reply": ({"reply": {"id": "a", "title": "Large", "description": "500 ml"}}, "500 ml"),
        "flow_reply": ({"flow_response": {"size": "XL", "flow_token": "t"}}, "XL"),
        "order": (
            {"order": {"product_items": [{"product_retailer_id": "cake", "quantity": 2, "item_price": 5}]}},
            "10.00",
        ),
        "interactive": ({"type": "button", "body": "When?", "buttons": [{"id": "a", "title": "Now"}]}, "Now"),
        "template": ({"name": "hello", "language": "en"}, "Template hello"),
        "unsupported": ({}, "Open it on the phone"),
        "other": ({}, "Open it on the phone"),
        "image": ({}, "could not be fetched"),
        "voice": ({}, "could not be fetched"),
    }
    for number, (kind, (content, _)) in enumerate(kinds.items()):
        say(nora, "", minutes=60 - number, kind=kind, content=content)
    html = page(ben, nora)
    for kind, (_, expected) in kinds.items():
        assert expected in html, kind
    assert html.count('<article class="bubble') == len(kinds) + 1  # and the template of the pending one


@pytest.mark.parametrize("content", [{}, {"latitude": "x", "longitude": None}, {"contacts": [{}]}, {"order": {}}])
@pytest.mark.parametrize("kind", ["location", "contacts", "order", "interactive", "flow_reply", "list_reply"])
def test_a_message_without_its_parts_still_shows(ben: Any, nora: Any, kind: str, content: Any) -> None:
    say(nora, "", minutes=1, kind=kind, content=content)
    assert signed_in(ben).get(thread(ben, nora)).status_code == 200


def test_what_a_customer_writes_stays_text(ben: Any, nora: Any) -> None:
    say(nora, "<img src=x onerror=alert(1)> *bold* javascript:alert(1)", minutes=1)
    say(nora, "", minutes=1, kind="contacts", content={"contacts": [{"name": "<svg onload=alert(1)>", "phone": "1"}]})
    html = page(ben, nora)
    assert "<img src=x" not in html
    assert "<svg onload" not in html
    assert "<strong>bold</strong>" in html


def test_ticks_have_words_and_a_failure_its_reason(ben: Any, nora: Any) -> None:
    for number, status in enumerate(["pending", "sent", "delivered", "read", "failed"]):
        failed = {"error_code": "131000"} if status == "failed" else {}
        say(nora, status, minutes=9 - number, direction="out", sender=ben, status=status, **failed)
    html = page(ben, nora)
    for word in ("Waiting to be sent", "Sent", "Delivered", "Read", "Not sent"):
        assert f'<span class="vh">{word}</span>' in html
    assert "(131000)" in html
    assert "/retry/" in html


@pytest.mark.parametrize(
    ("code", "text", "offered", "advice"),
    [
        ("131000", "", True, "Try again in a few minutes"),
        ("130429", "", True, "Wait a while"),
        ("190", "", True, "System users"),
        ("131053", "", True, "type and size"),
        ("130403", "", True, "Unblock them"),
        ("999999", "", True, "own words"),
        ("", "", True, "own words"),
        ("no_answer", "", True, "Wait for a delivery report"),
        ("outcome_unknown", "Ask the customer.", True, "Ask the customer."),
        ("expired", "It waited too long.", True, "It waited too long."),
        ("unusable_content", "This could not be sent.", False, "This could not be sent."),
        ("131047", "", False, "wait for them to write"),
        ("131026", "", False, "Check the number"),
        ("131051", "", False, "another form"),
        ("131050", "", False, "Do not send them marketing"),
        ("132001", "", False, "pick an approved one"),
    ],
)
def test_retry_is_offered_where_it_can_help_and_advice_always(
    ben: Any, nora: Any, code: str, text: str, offered: bool, advice: str
) -> None:
    say(nora, "Hi", minutes=1, direction="out", sender=ben, status="failed", error_code=code, error_text=text)
    html = page(ben, nora)
    assert ("/retry/" in html) is offered
    assert advice in html
    assert "_unknown)" not in html


def test_outside_the_reply_window_only_a_template_can_be_tried_again(ben: Any, nora: Any) -> None:
    with tenancy.scope(ben.workspace_id):
        Conversation.objects.filter(pk=nora.pk).update(window_expires_at=timezone.now() - timedelta(hours=1))
    failed = {"direction": "out", "sender": ben, "status": "failed", "error_code": "131000"}
    text = say(nora, "Hi", minutes=2, **failed)
    template = say(nora, "", minutes=1, kind="template", content={"name": "hello", "language": "en"}, **failed)
    html = page(ben, nora)
    assert f"m/{text.uuid}/retry/" not in html
    assert f"m/{template.uuid}/retry/" in html


def test_a_blocked_persons_thread_offers_nothing_that_would_be_sent(ben: Any, nora: Any) -> None:
    say(nora, "Hello", minutes=3)
    say(nora, "Hi", minutes=2, direction="out", sender=ben, status="failed", error_code="131000")
    assert "/retry/" in page(ben, nora)
    with tenancy.scope(ben.workspace_id):
        Contact.objects.filter(pk=nora.contact_id).update(blocked_at=timezone.now())
    html = page(ben, nora)
    assert "/retry/" not in html
    assert "/reaction/" not in html


def test_a_deleted_message_keeps_its_place_without_its_words(ben: Any, nora: Any) -> None:
    deleted = say(nora, "secret", minutes=2, deleted_at=timezone.now())
    say(nora, "quoting", minutes=1, reply_to=deleted.provider_id)
    html = page(ben, nora)
    assert "secret" not in html
    assert "This message was deleted" in html


def test_days_are_those_of_the_person_who_looks(ben: Any, nora: Any) -> None:
    at = timezone.now().replace(hour=23, minute=30) - timedelta(days=30)
    factories.make_message(nora, text="Late", occurred_at=at)
    client = signed_in(ben)
    assert f"day-{at:%Y-%m-%d}" in client.get(thread(ben, nora)).content.decode()
    client.cookies["zone"] = "Africa%2FCairo"
    assert f"day-{at + timedelta(days=1):%Y-%m-%d}" in client.get(thread(ben, nora)).content.decode()
    client.cookies["zone"] = "..%2F..%2Fetc%2Fpasswd"
    assert client.get(thread(ben, nora)).status_code == 200


def test_older_pages_follow_without_gap_or_repetition(ben: Any, nora: Any) -> None:
    for number in range(PAGE * 2 + 5):
        say(nora, f"Message {number:03d}", minutes=2000 - number)
    client, seen = signed_in(ben), []
    html = client.get(thread(ben, nora), **HTMX).content.decode()
    for _ in range(3):
        seen = [f"Message {n:03d}" for n in range(PAGE * 2 + 5) if f"Message {n:03d}" in html] + seen
        if "data-sentinel hx-get=" not in html.split("<template")[0]:
            break
        url = html.split('data-sentinel hx-get="')[1].split('"')[0]
        html = client.get(url, **HTMX).content.decode()
    assert seen == [f"Message {n:03d}" for n in range(PAGE * 2 + 5)]


def test_older_needs_a_message_of_this_conversation(ben: Any, nora: Any) -> None:
    other = factories.make_message(factories.make_conversation(ben.workspace))
    client = signed_in(ben)
    assert client.get(thread(ben, nora, "older/"), {"before": str(other.uuid)}, **HTMX).status_code == 404
    assert client.get(thread(ben, nora, "older/"), {"before": "nonsense"}, **HTMX).status_code == 200


def test_a_delta_brings_what_changed_and_nothing_else(ben: Any, nora: Any) -> None:
    old = say(nora, "Old news", minutes=60)
    with tenancy.scope(ben.workspace_id):
        Message.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(hours=1))
    new = say(nora, "Brand new", minutes=0)
    after = (timezone.now() - timedelta(seconds=5)).isoformat()
    html = signed_in(ben).get(thread(ben, nora, "delta/"), {"after": after}, **HTMX).content.decode()
    assert "Brand new" in html
    assert "Old news" not in html
    assert f'id="m-{new.uuid}"' in html
    assert 'id="cursor"' in html
    assert "data-upsert" in html


@pytest.mark.parametrize("after", ["", "nonsense", "2026-13-45", "1970-01-01T00:00:00", "9999-12-31T23:59:59+00:00"])
def test_a_delta_with_any_cursor_is_an_answer(ben: Any, nora: Any, after: str) -> None:
    assert signed_in(ben).get(thread(ben, nora, "delta/"), {"after": after}, **HTMX).status_code == 200


def test_a_delta_replaces_the_composer_only_when_its_state_changed(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    same = client.get(thread(ben, nora, "delta/"), {"composer": "open"}, **HTMX).content.decode()
    other = client.get(thread(ben, nora, "delta/"), {"composer": "closed"}, **HTMX).content.decode()
    assert "composer-form" not in same
    assert 'id="window"' in same
    assert "composer-form" in other


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"window_expires_at": timezone.now() - timedelta(hours=1)}, "The reply window is closed"),
        ({"window_expires_at": None}, "The reply window is closed"),
        ({}, "Enter sends"),
    ],
)
def test_the_composer_says_what_can_be_sent(ben: Any, nora: Any, change: Any, words: str) -> None:
    with tenancy.scope(ben.workspace_id):
        Conversation.objects.filter(pk=nora.pk).update(**change)
    assert words in page(ben, nora)


def test_a_channel_that_is_down_says_so_and_shows_managers_the_way(ben: Any) -> None:
    channel = factories.make_channel(ben.workspace, name="Orders", status="close", problem="The token expired.")
    conversation = factories.make_conversation(ben.workspace, channel=channel)
    ana = factories.make_member(ben.workspace, name="Ana")
    assert "Orders is not connected" in page(ben, conversation)
    assert "The token expired." in page(ana, conversation)


def test_a_blocked_person_gets_no_reply_box_but_the_way_to_unblock_them(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    with tenancy.scope(ben.workspace_id):
        Contact.objects.filter(pk=nora.contact_id).update(blocked_at=timezone.now())
    html = client.get(thread(ben, nora, "delta/"), {"composer": "open"}, **HTMX).content.decode()
    assert "composer-form" not in html
    assert "This person is blocked" in html
    assert f'href="/w/{ben.workspace.slug}/contacts/{nora.contact.uuid}/"' in html


def test_who_may_not_reply_reads_and_leaves_it_unread(ben: Any, nora: Any) -> None:
    mia = factories.make_member(ben.workspace, role="marketer", name="Mia")
    html = page(mia, nora)
    assert "You can read this conversation" in html
    assert 'data-key="resolve"' not in html
    assert signed_in(mia).post(thread(mia, nora, "seen/"), **HTMX).status_code == 204
    with tenancy.scope(ben.workspace_id):
        assert Conversation.objects.get(pk=nora.pk).unread_count == 2


def test_looking_marks_nothing_and_seen_does(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    client.get(thread(ben, nora))
    with tenancy.scope(ben.workspace_id):
        assert Conversation.objects.get(pk=nora.pk).unread_count == 2
    assert client.post(thread(ben, nora, "seen/"), **HTMX).status_code == 204
    with tenancy.scope(ben.workspace_id):
        assert Conversation.objects.get(pk=nora.pk).unread_count == 0


def test_marking_unread_goes_back_to_the_list(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    client.post(thread(ben, nora, "seen/"), **HTMX)
    response = client.post(thread(ben, nora, "unread/"), **HTMX)
    html = response.content.decode()
    assert response["HX-Push-Url"] == f"/w/{ben.workspace.slug}/inbox/all/"
    assert "Choose a conversation" in html
    assert f'id="c-{nora.uuid}"' in html
    assert "Unread: " in html
    assert "aria-current" not in html
    assert client.post(thread(ben, nora, "unread/"))["Location"] == f"/w/{ben.workspace.slug}/inbox/all/"
    with tenancy.scope(ben.workspace_id):
        assert Conversation.objects.get(pk=nora.pk).unread_count == 1


def test_a_conversation_nobody_knows_is_not_found(ben: Any) -> None:
    assert signed_in(ben).get(f"/w/{ben.workspace.slug}/inbox/all/c/{uuid.uuid4()}/").status_code == 404
