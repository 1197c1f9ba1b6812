"""What every tenant row has in common."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from uuid6 import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """A time-ordered public identifier (UUID version 7, RFC 9562): safe in URLs, kind to B-trees."""
    return uuid.UUID(int=_uuid7().int)


class TenantModel(models.Model):
    """A row that belongs to one workspace.

    After every migration `workspaces.row_security` gives each such table forced row security, and turns its
    links to other tenant tables into foreign keys over (workspace_id, id), so a row can never point across the
    border. Links between tenant models therefore use `db_constraint=False` here: the pair key replaces them.
    """

    append_only: ClassVar[bool] = False  # True: the runtime role may only add rows, see row_security
    sealed_columns: ClassVar[tuple[str, ...]] = ()  # what workspaces.secrets sealed, for the rotation of keys

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)

    class Meta:
        abstract = True
