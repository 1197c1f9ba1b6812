"""Read from the database what rules of a workspace may speak of."""

from __future__ import annotations

from typing import Any

from django.utils.functional import SimpleLazyObject

from workspaces.models import Channel

from ..models import CustomField, Tag
from . import broadcasts
from .vocabulary import Book


def book_of(workspace_id: int) -> Book:
    """The custom fields, tags and kinds of channel of a workspace, in two queries; its broadcasts in a third,
    when something asks for them."""
    sent: Any = SimpleLazyObject(lambda: broadcasts.names(workspace_id))
    fields = list(CustomField.objects.filter(workspace_id=workspace_id).order_by("position", "pk"))
    return Book(
        fields={each.key: (each.label, each.kind, tuple(each.choices)) for each in fields if each.archived_at is None},
        archived={each.key: each.label for each in fields if each.archived_at is not None},
        tags=dict(Tag.objects.filter(workspace_id=workspace_id, merged_into=None).values_list("pk", "name")),
        channels=dict(Channel.Kind.choices),
        broadcasts=sent,
    )
