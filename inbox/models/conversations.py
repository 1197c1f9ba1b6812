from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse

from contacts.models import Contact, Identity
from workspaces.models import Channel, Member
from workspaces.models.tenant import TenantModel, uuid7


class Conversation(TenantModel):
    """Everything said with one identity over one channel. There is exactly one; it is resolved and reopened."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        HIDDEN = "hidden", "Hidden with its deleted contact"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    channel = models.ForeignKey(
        Channel, models.PROTECT, related_name="conversations", db_constraint=False, db_index=False
    )
    identity = models.ForeignKey(
        Identity, models.PROTECT, related_name="conversations", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, related_name="conversations", db_constraint=False, db_index=False
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    # Hiding is a status and not a column of its own, so that the counts of the queues stay in their indexes.
    status_before = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="Of a hidden one: what it comes back as"
    )
    assignee = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    unread_count = models.PositiveIntegerField(default=0)
    window_expires_at = models.DateTimeField(null=True, blank=True, help_text="Until when free text may be sent")
    # What the list shows, kept here so that a row costs no join to the messages.
    preview = models.CharField(max_length=160, blank=True, default="")
    preview_kind = models.CharField(max_length=16, blank=True, default="")
    preview_direction = models.CharField(max_length=3, blank=True, default="")
    last_message_at = models.DateTimeField()
    last_reply_at = models.DateTimeField(null=True, blank=True, help_text="When the team last wrote")
    last_reply_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    updated_at = models.DateTimeField(auto_now=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel", "identity"], name="conversation_once_per_identity"),
        ]
        indexes = [
            models.Index(fields=["workspace", "status", "-last_message_at", "-id"], name="conversation_list"),
            models.Index(
                fields=["workspace", "status", "assignee", "-last_message_at", "-id"], name="conversation_queue"
            ),
            models.Index(fields=["workspace", "contact"], name="conversation_of_contact"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    def window_is_open(self, now: datetime) -> bool:
        """Whether free text may be sent; `None` means the channel knows no window."""
        return self.window_expires_at is None or now < self.window_expires_at

    def get_absolute_url(self) -> str:
        return reverse("inbox:conversation", args=[self.workspace.slug, "all", self.uuid])


class ConversationEvent(TenantModel):
    """What happened to a conversation besides messages; shown to the team inside the thread, never to the customer."""

    class Kind(models.TextChoices):
        ASSIGNED = "assigned", "Assigned"
        UNASSIGNED = "unassigned", "Unassigned"
        RESOLVED = "resolved", "Resolved"
        REOPENED = "reopened", "Reopened"
        NUMBER_CHANGED = "number_changed", "Number changed"
        OPTED_OUT = "opted_out", "Opted out"
        OPTED_IN = "opted_in", "Opted in"
        MAYBE_OPT_OUT = "maybe_opt_out", "May want to opt out"

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    actor = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    details: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["conversation", "created_at"], name="conversation_event_thread")]
