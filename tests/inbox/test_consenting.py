"""Stop words, the messaging app's own switch and the provider's refusals, from the webhook to the thread."""

from __future__ import annotations

import itertools

import pytest

from contacts import blocking, consent, keywords
from contacts.models import Consent, ConsentEntry, Contact, Identity, IdentityAlias
from inbox import dispatching, receiving, sending
from inbox.models import Conversation, ConversationEvent, InboundWebhook, Message
from inbox.presenting_threads import event_text
from tests.factories import make_channel, make_contact, make_conversation, make_identity, make_member, make_message
from tests.inbox.rows import again, count, everything, queue
from tests.inbox.webhooks import deliver, failure, status, text
from workspaces import tenancy

SENDER = "447700900118"


@pytest.fixture
def channel(db):
    return make_channel()


def write(channel, *said, **fields):
    for words in said:
        deliver(channel, text(SENDER, words, **fields))


def marketing(channel, address=SENDER):
    with tenancy.scope(channel.workspace_id):
        found = Consent.objects.filter(identity__address=address, purpose="marketing").first()
        return (found.state, found.source) if found else None


def kinds(channel):
    return [event.kind for event in everything(ConversationEvent, channel.workspace_id)]


def answers(channel):
    return [message.text for message in everything(Message, channel.workspace_id, source="automation")]


@pytest.mark.parametrize("word", ["STOP", "إيقـاف", "الغاء الإشتراك", "berhenti", "रोकें"])
def test_a_stop_word_opts_out_says_so_in_the_thread_and_is_confirmed(channel, word):
    write(channel, word)
    assert marketing(channel) == ("opted_out", "stop_word")
    assert kinds(channel) == ["opted_out"]
    [answer] = everything(Message, channel.workspace_id, source="automation")
    assert (answer.direction, answer.status, answer.sender) == ("out", "pending", None)
    assert answer.text in keywords.CONFIRMATIONS["opt_out"].values()
    [event] = everything(ConversationEvent, channel.workspace_id)
    with tenancy.scope(channel.workspace_id):
        assert event_text(event) == f"The customer opted out of marketing messages by writing “{word}”"


def test_the_confirmation_comes_once_however_often_the_word_does(channel):
    write(channel, "STOP", "stop", "Stop!")
    assert len(answers(channel)) == 1
    assert kinds(channel) == ["opted_out"]
    assert count(ConsentEntry, channel.workspace_id) == 1


def test_a_replayed_webhook_confirms_nothing_again(channel):
    webhook = deliver(channel, text(SENDER, "STOP"))
    for _again in range(2):
        with tenancy.scope(channel.workspace_id):
            receiving.replay(InboundWebhook.objects.get(pk=webhook))
        while receiving.apply_pending():
            pass
    assert len(answers(channel)) == 1
    assert count(ConsentEntry, channel.workspace_id) == 1


def test_opting_in_again_is_confirmed_and_the_next_stop_too(channel):
    write(channel, "STOP", "START", "STOP")
    assert marketing(channel) == ("opted_out", "stop_word")
    assert kinds(channel) == ["opted_out", "opted_in", "opted_out"]
    assert len(answers(channel)) == 3


def test_a_longer_sentence_is_only_marked_for_the_team(channel):
    write(channel, "Stop calling me about my order please")
    assert marketing(channel) is None
    assert kinds(channel) == ["maybe_opt_out"]
    assert answers(channel) == []


def test_other_messages_change_nothing(channel):
    write(channel, "Hello", "Where is the bus stop?")
    assert kinds(channel) == []
    assert marketing(channel) is None


def test_a_workspaces_own_words_and_text_are_used(channel):
    ana = make_member(channel.workspace)
    with tenancy.scope(channel.workspace_id):
        keywords.change(channel.workspace_id, "opt_out", wanted=["basta"], confirmation="Va bene.", by=ana)
    write(channel, "STOP")
    assert marketing(channel) is None
    write(channel, "Basta!")
    assert answers(channel) == ["Va bene."]


def test_a_stop_that_comes_after_the_window_counts_and_is_not_answered(channel):
    write(channel, "STOP", timestamp="1600000000")
    assert marketing(channel) == ("opted_out", "stop_word")
    assert answers(channel) == []


def test_a_stop_of_somebody_blocked_counts_and_is_not_answered(channel):
    write(channel, "Hello")
    ana = make_member(channel.workspace)
    with tenancy.scope(channel.workspace_id):
        blocking.block(Contact.objects.get(), by=ana)
    write(channel, "STOP")
    assert marketing(channel) == ("opted_out", "stop_word")
    assert answers(channel) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_latest_word_counts_whatever_order_they_come_in(channel, order):
    base = 1_700_000_000
    said = [text(SENDER, "STOP", timestamp=str(base)), text(SENDER, "START", timestamp=str(base + 60)),
            text(SENDER, "STOP", timestamp=str(base + 120))]  # fmt: skip
    for number in order:
        deliver(channel, said[number])
    assert marketing(channel) == ("opted_out", "stop_word")


