"""Files of people coming in and going out, and the joining of two people into one."""

from __future__ import annotations

from django.db import models

from workspaces.models import Member
from workspaces.models.tenant import TenantModel, uuid7

from .people import Contact


class ImportRun(TenantModel):
    """One uploaded file on its way to becoming contacts. The row is the truth: a killed worker goes on from it."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Waiting for its columns to be mapped"
        CHECKING = "checking", "Being checked"
        CHECKED = "checked", "Checked, waiting for the go-ahead"
        RUNNING = "running", "Being imported"
        DONE = "done", "Imported"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Could not be read"
        UNDONE = "undone", "New contacts taken back"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    filename = models.CharField(max_length=255)
    file = models.CharField(max_length=200, help_text="Name in the media storage")
    format = models.JSONField(default=dict, help_text="Kind, encoding, delimiter, header as found out")
    mapping = models.JSONField(default=dict, help_text="Column index → target, default country, duplicates, consent")
    counts = models.JSONField(default=dict, help_text="rows, new, updated, unchanged, duplicate, invalid")
    position = models.BigIntegerField(default=0, help_text="Rows done; the next batch begins after them")
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(Member, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="import_newest_first"),
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["checking", "running"]), name="import_to_work_on"
            ),
        ]


class ImportProblem(TenantModel):
    """One row of an import that was left out, and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="problems", db_constraint=False, db_index=False)
    line = models.BigIntegerField(help_text="Line in the file, counting from 1")
    column = models.CharField(max_length=120, blank=True, default="")
    value = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=300)
    row = models.JSONField(default=list, help_text="The original cells, for the download of rejected rows")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="import_problem_once_per_line")]


class ExportRun(TenantModel):
    """One file of contacts made for download."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Being written"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    format = models.CharField(max_length=4, help_text="csv or xlsx")
    filters = models.JSONField(default=dict, help_text="The list's filter at the time, or one contact")
    count = models.IntegerField(null=True)
    file = models.CharField(max_length=200, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(Member, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()


class Merge(TenantModel):
    """Two contacts joined, with what it takes to part them again."""

    kept = models.ForeignKey(Contact, models.CASCADE, related_name="merges", db_constraint=False)
    gone = models.ForeignKey(Contact, models.CASCADE, related_name="+", db_constraint=False)
    before = models.JSONField(help_text="Both contacts as they were, and which identities belonged to the second")
    merged_by = models.ForeignKey(Member, models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)
