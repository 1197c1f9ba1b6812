"""Queue marketing to people who agreed to it, as a process of its own: `python -m tests.drills.offers COUNT SECONDS`.

One message each over the first channel, charged, its slots spread over SECONDS from now on.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from contacts.models import Consent, Contact, Identity  # noqa: E402
from inbox import sending  # noqa: E402
from inbox.models import Conversation, Message  # noqa: E402
from tests.drills.load import POCKET  # noqa: E402
from workspaces import credits, tenancy  # noqa: E402
from workspaces.models import Channel  # noqa: E402

ADDRESS = "447948{:06d}"
BATCH = 1_000


def main(count: int, seconds: float) -> None:
    """Make `count` people and their messages; all rows are there before the first slot begins."""
    with tenancy.all_workspaces():
        channel = Channel.objects.order_by("pk")[0]
    with tenancy.scope(channel.workspace_id):
        Channel.objects.filter(pk=channel.pk).update(messages_per_second=1_000)
        threads = people(channel, count)
        credits.adjust(channel.workspace_id, POCKET, 2 * count, note="For the drill")  # confirmations cost too
        begin = timezone.now() + timedelta(seconds=8)  # when everything is written
        rows = [
            Message(
                workspace_id=channel.workspace_id,
                conversation=thread,
                channel=channel,
                direction=Message.Direction.OUT,
                kind="text",
                content={"text": "The new season is here"},
                text="The new season is here",
                status=Message.Status.PENDING,
                source=Message.Source.BROADCAST,
                purpose="marketing",
                send_state=Message.SendState.QUEUED,
                lane=Message.Lane.BROADCAST,
                due_at=begin + timedelta(seconds=seconds * number / count),
                occurred_at=begin,
            )
            for number, thread in enumerate(threads)
        ]
        made = Message.objects.bulk_create(rows, batch_size=BATCH)
        charges = [credits.Charge(message.pk, 1) for message in made]
        credits.charge_many(channel.workspace_id, charges, pocket=POCKET, source=Message.Source.BROADCAST)
        sending.poke(channel.pk, Message.Lane.BROADCAST)


def people(channel: Channel, count: int) -> list[Conversation]:
    """Conversations with people who opted in."""
    now, home = timezone.now(), {"workspace_id": channel.workspace_id}
    contacts = Contact.objects.bulk_create([Contact(**home) for _ in range(count)], batch_size=BATCH)
    identities = Identity.objects.bulk_create(
        [
            Identity(**home, contact=contact, channel_kind=channel.kind, address=ADDRESS.format(number))
            for number, contact in enumerate(contacts)
        ],
        batch_size=BATCH,
    )
    agreed = {"purpose": "marketing", "state": "opted_in", "source": "import", "changed_at": now - timedelta(days=1)}
    Consent.objects.bulk_create([Consent(**home, identity=each, **agreed) for each in identities], batch_size=BATCH)
    return Conversation.objects.bulk_create(
        [
            Conversation(
                **home, channel=channel, identity=each, contact_id=each.contact_id, last_message_at=now,
                status=Conversation.Status.RESOLVED,
            )
            for each in identities
        ],
        batch_size=BATCH,
    )  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
