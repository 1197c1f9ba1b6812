"""Change what a workspace is called and how it reads times and numbers."""

from __future__ import annotations

from django.db import transaction

from . import auditing
from .models import Member, Workspace


@transaction.atomic
def change(workspace: Workspace, *, name: str, time_zone: str, default_country: str, by: Member) -> Workspace:
    """Save the general settings. The slug stays: links and bookmarks carry it."""
    wanted = {"name": name, "time_zone": time_zone, "default_country": default_country}
    before = {key: getattr(workspace, key) for key in wanted if getattr(workspace, key) != wanted[key]}
    if not before:
        return workspace
    for key in before:
        setattr(workspace, key, wanted[key])
    workspace.save(update_fields=list(before))
    after = {key: wanted[key] for key in before}
    auditing.record(by, "workspace.changed", workspace.slug, before=before, after=after)
    return workspace
