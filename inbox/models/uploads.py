from __future__ import annotations

from django.db import models

from workspaces.models import Channel
from workspaces.models.tenant import TenantModel


class ProviderUpload(TenantModel):
    """A stored file the provider has already, under its own id: a template's picture is uploaded once."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    file = models.CharField(max_length=200, help_text="Name in the media storage")
    media_id = models.CharField(max_length=255)
    uploaded_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "file"], name="upload_once_per_channel")]
