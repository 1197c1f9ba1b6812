from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from inbox.models import Attachment, Conversation, Message
from tests import factories
from tests.inbox.seeing import HTMX, signed_in, thread
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


@pytest.fixture
def nora(ben: Any) -> Any:
    return factories.make_conversation(ben.workspace)


@pytest.fixture(autouse=True)
def media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def reply(conversation: Any, text: str = "Hello", **fields: Any) -> dict[str, Any]:
    return {"conversation": str(conversation.uuid), "cid": str(uuid.uuid4()), "text": text, **fields}


def sent(conversation: Any) -> list[Message]:
    with tenancy.scope(conversation.workspace_id):
        return list(Message.objects.filter(conversation=conversation, direction="out").order_by("id"))


def picture() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (8, 6), "teal").save(content, "PNG")
    return SimpleUploadedFile("cake.png", content.getvalue(), "image/png")


def test_a_reply_is_queued_and_its_bubble_comes_back(ben: Any, nora: Any) -> None:
    form = reply(nora, "On its way")
    response = signed_in(ben).post(thread(ben, nora, "send/"), form, **HTMX)
    html = response.content.decode()
    assert response.status_code == 200
    assert f'data-cid="{form["cid"]}"' in html
    assert "On its way" in html
    assert f'id="c-{nora.uuid}"' in html  # its row moves up too
    assert [message.text for message in sent(nora)] == ["On its way"]


def test_a_double_submit_sends_once(ben: Any, nora: Any) -> None:
    client, form = signed_in(ben), reply(nora)
    for _ in range(3):
        assert client.post(thread(ben, nora, "send/"), form, **HTMX).status_code == 200
    assert len(sent(nora)) == 1


def test_without_scripts_a_reply_leads_back_to_the_conversation(ben: Any, nora: Any) -> None:
    response = signed_in(ben).post(thread(ben, nora, "send/"), reply(nora))
    assert response.status_code == 302
    assert response["Location"] == thread(ben, nora)


def test_a_refused_reply_gives_the_text_back(ben: Any, nora: Any) -> None:
    with tenancy.scope(ben.workspace_id):
        Conversation.objects.filter(pk=nora.pk).update(window_expires_at=timezone.now() - timedelta(minutes=1))
    client = signed_in(ben)
    said = client.post(thread(ben, nora, "send/"), reply(nora), **HTMX)
    assert said.status_code == 422
    assert "reply window is closed" in said.json()["text"]
    assert client.post(thread(ben, nora, "send/"), reply(nora, "Keep me")).status_code == 422
    assert sent(nora) == []


def test_text_written_in_another_conversation_is_not_sent(ben: Any, nora: Any) -> None:
    other = factories.make_conversation(ben.workspace)
    response = signed_in(ben).post(thread(ben, nora, "send/"), reply(other), **HTMX)
    assert response.status_code == 409
    assert sent(nora) == [] == sent(other)


def test_a_colleagues_fresh_answer_is_worth_a_question(ben: Any, nora: Any) -> None:
    ana = factories.make_member(ben.workspace, name="Ana")
    before = (timezone.now() - timedelta(seconds=30)).isoformat()
    signed_in(ana).post(thread(ana, nora, "send/"), reply(nora, "Already done"), **HTMX)
    client = signed_in(ben)
    asked = client.post(thread(ben, nora, "send/"), reply(nora, seen=before), **HTMX)
    assert asked.status_code == 409
    assert asked.json()["text"].startswith("Ana answered")
    assert client.post(thread(ben, nora, "send/"), reply(nora, seen=before, anyway="yes"), **HTMX).status_code == 200
    assert len(sent(nora)) == 2


@pytest.mark.parametrize("broken", [{"text": "  "}, {"cid": "x"}, {"conversation": ""}])
def test_an_incomplete_form_is_refused_in_words(ben: Any, nora: Any, broken: dict[str, str]) -> None:
    response = signed_in(ben).post(thread(ben, nora, "send/"), {**reply(nora), **broken}, **HTMX)
    assert response.status_code == 422
    assert response.json()["text"]
    assert sent(nora) == []


