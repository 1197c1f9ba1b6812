"""Queue messages as a process of its own: `python -m tests.drills.load FILE COUNT SECONDS SEED`.

A third goes through the one door; the rest are broadcasts, rows in bulk and charged in bulk. Each message's id is
written to FILE after its commit: what stands there was promised to somebody.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from contacts import matching  # noqa: E402
from inbox import sending  # noqa: E402
from inbox.models import Conversation, Message  # noqa: E402
from workspaces import credits, tenancy  # noqa: E402
from workspaces.models import Channel, CreditPocket  # noqa: E402

PEOPLE = 120  # per channel
BATCH = 5
POCKET = CreditPocket.Kind.WHATSAPP


def main(journal: Path, count: int, seconds: float, seed: int) -> None:
    """Queue `count` messages to random regulars, spread over `seconds`."""
    chance = random.Random(seed)
    with tenancy.all_workspaces():
        channels = list(Channel.objects.order_by("pk"))
    threads = [thread for channel in channels for thread in conversations(channel)]
    for channel in channels:
        with tenancy.scope(channel.workspace_id):
            credits.adjust(channel.workspace_id, POCKET, count, note="For the drill")
    began = time.monotonic()
    with journal.open("a", buffering=1) as lines:
        for number in range(0, count, 3 * BATCH):
            size = min(BATCH, count - number)
            messages = queue(chance.choice(channels), threads, size, chance)
            messages += broadcast(chance.choice(channels), threads, min(2 * BATCH, count - number - size), chance)
            lines.writelines(f"{message.uuid.hex}\n" for message in messages)
            time.sleep(max(0.0, began + seconds * number / count - time.monotonic()))


def conversations(channel: Channel) -> list[Conversation]:
    """The channel's regulars, whose windows are open."""
    now = timezone.now()
    found = []
    with tenancy.scope(channel.workspace_id):
        Channel.objects.filter(workspace_id=channel.workspace_id, pk=channel.pk).update(messages_per_second=200)
        for number in range(PEOPLE):
            identity = matching.find_or_create(channel.workspace_id, channel.kind, address=f"447946{number:06d}")
            window = {"window_expires_at": now + timedelta(hours=20)}
            thread, _ = Conversation.objects.update_or_create(
                workspace_id=channel.workspace_id,
                channel=channel,
                identity=identity,
                defaults=window,
                create_defaults={**window, "contact_id": identity.contact_id, "last_message_at": now},
            )
            found.append(thread)
    return found


def queue(channel: Channel, threads: list[Conversation], size: int, chance: random.Random) -> list[Message]:
    """Replies of people and programs."""
    mine = [thread for thread in threads if thread.channel_id == channel.pk]
    return [reply(chance.choice(mine), source) for source in chance.choices(("agent", "api"), k=size)]


def reply(thread: Conversation, source: str) -> Message:
    """One message in a transaction of its own."""
    with tenancy.scope(thread.workspace_id):
        return sending.send(thread, sending.Draft("text", {"text": "A reply"}, "A reply"), source=source)


def broadcast(channel: Channel, threads: list[Conversation], size: int, chance: random.Random) -> list[Message]:
    """Rows as a broadcast makes them, and one poke for all."""
    now = timezone.now()
    people = chance.choices([thread for thread in threads if thread.channel_id == channel.pk], k=size)
    rows = [
        Message(
            workspace_id=channel.workspace_id,
            conversation=thread,
            channel=channel,
            direction=Message.Direction.OUT,
            kind="text",
            content={"text": "An offer"},
            text="An offer",
            status=Message.Status.PENDING,
            source=Message.Source.BROADCAST,
            send_state=Message.SendState.QUEUED,
            lane=Message.Lane.BROADCAST,
            due_at=now,
            occurred_at=now,
        )
        for thread in people
    ]
    with tenancy.scope(channel.workspace_id):
        sending.poke(channel.pk, Message.Lane.BROADCAST)
        made = Message.objects.bulk_create(rows)
        charges = [credits.Charge(message.pk, 1) for message in made]
        credits.charge_many(channel.workspace_id, charges, pocket=POCKET, source=Message.Source.BROADCAST)
        return made


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
