"""Tell the simulator which numbers, customers and reply windows the demo has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from workspaces import channels, tenancy
from workspaces.models import Channel, Workspace

from ..models import Conversation
from . import template_rows
from .stories import Team

SECONDS = 5.0


def described(channel: Channel, team: Team) -> dict[str, Any]:
    """A channel as the simulator wants it registered."""
    known = channels.credentials(channel)
    return {
        "phone_number_id": channel.external_id,
        "waba_id": channel.account_id,
        "display_phone_number": team.number,
        "verified_name": team.verified_name,
        "token": known.token,
        "app_secret": known.app_secret,
        "verify_token": known.verify_token,
        "hook_url": channels.hook_url(channel),
    }


def register(workspace: Workspace, team: Team) -> bool:
    """Bring the simulator up to date; False, and nothing else, when it does not run."""
    if not settings.SIMULATOR_URL:
        return False
    with tenancy.scope(workspace.pk):
        channel = Channel.objects.get(workspace=workspace, external_id=team.phone_number_id)
        conversations = list(
            Conversation.objects.filter(workspace=workspace, channel=channel).select_related("identity", "contact")
        )
    try:
        with httpx.Client(base_url=f"{settings.SIMULATOR_URL}/_sim", timeout=SECONDS, trust_env=False) as simulator:
            _send(simulator, "PUT", f"/channels/{channel.external_id}", described(channel, team))
            _teach_templates(simulator, channel, team)
            _send(simulator, "POST", "/customers", [_customer(conversation) for conversation in conversations])
            for conversation in conversations:
                _send(simulator, "PUT", "/window", _window(channel, conversation))
    except httpx.TransportError:
        return False
    return True


def _teach_templates(simulator: httpx.Client, channel: Channel, team: Team) -> None:
    """Give the account the demo's templates, unless it has any of them: what became of those since is left alone."""
    wanted = template_rows.at_provider(channel.account_id, template_rows.OF[team.slug])
    listed = simulator.get(f"/templates/{channel.account_id}").raise_for_status().json()
    known = {template["id"] for template in listed}
    if not known & {template["id"] for template in wanted}:
        _send(simulator, "PUT", f"/templates/{channel.account_id}", wanted)


def _send(simulator: httpx.Client, method: str, path: str, body: Any) -> None:
    simulator.request(method, path, json=body).raise_for_status()


def _customer(conversation: Conversation) -> dict[str, Any]:
    identity = conversation.identity
    return {
        "number": identity.address,
        "user_id": identity.user_id,
        "username": identity.username,
        "name": conversation.contact.name,
    }


def _window(channel: Channel, conversation: Conversation) -> dict[str, Any]:
    identity = conversation.identity
    wrote = (conversation.window_expires_at or timezone.now()) - timedelta(hours=24)
    return {
        "phone_number_id": channel.external_id,
        "from": identity.address or identity.user_id,
        "hours_ago": (timezone.now() - wrote).total_seconds() / 3600,
    }
