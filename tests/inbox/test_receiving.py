"""From stored webhook bodies to messages: every kind, any order, any number of times."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from contacts.models import Contact, Identity
from inbox import receiving
from inbox.models import Attachment, Conversation, ConversationEvent, DeadLetter, InboundWebhook, Message, ParkedStatus
from tests.factories import make_channel, make_conversation, make_identity, make_message
from tests.inbox.rows import again, ago, change, count, everything
from tests.inbox.webhooks import body_of, change_of, deliver, failure, payload, status, store, text
from workspaces import tenancy
from workspaces.models import Channel

MEDIA = {"id": "731", "mime_type": "image/jpeg", "sha256": "q="}


@pytest.fixture
def channel(db: None) -> Channel:
    return make_channel()


def messages(channel: Channel, **conditions: Any) -> list[Message]:
    return everything(Message, channel.workspace_id, **conditions)


def only(channel: Channel) -> Message:
    [message] = messages(channel)
    return message


def webhook(channel: Channel, identity: int) -> InboundWebhook:
    [found] = everything(InboundWebhook, channel.workspace_id, pk=identity)
    return found


def letters(channel: Channel) -> list[str]:
    return [letter.reason for letter in everything(DeadLetter, channel.workspace_id)]


def drain_webhooks() -> None:
    while receiving.apply_pending():
        pass


def due_again(channel: Channel) -> None:
    """Let time pass for everything that waits for another try."""
    with tenancy.scope(channel.workspace_id):
        InboundWebhook.objects.filter(workspace_id=channel.workspace_id).update(next_try_at=ago(1))
    drain_webhooks()


# One message


def test_a_message_makes_a_person_a_conversation_and_a_bubble(channel):
    identity = deliver(channel, text("447700900118", "Good morning"))
    message = only(channel)
    assert (message.text, message.kind, message.status, message.direction) == ("Good morning", "text", "received", "in")
    [conversation] = everything(Conversation, channel.workspace_id)
    assert (conversation.unread_count, conversation.preview, conversation.status) == (1, "Good morning", "open")
    [person] = everything(Contact, channel.workspace_id)
    assert person.name == "Person 118"
    assert webhook(channel, identity).processed_at
    assert again(channel).last_inbound_at


def test_the_window_counts_from_the_message_and_not_from_its_arrival(channel):
    wrote = int(timezone.now().timestamp()) - 3600 * 20
    deliver(channel, text(timestamp=str(wrote)))
    [conversation] = everything(Conversation, channel.workspace_id)
    assert conversation.window_expires_at == datetime.fromtimestamp(wrote, UTC) + timedelta(hours=24)


def test_a_message_from_the_future_counts_as_now(channel):
    deliver(channel, text(timestamp=str(int(timezone.now().timestamp()) + 86_400)))
    assert only(channel).occurred_at <= timezone.now()


def test_an_old_message_that_comes_late_sorts_by_its_time_and_leaves_the_list_alone(channel):
    now = int(timezone.now().timestamp())
    deliver(channel, text(body="New"))
    deliver(channel, text(body="Old", timestamp=str(now - 3600)))
    [conversation] = everything(Conversation, channel.workspace_id)
    assert (conversation.preview, conversation.unread_count) == ("New", 2)
    with tenancy.scope(channel.workspace_id):
        assert [m.text for m in Message.objects.order_by("occurred_at")] == ["Old", "New"]


def test_a_message_reopens_a_resolved_conversation(channel):
    deliver(channel, text())
    [conversation] = everything(Conversation, channel.workspace_id)
    change(conversation, status="resolved")
    deliver(channel, text())
    assert again(conversation).status == "open"
    assert count(ConversationEvent, channel.workspace_id, kind="reopened") == 1


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        ({"type": "image", "image": {**MEDIA, "caption": "See"}}, "image"),
        ({"type": "audio", "audio": {**MEDIA, "voice": True, "mime_type": "audio/ogg; codecs=opus"}}, "voice"),
        ({"type": "document", "document": {**MEDIA, "filename": "a.pdf"}}, "document"),
        ({"type": "sticker", "sticker": {**MEDIA, "mime_type": "image/webp"}}, "sticker"),
        ({"type": "video", "video": MEDIA}, "video"),
        ({"type": "location", "location": {"latitude": 30.04, "longitude": 31.23, "name": "Here"}}, "location"),
        ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Sam"}}]}, "contacts"),
        ({"type": "button", "button": {"text": "Yes", "payload": "yes"}}, "button_reply"),
        (
            {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "a", "title": "A"}}},
            "list_reply",
        ),
        ({"type": "order", "order": {"catalog_id": "1", "product_items": []}}, "order"),
        ({"type": "unsupported", "errors": [{"code": 131051, "title": "Unknown"}]}, "unsupported"),
        ({"type": "hologram", "hologram": {"x": 1}}, "other"),
    ],
)
def test_every_kind_becomes_a_bubble(channel, element, kind):
    deliver(channel, {key: value for key, value in text(**element).items() if key != "text"})
    message = only(channel)
    assert message.kind == kind
    has_file = kind in {"image", "voice", "document", "sticker", "video"}
    assert count(Attachment, channel.workspace_id, state="pending", kind=kind) == has_file
    assert letters(channel) == []


def test_somebody_who_hides_the_number_is_known_by_the_user_id(channel):
    element = text()
    del element["from"]
    deliver(channel, {**element, "from_user_id": "GB.8842190017745"})
    [identity] = everything(Identity, channel.workspace_id)
    assert (identity.user_id, identity.address, identity.phone) == ("GB.8842190017745", "", "")


def test_text_that_breaks_databases_is_kept_readable(channel):
    raw = body_of(payload(channel, text(body="MARK"))).replace(b"MARK", rb"a\u0000b\ud83dc")
    deliver(channel, raw)
    assert only(channel).text == "a\ufffdb\ufffdc"


# Again, twice, in any order


def test_repetition_changes_nothing(channel):
    element = text()
    deliver(channel, element, element)
    deliver(channel, element)
    deliver(channel, text(body="Another"), element)
    assert [message.text for message in messages(channel)] == ["Hello", "Another"]
    [conversation] = everything(Conversation, channel.workspace_id)
    assert conversation.unread_count == 2


def test_any_order_of_the_same_webhooks_gives_the_same_thread(channel):
    now = int(timezone.now().timestamp())
    first = text(body="First", timestamp=str(now - 60), id="wamid.first")
    second = text(body="Second", timestamp=str(now - 30), id="wamid.second")
    story = [
        (first,), (second,), (first, second),
        (change_of("wamid.first", "reaction", {"emoji": "👍"}, timestamp=str(now - 20)),),
        (change_of("wamid.first", "reaction", {"emoji": "❤️"}, timestamp=str(now - 10)),),
        (change_of("wamid.second", "revoke", {}, timestamp=str(now - 5)),),
    ]  # fmt: skip
    seen = set()
    for seed in range(6):
        other = make_channel()
        order = [*story, *story]
        random.Random(seed).shuffle(order)
        for elements in order:
            deliver(other, *elements)
        due_again(other)
        seen.add(json.dumps(
            [[m.text, m.reactions, bool(m.deleted_at)] for m in sorted(messages(other), key=lambda m: m.occurred_at)],
            ensure_ascii=False,
        ))  # fmt: skip
        assert letters(other) == []
    assert seen == {'[["First", {"contact": "❤️"}, false], ["Second", {}, true]]'}


@pytest.mark.parametrize(
    ("kind", "part", "column"),
    [
        ("reaction", {"emoji": "👍"}, "reactions"),
        ("edit", {"message": {"type": "text", "text": {"body": "Changed"}}}, "edited_at"),
        ("revoke", {}, "deleted_at"),
    ],
)
def test_a_change_that_comes_before_its_message_waits_for_it(channel, kind, part, column):
    early = deliver(channel, change_of("wamid.late", kind, part))
    assert messages(channel) == []
    assert webhook(channel, early).processed_at is None
    deliver(channel, text(id="wamid.late"))
    due_again(channel)
    assert getattr(only(channel), column)
    assert webhook(channel, early).processed_at
    assert letters(channel) == []


def test_a_change_to_a_message_that_never_comes_is_shown_to_an_admin(channel):
    deliver(channel, change_of("wamid.never", "reaction", {"emoji": "👍"}), text())
    for _ in range(8):
        due_again(channel)
    assert ["wamid.never" in reason for reason in letters(channel)] == [True]
    assert len(messages(channel)) == 1


def test_a_reaction_is_replaced_and_taken_back(channel):
    deliver(channel, text(id="wamid.1"))
    deliver(channel, change_of("wamid.1", "reaction", {"emoji": "👍"}))
    deliver(channel, change_of("wamid.1", "reaction", {"emoji": "😀"}))
    assert only(channel).reactions == {"contact": "😀"}
    deliver(channel, change_of("wamid.1", "reaction", {}))
    assert only(channel).reactions == {}
    assert everything(Conversation, channel.workspace_id)[0].unread_count == 1


def test_an_edit_keeps_what_was_said_first(channel):
    deliver(channel, text(id="wamid.1", body="Five"))
    deliver(channel, change_of("wamid.1", "edit", {"message": {"type": "text", "text": {"body": "Six"}}}))
    message = only(channel)
    assert (message.text, message.content["before_edit"]) == ("Six", "Five")


def test_a_number_that_changes_keeps_its_conversation(channel):
    deliver(channel, text("447700900118"))
    system = {"body": "changed", "type": "user_changed_number", "wa_id": "447700900199", "customer": "447700900118"}
    moved = {**text("447700900118", type="system"), "system": system}
    deliver(channel, moved)
    deliver(channel, moved)
    deliver(channel, text("447700900199", "Still me"))
    [identity] = everything(Identity, channel.workspace_id)
    assert (identity.address, identity.phone) == ("447700900199", "+447700900199")
    assert count(Conversation, channel.workspace_id) == 1
    assert count(ConversationEvent, channel.workspace_id, kind="number_changed") == 1


def test_what_the_business_wrote_on_its_phone_shows_and_is_not_sent(channel):
    element = {**text("15550783001", "From my phone"), "to": "447700900118"}
    deliver(channel, element, field="smb_message_echoes")
    deliver(channel, element, field="smb_message_echoes")
    message = only(channel)
    assert (message.direction, message.source, message.send_state) == ("out", "elsewhere", "none")
    [conversation] = everything(Conversation, channel.workspace_id)
    assert (conversation.unread_count, conversation.window_expires_at) == (0, None)
    [identity] = everything(Identity, channel.workspace_id)
    assert identity.address == "447700900118"


# Statuses


def test_statuses_move_the_message_forward(channel):
    message = make_message(make_conversation(channel=channel), direction="out", provider_id="wamid.out")
    deliver(channel, status("wamid.out", "read"), status("wamid.out", "delivered"))
    after = again(message)
    assert after.status == "read"
    assert after.delivered_at
    assert after.echoed_at


def test_a_failure_explains_itself_in_plain_words(channel):
    message = make_message(make_conversation(channel=channel), direction="out", provider_id="wamid.out")
    deliver(channel, status("wamid.out", "failed", **failure(131026)))
    after = again(message)
    assert (after.status, after.error_code) == ("failed", "131026")
    assert after.error_text


def test_a_status_of_an_unknown_message_is_parked_once(channel):
    for _ in range(3):
        deliver(channel, status("wamid.nobody", "delivered"), status("wamid.nobody", "read"))
    assert count(ParkedStatus, channel.workspace_id) == 2
    assert letters(channel) == []


# What is wrong with it


def test_a_broken_element_never_takes_its_siblings_along(channel):
    broken = {key: value for key, value in text().items() if key != "id"}
    identity = deliver(channel, text(body="Before"), broken, text(body="After"))
    assert [message.text for message in messages(channel)] == ["Before", "After"]
    assert len(letters(channel)) == 1
    assert webhook(channel, identity).processed_at


def test_an_element_the_database_refuses_never_takes_its_siblings_along(channel):
    deliver(channel, text(body="Before"), text(id="wamid." + "x" * 300), text(body="After"))
    assert [message.text for message in messages(channel)] == ["Before", "After"]
    assert len(letters(channel)) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 100_000])
def test_a_body_that_is_no_payload_is_quarantined_and_kept(channel, body):
    identity = deliver(channel, body or b" ")
    found = webhook(channel, identity)
    assert found.dead_at
    assert found.error
    assert bytes(found.body) == (body or b" ")
    assert messages(channel) == []


def test_another_tenants_number_in_a_signed_body_is_refused(channel):
    victim = make_channel()
    deliver(channel, body_of(payload(victim, text())))
    assert len(letters(channel)) == 1
    assert "does not belong" in letters(channel)[0]
    assert messages(channel) == messages(victim) == []


def test_a_sibling_number_of_the_same_app_is_served_through_one_address(channel):
    sibling = make_channel(channel.workspace)
    deliver(channel, body_of(payload(sibling, text())))
    assert only(channel).channel_id == sibling.pk


def test_a_sibling_number_of_another_app_is_refused(channel):
    sibling = make_channel(channel.workspace, app_secret="another app's secret")
    deliver(channel, body_of(payload(sibling, text())))
    assert len(letters(channel)) == 1
    assert messages(channel) == []


def test_a_replay_applies_what_failed_and_repeats_nothing(channel):
    sibling = make_channel(channel.workspace, app_secret="another app's secret")
    mixed = payload(channel, text(body="Mine"))
    mixed["entry"] += payload(sibling, text(body="Theirs"))["entry"]
    identity = deliver(channel, body_of(mixed))
    assert [message.text for message in messages(channel)] == ["Mine"]
    change(sibling, credentials=again(channel).credentials)
    with tenancy.scope(channel.workspace_id):
        from workspaces import channels

        channels.seal(sibling, token="t", app_secret="app-secret-of-the-channel", verify_token="v")
        sibling.save(update_fields=["credentials"])
    call_command("webhook_replay", str(identity))
    drain_webhooks()
    assert sorted(message.text for message in messages(channel)) == ["Mine", "Theirs"]
    assert letters(channel) == []


def test_everything_quarantined_can_be_replayed_in_one_command(channel):
    identity = deliver(channel, b"{")
    call_command("webhook_replay", "--dead")
    assert webhook(channel, identity).dead_at is None
    drain_webhooks()
    assert webhook(channel, identity).dead_at


def test_replaying_what_does_not_exist_says_so(db):
    with pytest.raises(CommandError, match="4711"):
        call_command("webhook_replay", "4711")


# Poison


def claimed_and_died(channel):
    """What a worker leaves behind that was killed while it applied a batch."""
    receiving._claim(receiving.BATCH, again=False)
    with tenancy.scope(channel.workspace_id):
        InboundWebhook.objects.filter(workspace_id=channel.workspace_id).update(next_try_at=ago(1))


def test_a_body_is_pushed_forward_before_it_is_applied(channel):
    identity = store(channel, text())
    [raw] = receiving._claim(1, again=False)
    assert raw.id == identity
    assert webhook(channel, identity).next_try_at > timezone.now() + timedelta(seconds=5)
    assert receiving.apply_pending() == 0


def test_after_a_crash_each_body_of_the_batch_is_tried_alone(channel):
    for number in range(5):
        store(channel, text(body=str(number)))
    claimed_and_died(channel)
    assert [receiving.apply_pending() for _ in range(6)] == [1, 1, 1, 1, 1, 0]
    assert len(messages(channel)) == 5


@pytest.mark.parametrize("joins", ["hashjoin, mergejoin", "nestloop, mergejoin", "nestloop, hashjoin"])
def test_a_claim_takes_no_more_than_it_may_however_it_is_planned(channel, joins):
    for number in range(5):
        store(channel, text(body=str(number)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_inboundwebhook")
        for join in joins.split(", "):
            cursor.execute(f"SET LOCAL enable_{join} = off")
    assert [len(receiving._claim(2, again=False)) for _ in range(4)] == [2, 2, 1, 0]


def test_new_webhooks_go_before_those_that_were_tried_before(channel):
    store(channel, text(body="Suspect"))
    claimed_and_died(channel)
    store(channel, text(body="New"))
    receiving.apply_pending()
    assert [message.text for message in messages(channel)] == ["New", "Suspect"]


def test_a_body_that_kills_every_worker_is_quarantined_in_the_end(channel):
    identity = store(channel, text())
    change(webhook(channel, identity), attempts=len(receiving.BACKOFF), next_try_at=ago(1))
    drain_webhooks()
    found = webhook(channel, identity)
    assert found.dead_at
    assert "worker" in found.error
    assert messages(channel) == []


def test_tries_fall_off_until_six_hours(channel):
    assert len(receiving.BACKOFF) == 8
    assert list(receiving.BACKOFF) == sorted(receiving.BACKOFF)
    assert receiving.BACKOFF[-1] == 6 * 3600


# Beside each other


@pytest.mark.usefixtures("committed_db")
def test_fifty_webhooks_of_one_new_person_at_once_make_one_conversation():
    channel = make_channel()
    element = text("447700900777", "Me!", id="wamid.same")
    for number in range(50):
        store(channel, element if number % 2 else text("447700900777", str(number)))

    def apply(_number):
        try:
            return receiving.apply_pending(limit=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as workers:
        assert sum(workers.map(apply, range(60))) >= 50
    due_again(channel)
    assert count(Contact, channel.workspace_id) == 1
    assert count(Conversation, channel.workspace_id) == 1
    assert len(messages(channel)) == 26
    assert len(messages(channel, provider_id="wamid.same")) == 1
    [conversation] = everything(Conversation, channel.workspace_id)
    assert conversation.unread_count == 26
    assert count(InboundWebhook, channel.workspace_id, processed_at=None) == 0


@pytest.mark.usefixtures("committed_db")
def test_people_who_meet_in_opposite_order_do_not_stop_each_other():
    channel = make_channel()
    people = [f"4477009{number:05d}" for number in range(20)]
    for number in range(16):
        order = people if number % 2 else people[::-1]
        store(channel, *[text(person, id=f"wamid.{number}.{person}") for person in order])

    def apply(_number):
        try:
            return receiving.apply_pending(limit=1)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(apply, range(20)))
    due_again(channel)
    assert len(messages(channel)) == 320
    assert count(Conversation, channel.workspace_id) == 20
    assert letters(channel) == []


@pytest.mark.usefixtures("committed_db")
def test_the_job_may_run_twice(run_worker):
    channel = make_channel()
    store(channel, text(), text())
    receiving.poke()
    assert run_worker("inbound") == ["inbox.jobs.apply_webhooks"]
    assert len(messages(channel)) == 2


def test_a_channel_of_one_workspace_never_applies_anothers_rows(db):
    here, there = make_channel(), make_channel()
    store(here, text("447700900118", "Here"))
    store(there, text("447700900118", "There"))
    drain_webhooks()
    assert [only(here).text, only(there).text] == ["Here", "There"]
    assert make_identity(workspace=here.workspace)
