"""A backlog of webhooks is worked off by two lanes, and every body is applied once."""

from __future__ import annotations

import pytest

from inbox import backlog, receiving
from inbox.models import InboundWebhook, Message
from tests.factories import make_channel
from tests.inbox.webhooks import store, text
from workspaces import tenancy


@pytest.mark.usefixtures("committed_db")
def test_more_than_a_batch_is_applied_by_both_lanes_and_only_once():
    channel = make_channel()
    count = receiving.BATCH * 3 + 7
    for number in range(count):
        store(channel, text(body=f"Message {number}", sender=f"4477009{number % 40:05d}"))
    assert backlog.work_off(60) == count
    assert backlog.work_off(60) == 0
    with tenancy.scope(channel.workspace_id):
        assert Message.objects.filter(channel=channel).count() == count
        assert not InboundWebhook.objects.filter(workspace_id=channel.workspace_id, processed_at=None).exists()
