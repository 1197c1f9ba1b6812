"""People, and the addresses they write from."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from workspaces.models.tenant import TenantModel, uuid7


class Contact(TenantModel):
    """A person the workspace knows, reachable over one or several identities.

    Tags are an integer array with a GIN index and custom fields one JSON object: over a million contacts both answer
    segment questions about ten times as fast as tables to join. Every column has a database default, so that a
    version of the code that does not know it yet can still add people.
    """

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="", db_default="")
    language = models.CharField(max_length=12, blank=True, default="", db_default="", help_text="BCP 47: ar, pt-BR")
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="", help_text="IANA name")
    country = models.CharField(max_length=2, blank=True, default="", db_default="", help_text="ISO 3166, of the number")
    fields = models.JSONField(default=dict, db_default={}, help_text="Values of custom fields by the field's key")
    tag_ids = ArrayField(models.IntegerField(), default=list, db_default=[], help_text="Primary keys of Tag")
    blocked_at = models.DateTimeField(null=True, blank=True, help_text="Nothing is sent to a blocked person")
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, help_text="When the person last wrote")
    last_outbound_at = models.DateTimeField(null=True, blank=True, help_text="When anybody last wrote to the person")
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Hidden now, erased when the undo time is over")
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Nothing but the row is left of this person")
    import_run = models.ForeignKey(
        "contacts.ImportRun", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        indexes = [
            # The list, in each order it offers, newest or first name first.
            models.Index(
                "workspace",
                F("last_seen_at").desc(nulls_last=True),
                F("id").desc(),
                condition=Q(deleted_at=None),
                name="contact_by_last_seen",
            ),
            models.Index("workspace", "name", "id", condition=Q(deleted_at=None), name="contact_by_name"),
            models.Index("workspace", "created_at", "id", condition=Q(deleted_at=None), name="contact_by_created"),
            models.Index(fields=["workspace", "id"], condition=Q(blocked_at__isnull=False), name="contact_blocked"),
            models.Index("import_run", "id", condition=Q(import_run__isnull=False), name="contact_of_import"),
            models.Index(
                fields=["deleted_at"], condition=Q(deleted_at__isnull=False, erased_at=None), name="contact_to_purge"
            ),
            GinIndex(fields=["tag_ids"], name="contact_tags"),
            GinIndex(fields=["fields"], opclasses=["jsonb_path_ops"], name="contact_fields"),
        ]

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


class IdentityAlias(TenantModel):
    """Another spelling of a number that the provider itself said is the same person.

    Brazil's ninth digit, Mexico's 1, Argentina's 9: never guessed, only learned from the provider's own id.
    """

    identity = models.ForeignKey(Identity, models.CASCADE, related_name="aliases", db_constraint=False)
    channel_kind = models.CharField(max_length=20)
    address = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identity aliases"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "channel_kind", "address"], name="alias_address_once"),
        ]
