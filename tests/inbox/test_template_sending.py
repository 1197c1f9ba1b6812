"""Sending templates: filled, refused with a reason, queued once, uploaded once."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contacts.models import CustomField
from inbox import attaching, sending, template_sending
from inbox.models import Attachment, Conversation, Message
from templates_mgmt.models import MessageTemplate, TemplateTranslation
from tests import factories
from tests.inbox.templating import PICTURED, QUICK, give_file, make_translation, picture
from workspaces import tenancy

pytestmark = pytest.mark.django_db
GIVEN = {"body:2": "A-1042", "button.1:1": "A-1042"}


@pytest.fixture(autouse=True)
def media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


@pytest.fixture
def closed(ben: Any) -> Conversation:
    """Nora's conversation, whose reply window is over."""
    contact = factories.make_contact(ben.workspace, name="Nora Quist", fields={"city": "Oslo"})
    identity = factories.make_identity(contact)
    return factories.make_conversation(
        ben.workspace, identity=identity, window_expires_at=timezone.now() - timedelta(days=2)
    )


def send(conversation: Conversation, translation: TemplateTranslation, **more: Any) -> Message:
    with tenancy.scope(conversation.workspace_id):
        return template_sending.send(conversation, translation, **{"given": GIVEN, **more})


def test_a_template_goes_out_while_the_window_is_closed(ben: Any, closed: Conversation) -> None:
    translation = make_translation(closed.channel)
    message = send(closed, translation, by=ben)
    assert (message.kind, message.text) == ("template", "Hi Nora, your order A-1042 has shipped.")
    assert message.translation_id == translation.pk
    assert (message.content["name"], message.content["language"]) == ("order_shipped", "en")
    assert message.content["components"] == [
        {"type": "body", "parameters": [{"type": "text", "text": "Nora"}, {"type": "text", "text": "A-1042"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "A-1042"}]},
    ]
    assert message.content["shown"]["footer"] == "Harbour Café"
    with tenancy.scope(ben.workspace_id):
        translation.refresh_from_db()
    assert translation.last_used_at is not None


def test_the_same_cid_sends_once_even_when_the_template_was_paused_in_between(closed: Conversation) -> None:
    translation, cid = make_translation(closed.channel), uuid.uuid4()
    first = send(closed, translation, cid=cid)
    with tenancy.scope(closed.workspace_id):
        TemplateTranslation.objects.filter(pk=translation.pk).update(status="paused")
    assert send(closed, translation, cid=cid).pk == first.pk


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("draft", "draft"),
        ("submitting", "submitted"),
        ("in_review", "reviewing"),
        ("rejected", "rejected"),
        ("paused", "paused"),
        ("disabled", "disabled"),
        ("archived", "archived"),
        ("deleting", "deleted"),
        ("deleted", "deleted"),
        ("other", "not known"),
    ],
)
def test_only_an_approved_template_is_sent(closed: Conversation, status: str, words: str) -> None:
    with pytest.raises(sending.NotSendable, match=words) as refusal:
        send(closed, make_translation(closed.channel, status=status))
    assert refusal.value.reason == "template_not_sendable"


def test_a_template_of_another_account_or_a_deleted_one_is_refused(closed: Conversation) -> None:
    elsewhere = make_translation(closed.channel, account_id="4711")
    gone = make_translation(closed.channel, name="gone")
    with tenancy.scope(closed.workspace_id):
        MessageTemplate.objects.filter(pk=gone.template_id).update(deleted_at=timezone.now())
    for translation in (elsewhere, gone):
        with pytest.raises(sending.NotSendable) as refusal:
            send(closed, translation)
        assert refusal.value.reason == "template_not_sendable"


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        ({"button.1:1": "A"}, "body:2", "has no value"),
        ({**GIVEN, "body:2": " "}, "body:2", "has no value"),
        ({**GIVEN, "body:2": "two\nlines"}, "body:2", "line break"),
        ({**GIVEN, "body:1": "a\tb"}, "body:1", "tab"),
        ({**GIVEN, "body:2": "a    b"}, "body:2", "spaces"),
        ({**GIVEN, "body:2": "x" * 1100}, "body:2", "too long"),
        ({**GIVEN, "button.1:1": "a b"}, "button.1:1", "link"),
    ],
)
def test_a_value_the_provider_would_refuse_is_named(closed: Conversation, given: Any, key: str, words: str) -> None:
    with pytest.raises(template_sending.ValueRefused, match=words) as refusal:
        send(closed, make_translation(closed.channel), given=given)
    assert (refusal.value.reason, refusal.value.key) == ("template_values", key)
    with tenancy.scope(closed.workspace_id):
        assert not Message.objects.filter(conversation=closed).exists()


