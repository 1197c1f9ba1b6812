"""The demo: complete, safe to repeat, and never where it does not belong."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from inbox.demo import facts
from inbox.models import Attachment, Conversation, Message
from tests.factories import sign_in
from workspaces import channels, tenancy
from workspaces.models import Channel, User, Workspace

KINDS = {
    "text", "image", "voice", "sticker", "document", "location", "contacts", "interactive", "button_reply", "template",
}  # fmt: skip


def demo(*options: str) -> str:
    output = StringIO()
    call_command("demo", *options, stdout=output)
    return output.getvalue()


@pytest.fixture
def closed_simulator(settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:9"


@pytest.fixture
def made(db, closed_simulator):
    return json.loads(demo("--json"))


def test_the_demo_is_refused_outside_demo_settings(db, settings, closed_simulator):
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="known to everybody"):
        demo("--ensure")
    assert not User.objects.exists()


def test_two_teams_with_every_role_and_no_member_in_common(made):
    assert [workspace["slug"] for workspace in made["workspaces"]] == ["nile-shop", "harbour-clinic"]
    people = {
        slug: {u["email"] for u in made["users"] if u["workspace"] == slug} for slug in ("nile-shop", "harbour-clinic")
    }
    assert not people["nile-shop"] & people["harbour-clinic"]
    for slug in people:
        roles = [user["role"] for user in made["users"] if user["workspace"] == slug]
        assert set(roles) == {"owner", "admin", "marketer", "agent"}


def test_the_printed_logins_work(made, client):
    user = made["users"][0]
    answer = client.post("/accounts/login/", {"login": user["email"], "password": user["password"]})
    assert answer.status_code == 302
    assert client.get(f"/w/{user['workspace']}/settings/members/").status_code == 200


def test_the_printed_channels_hold_what_the_simulator_and_scripts_need(made):
    for described in made["channels"]:
        workspace = Workspace.objects.get(slug=described["workspace"])
        with tenancy.scope(workspace.pk):
            channel = Channel.objects.get(pk=described["id"])
        known = channels.credentials(channel)
        assert (described["token"], described["app_secret"]) == (known.token, known.app_secret)
        assert described["verify_token"] == known.verify_token
        assert described["hook_url"] == channels.hook_url(channel)
        assert described["phone_number_id"] == described["external_id"] == channel.external_id
        assert described["waba_id"] == channel.account_id
        assert channel.is_open


def test_every_kind_and_state_of_conversation_is_there(made):
    workspace = Workspace.objects.get(slug="nile-shop")
    with tenancy.scope(workspace.pk):
        assert set(Message.objects.values_list("kind", flat=True)) == KINDS
        assert {"received", "read", "delivered", "sent", "failed"} == set(
            Message.objects.values_list("status", flat=True)
        )
        found = list(Conversation.objects.exclude(window_expires_at=None))  # those somebody wrote in
        files = list(Attachment.objects.values_list("file", flat=True))
    now = timezone.now()
    left = sorted((c.window_expires_at - now).total_seconds() / 3600 for c in found)
    assert len(found) >= 25
    assert left[0] < 0
    assert any(0 < hours < 2 for hours in left)
    assert left[-1] > 20
    assert any(c.assignee_id is None for c in found)
    assert {c.status for c in found} == {"open", "resolved"}
    assert all(default_storage.size(name) > 1000 for name in files)


def test_templates_of_every_sort_and_status_are_there(made):
    for slug in ("nile-shop", "harbour-clinic"):
        found = [row for row in made["templates"] if row["workspace"] == slug]
        assert len(found) >= 12
        statuses = {row["status"] for row in found}
        assert statuses == {"approved", "in_review", "rejected", "paused", "disabled", "archived", "draft"}
        assert {row["language"] for row in found} >= {"ar", "en", "fr"}
        assert {row["kind"] for row in found} == {"provider", "quick"}
        assert {row["category"] for row in found} == {"marketing", "utility", "authentication", ""}
        workspace = Workspace.objects.get(slug=slug)
        with tenancy.scope(workspace.pk):
            tapped = Message.objects.filter(kind="button_reply").exclude(reply_to="").values_list("reply_to", flat=True)
            assert Message.objects.filter(kind="template", provider_id__in=list(tapped)).exists()


def test_a_second_run_changes_nothing(made):
    assert json.loads(demo("--json")) == made


def test_scripts_find_an_open_window_on_later_days_too(made):
    workspace = Workspace.objects.get(slug="nile-shop")
    number = next(story.number for story in facts.shop.STORIES if story.always_open)
    with tenancy.scope(workspace.pk):
        Conversation.objects.update(window_expires_at=timezone.now())
        demo("--ensure")
        windows = dict(Conversation.objects.values_list("identity__address", "window_expires_at"))
    assert windows[number] > timezone.now()
    assert windows["447700900152"] <= timezone.now()


def test_variables_for_a_shell_are_quoted(made):
    lines = demo("--env").splitlines()
    assert "INSTANCE_NAME='Nile Shop WhatsApp'" in lines
    assert all(line.endswith("'") and "='" in line for line in lines)


def test_the_inbox_of_the_demo_opens(made):
    agent = next(user for user in made["users"] if user["role"] == "agent")
    client = sign_in(User.objects.get(email=agent["email"]))
    assert "محمود" in client.get("/w/nile-shop/inbox/all/").content.decode()
    for conversation in made["conversations"]:
        if conversation["workspace"] == "nile-shop":
            assert client.get(f"/w/nile-shop/inbox/all/c/{conversation['uuid']}/").status_code == 200
