"""Webhooks about templates: in any order, twice, about templates known and unknown."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from providers.types import Event
from templates_mgmt import news, notices
from templates_mgmt.models import TemplateTask
from tests.factories import make_member
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import Desk
from workspaces import tenancy

HOUR = timedelta(hours=1)


def soon() -> datetime:
    """A time after everything the desk did, as later news has it."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)


def test_a_paused_template_cannot_be_sent_until_it_is_resumed(desk: Desk):
    translation, at = desk.approved(), soon()
    desk.hear(translation, "PAUSED", at=at, reason="FIRST_PAUSE", explanation="Too many people blocked you.")
    assert not desk.now(translation).is_sendable
    desk.hear(translation, "APPROVED", at=at + HOUR)
    assert desk.now(translation).is_sendable
    assert desk.now(translation).reason == ""
    assert [kind for kind, _ in desk.notices()] == ["approved", "paused", "approved"]
    assert desk.notices()[1][1] == (
        "“order_shipped” (en) was paused by the provider and cannot be sent for now: Too many people blocked you."
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_status_wins_in_any_order_and_twice(desk: Desk, order: tuple[int, ...]):
    translation, start = desk.approved(), soon()
    story = ["PAUSED", "APPROVED", "DISABLED"]
    for number in (*order, *order):
        desk.hear(translation, story[number], at=start + number * HOUR)
    row = desk.now(translation)
    assert (row.status, row.status_at) == ("disabled", start + 2 * HOUR)
    assert [kind for kind, _ in desk.notices()].count("disabled") == 1


@pytest.mark.parametrize("words", [("APPROVED", "PAUSED"), ("PAUSED", "APPROVED")])
def test_of_two_in_one_second_the_later_stage_wins_until_the_provider_is_asked(desk: Desk, words: tuple[str, str]):
    translation, at = desk.approved(), soon()
    for word in (*words, *words):
        desk.hear(translation, word, at=at)
    assert desk.now(translation).status == "paused"
    with tenancy.scope(desk.channel.workspace_id):
        assert TemplateTask.objects.filter(kind="sync", state="queued").count() == 1


def test_the_same_rejection_again_does_not_reject_the_corrected_text(desk: Desk):
    translation = desk.draft()
    desk.submit(translation)
    desk.work()
    at = datetime.now(UTC).replace(microsecond=0)
    desk.hear(translation, "REJECTED", at=at, reason="INVALID_FORMAT")
    desk.write(translation, [{"type": "BODY", "text": "Hi {{1}}, this reads much better."}])
    desk.submit(translation)
    desk.work()
    desk.hear(translation, "REJECTED", at=at - HOUR, reason="INVALID_FORMAT")
    assert desk.versions(translation) == [(1, "rejected"), (2, "submitted")]
    assert desk.now(translation).status == "in_review"


def test_a_flagged_template_can_still_be_sent(desk: Desk):
    translation = desk.approved()
    desk.hear(translation, "FLAGGED", at=soon())
    row = desk.now(translation)
    assert (row.is_sendable, row.provider_status) == (True, "FLAGGED")


def test_a_word_nobody_knows_is_kept_and_not_sendable(desk: Desk):
    translation = desk.approved()
    desk.hear(translation, "HIBERNATING", at=soon())
    row = desk.now(translation)
    assert (row.status, row.provider_status, row.is_sendable) == ("other", "HIBERNATING", False)
    assert desk.notices()[-1][0] == "changed"


def test_a_deletion_at_the_provider_is_told_once(desk: Desk):
    translation, at = desk.approved(), soon()
    for word, minutes in (("PENDING_DELETION", 0), ("DELETED", 5), ("PENDING_DELETION", 0), ("DELETED", 5)):
        desk.hear(translation, word, at=at + timedelta(minutes=minutes))
    assert desk.now(translation).status == "deleted"
    assert [kind for kind, _ in desk.notices()].count("gone") == 1
    assert desk.templates() == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_quality_wins_in_any_order_and_twice(desk: Desk, order: tuple[int, ...]):
    translation, start = desk.approved(), soon()
    story = ["GREEN", "RED", "YELLOW"]
    for number in (*order, *order):
        desk.tell(translation, "template_quality", at=start + number * HOUR, quality=story[number])
    assert desk.now(translation).quality == "yellow"


def test_a_quality_that_sinks_is_told_and_the_first_green_is_not(desk: Desk):
    translation, at = desk.approved(), soon()
    for number, quality in enumerate(["GREEN", "YELLOW", "UNKNOWN"]):
        desk.tell(translation, "template_quality", at=at + number * HOUR, quality=quality)
    assert [text for kind, text in desk.notices() if kind == "quality"] == [
        "“order_shipped” (en) now has the quality yellow, it was green."
    ]
    assert desk.now(translation).quality == ""


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_a_category_that_was_announced_and_came(desk: Desk, order: tuple[int, ...]):
    translation, at = desk.approved(), soon()
    due = (at + 24 * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    story = [
        (at, {"category": "UTILITY", "upcoming_category": "MARKETING", "effective_at": due}),
        (at + 24 * HOUR, {"category": "MARKETING", "previous": "UTILITY"}),
    ]
    for number in (*order, *order):
        when, said = story[number]
        desk.tell(translation, "template_category", at=when, **said)
    row = desk.now(translation)
    assert (row.category, row.upcoming_category, row.category_changes_at) == ("marketing", "", None)
    told = [text for kind, text in desk.notices() if kind == "category"]
    assert len(told) == (2 if order == (0, 1) else 1)
    assert told[-1].startswith("“order_shipped” (en) is now a marketing template, it was utility.")


def test_an_announced_category_is_shown_until_it_comes(desk: Desk):
    translation, at = desk.approved(), soon()
    desk.tell(
        translation, "template_category", at=at, category="UTILITY", upcoming_category="MARKETING",
        effective_at="2026-12-24T00:00:00Z",
    )  # fmt: skip
    row = desk.now(translation)
    assert (row.category, row.upcoming_category) == ("utility", "marketing")
    assert row.category_changes_at == datetime(2026, 12, 24, tzinfo=UTC)
    assert "becomes a marketing template on 24 December 2026" in desk.notices()[-1][1]


def syncs(desk: Desk) -> int:
    with desk.scope():
        return TemplateTask.objects.filter(kind="sync").count()


def test_news_about_an_unknown_template_fetches_the_list(desk: Desk, account: FakeAccount):
    remote = account.put("made_elsewhere")
    details = {"template_id": remote["id"], "name": "made_elsewhere", "language": "en"}
    for _ in range(2):
        with desk.scope():
            news.apply(desk.channel, Event("template_status", timestamp=soon(), status="APPROVED", details=details))
    assert syncs(desk) == 1
    desk.work()
    assert desk.statuses() == {("made_elsewhere", "en"): "approved"}


def test_a_new_text_is_fetched_whole(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    body = [{"type": "BODY", "text": "Hi {{1}}, written in the manager."}]
    account.templates["order_shipped", "en"] |= {"components": body, "status": "APPROVED"}
    desk.tell(translation, "template_components", at=soon(), body="Hi {{1}}, written in the manager.")
    desk.work()
    assert desk.now(translation).components == body


def test_news_of_another_account_touches_nothing(desk: Desk):
    translation = desk.approved()
    desk.channel.account_id = "1"
    desk.hear(translation, "DISABLED", at=soon())
    assert desk.now(translation).status == "approved"


def test_each_member_reads_the_notices_for_themselves(desk: Desk):
    zaid = make_member(desk.workspace, role="marketer", name="Zaid")
    translation = desk.approved()
    desk.hear(translation, "PAUSED", at=soon())
    with desk.scope():
        assert [notice.kind for notice in notices.unseen(desk.ana)] == ["paused", "approved"]
        notices.mark_seen(desk.ana)
        assert not notices.unseen(desk.ana).exists()
        assert notices.unseen(zaid).count() == 2
    desk.hear(translation, "APPROVED", at=soon() + HOUR)
    with desk.scope():
        assert [notice.kind for notice in notices.unseen(desk.ana)] == ["approved"]
        newcomer = make_member(desk.workspace, role="marketer", name="Noor")
        assert not notices.unseen(newcomer).exists()


def test_news_about_the_old_text_says_nothing_about_a_change_on_its_way(desk: Desk, account: FakeAccount):
    translation = desk.approved()
    desk.write(translation, [{"type": "BODY", "text": "Hi {{1}}, this is the next text."}])
    account.stop()
    desk.submit(translation)
    desk.work()
    desk.hear(translation, "PAUSED", at=soon())
    assert desk.now(translation).status == "paused"
    assert desk.versions(translation) == [(1, "approved"), (2, "submitted")]
    assert "next text" not in desk.now(translation).components[0]["text"]
    account.start()
    desk.time_passes()
    desk.work()
    assert account.count("edit") == 1
