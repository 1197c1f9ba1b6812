from __future__ import annotations

from django.db import models

from workspaces.models import Member
from workspaces.models.tenant import TenantModel

from .templates import TemplateTranslation


class TemplateNotice(TenantModel):
    """News about a template that marketers and admins should hear of: rejected, paused, quality, category."""

    class Kind(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        PAUSED = "paused", "Paused"
        DISABLED = "disabled", "Disabled"
        QUALITY = "quality", "Quality changed"
        CATEGORY = "category", "Category changed"
        CHANGED = "changed", "Changed at the provider"
        GONE = "gone", "Deleted at the provider"

    translation = models.ForeignKey(
        TemplateTranslation, models.CASCADE, related_name="notices", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    text = models.TextField(help_text="One sentence for people")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-id"], name="template_notice_newest"),
            models.Index(fields=["translation", "-id"], name="notice_of_translation"),
        ]


class TemplateNoticesSeen(TenantModel):
    """Up to which notice a member has read."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    up_to = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member"], name="template_notices_seen_once")]