def test_a_picture_goes_out_with_its_caption(ben: Any, nora: Any) -> None:
    response = signed_in(ben).post(thread(ben, nora, "send/"), reply(nora, "Like this", file=picture()), **HTMX)
    assert response.status_code == 200
    with tenancy.scope(ben.workspace_id):
        file = Attachment.objects.select_related("message").get(message__conversation=nora)
    assert (file.message.kind, file.kind, file.width, file.height) == ("image", "image", 8, 6)
    assert file.message.content == {"filename": "cake.png", "caption": "Like this"}


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (SimpleUploadedFile("empty.pdf", b"", "application/pdf"), "empty"),
        (SimpleUploadedFile("cake.png", b"%PDF-1.4 not a picture at all", "image/png"), "content is"),
    ],
)
def test_a_file_that_is_not_what_it_says_stays_here(ben: Any, nora: Any, upload: Any, words: str) -> None:
    response = signed_in(ben).post(thread(ben, nora, "send/"), reply(nora, "", file=upload), **HTMX)
    assert response.status_code == 422
    assert words in response.json()["text"]
    assert sent(nora) == []


def test_a_reply_can_quote_a_message_of_its_conversation(ben: Any, nora: Any) -> None:
    asked = factories.make_message(nora, text="Is it open?")
    response = signed_in(ben).post(thread(ben, nora, "send/"), reply(nora, "Yes", reply_to=str(asked.uuid)), **HTMX)
    assert [message.reply_to for message in sent(nora)] == [asked.provider_id]
    assert f'href="#m-{asked.uuid}"' in response.content.decode()


def test_the_first_of_several_files_takes_the_quote_along(ben: Any, nora: Any) -> None:
    asked = factories.make_message(nora)
    form = reply(nora, "", file=picture(), reply_to=str(asked.uuid))
    assert signed_in(ben).post(thread(ben, nora, "send/"), form, **HTMX).status_code == 200
    assert [message.reply_to for message in sent(nora)] == [asked.provider_id]


def test_what_cannot_be_quoted_stops_the_reply(ben: Any, nora: Any) -> None:
    elsewhere = factories.make_message(factories.make_conversation(ben.workspace))
    deleted = factories.make_message(nora, deleted_at=timezone.now())
    unsent = factories.make_message(nora, direction="out", status="failed", provider_id=None)
    client = signed_in(ben)
    for message in (elsewhere, deleted, unsent):
        said = client.post(thread(ben, nora, "send/"), reply(nora, reply_to=str(message.uuid)), **HTMX)
        assert (said.status_code, said.json()["text"]) == (422, "The message you reply to is no longer there.")
        assert f"?reply_to={message.uuid}" not in client.get(thread(ben, nora)).content.decode()


def test_without_scripts_a_link_puts_the_quote_above_the_reply_box(ben: Any, nora: Any) -> None:
    asked, client = factories.make_message(nora, text="Is it open on Friday?"), signed_in(ben)
    assert f"?reply_to={asked.uuid}" in client.get(thread(ben, nora)).content.decode()
    html = client.get(thread(ben, nora), {"reply_to": str(asked.uuid)}).content.decode()
    assert f'name="reply_to" id="composer-reply-to" value="{asked.uuid}"' in html
    strip = html.split('id="composer-quote"')[1].split("</div>")[0]
    assert "Is it open on Friday?" in strip
    assert not strip.startswith(" hidden")
    refused = client.post(thread(ben, nora, "send/"), reply(nora, "", reply_to=str(asked.uuid)))
    assert f'value="{asked.uuid}"' in refused.content.decode()  # the quote comes back with the complaint
    for nonsense in ("x", str(uuid.uuid4())):
        assert 'id="composer-quote" hidden' in client.get(thread(ben, nora), {"reply_to": nonsense}).content.decode()


def test_a_reaction_shows_at_once_and_can_be_taken_back(ben: Any, nora: Any) -> None:
    said = factories.make_message(nora, text="Thank you", reactions={"contact": "🙏"})
    client, address = signed_in(ben), thread(ben, nora, f"m/{said.uuid}/reaction/")
    html = client.post(address, {"emoji": "❤️"}, **HTMX).content.decode()
    assert '❤️<span class="vh"> from Your team' in html
    assert "Take the reaction back" in html
    html = client.post(address, {"emoji": ""}, **HTMX).content.decode()
    assert "from Your team" not in html
    assert '🙏<span class="vh"> from' in html
    signs = [(message.kind, message.content["emoji"], message.content["target"]) for message in sent(nora)]
    assert signs == [("reaction", "❤️", said.provider_id), ("reaction", "", said.provider_id)]
    assert client.post(address, {"emoji": "👍"})["Location"] == thread(ben, nora)


