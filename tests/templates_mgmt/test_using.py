"""Only what can be sent is offered, and what cannot says why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from templates_mgmt import using
from templates_mgmt.models import TemplateTranslation
from tests.factories import make_channel
from tests.templates_mgmt.desk import Desk
from tests.templates_mgmt.test_news import soon

Status = TemplateTranslation.Status


@pytest.mark.parametrize("status", [status for status in Status if status not in TemplateTranslation.SENDABLE])
def test_every_other_status_is_refused_with_its_own_reason(desk: Desk, status: str):
    translation = desk.approved()
    with desk.scope():
        TemplateTranslation.objects.update(status=status)
        assert not using.sendable(desk.workspace, desk.channel).exists()
        assert using.why_not(desk.now(translation), desk.channel)


def test_an_approved_one_is_offered_on_numbers_of_its_account(desk: Desk):
    translation = desk.approved()
    sibling = make_channel(desk.workspace, account_id=desk.channel.account_id)
    stranger = make_channel(desk.workspace)
    with desk.scope():
        assert list(using.sendable(desk.workspace, sibling)) == [translation]
        assert using.why_not(translation, sibling) == ""
        assert not using.sendable(desk.workspace, stranger).exists()
        assert "another account" in using.why_not(translation, stranger)
        assert using.find(desk.workspace, desk.channel, name="order_shipped", language="en") == translation
        assert using.find(desk.workspace, stranger, name="order_shipped", language="en") is None
        assert using.find(desk.workspace, desk.channel, name="order_shipped", language="fr") is None


def test_the_one_used_last_comes_first(desk: Desk):
    first, second = desk.approved("a_template"), desk.approved("b_template")
    now = timezone.now()
    with desk.scope():
        assert list(using.sendable(desk.workspace, desk.channel)) == [first, second]
        using.note_used(second, at=now)
        using.note_used(second, at=now + timedelta(seconds=30))
        assert list(using.sendable(desk.workspace, desk.channel)) == [second, first]
    assert desk.now(second).last_used_at == now


def test_one_paused_while_the_picker_is_open_says_so(desk: Desk):
    translation = desk.approved()
    desk.hear(translation, "PAUSED", at=soon())
    with desk.scope():
        assert "paused" in using.why_not(desk.now(translation), desk.channel)
