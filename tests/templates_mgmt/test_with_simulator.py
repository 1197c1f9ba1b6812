"""The life of a template between the product and a provider of its own process, webhooks and all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inbox import receiving
from templates_mgmt import deleting, drafting, syncing
from tests.simulator import templates as simulated
from tests.simulator.driver import PHONE, SECRET, TOKEN, WABA, Hook, Simulator, eventually
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import BODY, SAMPLES, Desk
from tests.templates_mgmt.test_submitting import PNG


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path_factory.mktemp("simulator"), hook)
    simulator.start()
    simulated.review(simulator, delay_seconds=0.05, rules=[], deletion_seconds=0.05)
    simulator.webhooks(delay_seconds=[0, 0.05], duplicate=0.5, reorder=True)
    yield simulator
    simulator.stop()


class Shop(Desk):
    """A desk whose number is the simulator's."""

    def __init__(self, simulator: Simulator, hook: Hook) -> None:
        account = FakeAccount()
        super().__init__(account, external_id=PHONE, account_id=WABA, token=TOKEN, app_secret=SECRET)
        self.hook, self.simulator = hook, simulator
        self.channel.base_url = f"{simulator.url}/v23.0"
        with self.scope():
            self.channel.save(update_fields=["base_url"])
        hook.received.clear()

    def deliver(self) -> None:
        """Let the webhooks that came go the way of all webhooks."""
        while self.hook.received:
            headers, body = self.hook.received.pop(0)
            signature = headers["X-Hub-Signature-256"]
            answer = Client().post(
                f"/hooks/{self.channel.hook_token}/", body, content_type="application/json",
                headers={"X-Hub-Signature-256": signature},
            )  # fmt: skip
            assert answer.status_code == 200
        while receiving.apply_pending():
            pass

    def comes_to(self, translation: Any, status: str) -> Any:
        """Wait until webhooks have brought a language to a status."""

        def there() -> bool:
            self.deliver()
            return self.now(translation).status == status

        eventually(there)
        return self.now(translation)


@pytest.fixture
def shop(committed_db: None, simulator: Simulator, hook: Hook) -> Shop:
    return Shop(simulator, hook)


def calls(shop: Shop, name: str) -> list[str]:
    listed = shop.simulator.client.get(f"/_sim/templates/{WABA}/calls").json()
    return [call["call"] for call in listed if call.get("name") == name]


def test_a_template_with_a_picture_is_written_approved_changed_and_deleted(shop: Shop):
    translation = shop.draft(name := simulated.fresh_name())
    with shop.scope():
        file = drafting.attach(translation.template, SimpleUploadedFile("shop.png", PNG), by=shop.ana)
    header = {"type": "HEADER", "format": "IMAGE"}
    shop.write(translation, [header, *BODY], variables={**SAMPLES, "header:media": {"file": str(file.uuid)}})
    shop.submit(translation)
    shop.work()
    row = shop.comes_to(translation, "approved")
    assert row.components == [header, *BODY]
    shop.write(translation, [header, {"type": "BODY", "text": "Hi {{1}}, your order will be there soon."}],
               variables=row.variables)  # fmt: skip
    shop.submit(translation)
    shop.work()
    assert shop.now(translation).status in ("in_review", "approved")
    row = shop.comes_to(translation, "approved")
    assert "will be there" in row.components[1]["text"]
    assert shop.versions(translation) == [(1, "approved"), (2, "approved")]
    with shop.scope():
        syncing.request(shop.channel)
    shop.work()
    assert shop.now(translation).components == row.components
    assert "changed" not in [kind for kind, _ in shop.notices()]
    with shop.scope():
        deleting.delete(shop.now(translation), by=shop.ana)
    shop.work()
    shop.deliver()
    assert shop.now(translation).status == "deleted"
    assert calls(shop, name) == ["create", "edit", "delete"]
    assert "gone" not in [kind for kind, _ in shop.notices()]


def test_a_rejection_says_why_in_the_reviewers_words(shop: Shop):
    translation = shop.draft(name := simulated.fresh_name())
    why = "The sample “Ana” reads like a real person’s data."
    rule = {
        "match": {"name": name, "contains": "shipped"}, "decision": "reject", "reason": "INVALID_FORMAT",
        "explanation": why, "recommendation": "Use a made-up name.",
    }  # fmt: skip
    simulated.review(shop.simulator, rules=[rule])
    shop.submit(translation)
    shop.work()
    row = shop.comes_to(translation, "rejected")
    assert (row.reason, row.explanation, row.recommendation) == ("INVALID_FORMAT", why, "Use a made-up name.")
    shop.write(translation, [{"type": "BODY", "text": "Hi {{1}}, your parcel is on its way."}])
    shop.submit(translation)
    shop.work()
    row = shop.comes_to(translation, "approved")
    assert (row.reason, row.explanation) == ("", "")
    assert shop.versions(translation) == [(1, "rejected"), (2, "approved")]


def test_what_happens_at_the_provider_arrives_here(shop: Shop):
    translation = shop.draft(simulated.fresh_name())
    shop.submit(translation)
    shop.work()
    row = shop.comes_to(translation, "approved")
    simulated.change(shop.simulator, row.provider_id, quality="RED")
    eventually(lambda: shop.deliver() or shop.now(translation).quality == "red")
    simulated.change(shop.simulator, row.provider_id, upcoming_category="MARKETING")
    eventually(lambda: shop.deliver() or shop.now(translation).upcoming_category == "marketing")
    simulated.change(shop.simulator, row.provider_id, category="MARKETING")
    eventually(lambda: shop.deliver() or shop.now(translation).category == "marketing")
    simulated.change(shop.simulator, row.provider_id, status="PAUSED", reason="FIRST_PAUSE")
    row = shop.comes_to(translation, "paused")
    assert row.upcoming_category == ""
    assert [kind for kind, _ in shop.notices()] == ["approved", "quality", "category", "category", "paused"]


def test_a_first_listing_reads_what_the_account_has(shop: Shop):
    with shop.scope():
        task = syncing.request(shop.channel, by=shop.ana)
    shop.work()
    listed = shop.simulator.client.get(f"/_sim/templates/{WABA}").json()
    assert shop.now(task).counts["seen"] == len(listed) > 3
    here = {(name, language) for name, language in shop.statuses()}
    assert here <= {(each["name"], each["language"]) for each in listed}
    assert len(here) > 3
