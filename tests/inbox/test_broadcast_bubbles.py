"""A broadcast's message in the thread: where it came from, and why it did not go out."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_conversation, make_member, make_message, sign_in

pytestmark = pytest.mark.django_db


def page(member, conversation):
    return sign_in(member.user).get(f"/w/{member.workspace.slug}/inbox/all/c/{conversation.uuid}/").content.decode()


@pytest.fixture
def ana():
    return make_member(role="owner", name="Ana")


@pytest.fixture
def conversation(ana):
    return make_conversation(ana.workspace)


def test_the_label_of_a_broadcast_leads_to_its_report_for_those_who_may_see_it(ana, conversation):
    message = make_message(conversation, direction="out", source="broadcast", text="The new season")
    address = reverse("broadcasts:of_message", args=[ana.workspace.slug, message.uuid])
    assert f'<a href="{address}">Broadcast</a>' in page(ana, conversation)
    seen = page(make_member(ana.workspace, role="agent", name="Ben"), conversation)
    assert "Broadcast</span>" in seen
    assert address not in seen


def test_what_was_left_out_or_cancelled_says_so_and_offers_no_second_try(ana, conversation):
    why = "This person opted out of marketing before it went out."
    unsent = {"direction": "out", "source": "broadcast", "provider_id": None}
    make_message(conversation, status="skipped", error_code="opted_out", error_text=why, **unsent)
    make_message(conversation, status="cancelled", **unsent)
    seen = page(ana, conversation)
    assert f"Not sent: {why}" in seen
    assert "Cancelled: It had not gone out yet." in seen
    assert "/retry/" not in seen
