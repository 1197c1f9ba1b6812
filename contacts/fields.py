"""Custom fields: what a workspace wants to know about its people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Member

from .labels import LabelRefused, clean_name
from .models import CustomField

MOST_FIELDS = 50  # in use; a record shows them all
MOST_CHOICES = 50
LONGEST_CHOICE = 80
# Names the importer, segments and templates use for what every contact has.
RESERVED = frozenset(
    {"id", "uuid", "name", "email", "phone", "number", "language", "time_zone", "country", "tag", "tags", "consent"}
    | {"channel", "blocked", "created", "last_seen", "last_inbound", "last_outbound", "note", "notes", "segment"}
)


def fields_of(workspace_id: int) -> QuerySet[CustomField]:
    """The fields in use, in the order people see them."""
    return CustomField.objects.filter(workspace_id=workspace_id, archived_at=None).order_by("position", "pk")


def archived_fields_of(workspace_id: int) -> QuerySet[CustomField]:
    """The fields put away; their values are kept."""
    return CustomField.objects.filter(workspace_id=workspace_id).exclude(archived_at=None).order_by("label")


@transaction.atomic
def make_field(workspace_id: int, *, label: str, kind: str, choices: Sequence[str] = (), by: Member) -> CustomField:
    """Add a field. Its key is derived from the label and never changes. Raises LabelRefused."""
    label = clean_name(label, 60)
    choices = clean_choices(kind, choices)
    if fields_of(workspace_id).count() >= MOST_FIELDS:
        raise LabelRefused(f"A workspace has at most {MOST_FIELDS} fields in use. Archive one first.")
    _refuse_taken_label(workspace_id, label)
    last = CustomField.objects.filter(workspace_id=workspace_id).aggregate(last=Max("position"))["last"]
    field = CustomField(
        workspace_id=workspace_id,
        key=_free_key(workspace_id, label),
        label=label,
        kind=CustomField.Kind(kind),
        choices=choices,
        position=(last or 0) + 1,
    )
    CustomField.objects.bulk_create([field], ignore_conflicts=True)
    stored = CustomField.objects.get(workspace_id=workspace_id, key=field.key)
    auditing.record(by, "field.created", label, after={"kind": stored.get_kind_display()})
    return stored


@transaction.atomic
def change_field(field: CustomField, *, label: str, choices: Sequence[str] = (), by: Member) -> CustomField:
    """Rename a field and, for a choice, change the words to choose from. Values people have stay as they are.

    Raises LabelRefused.
    """
    label = clean_name(label, 60)
    if label.casefold() != field.label.casefold():
        _refuse_taken_label(field.workspace_id, label)
    before = {"label": field.label, "choices": field.choices}
    field.label, field.choices = label, clean_choices(field.kind, choices)
    after = {"label": field.label, "choices": field.choices}
    if before != after:
        field.save(update_fields=["label", "choices"])
        auditing.record(by, "field.changed", label, before=before, after=after)
    return field


@transaction.atomic
def archive_field(field: CustomField, *, by: Member) -> None:
    """Put a field away: it is shown and asked nowhere, values are kept, segments that use it say so."""
    if field.archived_at is None:
        field.archived_at = timezone.now()
        field.save(update_fields=["archived_at"])
        auditing.record(by, "field.archived", field.label)


@transaction.atomic
def restore_field(field: CustomField, *, by: Member) -> None:
    """Use an archived field again. Raises LabelRefused when another field took its label or there are too many."""
    if field.archived_at is None:
        return
    if fields_of(field.workspace_id).count() >= MOST_FIELDS:
        raise LabelRefused(f"A workspace has at most {MOST_FIELDS} fields in use. Archive another one first.")
    _refuse_taken_label(field.workspace_id, field.label)
    field.archived_at = None
    field.save(update_fields=["archived_at"])
    auditing.record(by, "field.restored", field.label)


@transaction.atomic
def move_field(field: CustomField, *, up: bool, by: Member) -> None:
    """Let a field change places with its neighbour."""
    fields = list(fields_of(field.workspace_id).select_for_update())
    at = next((place for place, each in enumerate(fields) if each.pk == field.pk), None)
    other = None if at is None else at + (-1 if up else 1)
    if at is None or other is None or not 0 <= other < len(fields):
        return
    fields[at], fields[other] = fields[other], fields[at]
    for place, each in enumerate(fields):
        each.position = place
    CustomField.objects.bulk_update(fields, ["position"])


def clean_choices(kind: str, choices: Sequence[str]) -> list[str]:
    """The words of a choice, each once. Raises LabelRefused."""
    if kind != CustomField.Kind.CHOICE:
        return []
    words: dict[str, str] = {}
    for choice in choices:
        if choice.strip():
            word = clean_name(choice, LONGEST_CHOICE)
            words.setdefault(word.casefold(), word)
    if not words:
        raise LabelRefused("Write at least one word to choose from.")
    if len(words) > MOST_CHOICES:
        raise LabelRefused(f"Write at most {MOST_CHOICES} choices.")
    return list(words.values())


def _refuse_taken_label(workspace_id: int, label: str) -> None:
    taken = {each.casefold() for each in fields_of(workspace_id).values_list("label", flat=True)}
    if label.casefold() in taken:
        raise LabelRefused(f"There is a field “{label}” already.")


def _free_key(workspace_id: int, label: str) -> str:
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:32].strip("_") or "field"
    taken = set(CustomField.objects.filter(workspace_id=workspace_id).values_list("key", flat=True)) | RESERVED
    if key not in taken:
        return key
    return next(f"{key}_{number}" for number in range(2, 10_000) if f"{key}_{number}" not in taken)
