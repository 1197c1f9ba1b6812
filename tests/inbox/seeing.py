"""A signed-in browser for view tests, without the cost of the sign-in form."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.factories import sign_in
from workspaces.models import Member

HTMX = {"HTTP_HX_REQUEST": "true"}


def signed_in(member: Member) -> Client:
    """A client with this member's session."""
    return sign_in(member.user)


def inbox(member: Member, rest: str = "") -> str:
    return f"/w/{member.workspace.slug}/inbox/{rest}"


def thread(member: Member, conversation: Any, rest: str = "", *, queue: str = "all") -> str:
    return inbox(member, f"{queue}/c/{conversation.uuid}/{rest}")
