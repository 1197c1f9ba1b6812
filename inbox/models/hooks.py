"""What providers told us, as received: the durable inbox, what could not be applied, and early statuses."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from workspaces.models import Channel, Workspace
from workspaces.models.tenant import TenantModel


class InboundWebhook(TenantModel):
    """One acknowledged webhook body, byte for byte. `bytea`, because poisoned JSON breaks jsonb and text columns."""

    # The pair key to the channel already proves the workspace; a second key would lock its row on every insert.
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    processed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True, help_text="Given up: quarantined until a person replays it")
    error = models.TextField(default="", db_default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=models.Q(processed_at=None, dead_at=None),
                name="webhook_to_apply",
            ),
            models.Index(fields=["workspace", "-id"], condition=~models.Q(dead_at=None), name="webhook_dead"),
        ]


class DeadLetter(TenantModel):
    """One element of a webhook that could not be applied, with the reason; replayable from its webhook."""

    webhook = models.ForeignKey(InboundWebhook, models.CASCADE, related_name="dead_letters", db_constraint=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    pointer = models.CharField(max_length=200, help_text="Where in the body the element stands")
    reason = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "pointer"], name="dead_letter_once_per_element"),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], condition=models.Q(resolved_at=None), name="dead_letter_open"),
        ]


class ParkedStatus(TenantModel):
    """A delivery status that came before we knew its message id; matched when the id arrives, dropped after 72 h."""

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    provider_id = models.CharField(max_length=255)
    status = models.CharField(max_length=10)
    occurred_at = models.DateTimeField()
    error_code = models.CharField(max_length=40, blank=True, default="")
    error_text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "provider_id", "status"], name="parked_status_once"),
        ]
