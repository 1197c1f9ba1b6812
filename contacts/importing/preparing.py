"""What a run needs before its first row: what its columns mean in this workspace, and the tags and fields it brings."""

from __future__ import annotations

from collections.abc import Sequence

from contacts import fields, labels
from contacts.models import CustomField, ImportRun, Tag
from workspaces import tenancy

from .mapping import FIELD, NEW, Mapping
from .reading import FieldPlan, Reader
from .rows import Refused
from .staging import Terms


def make_labels(run: ImportRun) -> None:
    """Make the tags and custom fields that the file brings; those that exist are used. Raises Refused."""
    mapping = Mapping.of(run.mapping)
    with tenancy.scope(run.workspace_id):
        known = {field.label.casefold() for field in fields.fields_of(run.workspace_id)}
        try:
            for title, target in _new_fields(run, mapping):
                if title.casefold() not in known:
                    kind = target.removeprefix(NEW)
                    fields.make_field(run.workspace_id, label=title, kind=kind, by=run.created_by)
            for name in run.counts.get("new_tags", []):
                labels.make_tag(run.workspace_id, name, by=run.created_by)
        except labels.LabelRefused as refused:
            raise Refused(str(refused)) from refused


def _new_fields(run: ImportRun, mapping: Mapping) -> list[tuple[str, str]]:
    pairs = zip(run.format["titles"], mapping.columns, strict=True)
    return [(title, target) for title, target in pairs if target.startswith(NEW)]


def reader(run: ImportRun) -> Reader:
    """What reads the rows of this run. While it is only checked, labels that would be made count as unknown."""
    mapping = Mapping.of(run.mapping)
    with tenancy.scope(run.workspace_id):
        known = list(fields.fields_of(run.workspace_id))
        tags = Tag.objects.filter(workspace_id=run.workspace_id).values_list("name", "pk", "merged_into_id")
        tag_ids = {name.casefold(): merged_into or pk for name, pk, merged_into in tags}
    return Reader(mapping, run.format["titles"], _plans(run, mapping, known), tag_ids)


def _plans(run: ImportRun, mapping: Mapping, known: Sequence[CustomField]) -> list[FieldPlan | None]:
    """For each column the custom field it goes to. Raises Refused for a field that is gone."""
    by_key = {field.key: field for field in known}
    by_label = {field.label.casefold(): field for field in known}
    plans: list[FieldPlan | None] = []
    for title, target in zip(run.format["titles"], mapping.columns, strict=True):
        found = by_key.get(target.removeprefix(FIELD)) if target.startswith(FIELD) else None
        if target.startswith(NEW):
            found = by_label.get(title.casefold())
            if found is None:
                plans.append(FieldPlan(title, target.removeprefix(NEW)))  # no key has capitals or spaces at hand yet
                continue
        elif target.startswith(FIELD) and found is None:
            raise Refused(f"The field that the column “{title}” goes to was archived; map the columns again.")
        plans.append(FieldPlan(found.key, found.kind, tuple(found.choices)) if found else None)
    return plans


def terms(run: ImportRun) -> Terms:
    """What holds for all rows of a run."""
    mapping = Mapping.of(run.mapping)
    return Terms(
        workspace_id=run.workspace_id,
        run_id=run.pk,
        member_id=run.created_by_id,
        update=mapping.duplicates == "update",
        wording=mapping.wording[:2000],
    )
