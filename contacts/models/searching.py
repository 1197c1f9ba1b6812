from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class SearchableContact(models.Model):
    """The people of the workspace in scope, deleted ones left out, read through a database view.

    Same rows and keys as `Contact`, for reading only. Under a row security policy the planner may not push operators
    such as `@>` and ILIKE into an index, because they are not leakproof; a three-condition segment over a million
    people then costs seconds. The view belongs to the owner of the tables and filters by the scope itself, so the
    border stands and the indexes work. A new column of Contact that rules should know must be added to the view too.
    """

    uuid = models.UUIDField(unique=True, editable=False)
    workspace = models.ForeignKey("workspaces.Workspace", models.DO_NOTHING, related_name="+")
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=254)
    language = models.CharField(max_length=12)
    time_zone = models.CharField(max_length=64)
    country = models.CharField(max_length=2)
    fields = models.JSONField()
    tag_ids = ArrayField(models.IntegerField())
    blocked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    last_outbound_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "contacts_searchable"

    def __str__(self) -> str:
        return self.name or "Unnamed contact"
