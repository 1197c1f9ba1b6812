"""Launch a broadcast to people who agreed to marketing: `python -m tests.drills.campaign COUNT PACE`.

Prints its id and the people's addresses begin with 447949. It goes over the first channel, through the same door as the
wizard; only the ten seconds for second thoughts are cut short.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from uuid import uuid4

import django

django.setup()

from django.utils import timezone  # noqa: E402

from broadcasts import campaigns  # noqa: E402
from broadcasts.models import Broadcast  # noqa: E402
from contacts.models import Consent, Contact, Identity, Tag  # noqa: E402
from templates_mgmt.components import read  # noqa: E402
from templates_mgmt.content import places  # noqa: E402
from templates_mgmt.models import TemplateTranslation  # noqa: E402
from tests.drills.load import POCKET  # noqa: E402
from workspaces import credits, tenancy  # noqa: E402
from workspaces.models import Channel, Member  # noqa: E402

PREFIX = "447949"
BATCH = 1_000


def main(count: int, pace: int) -> None:
    with tenancy.all_workspaces():
        channel = Channel.objects.select_related("workspace").order_by("pk")[0]
    with tenancy.scope(channel.workspace_id):
        Channel.objects.filter(pk=channel.pk).update(messages_per_second=1_000)
        tag = people(channel, count)
        credits.adjust(channel.workspace_id, POCKET, 5 * count, note="For the drill")
        ana = Member.objects.filter(workspace=channel.workspace, removed_at=None).order_by("pk")[0]
        broadcast = campaigns.create(channel.workspace, name="Drill", by=ana)
        chosen = template(channel)
        spots = [place.key for place in places(read(chosen.components)) if place.kind in ("text", "code")]
        fields = {
            "channel": channel,
            "translation": chosen,
            "variables": {spot: {"source": "field", "value": "first_name", "fallback": "there"} for spot in spots},
            "audience": {"include": [{"tag": tag.pk}]},
            "recent_hours": 0,
            "pace": pace,
            "failure_limit": 100,
        }
        broadcast = campaigns.save(broadcast, revision=broadcast.revision, by=ana, **fields)
        key = uuid4()
        for _ in range(3):  # a double click, and another tab
            campaigns.launch(broadcast, key=key, by=ana)
        Broadcast.objects.filter(pk=broadcast.pk).update(next_fire_at=timezone.now())
    print(json.dumps({"id": broadcast.pk}))  # noqa: T201


def template(channel: Channel) -> TemplateTranslation:
    """An approved marketing template of the demo that both sides know."""
    found = TemplateTranslation.objects.filter(workspace_id=channel.workspace_id, status="approved")
    wanted = found.filter(category="marketing", template__kind="provider", template__account_id=channel.account_id)
    return wanted.order_by("pk")[0]


def people(channel: Channel, count: int) -> Tag:
    """People who opted in and never wrote; the tag they carry."""
    home = {"workspace_id": channel.workspace_id}
    tag = Tag.objects.create(**home, name="Drill")
    contacts = Contact.objects.bulk_create(
        [Contact(**home, name=f"Nora {number}", tag_ids=[tag.pk]) for number in range(count)], batch_size=BATCH
    )
    identities = Identity.objects.bulk_create(
        [
            Identity(**home, contact=contact, channel_kind=channel.kind, address=f"{PREFIX}{number:06d}")
            for number, contact in enumerate(contacts)
        ],
        batch_size=BATCH,
    )
    said = {"purpose": "marketing", "state": "opted_in", "source": "import"}
    at = timezone.now() - timedelta(days=1)
    Consent.objects.bulk_create(
        [Consent(**home, identity=each, changed_at=at, **said) for each in identities], batch_size=BATCH
    )
    return tag


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
