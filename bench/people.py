"""A workspace, a number and signed-in people, made through the product's own models."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from workspaces import channels, credits, tenancy
from workspaces.models import Channel, Member, User, Workspace

APP_SECRET = "app-secret-of-the-bench"
CREDITS = 1_000_000_000  # nobody runs out of them here
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tenant:
    workspace: Workspace
    channel: Channel


def tenant(*, base_url: str = "https://graph.facebook.com/v23.0", messages_per_second: int = 1_000_000) -> Tenant:
    """A workspace with one open number whose pace is not what is measured."""
    number = next(_numbers)
    workspace = Workspace.objects.create(name=f"Bench {number}", slug=f"bench-{number}")
    channel = Channel(
        workspace=workspace,
        kind=Channel.Kind.WHATSAPP_CLOUD,
        name="Bench",
        external_id=str(109_000_000_000_000 + number),
        account_id=str(208_000_000_000_000 + number),
        base_url=base_url,
        hook_token=f"bench-{number}",
        status=Channel.Status.OPEN,
        messages_per_second=messages_per_second,
    )
    channels.seal(channel, token="token-of-the-bench", app_secret=APP_SECRET, verify_token="verify")
    with tenancy.scope(workspace.pk):
        channel.save()
        credits.open_pockets(workspace, credits=CREDITS)
    return Tenant(workspace, channel)


def member(workspace: Workspace, *, role: str = "agent") -> Member:
    """A new person in the workspace. The password is unusable: nobody signs in by form here."""
    user = User.objects.create_user(f"person-{next(_numbers)}@bench.test", name="Bench Person")
    with tenancy.scope(workspace.pk):
        return Member.objects.create(workspace=workspace, user=user, role=role, name=user.name)


def cookie(user: User) -> str:
    """The Cookie header of a browser in which this person is signed in."""
    session: Any = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