def test_what_a_value_contains_is_never_replaced_again(closed: Conversation) -> None:
    message = send(closed, make_translation(closed.channel), given={**GIVEN, "body:1": "{{2}}"})
    assert message.text == "Hi {{2}}, your order A-1042 has shipped."


def test_custom_fields_and_fallbacks_fill_what_nobody_typed(closed: Conversation) -> None:
    with tenancy.scope(closed.workspace_id):
        CustomField.objects.create(workspace_id=closed.workspace_id, key="city", label="City", kind="text")
    spec = {
        "body:1": {"source": "field", "value": "field.city"},
        "body:2": {"source": "field", "value": "email", "fallback": "no address"},
        "button.1:1": {"source": "fixed", "value": "A-1"},
    }
    message = send(closed, make_translation(closed.channel, variables=spec), given={})
    assert message.text == "Hi Oslo, your order no address has shipped."


def test_a_quick_template_is_an_ordinary_message_and_needs_the_window(ben: Any, closed: Conversation) -> None:
    variables = {"body:first_name": {"source": "field", "value": "first_name", "fallback": "you"}}
    quick = make_translation(closed.channel, name="Thanks", quick=True, variables=variables)
    with pytest.raises(sending.NotSendable) as refusal:
        send(closed, quick, given={})
    assert refusal.value.reason == "window_closed"
    with tenancy.scope(ben.workspace_id):
        Conversation.objects.filter(pk=closed.pk).update(window_expires_at=timezone.now() + timedelta(hours=2))
    message = send(closed, quick, given={})
    assert (message.kind, message.text, message.content) == ("text", "Thank you, Nora.", {"text": "Thank you, Nora."})
    assert message.translation_id == quick.pk


def test_a_quick_template_brings_a_copy_of_its_picture(ben: Any) -> None:
    nora = factories.make_conversation(ben.workspace)
    components = [PICTURED[0], *QUICK]
    quick = make_translation(nora.channel, name="Where", quick=True, components=components)
    file = give_file(quick)
    message = send(nora, quick, given={"body:first_name": "Nora"})
    with tenancy.scope(ben.workspace_id):
        attachment = Attachment.objects.get(message=message)
    assert (message.kind, message.content["caption"]) == ("image", "Thank you, Nora.")
    assert attachment.file != file.file
    assert default_storage.open(attachment.file).read() == default_storage.open(file.file).read()


def test_a_blocked_person_gets_no_template(closed: Conversation) -> None:
    with tenancy.scope(closed.workspace_id):
        closed.contact.blocked_at = timezone.now()
        closed.contact.save()
    with pytest.raises(sending.NotSendable, match="blocked"):
        send(closed, make_translation(closed.channel))


def upload(content: bytes = b"", name: str = "mine.png", mime: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or picture(), mime)


def test_a_header_needs_a_file_and_takes_an_uploaded_one_before_its_own(closed: Conversation) -> None:
    translation = make_translation(closed.channel, components=PICTURED, variables={})
    with pytest.raises(template_sending.ValueRefused) as refusal:
        send(closed, translation, given={})
    assert refusal.value.key == "header:media"
    file = give_file(translation)
    own = send(closed, translation, given={})
    assert own.content["media"]["header:media"]["file"] == file.file
    assert own.content["media"]["header:media"]["own"] is False
    mine = send(closed, translation, given={}, uploads={"header:media": upload()})
    kept = mine.content["media"]["header:media"]
    assert kept["file"] != file.file
    assert (kept["own"], kept["filename"]) == (True, "mine.png")


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("header:media", ("note.pdf", b"%PDF-1.4 no picture", "application/pdf")),
        ("header:media", ("big.png", b"x" * (6 * 1024 * 1024), "image/png")),
        ("body:1", ("mine.png", b"", "image/png")),
    ],
)
def test_an_upload_that_does_not_fit_is_refused_and_leaves_nothing(closed: Conversation, place: str, file: Any) -> None:
    translation = make_translation(closed.channel, components=PICTURED, variables={})
    name, content, mime = file
    with pytest.raises((attaching.NotAttachable, sending.NotSendable)):
        send(closed, translation, given={}, uploads={place: upload(content, name, mime)})
    folder = str(closed.workspace_id)
    assert not default_storage.exists(folder) or default_storage.listdir(folder)[1] == []
