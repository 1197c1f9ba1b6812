"""The log of people who were erased: that it happened and how much went, never who it was."""

from __future__ import annotations

from django.db import models

from workspaces.models import Member
from workspaces.models.tenant import TenantModel, uuid7


class Erasure(TenantModel):
    """One person on the way to being forgotten. The row is the truth: a killed worker begins again."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        DONE = "done", "Erased"

    class Reason(models.TextChoices):
        REQUEST = "request", "Asked for"
        DELETED = "deleted", "Deleted and not restored"
        RESTORED = "restored", "Came back with a restored backup"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    contact_id = models.BigIntegerField()
    contact_uuid = models.UUIDField(help_text="The address of the record before it was erased; names nobody")
    reason = models.CharField(max_length=8, choices=Reason.choices)
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    counts = models.JSONField(default=dict, help_text="messages, files, webhooks")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "contact_id"], condition=models.Q(state="queued"), name="erasure_queued_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="erasure_newest_first"),
            models.Index(fields=["lease_until"], condition=models.Q(state="queued"), name="erasure_to_work_on"),
        ]
