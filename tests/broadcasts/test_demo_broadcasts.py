from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from broadcasts import tallying
from broadcasts.demo import building as broadcasts
from broadcasts.models import Broadcast, Recipient
from inbox.demo import building, clinic, credit_history, shop
from inbox.models import Message
from workspaces import credit_checks, tenancy


@pytest.mark.django_db
@pytest.mark.parametrize("team", [shop.TEAM, clinic.TEAM])
def test_a_demo_workspace_has_broadcasts_of_every_kind(team: Any, settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    workspace = building.ensure(team)
    broadcasts.populate(workspace, team)
    broadcasts.populate(workspace, team)
    credit_history.populate(workspace)
    with tenancy.scope(workspace.pk):
        rows = list(Broadcast.objects.order_by("pk"))
        statuses = Counter(broadcast.status for broadcast in rows)
        assert {"draft", "scheduled", "finished"} <= set(statuses)
        assert Broadcast.objects.filter(series__isnull=False).exists()
        for broadcast in rows:
            figures = tallying.figures(broadcast)
            assert figures.counts == tallying.Figures.read(broadcast.tally).counts
            if broadcast.status == "finished":
                assert figures["audience"] == broadcast.audience_count > 10
                assert figures["read"] > figures["replied"] > 0
            if broadcast.status == "scheduled":
                assert broadcast.next_fire_at is not None
        sent = Message.objects.filter(source="broadcast")
        assert sent.count() == Recipient.objects.filter(state="queued").count() > 60
        assert not sent.exclude(send_state="done").exists()
        assert credit_checks.check(workspace).sound
