from __future__ import annotations

from django.db import models
from django.db.models import Q

from workspaces.models import Channel, Member
from workspaces.models.tenant import TenantModel, uuid7

from .templates import MessageTemplate, TemplateTranslation, TemplateVersion


class TemplateTask(TenantModel):
    """One thing to be done at the provider. The row is the truth: a lost job or a killed worker goes on from it."""

    class Kind(models.TextChoices):
        SUBMIT = "submit", "Submit for review"
        DELETE = "delete", "Delete at the provider"
        SYNC = "sync", "Fetch the templates of an account"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        STARTED = "started", "Under way"
        UNKNOWN = "unknown", "No clear answer"  # looked up at the provider before anything is tried again
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    LIVE = (State.QUEUED, State.STARTED, State.UNKNOWN)

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="+", db_constraint=False, db_index=False, help_text="Whose token is used"
    )
    template = models.ForeignKey(
        MessageTemplate, models.CASCADE, null=True, related_name="tasks", db_constraint=False, db_index=False
    )
    translation = models.ForeignKey(
        TemplateTranslation, models.CASCADE, null=True, related_name="tasks", db_constraint=False, db_index=False
    )
    version = models.ForeignKey(
        TemplateVersion, models.CASCADE, null=True, related_name="tasks", db_constraint=False, db_index=False
    )
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True, default="")
    error = models.TextField(blank=True, default="", help_text="Plain words, what happened and what to do")
    counts = models.JSONField(default=dict, help_text="Sync: seen, new, changed, gone")
    requested_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["translation", "kind"],
                condition=Q(state__in=["queued", "started", "unknown"], translation__isnull=False),
                name="template_task_once_per_language",
            ),
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(state__in=["queued", "started", "unknown"], kind="sync"),
                name="template_sync_once_per_channel",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=["queued", "started", "unknown"]),
                name="template_task_due",
            ),
            models.Index(fields=["workspace", "kind", "-id"], name="template_task_newest"),
            models.Index(fields=["channel", "-id"], condition=Q(kind="sync"), name="template_sync_of_channel"),
        ]
