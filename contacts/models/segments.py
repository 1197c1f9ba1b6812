from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower

from workspaces.models import Member
from workspaces.models.tenant import TenantModel, uuid7


class Segment(TenantModel):
    """A saved question about people. `rules` is data from a whitelist, compiled to the ORM, never SQL text."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=80)
    rules = models.JSONField(default=dict)
    last_count = models.IntegerField(null=True)
    counted_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="segment_name_once")]

    def __str__(self) -> str:
        return self.name
