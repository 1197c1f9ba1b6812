"""The audit log: one row per privileged act, written in the transaction of the act itself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from .models import AuditEntry, Member, Origin

# Everything the log can hold, in words for its page.
ACTIONS = {
    "workspace.created": "Workspace created",
    "workspace.changed": "Settings changed",
    "member.role_changed": "Role changed",
    "member.removed": "Member removed",
    "invitation.sent": "Invitation sent",
    "invitation.sent_again": "Invitation sent again",
    "invitation.revoked": "Invitation revoked",
    "invitation.accepted": "Invitation accepted",
    "channel.connected": "Channel connected",
    "channel.checked": "Connection checked",
    "channel.renamed": "Channel renamed",
    "channel.secret_replaced": "Secret replaced",
    "channel.sending_paused": "Sending paused",
    "channel.sending_resumed": "Sending resumed",
    "channel.disconnected": "Channel disconnected",
    "account.password_changed": "Password changed",
    "account.email_changed": "E-mail address changed",
    "account.second_factor_added": "Second factor set up",
    "account.second_factor_removed": "Second factor removed",
    "account.recovery_codes_made": "Recovery codes made",
    "webhook.replayed": "Webhook replayed",
    "contact.added": "Contact added",
    "contact.changed": "Contact changed",
    "contact.blocked": "Contact blocked",
    "contact.unblocked": "Contact unblocked",
    "contact.deleted": "Contacts deleted",
    "contact.restored": "Contacts restored",
    "contact.merged": "Contacts merged",
    "contact.merge_undone": "Merge undone",
    "contact.erased": "Contact erased",
    "contact.exported": "Data of one contact exported",
    "contact.export_fetched": "Data of one contact downloaded",
    "consent.changed": "Consent changed",
    "consent.words_changed": "Opt-out or opt-in words changed",
    "import.uploaded": "Contacts file uploaded",
    "import.started": "Import of contacts started",
    "import.cancelled": "Import of contacts cancelled",
    "import.finished": "Contacts imported",
    "import.undone": "Import of contacts undone",
    "export.requested": "Contacts exported",
    "export.fetched": "Exported contacts downloaded",
    "tag.created": "Tag created",
    "tag.changed": "Tag changed",
    "tag.deleted": "Tag deleted",
    "tag.merged": "Tag merged",
    "field.created": "Custom field created",
    "field.changed": "Custom field changed",
    "field.archived": "Custom field archived",
    "field.restored": "Custom field restored",
    "segment.created": "Segment created",
    "segment.changed": "Segment changed",
    "segment.deleted": "Segment deleted",
    "template.created": "Template created",
    "template.changed": "Template changed",
    "template.submitted": "Template submitted for review",
    "template.discarded": "Draft of a template discarded",
    "template.deleted": "Template deleted",
    "template.synced": "Templates fetched from the provider",
    "broadcast.created": "Broadcast drafted",
    "broadcast.deleted": "Draft of a broadcast deleted",
    "broadcast.launched": "Broadcast launched",
    "broadcast.withdrawn": "Broadcast taken back before it started",
    "broadcast.paused": "Broadcast paused",
    "broadcast.resumed": "Broadcast resumed",
    "broadcast.cancelled": "Broadcast cancelled",
    "broadcast.exported": "Recipients of a broadcast exported",
    "credits.topped_up": "Credits topped up",
    "credits.transferred": "Credits moved between pockets",
    "credits.adjusted": "Credits adjusted",
    "credits.limits_changed": "Credit limits changed",
    "credits.exported": "Credit ledger exported",
}


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
    Raises KeyError for an action that ACTIONS does not know.
    """
    ACTIONS[action]
    member = by if isinstance(by, Member) else by.member  # type: ignore[attr-defined]
    origin = member.origin or Origin()
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
