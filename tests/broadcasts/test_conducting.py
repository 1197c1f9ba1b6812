"""From the moment a broadcast starts until every message of it waits in the outbox."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from broadcasts import conducting, expanding, freezing, sweeping
from broadcasts.models import Broadcast, Recipient
from contacts import consent
from contacts.models import Contact
from inbox.models import Conversation, Message
from tests.broadcasts.running import (
    again,
    begun,
    conducted,
    make_marketer,
    make_people,
    messages,
    number_of,
    settle,
    states,
)
from tests.factories import make_conversation
from workspaces import credits, tenancy
from workspaces.models import CreditEntry, Member


@pytest.fixture
def ana(db: None) -> Member:
    return make_marketer()


def balance(ana: Member) -> int:
    with tenancy.scope(ana.workspace_id):
        return credits.available(ana.workspace_id, "whatsapp")


def test_everybody_in_the_audience_gets_one_message_in_the_broadcasts_lane(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = conducted(ana)
    sent = messages(broadcast)
    assert [message.text for message in sent] == ["Hi Nora, the new season is here."] * 3
    assert {(m.source, m.lane, m.purpose, m.send_state) for m in sent} == {("broadcast", 2, "marketing", "queued")}
    assert {message.translation_id for message in sent} == {broadcast.translation_id}
    assert states(broadcast) == {"queued": 3}
    assert (broadcast.status, broadcast.audience_count) == ("running", 3)


def test_an_audience_that_is_gone_by_then_pauses_the_broadcast_in_words(ana: Member) -> None:
    make_people(ana.workspace, 2)
    broadcast = begun(ana)
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.filter(pk=broadcast.pk).update(audience={"include": [{"tag": 99}]})
    conducting.work_on(broadcast.pk)
    broadcast = again(broadcast)
    assert (broadcast.status, broadcast.pause_reason) == ("paused", "audience")
    assert "was deleted" in broadcast.pause_text
    assert states(broadcast) == {}


def test_each_message_is_charged_and_named_in_the_ledger(ana: Member) -> None:
    make_people(ana.workspace, 3)
    before = balance(ana)
    broadcast = conducted(ana)
    with tenancy.scope(ana.workspace_id):
        entries = CreditEntry.objects.filter(broadcast_id=broadcast.pk, kind="charge")
        assert {entry.message_id for entry in entries} == {message.pk for message in messages(broadcast)}
        assert {(entry.source, entry.actor_id) for entry in entries} == {("broadcast", ana.pk)}
    assert balance(ana) == before - 3


def test_new_conversations_are_resolved_and_open_ones_stay_as_they_are(ana: Member) -> None:
    known, _ = make_people(ana.workspace, 2)
    open_one = make_conversation(
        channel=number_of(ana.workspace), identity=known, preview="Where is it?", last_message_at=timezone.now()
    )
    broadcast = conducted(ana)
    first, second = sorted((m.conversation for m in messages(broadcast)), key=lambda c: c.pk != open_one.pk)
    assert (first.status, first.preview, first.last_message_at) == ("open", "Where is it?", open_one.last_message_at)
    assert (second.status, second.preview_direction, second.unread_count) == ("resolved", "out", 0)
    assert second.preview == "Template: Hi Nora, the new season is here."


def test_who_changed_their_mind_since_the_start_is_skipped_and_not_charged(ana: Member) -> None:
    stays, opted_out, silent, blocked, deleted = make_people(ana.workspace, 5)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        consent.opt_out(opted_out, source="agent")
        silent.consents.all().delete()
        Contact.objects.filter(pk=blocked.contact_id).update(blocked_at=timezone.now())
        Contact.objects.filter(pk=deleted.contact_id).update(deleted_at=timezone.now())
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {
        "queued": 1, "skipped opted_out": 1, "skipped no_consent": 1, "skipped blocked": 1, "skipped gone": 1,
    }  # fmt: skip
    assert [message.conversation.identity_id for message in messages(broadcast)] == [stays.pk]
    assert balance(ana) == 1_000_000 - 1


def test_service_broadcasts_leave_out_only_those_who_opted_out_of_service(ana: Member) -> None:
    agreed, opted_out = make_people(ana.workspace, 2, state="")
    for identity in (agreed, opted_out):
        make_conversation(channel=number_of(ana.workspace), identity=identity)
    broadcast = begun(ana, text="We moved.", purpose="service")
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        consent.opt_out(opted_out, "service", source="agent")
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 1, "skipped opted_out": 1}
    assert [(m.kind, m.purpose) for m in messages(broadcast)] == [("text", "")]


def test_a_text_goes_only_to_people_whose_window_is_open_when_their_turn_comes(ana: Member) -> None:
    open_one, closing = make_people(ana.workspace, 2)
    channel = number_of(ana.workspace)
    make_conversation(channel=channel, identity=open_one)
    thread = make_conversation(channel=channel, identity=closing)
    broadcast = begun(ana, text="Fresh bread today.")
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        Conversation.objects.filter(pk=thread.pk).update(window_expires_at=timezone.now())
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 1, "skipped no_window": 1}


def test_a_person_merged_into_another_recipient_is_written_to_once(ana: Member) -> None:
    kept, gone = make_people(ana.workspace, 2)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        gone.contact_id = kept.contact_id
        gone.save(update_fields=["contact_id"])
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 1, "skipped merged": 1}


def test_who_lacks_a_value_that_has_no_fallback_is_skipped(ana: Member) -> None:
    make_people(ana.workspace, 1)
    make_people(ana.workspace, 1, email="nora@example.test")
    variables = {"body:1": {"source": "field", "value": "email"}}
    broadcast = conducted(ana, variables=variables)
    assert states(broadcast) == {"queued": 1, "skipped unfilled": 1}
    assert [message.text for message in messages(broadcast)] == ["Hi nora@example.test, the new season is here."]


def test_working_again_writes_nobody_a_second_message(ana: Member) -> None:
    make_people(ana.workspace, 7)
    broadcast = conducted(ana)
    conducting.work_on(broadcast.pk)
    assert len(messages(broadcast)) == 7
    with tenancy.scope(ana.workspace_id):
        assert Message.objects.count() == 7


def test_a_chunk_that_fails_at_its_end_leaves_nothing_behind(ana: Member) -> None:
    make_people(ana.workspace, 4)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        work = expanding.press(again(broadcast))
        # The ledger refuses the second charge of a message, so the first transaction's end fails.
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('inbox_message', 'id'))")
            coming = cursor.fetchone()[0] + 2
        credits.charge_many(ana.workspace_id, [credits.Charge(coming, 1)], pocket="whatsapp", source="agent")
    with pytest.raises(Exception, match="credit_entry_once_per_message"):
        expanding.expand(work, timezone.now(), 10)
    assert states(broadcast) == {"waiting": 4}
    with tenancy.scope(ana.workspace_id):
        assert not Message.objects.exists()
        assert not Conversation.objects.exists()
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 4}


def test_workers_side_by_side_write_everybody_one_message(committed_db: None) -> None:
    ana = make_marketer()
    make_people(ana.workspace, 300)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))

    def chunks(_: int) -> int:
        with tenancy.scope(ana.workspace_id):
            work = expanding.press(again(broadcast))
        count = 0
        while done := expanding.expand(work, timezone.now(), 20).queued:
            count += done
        connection.close()
        return count

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(chunks, range(4))) == 300
    assert states(broadcast) == {"queued": 300}
    assert balance(ana) == 1_000_000 - 300


def test_one_worker_at_a_time_has_a_broadcast_in_hand(ana: Member) -> None:
    make_people(ana.workspace, 2)
    broadcast = begun(ana)
    assert conducting._claimed(broadcast.pk) == ana.workspace_id
    assert conducting.work_on(broadcast.pk) == 0
    conducting._released(ana.workspace_id, broadcast.pk)
    assert conducting.work_on(broadcast.pk) == 2


def test_a_pace_gives_each_message_its_slot(ana: Member) -> None:
    make_people(ana.workspace, 30)
    broadcast = conducted(ana, pace=10)
    due = sorted(message.due_at for message in messages(broadcast))
    assert [round((later - first).total_seconds(), 3) for first, later in itertools.pairwise(due)] == [0.1] * 29
    assert broadcast.paced_until - due[-1] == timedelta(milliseconds=100)


def test_no_more_than_ten_seconds_of_the_pace_wait_ahead(ana: Member) -> None:
    make_people(ana.workspace, 100)
    broadcast = conducted(ana, pace=2)
    assert 20 <= len(messages(broadcast)) <= 30
    assert again(broadcast).status == "running"


def test_people_left_out_leave_no_hole_in_the_pace(ana: Member) -> None:
    identities = make_people(ana.workspace, 30)
    broadcast = begun(ana, pace=10)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        for identity in identities[::3]:
            consent.opt_out(identity, source="agent")
    conducting.work_on(broadcast.pk)
    due = sorted(message.due_at for message in messages(broadcast))
    assert len(due) == 20
    assert (due[-1] - due[0]).total_seconds() == pytest.approx(1.9)


def test_only_so_many_messages_wait_for_a_number(ana: Member) -> None:
    channel = number_of(ana.workspace)
    with tenancy.scope(ana.workspace_id):
        channel.messages_per_second = 1
        channel.save()
    make_people(ana.workspace, 1_200)
    broadcast = conducted(ana)
    assert states(broadcast) == {"queued": 1_000, "waiting": 200}
    settle(broadcast, count=600)
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 1_200}


def test_people_whose_turn_is_later_wait(ana: Member) -> None:
    now_, later = make_people(ana.workspace, 2)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        turn = timezone.now() + timedelta(hours=3)
        Recipient.objects.filter(identity=later).update(due_at=turn)
    conducting.work_on(broadcast.pk)
    assert [message.conversation.identity_id for message in messages(broadcast)] == [now_.pk]
    settle(broadcast)
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "running"


def test_nobody_is_written_to_in_their_quiet_hours_however_long_it_takes(ana: Member) -> None:
    make_people(ana.workspace, 1, time_zone="Europe/London")
    make_people(ana.workspace, 1, time_zone="Pacific/Kiritimati")  # fourteen hours ahead of London in winter
    here = timezone.now()
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        # Quiet for an hour around what London's clocks show now.
        local = here.astimezone(ZoneInfo("Europe/London"))
        changed = again(broadcast)
        changed.quiet_from = (local - timedelta(minutes=30)).time()
        changed.quiet_until = (local + timedelta(minutes=30)).time()
        changed.save()
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 1, "waiting": 1}
    with tenancy.scope(ana.workspace_id):
        waiting = Recipient.objects.get(broadcast=broadcast, state="waiting")
    assert timedelta(minutes=29) < waiting.due_at - here < timedelta(minutes=31)


def test_it_is_finished_when_every_message_has_its_end(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = conducted(ana)
    settle(broadcast, count=2)
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "running"
    settle(broadcast)
    conducting.work_on(broadcast.pk)
    over = again(broadcast)
    assert over.status == "finished"
    assert over.finished_at is not None


def test_an_audience_that_has_become_empty_finishes_at_once(ana: Member) -> None:
    [only] = make_people(ana.workspace, 1)
    broadcast = begun(ana)
    with tenancy.scope(ana.workspace_id):
        consent.opt_out(only, source="agent")
    conducting.work_on(broadcast.pk)
    over = again(broadcast)
    assert (over.status, over.audience_count, over.left_out) == ("finished", 0, {"opted_out": 1})


def test_who_is_left_out_is_written_down_with_the_reason(ana: Member) -> None:
    make_people(ana.workspace, 2)
    make_people(ana.workspace, 3, state="")
    broadcast = conducted(ana)
    assert states(broadcast) == {"queued": 2, "left_out no_consent": 3}
    assert broadcast.left_out == {"no_consent": 3}


def test_a_worker_takes_it_from_the_start_to_the_outbox(committed_db: None, run_worker) -> None:
    ana = make_marketer()
    make_people(ana.workspace, 5)
    broadcast = begun(ana)
    assert run_worker("bulk") == ["broadcasts.jobs.conduct"]
    assert states(broadcast) == {"queued": 5}


def test_the_sweep_finds_what_no_job_announced(committed_db: None, run_worker, valkey) -> None:
    ana = make_marketer()
    make_people(ana.workspace, 5)
    broadcast = begun(ana)
    valkey.flushdb()
    sweeping.sweep()
    assert "broadcasts.jobs.conduct" in run_worker("bulk")
    assert states(broadcast) == {"queued": 5}
