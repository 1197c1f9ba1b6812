"""Spend a workspace's credits from many threads at once: `python -m tests.drills.spend SLUG COUNT THREADS`.

Each message has an id that follows from its number, and one in ten is sent a second time under it: killed and started
again, the process asks for the same messages. Says how many it was refused.
"""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid5

import django

django.setup()

from django.db import OperationalError, connection  # noqa: E402
from psycopg.errors import DeadlockDetected  # noqa: E402

from inbox import sending  # noqa: E402
from inbox.models import Conversation  # noqa: E402
from tests.drills.load import conversations  # noqa: E402
from workspaces import tenancy  # noqa: E402
from workspaces.models import Channel, Workspace  # noqa: E402

NAMES = UUID("0c0f1a56-5d0d-4c34-8f6f-1f4f6f2a9b11")
AGAIN = 10


def main(slug: str, count: int, threads: int) -> None:
    """Ask for `count` messages and repeats from all threads at once."""
    workspace = Workspace.objects.get(slug=slug)
    with tenancy.scope(workspace.pk):
        channel = Channel.objects.get(workspace=workspace)
    people = conversations(channel)
    wanted = [*range(count), *range(0, count, AGAIN)]
    with ThreadPoolExecutor(threads) as crowd:
        ended = Counter(crowd.map(lambda number: ask(people[number % len(people)], number), wanted))
    print(dict(ended))  # noqa: T201


def ask(conversation: Conversation, number: int) -> str:
    """Send one message; says how that ended. Where the database is too busy, ask again: the id is the same."""
    draft = sending.Draft("text", {"text": f"Number {number}"}, f"Number {number}")
    while True:
        try:
            with tenancy.scope(conversation.workspace_id):
                sending.send(conversation, draft, source="api", cid=uuid5(NAMES, str(number)))
            return "sent"
        except sending.NotSendable as error:
            return error.reason
        except OperationalError as error:
            if isinstance(error.__cause__, DeadlockDetected):
                raise
        finally:
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