def test_only_the_offered_emoji_and_only_for_the_customers_messages(ben: Any, nora: Any) -> None:
    theirs, client = factories.make_message(nora), signed_in(ben)
    ours = factories.make_message(nora, direction="out", status="sent", sender=ben)
    html = client.get(thread(ben, nora)).content.decode()
    assert f"m/{theirs.uuid}/reaction/" in html
    assert f"m/{ours.uuid}/reaction/" not in html
    for message, emoji in ((theirs, "<script>"), (ours, "👍")):
        address = thread(ben, nora, f"m/{message.uuid}/reaction/")
        assert "toast" in client.post(address, {"emoji": emoji}, **HTMX)["HX-Trigger"]
        assert client.post(address, {"emoji": emoji}).status_code == 422
    assert [message.kind for message in sent(nora)] == ["text"]


def test_a_reaction_that_was_refused_says_so_in_the_thread(ben: Any, nora: Any) -> None:
    failed = {"direction": "out", "status": "failed", "error_code": "131026", "sender": ben, "provider_id": None}
    factories.make_message(nora, kind="reaction", text="", content={"target": "x", "emoji": "👍"}, **failed)
    html = signed_in(ben).get(thread(ben, nora)).content.decode()
    assert "Reaction 👍" in html
    assert "Not sent: " in html
    assert "/retry/" not in html


def test_who_may_not_reply_is_offered_neither_quotes_nor_reactions(ben: Any, nora: Any) -> None:
    factories.make_message(nora, reactions={"team": "👍"})
    mia = factories.make_member(ben.workspace, role="marketer", name="Mia")
    html = signed_in(mia).get(thread(mia, nora)).content.decode()
    assert "?reply_to=" not in html
    assert "/reaction/" not in html


def test_retry_sends_the_same_message_again(ben: Any, nora: Any) -> None:
    failed = factories.make_message(nora, direction="out", status="failed", error_code="131026", provider_id=None)
    client = signed_in(ben)
    response = client.post(thread(ben, nora, f"m/{failed.uuid}/retry/"), **HTMX)
    assert response.status_code == 200
    assert str(failed.uuid) in response.content.decode()
    assert [message.status for message in sent(nora)] == ["pending"]
    again = client.post(thread(ben, nora, f"m/{failed.uuid}/retry/"), **HTMX)
    assert again.status_code == 204
    assert "toast" in again["HX-Trigger"]


def test_assign_resolve_and_undo_tell_the_page(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    taken = client.post(thread(ben, nora, "assignee/"), {"assignee": ben.pk}, **HTMX)
    assert "Assigned to you" in taken["HX-Trigger"]
    assert "Ben took this conversation" in taken.content.decode()
    done = client.post(thread(ben, nora, "status/"), {"status": "resolved"}, **HTMX)
    assert '"undo"' in done["HX-Trigger"]
    assert "conversation:left" in done["HX-Trigger"]
    assert f'<li id="c-{nora.uuid}" data-gone>' in done.content.decode()
    assert client.post(thread(ben, nora, "status/"), {"status": "open"}).status_code == 302


@pytest.mark.parametrize(("part", "data"), [("assignee/", {"assignee": "999999"}), ("status/", {"status": "lost"})])
def test_nonsense_changes_nothing(ben: Any, nora: Any, part: str, data: dict[str, str]) -> None:
    client = signed_in(ben)
    assert "toast" in client.post(thread(ben, nora, part), data, **HTMX)["HX-Trigger"]
    assert client.post(thread(ben, nora, part), data).status_code == 422


def test_nobody_of_another_workspace_can_be_assigned(ben: Any, nora: Any) -> None:
    zoe = factories.make_member(name="Zoe")
    signed_in(ben).post(thread(ben, nora, "assignee/"), {"assignee": zoe.pk}, **HTMX)
    with tenancy.scope(ben.workspace_id):
        assert Conversation.objects.get(pk=nora.pk).assignee_id is None
