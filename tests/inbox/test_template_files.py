"""Files of template messages: uploaded once per channel, and deleted with the person they were meant for."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts import erasing as contacts_erasing
from inbox import dispatching, erasing, sending, template_sending
from inbox.models import Message, ProviderUpload
from tests import factories
from tests.inbox.graph import FakeGraph
from tests.inbox.templating import PICTURED, give_file, make_translation, picture
from workspaces import tenancy
from workspaces.models import Channel

pytestmark = pytest.mark.usefixtures("committed_db")
CARDS = [
    {"type": "BODY", "text": "Two things:"},
    {"type": "CAROUSEL", "cards": [{"components": PICTURED}, {"components": PICTURED}]},
]


@pytest.fixture(autouse=True)
def places(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")


@pytest.fixture
def channel(graph: FakeGraph) -> Channel:
    return factories.make_channel(base_url=graph.base_url)


def send(channel: Channel, translation: Any, conversation: Any = None, **uploads: Any) -> Message:
    conversation = conversation or factories.make_conversation(channel=channel)
    with tenancy.scope(channel.workspace_id):
        return template_sending.send(conversation, translation, given={}, **uploads)


def header_ids(graph: FakeGraph) -> list[str]:
    return [message["template"]["components"][0]["parameters"][0]["image"]["id"] for message in graph.received]


def drain(channel: Channel) -> int:
    return dispatching.drain(channel.pk, lane=Message.Lane.BROADCAST)


def test_the_header_is_uploaded_once_for_many_messages(graph: FakeGraph, channel: Channel) -> None:
    translation = make_translation(channel, components=PICTURED, variables={})
    give_file(translation)
    for _ in range(2):
        send(channel, translation)
        send(channel, translation)
        assert drain(channel) == 2
    assert len(graph.uploads) == 1
    assert header_ids(graph) == ["media-1"] * 4
    with tenancy.scope(channel.workspace_id):
        assert ProviderUpload.objects.get().media_id == "media-1"


def test_each_card_gets_its_own_file(graph: FakeGraph, channel: Channel) -> None:
    translation = make_translation(channel, components=CARDS, variables={})
    give_file(translation, "card.0.header:media")
    give_file(translation, "card.1.header:media")
    send(channel, translation)
    assert drain(channel) == 1
    cards = graph.received[0]["template"]["components"][-1]["cards"]
    ids = {card["components"][0]["parameters"][0]["image"]["id"] for card in cards}
    assert ids == {"media-1", "media-2"}


def test_a_second_try_by_a_person_uploads_again(graph: FakeGraph, channel: Channel) -> None:
    graph.plan["template"] = ["undeliverable"]
    translation = make_translation(channel, components=PICTURED, variables={})
    give_file(translation)
    message = send(channel, translation)
    drain(channel)
    with tenancy.scope(channel.workspace_id):
        sending.retry(message, by=factories.make_member(channel.workspace))
    drain(channel)
    assert header_ids(graph) == ["media-1", "media-2"]


def test_a_lost_file_fails_its_message_and_no_other(graph: FakeGraph, channel: Channel) -> None:
    lost, kept = (make_translation(channel, name=name, components=PICTURED, variables={}) for name in ("lost", "kept"))
    file = give_file(lost)
    give_file(kept)
    messages = [send(channel, lost), send(channel, kept)]
    default_storage.delete(file.file)
    drain(channel)
    with tenancy.scope(channel.workspace_id):
        found = [Message.objects.get(pk=message.pk) for message in messages]
    assert [(message.status, message.error_code) for message in found] == [("failed", "file_missing"), ("sent", "")]


def test_forgetting_a_person_deletes_what_was_uploaded_for_them_and_not_the_templates_own(channel: Channel) -> None:
    owner = factories.make_member(channel.workspace, name="Ana")
    nora = factories.make_conversation(channel=channel)
    translation = make_translation(channel, components=PICTURED, variables={})
    file = give_file(translation)
    send(channel, translation, nora)
    upload = SimpleUploadedFile("mine.png", picture(), "image/png")
    mine = send(channel, translation, nora, uploads={"header:media": upload})
    name = mine.content["media"]["header:media"]["file"]
    with tenancy.scope(channel.workspace_id):
        contacts_erasing.request(nora.contact, by=owner)
    while erasing.erase_pending():
        pass
    assert not default_storage.exists(name)
    assert default_storage.exists(file.file)
