"""An agent of the second workspace who writes all the time: `python -m tests.drills.replies FILE`, until it is ended.

Each message's id is written to FILE after its commit.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from tests.drills.load import conversations, reply  # noqa: E402
from workspaces import tenancy  # noqa: E402
from workspaces.models import Channel  # noqa: E402

EVERY = 0.5  # seconds


def main(journal: Path) -> None:
    with tenancy.all_workspaces():
        channel = Channel.objects.order_by("pk")[1]
    threads = conversations(channel)
    with journal.open("a", buffering=1) as lines:
        for number in range(100_000):
            message = reply(threads[number % len(threads)], "agent")
            lines.write(f"{message.uuid.hex}\n")
            time.sleep(EVERY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
