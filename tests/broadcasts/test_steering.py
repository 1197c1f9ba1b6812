"""Pausing, resuming and cancelling, by people and by itself."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcasts import campaigns, conducting, expanding, freezing, steering, sweeping
from broadcasts.models import Broadcast
from inbox import outbox, settling
from inbox.models import Message
from templates_mgmt.models import TemplateTranslation
from tests.broadcasts.running import (
    again,
    begun,
    conducted,
    launched,
    make_marketer,
    make_people,
    messages,
    number_of,
    settle,
    states,
)
from workspaces import credits, tenancy
from workspaces.models import AuditEntry, Channel, CreditPocket, Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Member:
    return make_marketer()


def do(action: Any, broadcast: Broadcast, ana: Member) -> Broadcast:
    with tenancy.scope(ana.workspace_id):
        return action(broadcast, by=ana)


def claimable(ana: Member) -> list[outbox.Claimed]:
    return outbox.claim(number_of(ana.workspace), lane=Message.Lane.BROADCAST, limit=1_000)


def balance(ana: Member) -> int:
    with tenancy.scope(ana.workspace_id):
        return credits.available(ana.workspace_id, "whatsapp")


def test_after_a_pause_no_sender_finds_anything_to_send(ana: Member) -> None:
    make_people(ana.workspace, 5)
    broadcast = conducted(ana)
    paused = do(campaigns.pause, broadcast, ana)
    assert (paused.status, paused.pause_reason, paused.pause_text) == ("paused", "member", "Ana paused it.")
    assert claimable(ana) == []
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "paused"


def test_messages_that_are_held_can_be_read_like_any_other(ana: Member) -> None:
    make_people(ana.workspace, 1)
    broadcast = conducted(ana)
    do(campaigns.pause, broadcast, ana)
    [message] = messages(broadcast)
    assert message.due_at == steering.HELD


def test_a_chunk_that_was_begun_before_the_pause_finds_it_paused(ana: Member) -> None:
    make_people(ana.workspace, 5)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        work = expanding.press(again(broadcast))
    do(campaigns.pause, broadcast, ana)
    assert expanding.expand(work, timezone.now(), 5) == expanding.Expanded()
    assert states(broadcast) == {"waiting": 5}


def test_what_comes_back_from_a_sender_during_a_pause_stays_held(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = conducted(ana)
    refused, lost, _ = claimable(ana)[:3]
    channel = number_of(ana.workspace)
    do(campaigns.pause, broadcast, ana)
    outbox.settle(channel, [outbox.Result(refused, "queued", "pending", wait=0.0)])
    with tenancy.scope(ana.workspace_id):
        Message.objects.filter(pk=lost.id).update(lease_until=timezone.now() - timedelta(seconds=1))
    settling.settle_abandoned()
    assert [m.send_state for m in messages(broadcast) if m.pk in (refused.id, lost.id)] == ["queued", "queued"]
    assert claimable(ana) == []


def test_resumed_everything_goes_on_at_its_pace(ana: Member) -> None:
    make_people(ana.workspace, 30)
    broadcast = conducted(ana, pace=10)
    do(campaigns.pause, broadcast, ana)
    resumed = do(campaigns.resume, broadcast, ana)
    assert (resumed.status, resumed.pause_reason) == ("running", "")
    due = sorted(message.due_at for message in messages(broadcast))
    steps = [(later - first).total_seconds() for first, later in itertools.pairwise(due)]
    assert steps == pytest.approx([0.1] * 29, abs=0.01)
    assert again(broadcast).paced_until >= due[-1]


def test_paused_before_its_audience_was_written_down_it_goes_on_there(ana: Member) -> None:
    make_people(ana.workspace, 2)
    broadcast = begun(ana)
    do(campaigns.pause, broadcast, ana)
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {}
    assert do(campaigns.resume, broadcast, ana).status == "preparing"
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 2}


def test_cancelled_what_was_not_sent_is_refunded_once(ana: Member) -> None:
    make_people(ana.workspace, 6)
    broadcast = conducted(ana)
    settle(broadcast, count=2)
    do(campaigns.cancel, broadcast, ana)
    do(campaigns.cancel, broadcast, ana)
    assert sorted((m.status, m.send_state) for m in messages(broadcast)) == [
        *[("cancelled", "done")] * 4, *[("sent", "done")] * 2,
    ]  # fmt: skip
    assert balance(ana) == 1_000_000 - 2
    assert claimable(ana) == []


def test_cancelled_nobody_waits_any_more(ana: Member) -> None:
    make_people(ana.workspace, 4)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    do(campaigns.cancel, broadcast, ana)
    assert states(broadcast) == {"cancelled": 4}
    sweeping.sweep()
    assert again(broadcast).finished_at is not None


def test_what_a_sender_has_in_hand_is_settled_after_a_cancellation_and_may_end_it(ana: Member) -> None:
    make_people(ana.workspace, 2)
    broadcast = conducted(ana)
    sent, refused = claimable(ana)
    do(campaigns.cancel, broadcast, ana)
    sweeping.sweep()
    assert again(broadcast).finished_at is None
    results = [outbox.Result(sent, "done", "sent", "wamid.1"), outbox.Result(refused, "queued", "pending")]
    outbox.settle(number_of(ana.workspace), results)
    sweeping.sweep()
    over = again(broadcast)
    assert (over.status, over.finished_at is None) == ("cancelled", False)
    assert sorted(message.status for message in messages(broadcast)) == ["cancelled", "sent"]
    assert balance(ana) == 1_000_000 - 1


def test_a_scheduled_broadcast_can_be_cancelled(ana: Member) -> None:
    make_people(ana.workspace, 1)
    over = do(campaigns.cancel, launched(ana), ana)
    assert (over.status, over.next_fire_at) == ("cancelled", None)
    assert over.finished_at is not None


@pytest.mark.parametrize("status", ["draft", "scheduled", "finished", "missed", "cancelled"])
def test_only_what_is_on_its_way_can_be_paused(ana: Member, status: str) -> None:
    make_people(ana.workspace, 1)
    broadcast = launched(ana)
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.filter(pk=broadcast.pk).update(status=status)
    with pytest.raises(campaigns.Refused):
        do(campaigns.pause, broadcast, ana)


def test_each_act_of_a_person_is_in_the_audit_log(ana: Member) -> None:
    make_people(ana.workspace, 1)
    broadcast = conducted(ana)
    for act in (campaigns.pause, campaigns.pause, campaigns.resume, campaigns.resume, campaigns.cancel):
        do(act, broadcast, ana)
    with tenancy.scope(ana.workspace_id):
        written = list(
            AuditEntry.objects.filter(action__startswith="broadcast.").order_by("pk").values_list("action", flat=True)
        )
    assert written == [f"broadcast.{act}" for act in ("created", "launched", "paused", "resumed", "cancelled")]


def test_without_credits_for_all_it_sends_what_is_paid_for_and_pauses(ana: Member) -> None:
    poor = make_marketer(credits=30)
    make_people(poor.workspace, 30)
    broadcast = begun(poor)
    with tenancy.scope(poor.workspace_id):
        credits.adjust(poor.workspace_id, "whatsapp", -23, note="spent elsewhere")
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 7, "waiting": 23}
    stopped = again(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("paused", "credits")
    with tenancy.scope(poor.workspace_id):
        credits.top_up(poor.workspace_id, "whatsapp", 100, reference="invoice 7")
    do(campaigns.resume, broadcast, poor)
    conducting.work_on(broadcast.pk)
    assert states(broadcast) == {"queued": 30}


def test_at_the_days_limit_it_pauses(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = begun(ana)
    with tenancy.scope(ana.workspace_id):
        CreditPocket.objects.update(daily_cap=2)
    conducting.work_on(broadcast.pk)
    stopped = again(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("paused", "cap")
    assert states(broadcast) == {"queued": 2, "waiting": 1}


def test_a_paused_template_pauses_it_and_keeps_it_from_being_resumed(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = begun(ana)
    assert freezing.freeze(again(broadcast))
    with tenancy.scope(ana.workspace_id):
        TemplateTranslation.objects.update(status="paused")
    conducting.work_on(broadcast.pk)
    stopped = again(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("paused", "template")
    assert "complaints" in stopped.pause_text
    with pytest.raises(campaigns.Refused, match="complaints"):
        do(campaigns.resume, broadcast, ana)


def test_a_number_that_cannot_send_pauses_it(ana: Member) -> None:
    make_people(ana.workspace, 3)
    broadcast = conducted(ana)
    with tenancy.scope(ana.workspace_id):
        Channel.objects.update(sending_paused=True)
    conducting.work_on(broadcast.pk)
    assert (again(broadcast).status, again(broadcast).pause_reason) == ("paused", "channel")


def test_too_many_failures_pause_it_and_it_may_be_resumed_all_the_same(ana: Member) -> None:
    make_people(ana.workspace, 80)
    broadcast = conducted(ana, failure_limit=20)
    settle(broadcast, count=45)
    settle(broadcast, "failed", count=11, error_code="131026", error_text="The number has no WhatsApp.")
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "running"  # 11 of 56 are not more than 20 %
    settle(broadcast, "failed", count=1)
    conducting.work_on(broadcast.pk)
    stopped = again(broadcast)
    assert (stopped.status, stopped.pause_reason) == ("paused", "failures")
    assert "12 of the last 57" in stopped.pause_text
    do(campaigns.resume, broadcast, ana)
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "running"


def test_a_few_failures_at_the_start_say_nothing(ana: Member) -> None:
    make_people(ana.workspace, 60)
    broadcast = conducted(ana)
    settle(broadcast, "failed", count=40)
    conducting.work_on(broadcast.pk)
    assert again(broadcast).status == "running"
