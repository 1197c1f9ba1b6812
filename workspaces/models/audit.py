from __future__ import annotations

from django.db import models

from .people import Member
from .tenant import TenantModel


class AuditEntry(TenantModel):
    """Who did what, from where. Append-only: the database refuses UPDATE, DELETE and TRUNCATE."""

    append_only = True

    actor = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=120, blank=True, default="")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="audit_newest_first")]
