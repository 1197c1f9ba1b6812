"""How long the inbox's pages take, server time, at two sizes a hundred times apart.

The whole request through Django's test client: middleware, session, row security, queries, templates. A hundred
workspaces, of which one has three tenths of all conversations; that one is asked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .stage import Stage, timed
from .tables import Figure, figure, percentile

SIZES = {"small": (20, 2_000, 10), "full": (100, 1_000_000, 200)}  # workspaces, conversations, requests of a kind a run
STEP = 100  # the smaller size is so many times smaller
EACH = 10  # messages of a conversation
SEARCHES = ("nora", "refund order", "harbour", "4470000", "+447000000", "invoice", "lina g", "opening hours")


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from django.conf import settings

    from . import people

    # Nothing is collected here, so there is no manifest of hashed names; a lookup costs the same either way.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    workspaces, conversations, requests = SIZES[size]
    tenants = [people.tenant() for _ in range(workspaces)]
    few, many = conversations // STEP, conversations
    _grow(stage, tenants, few)
    visitor = _visitor(tenants[0])
    small = {kind: [visitor.p95(kind, requests) for _ in range(runs)] for kind in visitor.kinds}
    _grow(stage, tenants, many - few)
    visitor = _visitor(tenants[0])
    big = {kind: [visitor.p95(kind, requests) for _ in range(runs)] for kind in visitor.kinds}
    figures = []
    for kind, (most, compared) in visitor.kinds.items():
        figures.append(figure(f"{kind}, p95 at {few:,} conversations", small[kind], "ms"))
        figures.append(figure(f"{kind}, p95 at {many:,}", big[kind], "ms", most=most))
        if compared:
            ratio = [large / little for large, little in zip(big[kind], small[kind], strict=True)]
            figures.append(figure(f"{kind}, ratio", ratio, "times", most=1.5))
    return figures


def _grow(stage: Stage, tenants: list[Any], conversations: int) -> None:
    """Add conversations: three tenths to the first workspace, the rest spread over the others."""
    from . import rows

    share = conversations * 7 // 10 // (len(tenants) - 1)
    with stage.admin() as admin:
        start = rows.highest(admin, "inbox_conversation")
        for number, tenant in enumerate(tenants):
            rows.people(admin, tenant.channel.pk, tenant.workspace.pk, conversations * 3 // 10 if not number else share)
        admin.execute("VACUUM (ANALYZE) inbox_conversation, contacts_contact, contacts_identity")
        rows.history(admin, each=EACH, after=start)
        admin.execute("CHECKPOINT")


@dataclass
class _Visitor:
    """A signed-in agent of the big workspace."""

    client: Any
    slug: str
    uuids: list[str]
    keys: list[str]
    # Kind of request -> most milliseconds at full size, and whether the smaller size is a mark too.
    kinds = {
        "list": (20, True),
        "list, deep page": (20, True),
        "thread": (20, True),
        "whole page with list and thread": (None, True),
        "search": (100, False),
    }

    def p95(self, kind: str, requests: int) -> float:
        """Milliseconds that 95 of 100 requests of a kind do not exceed, after a few that warm up."""
        addresses = self._addresses(kind)
        took: list[float] = []
        fragment = {} if kind.startswith("whole") else {"HTTP_HX_REQUEST": "true"}
        for number in range(requests + 5):
            address = next(addresses)
            with timed(took):
                response = self.client.get(address, HTTP_HOST="127.0.0.1", **fragment)
            if response.status_code != 200:
                raise SystemExit(f"{address} answered {response.status_code}.")
            if number == 4:
                took.clear()
        return 1000 * percentile(took, 95)

    def _addresses(self, kind: str) -> Iterator[str]:
        dice = random.Random(1)  # the same addresses in every run
        base = f"/w/{self.slug}/inbox/"
        choose: dict[str, Callable[[], str]] = {
            "list": lambda: f"{base}{dice.choice(['all', 'unassigned', 'closed'])}/rows/",
            "list, deep page": lambda: f"{base}all/rows/?before={dice.choice(self.keys)}",
            "thread": lambda: f"{base}all/c/{dice.choice(self.uuids)}/",
            "whole page with list and thread": lambda: f"{base}all/c/{dice.choice(self.uuids)}/",
            "search": lambda: f"{base}all/rows/?q={dice.choice(SEARCHES)}",
        }
        while True:
            yield choose[kind]()


def _visitor(tenant: Any) -> _Visitor:
    from django.test import Client

    from inbox import queues
    from inbox.models import Conversation
    from workspaces import tenancy

    from . import people

    member = people.member(tenant.workspace)
    client = Client(HTTP_COOKIE=people.cookie(member.user))
    with tenancy.scope(tenant.workspace.pk):
        ids = list(Conversation.objects.values_list("pk", flat=True))
        chosen = Conversation.objects.filter(pk__in=random.Random(2).sample(ids, min(500, len(ids))), status="open")
        found = list(chosen)
    return _Visitor(
        client, tenant.workspace.slug, [str(one.uuid) for one in found], [queues.key_of(one) for one in found]
    )
