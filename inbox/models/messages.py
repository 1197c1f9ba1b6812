from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from templates_mgmt.models import TemplateTranslation
from workspaces.models import Channel, Member, Workspace
from workspaces.models.tenant import TenantModel, uuid7

from .conversations import Conversation


class Message(TenantModel):
    """One thing said. The table is also the outbox: `send_state` says how far an outgoing message has come.

    Two columns, because they move differently. `status` is what people see and only moves forward by rank (see
    inbox.statuses). `send_state` belongs to the dispatcher and leaves the indexes once it is `done`, so the three
    status webhooks of each message update the row in place (HOT): no index may mention `status`.
    """

    class Direction(models.TextChoices):
        IN = "in", "In"
        OUT = "out", "Out"

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        PENDING = "pending", "Waiting to be sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"
        DELIVERED = "delivered", "Delivered"
        READ = "read", "Read"
        PLAYED = "played", "Played"
        SKIPPED = "skipped", "Left out"  # when its turn came it must not be sent any more: an opt-out, say
        CANCELLED = "cancelled", "Cancelled"

    class SendState(models.TextChoices):
        NONE = "none", "Not ours to send"
        QUEUED = "queued", "Queued"
        CLAIMED = "claimed", "Claimed, nothing sent yet"
        STARTED = "started", "Bytes may be out"
        UNKNOWN = "unknown", "No clear answer"
        DONE = "done", "Settled"

    class Source(models.TextChoices):
        CONTACT = "contact", "Contact"
        AGENT = "agent", "Agent"
        API = "api", "API"
        BROADCAST = "broadcast", "Broadcast"
        AUTOMATION = "automation", "Automation"
        ELSEWHERE = "elsewhere", "Sent from another app"

    class Lane(models.IntegerChoices):
        """Who goes first when a number's throughput is scarce."""

        AGENT = 0, "Agent"
        API = 1, "API"
        BROADCAST = 2, "Broadcast"

    # The pair key to the conversation already proves the workspace; a second key would lock its row on every insert.
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages", db_constraint=False, db_index=False
    )
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    kind = models.CharField(max_length=16)
    content = models.JSONField(default=dict, help_text="One documented shape per kind, see docs/providers.md")
    text = models.TextField(blank=True, default="", help_text="What people read and search")
    status = models.CharField(max_length=10, choices=Status.choices)
    source = models.CharField(max_length=10, choices=Source.choices)
    translation = models.ForeignKey(
        TemplateTranslation,
        models.SET_NULL,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The template it was made from, and in which language",
    )
    sender = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    cid = models.UUIDField(null=True, help_text="Made by the composer: a double submit finds the first message")
    # NULL, not '': many messages have no id yet, and the unique constraint must let them.
    provider_id = models.CharField(max_length=255, null=True, help_text="WhatsApp: wamid")  # noqa: DJ001
    purpose = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="marketing: checked against the person's consent once more when it starts",
    )
    reply_to = models.CharField(max_length=255, blank=True, default="", help_text="Provider id of the quoted message")
    reactions = models.JSONField(default=dict, help_text="Who reacted with what: {'contact': '👍', 'team': '❤️'}")
    error_code = models.CharField(max_length=40, blank=True, default="")
    error_text = models.TextField(blank=True, default="")

    send_state = models.CharField(max_length=8, choices=SendState.choices, default=SendState.NONE)
    lane = models.PositiveSmallIntegerField(choices=Lane.choices, default=Lane.AGENT)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    spent_attempts = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text="Attempts before a person had it tried again; they say nothing about the next",
    )
    resends = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True, help_text="When the provider's own answer gave us its id")
    echoed_at = models.DateTimeField(null=True, help_text="When a status first named our correlation token or id")

    occurred_at = models.DateTimeField(help_text="The provider's time inbound, ours outbound: the thread's order")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    played_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "provider_id"], name="message_provider_id_once"),
            models.UniqueConstraint(
                fields=["conversation", "cid"], condition=Q(cid__isnull=False), name="message_cid_once"
            ),
        ]
        indexes = [
            models.Index(fields=["conversation", "-occurred_at", "-id"], name="message_thread"),
            models.Index(
                fields=["channel", "lane", "due_at", "id"], condition=Q(send_state="queued"), name="message_outbox"
            ),
            models.Index(
                fields=["conversation", "id"],
                condition=Q(send_state__in=["queued", "claimed", "started"]),
                name="message_unsent_of_thread",
            ),
            # Where a template was used, when last, and what became of its messages.
            models.Index(
                fields=["translation", "-id"], condition=Q(translation__isnull=False), name="message_of_translation"
            ),
            models.Index(
                fields=["channel", "started_at"],
                condition=Q(send_state__in=["claimed", "started", "unknown"]),
                name="message_in_flight",
            ),
            # Who got marketing lately. Marketing only, and untouched by the statuses of a message.
            models.Index(
                "workspace",
                Coalesce("started_at", "created_at"),
                condition=Q(purpose="marketing"),
                name="message_marketing",
            ),
            # The control group of inbox.settling: what else this number started around the same time.
            models.Index(
                fields=["channel", "started_at", "id"], condition=Q(started_at__isnull=False), name="message_started"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
