"""Rows for tests, one plain function each: sensible defaults, everything else by keyword.

Each opens the scope it writes in, so a test needs no scope to prepare its data.
"""

from __future__ import annotations

import itertools
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils import timezone

from contacts.models import Contact, Identity
from inbox.models import Conversation, Message
from workspaces import channels, tenancy
from workspaces.credits import open_pockets
from workspaces.models import Channel, Member, User, Workspace

_numbers = itertools.count(1)


def next_number(count: int = 1) -> int:
    """The first of `count` numbers that nothing else here was made with."""
    numbers = [next(_numbers) for _ in range(count)]
    return numbers[0]


def make_user(email: str = "", *, name: str = "Ana", password: str | None = None, **fields: Any) -> User:
    email = email or f"{name.split()[0].lower()}-{next(_numbers)}@example.test"
    return User.objects.create_user(email, password, name=name, **fields)


def sign_in(user: User, **options: Any) -> Client:
    """A browser in which this person is signed in. `force_login` sends a request without an address; this does not."""
    client = Client(**options)
    session = client.session
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def make_workspace(name: str = "Harbour Café", *, credits: int = 1_000_000, **fields: Any) -> Workspace:
    """A workspace with more credits than any test spends, unless `credits` says how many."""
    workspace = Workspace.objects.create(name=name, **{"slug": f"workspace-{next(_numbers)}", **fields})
    with tenancy.scope(workspace.pk):
        open_pockets(workspace, credits=credits)
    return workspace


def make_member(
    workspace: Workspace | None = None, *, role: str = "owner", user: User | None = None, name: str = "Ana"
) -> Member:
    workspace = workspace or make_workspace()
    user = user or make_user(name=name)
    with tenancy.scope(workspace.pk):
        return Member.objects.create(workspace=workspace, user=user, role=role, name=user.name or name)


def make_channel(
    workspace: Workspace | None = None,
    *,
    token: str = "token-of-the-channel",
    app_secret: str = "app-secret-of-the-channel",
    verify_token: str = "verify-token-of-the-channel",
    **fields: Any,
) -> Channel:
    workspace = workspace or make_workspace()
    number = next(_numbers)
    defaults = {
        "kind": Channel.Kind.WHATSAPP_CLOUD,
        "name": f"Support {number}",
        "external_id": str(109_000_000_000_000 + number),
        "account_id": str(208_000_000_000_000 + number),
        "address": f"+1555{number:07d}",
        "base_url": settings.PROVIDER_BASE_URLS[0],
        "hook_token": secrets.token_urlsafe(32),
        "status": Channel.Status.OPEN,
    }
    channel = Channel(workspace=workspace, **{**defaults, **fields})
    channels.seal(channel, token=token, app_secret=app_secret, verify_token=verify_token)
    with tenancy.scope(workspace.pk):
        channel.save()
    return channel


def make_contact(workspace: Workspace | None = None, *, name: str = "Nora", **fields: Any) -> Contact:
    workspace = workspace or make_workspace()
    with tenancy.scope(workspace.pk):
        return Contact.objects.create(workspace=workspace, name=name, **fields)


def make_identity(
    contact: Contact | None = None, *, workspace: Workspace | None = None, address: str | None = None, **fields: Any
) -> Identity:
    contact = contact or make_contact(workspace)
    if address is None:
        address = f"4477009{next(_numbers):05d}"
    defaults = {"channel_kind": Channel.Kind.WHATSAPP_CLOUD, "phone": f"+{address}" if address.isdigit() else ""}
    with tenancy.scope(contact.workspace_id):
        return Identity.objects.create(
            workspace_id=contact.workspace_id, contact=contact, address=address, **{**defaults, **fields}
        )


def make_conversation(
    workspace: Workspace | None = None,
    *,
    channel: Channel | None = None,
    identity: Identity | None = None,
    **fields: Any,
) -> Conversation:
    """An open conversation whose window closes in 20 hours."""
    workspace = workspace or (channel.workspace if channel else None) or make_workspace()
    channel = channel or make_channel(workspace)
    identity = identity or make_identity(workspace=workspace)
    now = timezone.now()
    defaults = {"last_message_at": now, "window_expires_at": now + timedelta(hours=20)}
    with tenancy.scope(workspace.pk):
        return Conversation.objects.create(
            workspace=workspace,
            channel=channel,
            identity=identity,
            contact=identity.contact,
            **{**defaults, **fields},
        )


def make_message(
    conversation: Conversation | None = None,
    *,
    text: str = "Hello",
    direction: str = "in",
    occurred_at: datetime | None = None,
    **fields: Any,
) -> Message:
    """A received text, or with `direction="out"` one that an agent sent and the provider accepted."""
    conversation = conversation or make_conversation()
    outgoing = direction == Message.Direction.OUT
    defaults = {
        "kind": "text",
        "content": {"text": text},
        "status": Message.Status.SENT if outgoing else Message.Status.RECEIVED,
        "source": Message.Source.AGENT if outgoing else Message.Source.CONTACT,
        "send_state": Message.SendState.DONE if outgoing else Message.SendState.NONE,
        "provider_id": f"wamid.{secrets.token_hex(12)}",
    }
    with tenancy.scope(conversation.workspace_id):
        return Message.objects.create(
            workspace_id=conversation.workspace_id,
            conversation=conversation,
            channel_id=conversation.channel_id,
            direction=direction,
            text=text,
            occurred_at=occurred_at or timezone.now(),
            **{**defaults, **fields},
        )
