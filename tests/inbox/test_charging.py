"""Every message is paid for when it is queued, and paid back once when it does not go out, whatever ends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from contacts import erasing
from contacts.models import Consent
from inbox import dispatching, reacting, sending, settling, sweeping, template_sending, tokens
from inbox import erasing as inbox_erasing
from inbox.models import Message
from inbox.sending import NotSendable
from tests.factories import (
    make_channel,
    make_contact,
    make_conversation,
    make_identity,
    make_member,
    make_message,
    make_workspace,
)
from tests.inbox.rows import again, ago, change, count, everything, queue
from tests.inbox.seeing import HTMX, signed_in, thread
from tests.inbox.templating import make_translation
from tests.inbox.webhooks import deliver, failure, status, text
from workspaces import credit_checks, credit_prices, credits, tenancy
from workspaces.models import CreditCheck, CreditEntry, CreditPocket


def ledger(workspace, **conditions):
    found = everything(CreditEntry, workspace.pk, **conditions)
    return [(entry.kind, entry.message_id, entry.amount) for entry in found if entry.message_id]


def balance(workspace):
    with tenancy.scope(workspace.pk):
        return CreditPocket.objects.get(workspace=workspace, kind="whatsapp").balance


def price(workspace, costs, **what):
    with tenancy.scope(workspace.pk):
        credit_prices.put(workspace.pk, costs, valid_from=timezone.now() - timedelta(days=1), **what)


def check(workspace):
    with tenancy.scope(workspace.pk):
        return credit_checks.check(workspace)


def talk(channel, **contact):
    person = make_contact(channel.workspace, **contact)
    return make_conversation(channel=channel, identity=make_identity(person))


@pytest.fixture
def channel(graph, committed_db):
    return make_channel(make_workspace(credits=10), base_url=graph.base_url, messages_per_second=1000)


@pytest.fixture
def workspace(channel):
    return channel.workspace


@pytest.fixture
def conversation(channel):
    return talk(channel)


@pytest.fixture(autouse=True)
def adds_up(workspace):
    yield
    assert check(workspace).findings == []


def refused(act):
    with pytest.raises(NotSendable) as caught:
        act()
    return caught.value


def test_a_message_costs_one_credit_and_the_ledger_says_who_sent_it(workspace, conversation):
    ben = make_member(workspace, role="agent", name="Ben")
    message = queue(conversation, by=ben)
    [entry] = everything(CreditEntry, workspace.pk, kind="charge")
    assert (entry.message_id, entry.amount, entry.balance_after) == (message.pk, -1, 9)
    assert (entry.source, entry.actor_id, entry.broadcast_id) == ("agent", ben.pk, None)


def test_the_same_cid_is_charged_once(workspace, conversation):
    cid = uuid4()
    assert queue(conversation, cid=cid).pk == queue(conversation, cid=cid).pk
    assert balance(workspace) == 9


def test_a_reaction_costs_nothing(workspace, conversation):
    ben = make_member(workspace, role="agent", name="Ben")
    heard = make_message(conversation)
    with tenancy.scope(workspace.pk):
        assert reacting.react(heard, "👍", by=ben)
    assert ledger(workspace) == []


def test_the_price_follows_category_and_country(workspace, channel):
    price(workspace, 2)
    price(workspace, 5, category="marketing")
    price(workspace, 3, category="utility", country="IN")
    price(workspace, 0, category="service", country="IN")
    offer = make_translation(channel, name="offer", components=[{"type": "BODY", "text": "Hi"}], category="marketing")
    shipped = make_translation(channel, components=[{"type": "BODY", "text": "Hi"}])
    thanks = make_translation(channel, name="Thanks", quick=True, components=[{"type": "BODY", "text": "Thanks"}])
    there, here = talk(channel, country="IN"), talk(channel, country="AE")
    with tenancy.scope(workspace.pk):
        costs = []
        for who, what in ((here, offer), (here, shipped), (there, shipped), (there, thanks)):
            sent = template_sending.send(who, what, given={})
            costs += CreditEntry.objects.filter(message_id=sent.pk).values_list("amount", flat=True) or [0]
    assert costs == [-5, -2, -3, 0]


def test_without_credits_nothing_is_queued_and_the_refusal_says_what_to_do(workspace, conversation):
    price(workspace, 11)
    error = refused(lambda: queue(conversation))
    assert error.reason == "credits"
    assert "11 credits" in str(error)
    assert "10 left" in str(error)
    assert "add credits" in str(error)
    assert count(Message, workspace.pk) == 0
    assert balance(workspace) == 10


def test_the_days_limit_is_a_reason_of_its_own(workspace, conversation):
    with tenancy.scope(workspace.pk):
        CreditPocket.objects.filter(workspace=workspace).update(daily_cap=1)
    queue(conversation)
    assert "limit" in str(refused(lambda: queue(conversation)))
    assert count(Message, workspace.pk) == 1


def test_the_composer_gives_the_text_back_and_says_why(workspace, conversation):
    price(workspace, 40)
    ben = make_member(workspace, role="agent", name="Ben")
    form = {"conversation": str(conversation.uuid), "cid": str(uuid4()), "text": "Hello"}
    response = signed_in(ben).post(thread(ben, conversation, "send/"), form, **HTMX)
    assert response.status_code == 422
    assert "Ask an owner or admin to add credits" in response.json()["text"]
    page = signed_in(ben).post(thread(ben, conversation, "send/"), form).content.decode()
    assert "Ask an owner or admin to add credits" in page
    assert count(Message, workspace.pk) == 0


def test_a_stop_word_counts_and_stays_unconfirmed_without_credits(workspace, channel):
    price(workspace, 40)
    deliver(channel, text("447700900118", "STOP"), text("447700900119", "Hello"))
    with tenancy.scope(workspace.pk):
        assert Consent.objects.get(identity__address="447700900118").state == "opted_out"
    assert count(Message, workspace.pk, direction="out") == 0
    assert count(Message, workspace.pk, direction="in") == 2


def test_what_is_accepted_is_not_refunded(workspace, channel, conversation):
    queue(conversation)
    dispatching.drain(channel.pk, lane=2)
    assert [kind for kind, *_ in ledger(workspace)] == ["charge"]


def test_what_the_provider_refuses_is_refunded_and_the_rest_of_its_batch_is_not(graph, workspace, channel):
    price(workspace, 2)
    graph.plan["Bad"] = ["undeliverable"]
    good, bad = queue(talk(channel), "Good"), queue(talk(channel), "Bad")
    dispatching.drain(channel.pk, lane=2)
    assert again(bad).status == "failed"
    assert ledger(workspace, kind="refund") == [("refund", bad.pk, 2)]
    assert again(good).status == "sent"


def test_what_is_tried_again_by_itself_stays_paid(graph, workspace, channel, conversation):
    graph.plan["Later"] = ["unavailable"]
    queue(conversation, "Later")
    dispatching.drain(channel.pk, lane=2)
    assert ledger(workspace, kind="refund") == []


def test_an_accepted_message_that_fails_later_is_refunded_once_however_often_it_is_told(workspace, channel):
    message = queue(talk(channel))
    dispatching.drain(channel.pk, lane=2)
    wamid = again(message).provider_id
    for _ in range(2):
        deliver(channel, status(wamid, "failed", **failure()))
    assert ledger(workspace) == [("charge", message.pk, -1), ("refund", message.pk, 1)]


def test_a_failure_known_by_our_token_only_is_refunded(workspace, channel, conversation):
    message = queue(conversation)
    change(message, send_state="unknown", attempt=1, started_at=ago(5))
    token = tokens.make(message.uuid, 1)
    deliver(channel, status("wamid.lost", "failed", biz_opaque_callback_data=token, **failure()))
    assert ledger(workspace, kind="refund") == [("refund", message.pk, 1)]


@pytest.mark.parametrize("state", ["queued", "unknown"])
def test_what_is_given_up_is_refunded(workspace, conversation, state):
    message = queue(conversation)
    long_ago = ago(90_000)
    change(message, send_state=state, created_at=long_ago, due_at=long_ago, started_at=long_ago)
    assert settling.settle_abandoned()["given_up"] == 1
    settling.settle_abandoned()
    assert ledger(workspace, kind="refund") == [("refund", message.pk, 1)]


def test_delivery_after_a_refund_is_counted_and_not_charged_again(workspace, channel, conversation):
    message = queue(conversation)
    dispatching.drain(channel.pk, lane=2)
    wamid = again(message).provider_id
    deliver(channel, status(wamid, "failed", **failure()))
    deliver(channel, status(wamid, "delivered"))
    assert again(message).status == "delivered"
    found = check(workspace)
    assert found.sound
    assert [(each["rule"], each["count"]) for each in found.findings] == [("delivered_after_refund", 1)]
    assert balance(workspace) == 10
    change(message, status="failed")  # for the comparison after each test


def test_a_person_who_tries_again_pays_again_and_each_order_is_refunded_by_itself(graph, workspace, channel):
    graph.plan["Twice"] = ["undeliverable", "undeliverable"]
    ben, message = make_member(workspace, role="agent", name="Ben"), queue(talk(channel), "Twice")
    for _ in range(2):
        dispatching.drain(channel.pk, lane=2)
        with tenancy.scope(workspace.pk):
            sending.retry(again(message), by=ben)
    dispatching.drain(channel.pk, lane=2)
    assert again(message).status == "sent"
    assert [kind for kind, *_ in ledger(workspace)] == ["charge", "refund"] * 2 + ["charge"]
    assert balance(workspace) == 9


def test_what_never_left_can_be_ordered_anew_again_and_again(workspace, conversation):
    ben, message = make_member(workspace, role="agent", name="Ben"), queue(conversation)
    for _ in range(3):
        change(message, created_at=ago(90_000), due_at=ago(90_000))
        assert settling.settle_abandoned()["given_up"] == 1
        with tenancy.scope(workspace.pk):
            sending.retry(again(message), by=ben)
    assert balance(workspace) == 9
    assert len(ledger(workspace, kind="charge")) == 4


def test_a_second_try_that_cannot_be_paid_leaves_the_message_failed(workspace, conversation):
    ben, message = make_member(workspace, role="agent", name="Ben"), queue(conversation)
    change(message, created_at=ago(90_000), due_at=ago(90_000))
    settling.settle_abandoned()
    price(workspace, 11)
    with tenancy.scope(workspace.pk):
        assert refused(lambda: sending.retry(again(message), by=ben)).reason == "credits"
    assert again(message).status == "failed"


def test_a_broadcast_message_tried_again_counts_for_its_broadcast(workspace, channel, conversation):
    ben = make_member(workspace, role="agent", name="Ben")
    message = make_message(
        conversation, direction="out", status="failed", source="broadcast", send_state="done", provider_id=None
    )
    with tenancy.scope(workspace.pk):
        charges = [credits.Charge(message.pk, 1)]
        credits.charge_many(workspace.pk, charges, pocket="whatsapp", source="broadcast", broadcast_id=77)
        credits.refund(workspace.pk, [message.pk])
        sending.retry(message, by=ben)
    assert {entry.broadcast_id for entry in everything(CreditEntry, workspace.pk, kind="charge")} == {77}


def test_a_person_who_is_erased_costs_nothing_that_was_not_sent(workspace, channel, settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")
    ana, conversation = make_member(workspace), talk(channel)
    out, waiting = queue(conversation), queue(conversation)
    change(out, status="sent", send_state="done")
    with tenancy.scope(workspace.pk):
        erasing.request(conversation.contact, by=ana)
    inbox_erasing.erase_pending()
    assert again(waiting).error_code == "erased"
    assert ledger(workspace, kind="refund") == [("refund", waiting.pk, 1)]


def test_senders_webhooks_and_the_sweep_never_wait_for_each_other_in_a_ring(workspace, channel):
    """Conversations and messages are locked before the pocket by everybody: PostgreSQL would end a deadlocked one."""
    with tenancy.scope(workspace.pk):
        credits.top_up(workspace.pk, "whatsapp", 10_000, reference="plenty")
    talks = [talk(channel) for _ in range(4)]
    accepted = [make_message(conversation, direction="out", attempt=1, started_at=ago(9)) for conversation in talks * 6]
    with tenancy.scope(workspace.pk):
        charges = [credits.Charge(message.pk, 1) for message in accepted]
        credits.charge_many(workspace.pk, charges, pocket="whatsapp", source="agent")

    def work(number):
        try:
            conversation = talks[number % 4]
            if number % 3:
                queue(conversation)
            else:
                other = talks[(number + 1) % 4].identity.address
                failed = status(accepted[number % 24].provider_id, "failed", **failure())
                deliver(channel, failed, text(conversation.identity.address, "STOP"), text(other, "START"))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(work, range(72)))
    assert {entry.kind for entry in everything(CreditEntry, workspace.pk)} == {"top_up", "charge", "refund"}


def test_the_check_finds_what_does_not_add_up(workspace, conversation, superuser):
    message, other = queue(conversation), queue(conversation)
    with tenancy.scope(workspace.pk):
        credits.refund(workspace.pk, [message.pk])
        credits.charge_many(workspace.pk, [credits.Charge(10**9, 1)], pocket="whatsapp", source="api")
    change(other, status="failed", send_state="done")
    found = check(workspace)
    assert not found.sound
    assert {each["rule"]: each["count"] for each in found.findings} == {
        "refund_without_end": 1,
        "charge_without_message": 1,
        "end_without_refund": 1,
    }
    superuser.execute("SET session_replication_role = replica")
    superuser.execute("UPDATE workspaces_creditpocket SET balance = balance + 1")
    superuser.execute("UPDATE workspaces_creditentry SET amount = 2 WHERE kind = 'refund'")
    rules = {each["rule"] for each in check(workspace).findings}
    assert rules >= {"balance", "last_balance", "running", "refund_without_charge"}
    assert all(credit_checks.text_of(rule) != rule for rule in rules)
    superuser.execute("DELETE FROM workspaces_creditentry")
    superuser.execute("UPDATE workspaces_creditpocket SET balance = 0")


def test_each_workspace_is_checked_once_a_day(workspace, run_worker):
    sweeping.prune()
    assert run_worker("bulk").count("inbox.jobs.check_credits") == 1
    sweeping.prune()
    assert "inbox.jobs.check_credits" not in run_worker("bulk")
    [found] = everything(CreditCheck, workspace.pk)
    change(found, created_at=timezone.now() - timedelta(hours=25))
    assert credit_checks.is_due()
