"""How many messages a second one dispatcher sends, everything included, and what its client does on its own."""

from __future__ import annotations

import asyncio

from providers.types import Request

from .stage import Stage, timed
from .tables import Figure, figure

SIZES = {"small": (300, 300), "full": (30_000, 20_000)}  # messages against the fast provider, against the slow one
SLOW = 0.15  # seconds


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    """One run after the other: the bare client, then the dispatcher, so that both see the same machine."""
    many, few = SIZES[size]
    fast, slow = stage.provider(), stage.provider(latency=SLOW)
    alone, whole, waiting, share = [], [], [], []
    for _ in range(runs):
        alone.append(_bare(fast, many))
        whole.append(_dispatch(stage, fast, many))
        share.append(100 * whole[-1] / alone[-1])
        waiting.append(_dispatch(stage, slow, few))
    return [
        figure("the client alone, no database", alone, "/s"),
        figure("one dispatcher, fast provider", whole, "/s", least=3_000),
        figure("dispatcher to client alone", share, "%", least=60),
        figure(f"one dispatcher, provider takes {SLOW * 1000:.0f} ms", waiting, "/s", least=2_000),
    ]


def _dispatch(stage: Stage, base_url: str, count: int) -> float:
    """Messages a second from queued rows to settled rows."""
    from inbox import dispatching
    from inbox.models import Message
    from workspaces import tenancy

    from . import people, rows

    home = people.tenant(base_url=base_url)
    with stage.admin() as admin:
        rows.people(admin, home.channel.pk, home.workspace.pk, count)
        rows.queued(admin, home.channel.pk, home.workspace.pk)
    took: list[float] = []
    with timed(took):
        attempted = dispatching.drain(home.channel.pk, lane=Message.Lane.BROADCAST, budget=600)
    with tenancy.scope(home.workspace.pk):
        settled = Message.objects.filter(channel=home.channel, send_state="done", status="sent").count()
    if (attempted, settled) != (count, count):
        raise SystemExit(f"{count} messages were queued, {attempted} attempted and {settled} sent.")
    return count / took[0]


def _bare(base_url: str, count: int) -> float:
    """Requests a second of the dispatcher's client with the dispatcher's concurrency, answers read and dropped."""
    took: list[float] = []
    with timed(took):
        asyncio.run(_bare_loop(base_url, count))
    return count / took[0]


async def _bare_loop(base_url: str, count: int) -> None:
    from django.conf import settings

    from inbox import calling

    request = _request(base_url)
    left = iter(range(count))
    async with calling.connections() as transport:

        async def sender() -> None:
            for _ in left:
                status, _, _ = await calling.exchange(transport, request)
                if status != 200:
                    raise SystemExit(f"The fake provider answered {status}.")

        await asyncio.gather(*(sender() for _ in range(min(count, settings.SEND_CONCURRENCY))))


def _request(base_url: str) -> Request:
    """One request as the dispatcher builds it."""
    from providers.registry import adapter
    from providers.types import Credentials, Outbound

    text = "Your order 123456 is ready for collection at the harbour."
    outbound = Outbound(kind="text", to="447000000001", content={"text": text}, token="v1." + "0" * 45)
    keys = Credentials(base_url=base_url, external_id="109000000000001", token="token-of-the-bench")
    return adapter("whatsapp_cloud").send(outbound, keys)
