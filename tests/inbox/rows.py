"""Reading and preparing rows the way the product sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.utils import timezone

from inbox import sending
from inbox.models import Conversation, Message
from workspaces import tenancy
from workspaces.models.tenant import TenantModel

Row = TypeVar("Row", bound=TenantModel)


def again(row: Row) -> Row:
    """The row as it is stored now."""
    with tenancy.scope(row.workspace_id):
        return type(row).objects.get(pk=row.pk)


def count(model: type[TenantModel], workspace_id: int, **conditions: Any) -> int:
    with tenancy.scope(workspace_id):
        return model.objects.filter(**conditions).count()


def everything(model: type[Row], workspace_id: int, **conditions: Any) -> list[Row]:
    with tenancy.scope(workspace_id):
        return list(model.objects.filter(**conditions).order_by("pk"))


def change(row: TenantModel, **fields: Any) -> None:
    """Write columns past every rule, to prepare a state."""
    with tenancy.scope(row.workspace_id):
        type(row).objects.filter(pk=row.pk).update(**fields)


def queue(conversation: Conversation, text: str = "Hello", *, cid: UUID | None = None, **options: Any) -> Message:
    """Queue a text to be sent."""
    with tenancy.scope(conversation.workspace_id):
        return sending.send(conversation, sending.Draft("text", {"text": text}, text), cid=cid or uuid4(), **options)


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)
