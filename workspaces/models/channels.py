from __future__ import annotations

from django.db import models

from .tenant import TenantModel, uuid7


class Channel(TenantModel):
    """A connected number, page or bot: how a workspace talks to one provider."""

    sealed_columns = ("credentials",)

    class Kind(models.TextChoices):
        WHATSAPP_CLOUD = "whatsapp_cloud", "WhatsApp"

    class Status(models.TextChoices):
        OPEN = "open", "Connected"
        CONNECTING = "connecting", "Connecting"
        CLOSED = "close", "Disconnected"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=60)
    external_id = models.CharField(
        max_length=64, help_text="The provider's id of the sender (WhatsApp: phone number id)"
    )
    account_id = models.CharField(max_length=64, blank=True, default="", help_text="WhatsApp: WABA id")
    address = models.CharField(max_length=32, blank=True, default="", help_text="What customers see: +15550783001")
    base_url = models.URLField(max_length=200)
    credentials = models.BinaryField(help_text="Encrypted, see workspaces.secrets")
    hook_token = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.CONNECTING)
    messages_per_second = models.PositiveIntegerField(default=80)
    daily_limit = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="People the business may write to first within 24 hours; 0: without limit, empty: not known",
    )
    quality = models.CharField(max_length=12, blank=True, default="")
    problem = models.TextField(blank=True, default="", help_text="Why sending or receiving is impaired, in plain words")
    problem_at = models.DateTimeField(null=True, blank=True)
    sending_paused = models.BooleanField(default=False)
    paused_automatically = models.BooleanField(
        default=False, db_default=False, help_text="Paused because the credentials failed: ends once they work again"
    )
    sending_held_until = models.DateTimeField(null=True, blank=True, help_text="A throttle answer asked to wait")
    checked_at = models.DateTimeField(null=True, blank=True)
    last_inbound_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="channel_name_once_per_workspace"),
            # Across all workspaces: one provider sender has one owner, or webhooks could not be routed safely.
            models.UniqueConstraint(
                fields=["kind", "external_id"],
                condition=models.Q(disconnected_at=None),
                name="channel_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN and not self.sending_paused and self.disconnected_at is None
