"""People, and the addresses they write from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from workspaces.models.tenant import TenantModel, uuid7


class Contact(TenantModel):
    """A person who writes to the workspace, over one or several identities."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, help_text="When the person last wrote")

    def __str__(self) -> str:
        return self.name or "Unnamed contact"


class Identity(TenantModel):
    """How a provider names a person. Conversations hang on identities, so a reply always goes back where it came from.

    `address` is the provider's own spelling (WhatsApp: digits) and may be empty for people who hide their number;
    `user_id` is the provider's opaque id (WhatsApp: business-scoped user id) and may be empty too, but not both.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identities", db_constraint=False)
    channel_kind = models.CharField(max_length=20)
    address = models.CharField(max_length=64, blank=True, default="")
    user_id = models.CharField(max_length=160, blank=True, default="")
    phone = models.CharField(max_length=20, blank=True, default="", help_text="E.164 where there is a number")
    username = models.CharField(max_length=100, blank=True, default="")
    profile_name = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "channel_kind", "address"], condition=~Q(address=""), name="identity_address_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "channel_kind", "user_id"], condition=~Q(user_id=""), name="identity_user_id_once"
            ),
            models.CheckConstraint(condition=~Q(address="", user_id=""), name="identity_has_an_id"),
        ]

    def __str__(self) -> str:
        return self.display

    @property
    def display(self) -> str:
        """What people call this address: the number, else the user name, else the provider's id."""
        return self.phone or (f"@{self.username}" if self.username else self.user_id or self.address)
