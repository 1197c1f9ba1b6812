"""Who a broadcast is for, written down when it starts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from contacts.models import Contact, Identity
from inbox.models import Message
from workspaces.models import Member
from workspaces.models.tenant import TenantModel, uuid7

from .broadcasts import Broadcast


class Recipient(TenantModel):
    """One person of one broadcast. What became of the message stands in the message."""

    class State(models.TextChoices):
        LEFT_OUT = "left_out", "Left out"  # by the audience's own rules, with `reason`
        WAITING = "waiting", "Waiting"
        QUEUED = "queued", "Queued"  # has a message
        SKIPPED = "skipped", "Skipped"  # changed their mind, or could not be written to, when their turn came
        CANCELLED = "cancelled", "Cancelled"

    broadcast = models.ForeignKey(
        Broadcast, models.CASCADE, related_name="recipients", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    identity = models.ForeignKey(
        Identity, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    state = models.CharField(max_length=9, choices=State.choices)
    reason = models.CharField(max_length=20, blank=True, default="", help_text="A word of broadcasts.reasons")
    country = models.CharField(max_length=2, blank=True, default="")
    due_at = models.DateTimeField(null=True, help_text="Not before; empty: as soon as its turn comes")
    replied_at = models.DateTimeField(null=True)
    tapped_at = models.DateTimeField(null=True)
    tapped = models.CharField(max_length=60, blank=True, default="", help_text="The button's text")
    opted_out_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["broadcast", "contact"], name="recipient_once_per_person"),
            models.UniqueConstraint(
                fields=["broadcast", "identity"],
                condition=Q(identity__isnull=False),
                name="recipient_once_per_address",
            ),
            models.UniqueConstraint(
                fields=["message"], condition=Q(message__isnull=False), name="recipient_of_message"
            ),
        ]
        indexes = [
            models.Index(fields=["broadcast", "id"], name="recipient_table"),
            models.Index(fields=["broadcast", "due_at", "id"], condition=Q(state="waiting"), name="recipient_waiting"),
            models.Index(fields=["workspace", "contact"], name="recipient_of_contact"),
            models.Index(fields=["workspace", "identity"], name="recipient_of_identity"),
        ]


class AudienceList(TenantModel):
    """A file of numbers that somebody uploaded for an audience, matched to the people known then."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=120, help_text="The file's name")
    rows_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0, help_text="Valid numbers nobody here has")
    invalid_count = models.PositiveIntegerField(default=0)
    duplicate_count = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list, help_text="The first rows that could not be used: line, value, reason")
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class AudienceListEntry(TenantModel):
    """One person of an uploaded list."""

    audience_list = models.ForeignKey(
        AudienceList, models.CASCADE, related_name="entries", db_constraint=False, db_index=False
    )
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        verbose_name_plural = "audience list entries"
        constraints = [models.UniqueConstraint(fields=["audience_list", "contact"], name="audience_list_once")]
        indexes = [models.Index(fields=["contact"], name="audience_list_of_contact")]
