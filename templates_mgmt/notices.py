"""News about templates that a member has not read yet."""

from __future__ import annotations

from django.db.models import Max, QuerySet

from workspaces.models import Member

from .models import TemplateNotice, TemplateNoticesSeen


def of_workspace(workspace_id: int) -> QuerySet[TemplateNotice]:
    """All notices, newest first, with their templates."""
    return (
        TemplateNotice.objects.filter(workspace_id=workspace_id)
        .select_related("translation", "translation__template")
        .order_by("-id")
    )


def unseen(member: Member) -> QuerySet[TemplateNotice]:
    """What happened since the member last looked, or joined; newest first."""
    seen = TemplateNoticesSeen.objects.filter(workspace_id=member.workspace_id, member=member)
    up_to = seen.values_list("up_to", flat=True).first() or 0
    return of_workspace(member.workspace_id).filter(pk__gt=up_to, created_at__gte=member.created_at)


def mark_seen(member: Member) -> None:
    """Remember that the member has read everything there is now."""
    newest = TemplateNotice.objects.filter(workspace_id=member.workspace_id).aggregate(newest=Max("id"))["newest"] or 0
    TemplateNoticesSeen.objects.update_or_create(
        workspace_id=member.workspace_id, member=member, defaults={"up_to": newest}
    )
