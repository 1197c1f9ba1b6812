"""What the provider lists is what is stored, with as few statements as pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from templates_mgmt import deleting, drafting, syncing
from templates_mgmt.models import TemplateTask, TemplateTranslation, TemplateVersion
from templates_mgmt.refusals import TemplateRefused
from tests.factories import make_channel
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import BODY, Desk

ODD = [
    {"type": "BODY", "text": "Look at this"},
    {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}},
    {"type": "HOLOGRAM", "depth": [1, {"é": None}]},
]


def sync(desk: Desk) -> TemplateTask:
    with desk.scope():
        task = syncing.request(desk.channel, by=desk.ana)
    desk.work()
    task = desk.now(task)
    assert task.state == "done", task.error
    return task


def counted(task: TemplateTask) -> dict[str, int]:
    return {name: count for name, count in task.counts.items() if count}


def of(desk: Desk, name: str, language: str = "en") -> TemplateTranslation:
    with desk.scope():
        rows = TemplateTranslation.objects.select_related("template").exclude(status="deleted")
        return rows.get(template__name=name, language=language)


def test_a_first_listing_brings_every_language_with_its_status(desk: Desk, account: FakeAccount):
    account.put("welcome", "en", quality_score={"score": "GREEN"})
    account.put("welcome", "ar", status="REJECTED", rejected_reason="INVALID_FORMAT")
    account.put("promo", "fr", status="PAUSED", category="MARKETING")
    account.put("strange", "en", status="SLEEPING")
    account.put("leaving", "en", status="PENDING_DELETION")
    task = sync(desk)
    assert counted(task) == {"seen": 5, "new": 4}
    assert desk.statuses() == {
        ("welcome", "en"): "approved",
        ("welcome", "ar"): "rejected",
        ("promo", "fr"): "paused",
        ("strange", "en"): "other",
    }
    assert desk.templates() == ["promo", "strange", "welcome"]
    assert of(desk, "welcome").quality == "green"
    assert of(desk, "welcome", "ar").reason == "INVALID_FORMAT"
    assert of(desk, "strange").provider_status == "SLEEPING"
    assert desk.notices() == []


def test_samples_of_the_provider_become_samples_here(desk: Desk, account: FakeAccount):
    body = {"type": "BODY", "text": "Hi {{1}}", "example": {"body_text": [["Nora"]]}}
    account.put("welcome", components=[body])
    sync(desk)
    assert of(desk, "welcome").variables == {"body:1": {"sample": "Nora"}}


def test_a_thousand_templates_are_fetched_page_by_page_without_a_statement_each(desk: Desk, account: FakeAccount):
    for number in range(1000):
        account.put(f"template_{number:04d}")
    with CaptureQueriesContext(connection) as first:
        assert counted(sync(desk)) == {"seen": 1000, "new": 1000}
    assert account.count("list") == 10
    assert len(desk.statuses()) == 1000
    for template in account.templates.values():
        template["status"] = "PAUSED"
    with CaptureQueriesContext(connection) as second:
        assert counted(sync(desk)) == {"seen": 1000, "changed": 1000}
    assert set(desk.statuses().values()) == {"paused"}
    # Ten pages: a few dozen statements each, savepoints included, whatever a page holds.
    assert len(first) < 400
    assert len(second) < 400


def test_a_listing_that_brings_nothing_new_changes_nothing(desk: Desk, account: FakeAccount):
    account.put("welcome")
    sync(desk)
    before = of(desk, "welcome")
    task = sync(desk)
    assert counted(task) == {"seen": 1}
    after = of(desk, "welcome")
    assert after.synced_at > before.synced_at
    assert (after.status_at, after.components) == (before.status_at, before.components)


def test_components_nobody_knows_are_kept_as_they_came(desk: Desk, account: FakeAccount):
    account.put("offer", components=ODD)
    sync(desk)
    row = of(desk, "offer")
    assert row.components == ODD
    with desk.scope():
        draft = drafting.open_version(row, by=desk.ana)
    assert draft.components == ODD
    account.templates["offer", "en"]["components"] = [{"type": "BODY", "text": "Look at that"}, *ODD[1:]]
    with desk.scope():
        drafting.discard(row, by=desk.ana)
    sync(desk)
    assert of(desk, "offer").components[1:] == ODD[1:]


def test_new_samples_alone_are_no_change(desk: Desk, account: FakeAccount):
    header = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.test/a?expires=1"]}}
    account.put("picture", components=[header, BODY[0]])
    sync(desk)
    header["example"] = {"header_handle": ["https://cdn.test/a?expires=2"]}
    assert "changed" not in counted(sync(desk))


def test_a_text_changed_at_the_provider_is_taken_over_and_told(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    remote = account.templates["order_shipped", "en"]
    remote |= {"status": "APPROVED"}
    sync(desk)
    assert desk.now(translation).components == BODY
    remote["components"] = [{"type": "BODY", "text": "Hi {{1}}, it left us."}]
    sync(desk)
    row = desk.now(translation)
    assert row.components == remote["components"]
    assert row.variables["body:1"]["value"] == "first_name"
    assert [kind for kind, _ in desk.notices()] == ["approved", "changed"]


def test_a_decision_that_no_webhook_brought_is_read_from_the_listing(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    desk.submit(translation)
    desk.work()
    account.templates["order_shipped", "en"] |= {"status": "REJECTED", "rejected_reason": "PROMOTIONAL"}
    sync(desk)
    assert (desk.now(translation).status, desk.now(translation).reason) == ("rejected", "PROMOTIONAL")
    with desk.scope():
        version = TemplateVersion.objects.get()
    assert (version.state, version.reason) == ("rejected", "PROMOTIONAL")
    assert [kind for kind, _ in desk.notices()] == ["rejected"]


def test_a_listing_takes_nothing_away_from_what_the_webhook_said(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    desk.submit(translation)
    desk.work()
    desk.hear(translation, "REJECTED", reason="PROMOTIONAL", explanation="It reads like an advert.")
    account.templates["order_shipped", "en"] |= {"status": "REJECTED", "rejected_reason": "PROMOTIONAL"}
    sync(desk)
    assert desk.now(translation).explanation == "It reads like an advert."
    assert len(desk.notices()) == 1


def test_an_approval_in_the_second_of_the_listing_is_not_late(desk: Desk, account: FakeAccount):
    account.put("welcome", status="PAUSED")
    sync(desk)
    row = of(desk, "welcome")
    account.templates["welcome", "en"]["status"] = "PENDING"
    sync(desk)
    desk.hear(row, "APPROVED", at=of(desk, "welcome").synced_at)
    assert of(desk, "welcome").status == "approved"


def test_what_the_provider_has_no_more_is_deleted_and_told(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    account.put("welcome")
    sync(desk)
    account.templates.clear()
    account.put("newcomer")
    assert sync(desk).counts["gone"] == 2
    assert desk.now(translation).status == "deleted"
    assert desk.templates() == ["newcomer"]
    assert [kind for kind, _ in desk.notices()].count("gone") == 2


def test_a_draft_survives_the_end_of_its_template(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    desk.write(translation, [{"type": "BODY", "text": "Something else altogether."}], variables={})
    account.templates.clear()
    sync(desk)
    row = desk.now(translation)
    assert (row.status, row.provider_id) == ("draft", "")
    desk.submit(translation)
    desk.work()
    assert desk.now(translation).status == "in_review"
    assert account.count("create") == 2


def test_a_name_that_comes_back_is_a_new_template(desk: Desk, account: FakeAccount):
    account.put("welcome")
    sync(desk)
    old = of(desk, "welcome")
    account.templates.clear()
    sync(desk)
    account.put("welcome")
    sync(desk)
    assert of(desk, "welcome").pk != old.pk


def test_a_template_being_deleted_is_not_brought_back_by_a_listing(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    listed = dict(account.templates)
    with desk.scope():
        deleting.delete(desk.now(translation), by=desk.ana)
    desk.work()
    account.templates = listed  # the provider's list lags behind
    sync(desk)
    assert desk.statuses() == {("order_shipped", "en"): "deleted"}


def test_a_submission_under_way_is_left_to_its_task(desk: Desk, account: FakeAccount):
    translation = desk.draft()
    account.plan = ["lose"]
    task = desk.submit(translation)
    desk.work()
    assert counted(sync(desk)) == {"seen": 1}
    assert desk.now(translation).status == "submitting"
    desk.time_passes()
    desk.work()
    assert (desk.now(task).state, desk.now(translation).status) == ("done", "in_review")


def test_a_listing_that_breaks_off_deletes_nothing_and_goes_on_later(desk: Desk, account: FakeAccount):
    for number in range(5):
        account.put(f"template_{number}")
    sync(desk)
    account.page_size = 2
    account.templates.pop(("template_4", "en"))
    with desk.scope():
        task = syncing.request(desk.channel)
    account.stop()
    desk.work()
    assert desk.now(task).state == "queued"
    assert "could not be reached" in desk.now(task).error
    assert len(desk.templates()) == 5
    account.start()
    desk.time_passes()
    desk.work()
    assert desk.now(task).state == "done"
    assert counted(desk.now(task)) == {"seen": 4, "gone": 1}


def test_asking_twice_is_one_listing(desk: Desk, account: FakeAccount):
    sibling = make_channel(desk.workspace, account_id=desk.channel.account_id, base_url=account.base_url)
    with desk.scope():
        first = syncing.request(desk.channel, by=desk.ana)
        assert syncing.request(sibling, by=desk.ana) == first
    desk.work()
    assert account.count("list") == 1


def test_a_disconnected_number_is_refused(desk: Desk):
    desk.channel.disconnected_at = timezone.now()
    with desk.scope(), pytest.raises(TemplateRefused, match="disconnected"):
        syncing.request(desk.channel)


def test_accounts_are_listed_when_connected_and_every_few_hours(desk: Desk, account: FakeAccount):
    make_channel(desk.workspace, account_id=desk.channel.account_id, base_url=account.base_url)
    make_channel(desk.workspace, status="connecting", base_url=account.base_url)
    assert syncing.queue_due() == 1
    assert syncing.queue_due() == 0
    desk.work()
    assert syncing.queue_due() == 0
    with desk.scope():
        TemplateTask.objects.update(created_at=timezone.now() - timedelta(hours=7))
    assert syncing.queue_due() == 1


def test_a_failed_listing_is_tried_again_sooner(desk: Desk, account: FakeAccount):
    syncing.queue_due()
    with desk.scope():
        TemplateTask.objects.update(state="failed", created_at=timezone.now() - timedelta(minutes=31))
    assert syncing.queue_due() == 1
