"""The report, its table, its download and the provider's own log tell the same story, whatever happened to the news."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcasts import conducting, hearing, tallying
from broadcasts.models import Broadcast
from inbox import dispatching, receiving
from inbox.models import Message
from tests.broadcasts.running import again, begun, make_people, messages
from tests.factories import make_channel, make_conversation, make_member, make_workspace, sign_in
from tests.simulator.driver import PHONE, SECRET, TOKEN, WABA, Hook, Simulator, eventually
from workspaces import credits, tenancy
from workspaces.models import Channel, CreditEntry

PEOPLE = 60
LUCK = random.Random(20_261)


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def simulator(tmp_path: Any, hook: Hook) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path, hook)
    simulator.channel["enforce_window"] = False
    simulator.start()
    simulator.webhooks(delay_seconds=[0, 0.05], duplicate=0.4, reorder=True)
    yield simulator
    simulator.stop()


class Run:
    """One broadcast between the product and a provider of its own process."""

    def __init__(self, simulator: Simulator, hook: Hook) -> None:
        self.simulator, self.hook = simulator, hook
        self.ana = make_member(make_workspace(), role="marketer", name="Ana")
        self.workspace = self.ana.workspace
        self.channel = make_channel(
            self.workspace, external_id=PHONE, account_id=WABA, token=TOKEN, app_secret=SECRET,
            base_url=f"{simulator.url}/v23.0",
        )  # fmt: skip
        self.people = make_people(self.workspace, PEOPLE)
        for person in self.people:
            make_conversation(channel=self.channel, identity=person)
        customers = [{"number": person.address, "name": "Nora"} for person in self.people]
        assert simulator.client.post("/_sim/customers", json=customers).status_code == 201
        # More than a fifth fails here, and it must not stop for that.
        self.broadcast = begun(self.ana, text="The new season is here.", recent_hours=0, failure_limit=100)

    def send(self) -> None:
        """Until nothing waits and no answer is owed."""

        def settled() -> bool:
            conducting.work_on(self.broadcast.pk)
            dispatching.drain(self.channel.pk, lane=Message.Lane.BROADCAST, budget=2.0)
            self.deliver()
            return all(message.send_state == "done" for message in messages(self.broadcast))

        eventually(settled, seconds=60)

    def deliver(self) -> None:
        """Let the webhooks that came go in by chance: late, twice, in any order."""
        waiting = [self.hook.received.pop() for _ in range(len(self.hook.received))]
        LUCK.shuffle(waiting)
        for headers, body in waiting + LUCK.sample(waiting, len(waiting) // 3):
            answer = Client().post(
                f"/hooks/{self.channel.hook_token}/", body, content_type="application/json",
                headers={"X-Hub-Signature-256": headers["X-Hub-Signature-256"]},
            )  # fmt: skip
            assert answer.status_code == 200
        while receiving.apply_pending():
            pass

    def all_heard(self) -> None:
        """Everything the provider has to say has arrived and was applied."""

        def quiet() -> bool:
            self.deliver()
            return self.simulator.client.get("/_sim/webhooks").json()["pending"] == 0 and not self.hook.received

        eventually(quiet, seconds=30)
        self.deliver()
        hearing.hear(now=timezone.now())

    def answer(self) -> set[str]:
        """Some read it, some of those write back or tap a button of it; returns who said anything."""
        delivered = [entry for entry in self.simulator.log() if entry["status"] == "delivered"]
        spoke = set()
        for number, entry in enumerate(delivered):
            if number % 2 == 0:
                read = {"phone_number_id": PHONE, "from": entry["to"]}
                assert self.simulator.client.post("/_sim/read", json=read).status_code == 200
            if number % 5 == 0:
                self.simulator.inbound(sender=entry["to"], text="Which sizes do you have?")
                spoke.add(entry["to"])
            if number % 7 == 0:
                tap = {"text": "Show me", "payload": "show"}
                self.simulator.inbound("button", sender=entry["to"], button=tap, reply_to=entry["id"])
                spoke.add(entry["to"])
        return spoke


@pytest.fixture
def run(committed_db: None, simulator: Simulator, hook: Hook) -> Run:
    return Run(simulator, hook)


def read_csv(client: Client, broadcast: Broadcast, **query: str) -> list[dict[str, str]]:
    address = reverse("broadcasts:recipients_file", args=[broadcast.workspace.slug, broadcast.uuid], query=query)
    text = b"".join(client.get(address).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def in_table(client: Client, broadcast: Broadcast, **query: str) -> int:
    address = reverse("broadcasts:recipients", args=[broadcast.workspace.slug, broadcast.uuid], query=query)
    found = re.search(r"<strong>([\d,]+)</strong>", client.get(address).content.decode())
    assert found
    return int(found[1].replace(",", ""))


def test_report_table_download_and_the_providers_log_agree(run: Run):
    run.simulator.faults(
        {"match": {"every_nth": 7}, "action": "undeliverable"},
        {"match": {"every_nth": 11}, "action": "capped"},
        {"match": {"every_nth": 13}, "action": "drop_after_accept"},
        {"match": {"every_nth": 17}, "action": "server_error_after_accept"},
    )
    run.send()
    run.all_heard()
    spoke = run.answer()
    run.all_heard()
    conducting.work_on(run.broadcast.pk)
    broadcast = again(run.broadcast)
    assert broadcast.status == "finished"

    log = run.simulator.log()
    assert len({entry["to"] for entry in log}) == len(log) == PEOPLE, "nobody got it twice"
    at_provider = Counter(entry["status"] for entry in log)
    assert at_provider["failed"] > 5
    assert at_provider["read"] > 10

    with tenancy.scope(run.workspace.pk):
        figures = tallying.figures(broadcast)
        refunded = CreditEntry.objects.filter(broadcast_id=broadcast.pk, kind="refund").count()
        assert credits.available(run.workspace.pk, credits.pocket_for(Channel.Kind.WHATSAPP_CLOUD)) >= 0
    expected = {
        "audience": PEOPLE,
        "accepted": len(log),
        "delivered": at_provider["delivered"] + at_provider["read"],
        "read": at_provider["read"],
        "failed": at_provider["failed"],
        "replied": len(spoke),
    }
    client = sign_in(run.ana.user)
    for group, count in expected.items():
        assert figures[group] == count, group
        assert in_table(client, broadcast, who=group) == count, group
        assert len(read_csv(client, broadcast, who=group)) == count, group
    lines = Counter(line["Status"] for line in read_csv(client, broadcast))
    assert lines["Failed"] == at_provider["failed"] == refunded
    assert lines["Read"] == at_provider["read"]
    numbers = {line["Number"].lstrip("+'") for line in read_csv(client, broadcast, who="replied")}
    assert numbers == spoke
    page = client.get(reverse("broadcasts:broadcast", args=[run.workspace.slug, broadcast.uuid])).content.decode()
    for group in ("accepted", "delivered", "read", "failed", "replied"):
        assert f"who={group}" in page
