"""How many delivery statuses a second go from stored webhooks to messages, on a big table.

Every status is of another message and raises it from sent to delivered, so each is one row updated. Providers put
between one and a thousand statuses into a body; the more, the cheaper each. The messages are spread over the table, as
with many numbers sending at once; neighbours updated together find less room on their page and cost half as much again.
"""

from __future__ import annotations

from typing import Any

from .stage import Stage, timed
from .tables import Figure, figure

# conversations of ten messages; statuses a run, by statuses in a body
SIZES = {
    "small": (1_000, {1: 100, 100: 600}),
    "full": (500_000, {1: 10_000, 10: 50_000, 100: 100_000, 1000: 100_000}),
}
COPY = "COPY inbox_inboundwebhook (workspace_id, channel_id, body, headers) FROM STDIN"
PROMISED = 100  # statuses in a body for the figure that has a mark


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from . import people, rows

    conversations, shapes = SIZES[size]
    home = people.tenant()
    with stage.admin() as admin:
        rows.people(admin, home.channel.pk, home.workspace.pk, conversations)
        rows.history(admin, each=10)
        total = rows.number(admin, "SELECT count(*) FROM inbox_message")
        admin.execute("CHECKPOINT")
    rates: dict[int, list[float]] = {shape: [] for shape in shapes}
    for _ in range(runs):
        for shape, count in shapes.items():
            rates[shape].append(_apply(stage, home, shape, count))
    return [
        figure(
            f"{shape} in a body, {total:,} messages in the table",
            rates[shape],
            "/s",
            least=40_000 if shape == PROMISED else None,
        )
        for shape in shapes
    ]


def _apply(stage: Stage, home: Any, shape: int, count: int) -> float:
    """Statuses a second over `count` of them."""
    from inbox import backlog

    from . import payloads, rows

    channel = home.channel
    with stage.admin() as admin:
        found = admin.execute(
            "SELECT provider_id FROM inbox_message WHERE channel_id = %s AND status = 'sent' "
            "ORDER BY random() LIMIT %s",
            [channel.pk, count],
        ).fetchall()
        ids = [row[0] for row in found]
        if len(ids) < count:
            raise SystemExit(f"Only {len(ids)} messages are left to report on.")
        with admin.cursor().copy(
            "COPY inbox_inboundwebhook (workspace_id, channel_id, body, headers) FROM STDIN"
        ) as to:
            for start in range(0, count, shape):
                body = payloads.statuses(channel, ids[start : start + shape], "delivered")
                to.write_row((home.workspace.pk, channel.pk, body, "{}"))
        admin.execute("ANALYZE inbox_inboundwebhook")
    took: list[float] = []
    with timed(took):
        while backlog.work_off(600):
            pass
    with stage.admin() as admin:
        reached = rows.number(
            admin, "SELECT count(*) FROM inbox_message WHERE status = 'delivered' AND provider_id = ANY(%s)", [ids]
        )
        admin.execute("TRUNCATE inbox_inboundwebhook CASCADE")
    if reached != count:
        raise SystemExit(f"{count} statuses were stored, {reached} messages were delivered.")
    return count / took[0]
