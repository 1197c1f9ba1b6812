"""The audit log: one row per privileged act, written in the transaction of the act itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from .models import AuditEntry, Member


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    ip: str | None = None
    user_agent: str = ""


def origin_of(request: HttpRequest) -> Origin:
    """The visitor's address, believed as far as TRUSTED_PROXY_COUNT says, and browser."""
    return Origin(get_adapter(request).get_client_ip(request) or None, request.headers.get("User-Agent", "")[:200])


def record(
    by: Member | HttpRequest,
    action: str,
    target: str = "",
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `by` did `action` to `target`. `before` and `after` hold what changed, never a secret.

    A request stands for its member. A member that `workspace_view` found carries the origin of its request.
    """
    member = by if isinstance(by, Member) else by.member  # type: ignore[attr-defined]
    origin: Origin = getattr(member, "origin", None) or Origin()
    return AuditEntry.objects.create(
        workspace_id=member.workspace_id,
        actor=member,
        action=action,
        target=target[:120],
        before=before,
        after=after,
        ip=origin.ip,
        user_agent=origin.user_agent,
    )
