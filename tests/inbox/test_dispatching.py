"""From queued rows to provider calls and back, against a provider that misbehaves on order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, connections

from config.embedded import free_port
from inbox import dispatching, outbox, sending, starting, tokens
from inbox.models import Attachment, Message
from tests.factories import make_channel, make_conversation, make_identity, make_member, make_message
from tests.inbox.rows import again, ago, change, everything, queue
from tests.inbox.webhooks import deliver, status
from workspaces import tenancy
from workspaces.channels import rotate_secret
from workspaces.models import Channel

pytestmark = pytest.mark.usefixtures("committed_db")
LANE = Message.Lane.BROADCAST


@pytest.fixture
def channel(graph):
    return make_channel(base_url=graph.base_url, messages_per_second=1000)


@pytest.fixture
def conversation(channel):
    return make_conversation(channel=channel)


def another(channel):
    return make_conversation(channel=channel, identity=make_identity(workspace=channel.workspace))


def drain(channel, lane=LANE):
    return dispatching.drain(channel.pk, lane=lane)


def due_now(*messages):
    for message in messages:
        change(message, due_at=ago(1))


def state(message):
    after = again(message)
    return after.send_state, after.status


def test_a_message_goes_out_with_our_token_and_learns_the_providers_id(graph, channel, conversation):
    message = queue(conversation, "Good morning")
    assert drain(channel) == 1
    [sent] = graph.received
    assert (sent["to"], sent["text"]["body"]) == (f"+{conversation.identity.address}", "Good morning")
    assert tokens.read(sent["biz_opaque_callback_data"]) == (message.uuid, 1)
    after = again(message)
    assert (after.send_state, after.status, after.attempt) == ("done", "sent", 1)
    assert after.provider_id.startswith("wamid.")
    assert after.answered_at
    assert after.sent_at


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ("throttle", ("queued", "pending")),
        ("pair_throttle", ("queued", "pending")),
        ("unavailable", ("queued", "pending")),
        ("token", ("queued", "pending")),
        ("undeliverable", ("done", "failed")),
        ("empty_500", ("unknown", "pending")),
        ("html_502", ("unknown", "pending")),
        ("no_id", ("unknown", "pending")),
        ("no_json", ("unknown", "pending")),
        ("drop", ("unknown", "pending")),
        ("half", ("unknown", "pending")),
        ("silence", ("unknown", "pending")),
    ],
)
def test_every_answer_leaves_the_state_it_must(graph, channel, conversation, settings, answer, after):
    settings.SEND_ANSWER_SECONDS = 1
    graph.plan["Hello"] = [answer]
    message = queue(conversation)
    drain(channel)
    assert state(message) == after
    drain(channel)
    assert len(graph.received) == 1, "nothing is sent again at once"


def test_a_provider_out_of_reach_is_tried_again(conversation, channel):
    change(channel, base_url=f"http://127.0.0.1:{free_port()}/v23.0")
    message = queue(conversation)
    drain(channel)
    assert state(message) == ("queued", "pending")
    assert again(message).error_code == "connect"


def test_one_bad_answer_costs_only_its_own_message(graph, channel):
    messages = {answer: queue(another(channel), answer) for answer in ("drop", "undeliverable", "ok", "empty_500")}
    for answer in messages:
        graph.plan[answer] = [answer]
    drain(channel)
    assert {answer: state(message)[0] for answer, message in messages.items()} == {
        "drop": "unknown", "undeliverable": "done", "ok": "done", "empty_500": "unknown",
    }  # fmt: skip


def test_refused_credentials_pause_the_channel_and_lose_nothing(graph, channel, conversation):
    messages = [queue(conversation, text) for text in ("One", "Two")]
    graph.plan["One"] = ["token"]
    drain(channel)
    paused = again(channel)
    assert paused.sending_paused
    assert paused.problem
    assert [state(message) for message in messages] == [("queued", "pending")] * 2
    assert drain(channel) == 0
    change(channel, sending_paused=False)
    drain(channel)
    assert graph.texts() == ["One", "One", "Two"]


def test_messages_that_waited_for_credentials_go_out_once_these_are_replaced(graph, channel, conversation):
    ana = make_member(channel.workspace, role="owner", name="Ana")
    message = queue(conversation)
    graph.plan["Hello"] = ["token"]
    drain(channel)
    with tenancy.scope(channel.workspace_id):
        rotate_secret(again(channel), token="EAAG-new", by=ana)
    assert (again(channel).sending_paused, again(channel).problem) == (False, "")
    drain(channel)
    assert state(message) == ("done", "sent")


def test_a_pause_set_by_a_person_outlives_new_credentials(graph, channel, conversation):
    ana = make_member(channel.workspace, role="owner", name="Ana")
    queue(conversation)
    graph.plan["Hello"] = ["token"]
    graph.during = lambda _message: change(channel, sending_paused=True)
    drain(channel)
    with tenancy.scope(channel.workspace_id):
        rotate_secret(again(channel), token="EAAG-new", by=ana)
    assert again(channel).sending_paused
    assert drain(channel) == 0


def test_a_throttled_number_is_held(graph, channel, conversation):
    message = queue(conversation)
    graph.plan["Hello"] = ["throttle"]
    drain(channel)
    assert again(channel).sending_held_until
    due_now(message)
    assert drain(channel) == 0
    change(channel, sending_held_until=ago(1))
    drain(channel)
    assert state(message) == ("done", "sent")


def test_a_throttled_person_does_not_hold_the_others(graph, channel, conversation):
    first, other = queue(conversation, "Busy"), queue(another(channel), "Free")
    graph.plan["Busy"] = ["pair_throttle"]
    drain(channel)
    assert state(first)[0] == "queued"
    assert state(other)[0] == "done"
    assert again(channel).sending_held_until is None


def test_messages_to_one_person_keep_their_order(graph, channel):
    threads = [another(channel) for _ in range(5)]
    for number in range(8):
        for position, thread in enumerate(threads):
            queue(thread, f"{position}:{number}")
    drain(channel)
    for position in range(len(threads)):
        mine = [text for text in graph.texts() if text.startswith(f"{position}:")]
        assert mine == [f"{position}:{number}" for number in range(8)]


def test_later_messages_wait_for_one_that_is_tried_again(graph, channel, conversation):
    first = queue(conversation, "1")
    queue(conversation, "2")
    graph.plan["1"] = ["pair_throttle"]
    drain(channel)
    third = queue(conversation, "3")
    due_now(third)
    drain(channel)
    assert graph.texts() == ["1"]
    due_now(first)
    for row in everything(Message, channel.workspace_id, text="2"):
        due_now(row)
    while drain(channel):
        pass
    assert graph.texts() == ["1", "1", "2", "3"]


def test_what_waited_behind_another_has_not_used_up_a_try(graph, channel, conversation):
    queue(conversation, "1")
    second = queue(conversation, "2")
    graph.plan["1"] = ["pair_throttle"]
    drain(channel)
    assert again(second).attempt == 0


def test_a_persons_reply_does_not_wait_for_a_broadcast_that_is_tried_again(graph, channel, conversation):
    queue(conversation, "Offer", source="broadcast")
    graph.plan["Offer"] = ["pair_throttle"]
    drain(channel)
    queue(conversation, "Reply")
    drain(channel)
    assert graph.texts() == ["Offer", "Reply"]


def test_a_message_for_later_does_not_stop_one_for_now(graph, channel, conversation):
    later = queue(conversation, "Tomorrow")
    change(later, due_at=ago(-86_400))
    queue(conversation, "Now")
    drain(channel)
    assert graph.texts() == ["Now"]


def test_agents_go_before_programs_and_programs_before_broadcasts(graph, channel):
    change(channel, messages_per_second=4)  # one message at a time
    for source in ("broadcast", "api", "agent"):
        queue(another(channel), source, source=source)
    drain(again(channel))
    assert graph.texts() == ["agent", "api", "broadcast"]


def test_a_dispatcher_of_the_agents_lane_sends_nothing_else(graph, channel):
    for source in ("broadcast", "api", "agent"):
        queue(another(channel), source, source=source)
    drain(channel, Message.Lane.AGENT)
    assert graph.texts() == ["agent"]


def test_no_transaction_is_open_while_the_provider_works(graph, channel, conversation, superuser):
    open_transactions = []

    def look(_message):
        rows = superuser.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL "
            "AND pid <> pg_backend_pid()"
        ).fetchall()
        open_transactions.extend(rows)
        started = superuser.execute("SELECT send_state FROM inbox_message").fetchone()
        assert started == ("started",)

    graph.during = look
    queue(conversation)
    drain(channel)
    assert len(graph.received) == 1
    assert open_transactions == []


def with_file(conversation, text="", **fields):
    name = default_storage.save(f"{conversation.workspace_id}/{uuid4().hex}", ContentFile(b"\x89PNG picture"))
    file = Attachment(
        workspace_id=conversation.workspace_id, kind="image", mime_type="image/png", filename="a.png", state="ready",
        file=name, **fields,
    )  # fmt: skip
    with tenancy.scope(conversation.workspace_id):
        return sending.send(conversation, sending.Draft("image", {"caption": text} if text else {}, text, file=file))


def test_a_file_is_stored_with_the_provider_before_its_message(graph, channel, conversation):
    message = with_file(conversation, "Look")
    drain(channel)
    assert b"\x89PNG picture" in graph.uploads[0]
    assert graph.received[0]["image"] == {"id": "media-1", "caption": "Look"}
    assert state(message) == ("done", "sent")


def test_a_second_attempt_uploads_nothing_again(graph, channel, conversation):
    message = with_file(conversation)
    graph.plan["image"] = ["pair_throttle"]
    drain(channel)
    due_now(message)
    drain(channel)
    assert len(graph.uploads) == 1
    assert len(graph.received) == 2


def test_a_failed_upload_sends_nothing_and_is_tried_again(graph, channel, conversation):
    message = with_file(conversation)
    graph.upload_answers = ["html_502"]
    drain(channel)
    assert graph.received == []
    assert state(message) == ("queued", "pending")
    due_now(message)
    drain(channel)
    assert state(message) == ("done", "sent")


def test_a_text_waits_for_the_file_before_it(graph, channel, conversation):
    message = with_file(conversation)
    graph.upload_answers = ["html_502"]
    drain(channel)
    queue(conversation, "What do you think?")
    drain(channel)
    assert graph.received == []
    due_now(message)
    while drain(channel):
        pass
    assert graph.texts() == ["image", "What do you think?"]


def test_a_file_that_is_gone_fails_its_message_visibly(graph, channel, conversation):
    message = with_file(conversation)
    [file] = everything(Attachment, channel.workspace_id)
    default_storage.delete(file.file)
    drain(channel)
    assert state(message) == ("done", "failed")
    assert again(message).error_code == "file_missing"


def test_many_dispatchers_send_each_message_once(graph, channel):
    threads = [another(channel) for _ in range(20)]
    for number in range(6):
        for thread in threads:
            queue(thread, f"{thread.pk}:{number}")

    def work(_number):
        try:
            return drain(channel)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as dispatchers:
        assert sum(dispatchers.map(work, range(4))) >= 120
    while drain(channel):
        pass
    assert len(graph.texts()) == len(set(graph.texts())) == 120
    assert {message.send_state for message in everything(Message, channel.workspace_id)} == {"done"}


def test_a_dispatcher_that_lost_its_lease_walks_away(graph, channel, conversation):
    message = queue(conversation)
    [held] = outbox.claim(channel, lane=LANE, limit=1)
    change(message, send_state="queued")
    [taken] = outbox.claim(channel, lane=LANE, limit=1)
    assert starting.begin(channel, [held]).ours == []
    assert starting.begin(channel, [taken]).ours == [taken]


def test_a_batch_that_took_too_long_puts_the_rest_back_unsent(graph, channel, conversation, settings):
    # A pace that lets each pipeline take both messages: whichever claims first has them in one batch.
    change(channel, messages_per_second=10_000)
    settings.SEND_LEASE_SECONDS, settings.SEND_ANSWER_SECONDS = 2, 1.5  # late is after half a lease
    first, second = queue(conversation, "1"), queue(conversation, "2")
    graph.plan["1"] = ["silence"]
    # The budget is shorter than the silence, so there is no second batch.
    assert dispatching.drain(channel.pk, lane=LANE, budget=1.0) == 2
    assert state(first) == ("unknown", "pending")
    assert (state(second), again(second).attempt) == (("queued", "pending"), 0)
    assert graph.texts() == ["1"]
    drain(channel)
    assert graph.texts() == ["1", "2"]


def test_a_status_that_is_faster_than_the_answer_is_not_lost(graph, channel, conversation):
    def report(message):
        deliver(
            channel, status("wamid.fast", "delivered", biz_opaque_callback_data=message["biz_opaque_callback_data"])
        )
        connections.close_all()

    graph.ids["Hello"], graph.during = "wamid.fast", report
    message = queue(conversation)
    drain(channel)
    after = again(message)
    assert (after.send_state, after.status, after.provider_id) == ("done", "delivered", "wamid.fast")
    assert after.answered_at


def test_a_parked_status_is_applied_with_the_answer(graph, channel, conversation):
    graph.ids["Hello"] = "wamid.early"
    message = queue(conversation)
    deliver(channel, status("wamid.early", "read"))
    drain(channel)
    assert state(message) == ("done", "read")


def test_an_id_the_provider_gave_before_does_not_cost_the_others_theirs(graph, channel, conversation):
    make_message(conversation, direction="out", provider_id="wamid.used")
    graph.ids["Twice"] = "wamid.used"
    twice, once = queue(conversation, "Twice"), queue(conversation, "Once")
    drain(channel)
    assert (state(twice), again(twice).provider_id) == (("done", "sent"), None)
    assert again(once).provider_id


def test_a_channel_that_may_not_send_sends_nothing(graph, channel, conversation):
    queue(conversation)
    change(channel, status=Channel.Status.CLOSED)
    assert drain(channel) == 0
    assert drain(make_channel()) == 0
    assert dispatching.drain(0, lane=LANE) == 0


def test_unreadable_secrets_pause_the_channel(channel, conversation):
    message = queue(conversation)
    change(channel, credentials=b"not sealed by us")
    assert drain(channel) == 0
    assert again(channel).sending_paused
    assert state(message) == ("queued", "pending")


def test_content_that_does_not_fit_its_kind_fails_instead_of_stopping_the_rest(graph, channel, conversation):
    broken, sound = queue(conversation, "Broken"), queue(conversation, "Sound")
    change(broken, kind="location")
    drain(channel)
    assert state(broken) == ("done", "failed")
    assert state(sound) == ("done", "sent")


def test_a_job_that_runs_twice_sends_once(graph, channel, conversation, run_worker):
    queue(conversation)
    assert run_worker("live") == ["inbox.jobs.dispatch"]
    assert graph.texts() == ["Hello"]


def test_a_job_that_runs_out_of_time_asks_for_another(graph, channel, conversation, valkey, monkeypatch):
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    queue(conversation)
    valkey.flushdb()
    assert dispatching.drain(channel.pk, lane=Message.Lane.AGENT, budget=0.0) == 0
    assert valkey.llen("rq:queue:live") == 1
