"""The provider's limit of people a business may write to first within a day: learned, counted, kept by broadcasts."""

from __future__ import annotations

import httpx
import pytest

from inbox import daily_limit, dispatching
from inbox.models import Message
from tests.factories import make_channel, make_conversation, make_identity, make_member
from tests.inbox.rows import again, ago, change, everything, queue
from tests.inbox.webhooks import deliver
from workspaces import channels, tenancy

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def channel(graph):
    return make_channel(base_url=graph.base_url, messages_per_second=1000, daily_limit=4)


def closed(channel):
    return make_conversation(
        channel=channel, identity=make_identity(workspace=channel.workspace), window_expires_at=None
    )


def template(conversation, *, source="broadcast", **fields):
    change(conversation, window_expires_at=ago(-60))  # queued as a text, which needs no approved template
    message = queue(conversation, source, source=source)
    change(conversation, window_expires_at=None)
    body = {"name": "news", "language": "en", "components": []}
    change(message, kind="template", content=body, **fields)
    return message


def left(channel):
    with tenancy.scope(channel.workspace_id):
        return daily_limit.left(again(channel))


def states(channel):
    return sorted(message.send_state for message in everything(Message, channel.workspace_id))


def test_a_number_without_a_known_limit_has_none(channel):
    for limit in (None, 0):
        change(channel, daily_limit=limit)
        assert left(channel) is None
        assert daily_limit.for_broadcasts(again(channel)) is None


def test_people_count_once_whether_sent_or_planned(channel):
    anna, omar = closed(channel), closed(channel)
    template(anna, send_state="done", status="delivered", started_at=ago(60))
    template(anna)
    template(omar)
    assert left(channel) == 2
    assert daily_limit.for_broadcasts(channel) == 3


def test_what_failed_was_left_out_is_older_than_a_day_or_an_answer_does_not_count(channel):
    for status in ("failed", "skipped", "cancelled"):
        template(closed(channel), send_state="done", status=status, started_at=ago(60))
    template(closed(channel), send_state="done", status="read", started_at=ago(86_500))
    answered = closed(channel)
    template(answered, send_state="done", status="read", started_at=ago(60))
    change(answered, window_expires_at=ago(-3600))
    assert left(channel) == 4


def test_one_who_answered_afterwards_still_counts(channel):
    person = closed(channel)
    template(person, send_state="done", status="read", started_at=ago(3600))
    change(person, window_expires_at=ago(-86_400 + 60))
    assert left(channel) == 3


def test_the_numbers_of_one_account_share_their_limit(channel, graph):
    sibling = make_channel(channel.workspace, account_id=channel.account_id, base_url=graph.base_url, daily_limit=4)
    stranger = make_channel(channel.workspace, base_url=graph.base_url, daily_limit=4)
    template(closed(sibling), send_state="done", status="sent", started_at=ago(60))
    assert (left(channel), left(sibling), left(stranger)) == (3, 3, 4)


def test_broadcasts_stop_at_the_limit_and_everybody_else_goes_on(graph, channel):
    for _ in range(6):
        template(closed(channel))
    dispatching.drain(channel.pk, lane=Message.Lane.BROADCAST)
    assert states(channel) == ["done"] * 4 + ["queued"] * 2
    template(closed(channel), source="api")
    template(closed(channel), source="agent")
    dispatching.drain(channel.pk, lane=Message.Lane.BROADCAST)
    assert states(channel) == ["done"] * 6 + ["queued"] * 2


def test_a_little_of_the_limit_stays_for_the_team(channel):
    change(channel, daily_limit=250)
    assert daily_limit.for_broadcasts(again(channel)) == 245


def test_a_webhook_changes_the_limit_of_the_account(channel):
    sibling = make_channel(channel.workspace, account_id=channel.account_id)
    tell(channel, event="ONBOARDING", max_daily_conversations_per_business="TIER_10K")
    assert (again(channel).daily_limit, again(sibling).daily_limit) == (10_000, 10_000)
    tell(channel, event="UPGRADE", max_daily_conversations_per_business="TIER_UNLIMITED", current_limit="TIER_10K")
    assert again(channel).daily_limit == 0
    tell(channel, event="UPGRADE", max_daily_conversations_per_business="TIER_NOBODY_KNOWS")
    assert again(channel).daily_limit == 0


def test_more_throughput_is_that_of_the_number_it_names(channel):
    change(channel, messages_per_second=80)
    sibling = make_channel(channel.workspace, account_id=channel.account_id)
    tell(channel, event="THROUGHPUT_UPGRADE", display_phone_number=channel.address.lstrip("+"))
    assert (again(channel).messages_per_second, again(sibling).messages_per_second) == (1000, 80)


def test_news_about_what_an_account_can_do_is_no_problem_of_the_number(channel):
    tell(channel, field="business_capability_update", max_daily_conversation_per_phone=2000)
    assert (again(channel).daily_limit, again(channel).problem) == (2000, "")


def tell(channel, *, field="phone_number_quality_update", **value):
    deliver(channel, field=field, **value)


def test_a_check_of_the_connection_learns_both_limits(channel):
    ana = make_member(channel.workspace, role="owner", name="Ana")
    answers = {
        channel.external_id: {
            "id": channel.external_id,
            "display_phone_number": "+1 555-078-3881",
            "throughput": {"level": "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
        },
        "phone_numbers": {"data": [{"id": channel.external_id}]},
        "subscribed_apps": {"data": [{}]},
    }

    def answer(request):
        return httpx.Response(200, json=answers[request.url.path.rsplit("/", 1)[-1]])

    channels.check(channel, by=ana, client=httpx.Client(transport=httpx.MockTransport(answer)))
    assert (again(channel).daily_limit, again(channel).messages_per_second) == (2000, 80)
