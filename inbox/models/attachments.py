from __future__ import annotations

from django.db import models

from workspaces.models.tenant import TenantModel, uuid7

from .messages import Message


class Attachment(TenantModel):
    """The file of a message: fetched from the provider for an inbound one, uploaded to it for an outbound one."""

    class State(models.TextChoices):
        PENDING = "pending", "Being fetched"
        READY = "ready", "Ready"
        FAILED = "failed", "Could not be fetched"
        TOO_LARGE = "too_large", "Too large"
        BLOCKED = "blocked", "File type not allowed"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    message = models.OneToOneField(Message, models.CASCADE, related_name="attachment", db_constraint=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    kind = models.CharField(max_length=16)
    mime_type = models.CharField(max_length=100, blank=True, default="")
    filename = models.CharField(max_length=255, blank=True, default="")
    size = models.BigIntegerField(null=True, help_text="Bytes")
    width = models.PositiveIntegerField(null=True, help_text="Pixels")
    height = models.PositiveIntegerField(null=True, help_text="Pixels")
    provider_media_id = models.CharField(max_length=255, blank=True, default="")
    file = models.CharField(max_length=200, blank=True, default="", help_text="Name in the media storage")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=models.Q(state="pending"), name="attachment_to_fetch"),
        ]