def preference(channel, value, timestamp="1790000000", **fields):
    person = {"wa_id": SENDER, "category": "marketing_messages", "value": value, "timestamp": timestamp, **fields}
    deliver(channel, field="user_preferences", user_preferences=[person])


def test_what_customers_choose_in_the_app_counts_as_their_word(channel):
    write(channel, "Hello", timestamp="1780000000")
    preference(channel, "stop", "1790000000")
    assert marketing(channel) == ("opted_out", "provider")
    preference(channel, "resume", "1790000060")
    assert marketing(channel) == ("opted_in", "provider")
    assert kinds(channel) == ["opted_out", "opted_in"]


def test_a_preference_of_somebody_new_is_kept_for_when_they_write(channel):
    preference(channel, "stop")
    assert marketing(channel) == ("opted_out", "provider")
    assert count(Conversation, channel.workspace_id) == 0


def test_the_providers_refusal_is_an_opt_out(channel):
    conversation = make_conversation(channel=channel)
    message = make_message(conversation, direction="out")
    deliver(channel, status(message.provider_id, "failed", **failure(131050)))
    assert marketing(channel, conversation.identity.address) == ("opted_out", "provider")
    assert kinds(channel) == ["opted_out"]


def test_another_failure_is_none(channel):
    conversation = make_conversation(channel=channel)
    message = make_message(conversation, direction="out")
    deliver(channel, status(message.provider_id, "failed", **failure(131026)))
    assert marketing(channel, conversation.identity.address) is None


def test_nothing_is_sent_to_a_blocked_person(channel):
    ana = make_member(channel.workspace)
    conversation = make_conversation(channel=channel)
    with tenancy.scope(channel.workspace_id):
        blocking.block(conversation.contact, by=ana)
    with pytest.raises(sending.NotSendable) as refusal:
        queue(conversation)
    assert refusal.value.reason == "blocked"
    with tenancy.scope(channel.workspace_id):
        blocking.unblock(conversation.contact, by=ana)
    assert queue(conversation).status == "pending"


def test_a_failed_message_is_not_tried_again_for_a_blocked_person(channel):
    ana = make_member(channel.workspace)
    message = make_message(make_conversation(channel=channel), direction="out", status="failed")
    with tenancy.scope(channel.workspace_id):
        blocking.block(message.conversation.contact, by=ana)
        with pytest.raises(sending.NotSendable, match="blocked"):
            sending.retry(message, by=ana)


def test_writing_to_somebody_is_remembered(channel):
    conversation = make_conversation(channel=channel)
    message = queue(conversation)
    assert again(conversation.contact).last_outbound_at == message.occurred_at


# What the provider's answers teach, against a real server.


@pytest.fixture
def brazil(committed_db, graph):
    channel = make_channel(base_url=graph.base_url, messages_per_second=1000)
    graph.wa_ids["+5511987654321"] = "551187654321"
    contact = make_contact(channel.workspace, name="Beatriz")
    return make_conversation(channel=channel, identity=make_identity(contact, address="5511987654321"))


def send(conversation):
    message = queue(conversation)
    dispatching.drain(conversation.channel_id, lane=Message.Lane.BROADCAST)
    return message


def test_another_spelling_of_a_number_is_learned_from_the_providers_answer(brazil):
    send(brazil)
    [alias] = everything(IdentityAlias, brazil.workspace_id)
    assert (alias.address, alias.identity_id) == ("551187654321", brazil.identity_id)
    deliver(brazil.channel, text("551187654321", "Oi"))
    assert count(Contact, brazil.workspace_id) == count(Conversation, brazil.workspace_id) == 1
    send(brazil)
    assert count(IdentityAlias, brazil.workspace_id) == 1


def test_a_spelling_is_never_guessed(brazil):
    deliver(brazil.channel, text("551187654321", "Oi"))
    assert count(Contact, brazil.workspace_id) == 2


def test_somebody_who_is_known_by_the_other_spelling_stays_a_person_of_their_own(brazil):
    deliver(brazil.channel, text("551187654321", "Oi"))
    send(brazil)
    assert count(IdentityAlias, brazil.workspace_id) == 0
    assert count(Identity, brazil.workspace_id) == 2


def test_a_refusal_in_the_providers_answer_is_an_opt_out(brazil, graph):
    graph.plan["Hello"] = ["opted_out"]
    send(brazil)
    assert marketing(brazil.channel, "5511987654321") == ("opted_out", "provider")
    with tenancy.scope(brazil.workspace_id):
        assert not consent.may_send(brazil.identity)
