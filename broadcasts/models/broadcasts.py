"""One message to one audience at one time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from templates_mgmt.models import TemplateTranslation
from workspaces.models import Channel, Member
from workspaces.models.tenant import TenantModel, uuid7


class Broadcast(TenantModel):
    """A draft while somebody works on it, then what was sent to whom and what became of it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SCHEDULED = "scheduled", "Scheduled"
        PREPARING = "preparing", "Preparing"  # the audience is being written down
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"
        MISSED = "missed", "Missed"  # its time passed while nothing could be sent

    LIVE = (Status.PREPARING, Status.RUNNING, Status.PAUSED)
    OVER = (Status.FINISHED, Status.CANCELLED, Status.MISSED)

    class Timing(models.TextChoices):
        NOW = "now", "Right away"
        AT = "at", "At a time"
        LOCAL = "local", "At each person's own time"

    class Repeat(models.TextChoices):
        NEVER = "never", "Never"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"

    class Purpose(models.TextChoices):
        MARKETING = "marketing", "Marketing"
        SERVICE = "service", "Service"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    revision = models.PositiveIntegerField(default=0, help_text="Counts saves of the draft, so that two tabs notice")

    # What, to whom
    channel = models.ForeignKey(
        Channel, models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    translation = models.ForeignKey(
        TemplateTranslation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    text = models.TextField(blank=True, default="", help_text="Instead of a template, to people whose window is open")
    variables = models.JSONField(default=dict, help_text="Place → source, value, fallback, as in TemplateTranslation")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.MARKETING)
    audience = models.JSONField(default=dict, help_text="include and exclude, see broadcasts.audience")
    recent_hours = models.PositiveSmallIntegerField(
        default=48, help_text="Leave out who got marketing within so many hours; 0 leaves out nobody"
    )

    # When, how fast
    timing = models.CharField(max_length=5, choices=Timing.choices, default=Timing.NOW)
    local_date = models.DateField(null=True, blank=True)
    local_time = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="", help_text="IANA name of the wall clock meant")
    repeat = models.CharField(max_length=7, choices=Repeat.choices, default=Repeat.NEVER)
    repeat_until = models.DateField(null=True, blank=True)
    quiet_from = models.TimeField(null=True, blank=True, help_text="Nothing is sent between these, in each zone")
    quiet_until = models.TimeField(null=True, blank=True)
    pace = models.PositiveIntegerField(null=True, blank=True, help_text="Messages a second; empty: what the number can")
    failure_limit = models.PositiveSmallIntegerField(default=20, help_text="Per cent of the last 200; pauses by itself")

    # The schedule it stands for, or came from
    next_fire_at = models.DateTimeField(null=True, blank=True)
    series = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="occurrences", db_constraint=False, db_index=False
    )
    occurrence = models.DateField(null=True, blank=True, help_text="Of a series: the day it is for")

    # What happened
    launch_key = models.UUIDField(default=uuid7, editable=False, help_text="A second press of Send finds the first")
    launched_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    launched_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When the audience was written down")
    finished_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(
        max_length=20, blank=True, default="", help_text="member, credits, template, channel, failures, limit, cap"
    )
    pause_text = models.TextField(blank=True, default="", help_text="In plain words, with what to do")
    paused_at = models.DateTimeField(null=True, blank=True)
    expected_credits = models.BigIntegerField(null=True, blank=True, help_text="The estimate that was confirmed")
    audience_count = models.PositiveIntegerField(default=0, help_text="People who were to receive it at the start")
    left_out = models.JSONField(default=dict, help_text="Reason → people, as the audience was written down")
    paced_until = models.DateTimeField(null=True, blank=True, help_text="Up to when sending slots are given away")
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Until when a worker has it in hand")
    tally = models.JSONField(default=dict, help_text="The figures of the progress page, as of tallied_at")
    tallied_at = models.DateTimeField(null=True, blank=True)
    heard_until = models.DateTimeField(null=True, blank=True, help_text="Up to when answers were looked for")

    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="A draft that was thrown away")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "launch_key"], name="broadcast_launched_once"),
            # A schedule fires once: the occurrence and the broadcast that stands for it are the same row.
            models.UniqueConstraint(
                fields=["series", "occurrence"], condition=Q(series__isnull=False), name="broadcast_occurrence_once"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], condition=Q(deleted_at=None), name="broadcast_list"),
            models.Index(fields=["workspace", "next_fire_at"], name="broadcast_calendar"),
            models.Index(
                fields=["next_fire_at"], condition=Q(status="scheduled", deleted_at=None), name="broadcast_due"
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=["preparing", "running", "paused"]),
                name="broadcast_live",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE

    @property
    def is_editable(self) -> bool:
        return self.status == self.Status.DRAFT
