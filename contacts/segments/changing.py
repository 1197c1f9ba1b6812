"""Make, change and delete saved segments."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Member, Workspace

from ..labels import LabelRefused, clean_name
from ..models import Segment
from .counting import Count
from .rules import Rules

MOST_SEGMENTS = 500


class SegmentRefused(Exception):
    """The change cannot be made; the text says why."""


@transaction.atomic
def create(workspace: Workspace, *, name: str, rules: Rules, by: Member) -> Segment:
    """Save rules under a name. Raises SegmentRefused when the name is taken or missing."""
    if Segment.objects.filter(workspace_id=workspace.pk).count() >= MOST_SEGMENTS:
        raise SegmentRefused(f"A workspace has at most {MOST_SEGMENTS} segments.")
    segment = Segment(workspace=workspace, name=_free_name(workspace.pk, name), rules=rules.as_json(), created_by=by)
    _save(segment)
    auditing.record(by, "segment.created", segment.name)
    return segment


@transaction.atomic
def change(segment: Segment, *, name: str, rules: Rules, by: Member) -> Segment:
    """Give a segment another name or other rules. Raises SegmentRefused when the name is taken or missing."""
    before = {"name": segment.name, "rules": segment.rules}
    segment.name = _free_name(segment.workspace_id, name, but=segment)
    segment.rules = rules.as_json()
    if before == {"name": segment.name, "rules": segment.rules}:
        return segment
    segment.last_count, segment.counted_at = None, None
    _save(segment)
    auditing.record(by, "segment.changed", segment.name, before={"name": before["name"]}, after={"name": segment.name})
    return segment


@transaction.atomic
def delete(segment: Segment, *, by: Member) -> None:
    """Forget a segment. The people stay."""
    auditing.record(by, "segment.deleted", segment.name)
    segment.delete()


def remember(segment: Segment, counted: Count) -> None:
    """Keep an exact count for the list of segments."""
    if counted.exact:
        Segment.objects.filter(workspace_id=segment.workspace_id, pk=segment.pk).update(
            last_count=counted.number, counted_at=timezone.now()
        )


def _save(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        raise SegmentRefused(f"There is a segment “{segment.name}” already.") from None


def _free_name(workspace_id: int, name: str, *, but: Segment | None = None) -> str:
    try:
        name = clean_name(name, 80)
    except LabelRefused as refusal:
        raise SegmentRefused(str(refusal)) from None
    same = Segment.objects.annotate(low=Lower("name")).filter(workspace_id=workspace_id, low=name.lower())
    if but is not None:
        same = same.exclude(pk=but.pk)
    if same.exists():
        raise SegmentRefused(f"There is a segment “{name}” already.")
    return name
