"""Join two contacts that are one person, and part them again.

Identities keep their conversations, so a reply goes where it went before. Consent only gets stricter: who opted out on
one of the addresses has opted out on all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Member

from . import consent, following
from .deleting import KEEP
from .models import Consent, Contact, ContactNote, CustomField, Erasure, Identity, Merge
from .people import CUSTOM, tell

KEPT, GONE = "kept", "gone"
LABELS = {
    "name": "Name",
    "email": "E-mail",
    "language": "Language",
    "time_zone": "Time zone",
    "country": "Country",
}
# The later or the earlier of the two, whoever is kept.
LATEST, EARLIEST = ("last_seen_at", "last_outbound_at"), ("created_at",)
STORED = (*LABELS, "fields", "tag_ids", "blocked_at", *LATEST, *EARLIEST)


class NotMergeable(Exception):
    """Two contacts that cannot be joined or parted; the text says why."""


def fields_of(workspace_id: int) -> dict[str, str]:
    """Name → label of everything the two can differ in and a person chooses between."""
    custom = CustomField.objects.filter(workspace_id=workspace_id, archived_at=None).order_by("position", "pk")
    return LABELS | {f"{CUSTOM}{field.key}": field.label for field in custom}


def value_of(contact: Contact, field: str) -> Any:
    """What a contact has in a field, '' for nothing."""
    if field.startswith(CUSTOM):
        return contact.fields.get(field.removeprefix(CUSTOM), "")
    return getattr(contact, field)


@transaction.atomic
def merge(kept: Contact, gone: Contact, choices: Mapping[str, str], *, by: Member) -> Merge:
    """Make `gone` a part of `kept`. `choices` names for each field whose value stays, "kept" or "gone".

    Where nothing is chosen the kept contact's value stays, or the other's when it is empty. Tags, notes and identities
    of both remain. Can be undone for a week. Raises NotMergeable for the same contact twice, one that is deleted or
    being erased, or contacts of two workspaces.
    """
    kept, gone = _locked(kept, gone)
    moved = list(Identity.objects.filter(workspace_id=kept.workspace_id, contact=gone).order_by("pk"))
    notes = ContactNote.objects.filter(workspace_id=kept.workspace_id, contact=gone)
    before: dict[str, Any] = {
        KEPT: _snapshot(kept),
        GONE: _snapshot(gone),
        "identities": [identity.pk for identity in moved],
        "notes": list(notes.values_list("pk", flat=True)),
    }
    _combine(kept, gone, choices)
    # The person first, then the conversations, then the identities: the order in which inbound messages lock them.
    following.move(kept.workspace_id, before["identities"], kept.pk)
    Identity.objects.filter(workspace_id=kept.workspace_id, pk__in=before["identities"]).update(contact=kept)
    notes.update(contact=kept)
    before["after"] = _snapshot(kept)
    before["consents"] = _make_stricter(kept, by)
    gone.deleted_at = timezone.now()
    gone.save(update_fields=["deleted_at"])
    joined = Merge.objects.create(workspace_id=kept.workspace_id, kept=kept, gone=gone, before=before, merged_by=by)
    auditing.record(by, "contact.merged", f"contact {kept.uuid}", after={"merged": str(gone.uuid)})
    tell(kept)
    tell(gone)
    return joined


@transaction.atomic
def undo(joined: Merge, *, by: Member) -> Contact:
    """Part two merged contacts; returns the one that comes back.

    What was changed by hand since stays as it is. Raises NotMergeable after a week, when one of them was merged again
    or deleted, or when it was undone already.
    """
    joined = Merge.objects.select_for_update().get(workspace_id=joined.workspace_id, pk=joined.pk)
    kept, gone = _parting(joined)
    _restore(kept, joined.before)
    gone.deleted_at = None
    gone.save(update_fields=["deleted_at"])
    still = Identity.objects.filter(workspace_id=kept.workspace_id, contact=kept, pk__in=joined.before["identities"])
    ids = list(still.values_list("pk", flat=True))
    following.move(kept.workspace_id, ids, gone.pk)
    Identity.objects.filter(workspace_id=kept.workspace_id, pk__in=ids).update(contact=gone)
    ContactNote.objects.filter(workspace_id=kept.workspace_id, contact=kept, pk__in=joined.before["notes"]).update(
        contact=gone
    )
    _take_back(kept.workspace_id, joined.before["consents"])
    joined.undone_at = timezone.now()
    joined.save(update_fields=["undone_at"])
    auditing.record(by, "contact.merge_undone", f"contact {kept.uuid}", after={"merged": str(gone.uuid)})
    tell(kept)
    tell(gone)
    return gone


def undoable(contact: Contact) -> list[Merge]:
    """The merges into this contact that can still be undone, newest first."""
    found = Merge.objects.filter(
        workspace_id=contact.workspace_id, kept=contact, undone_at=None, created_at__gt=timezone.now() - KEEP
    )
    return list(found.select_related("gone", "merged_by").order_by("-pk"))


def _locked(kept: Contact, gone: Contact) -> tuple[Contact, Contact]:
    if kept.pk == gone.pk:
        raise NotMergeable("These are the same contact.")
    both = Contact.objects.select_for_update().filter(workspace_id=kept.workspace_id, pk__in=[kept.pk, gone.pk])
    found = {contact.pk: contact for contact in both.order_by("pk")}
    if len(found) < 2 or any(contact.deleted_at for contact in found.values()):
        raise NotMergeable("One of the two contacts is deleted.")
    if Erasure.objects.filter(workspace_id=kept.workspace_id, contact_id__in=list(found), state="queued").exists():
        raise NotMergeable("One of the two contacts is being erased.")
    return found[kept.pk], found[gone.pk]


def _parting(joined: Merge) -> tuple[Contact, Contact]:
    both = Contact.objects.select_for_update().filter(
        workspace_id=joined.workspace_id, pk__in=[joined.kept_id, joined.gone_id]
    )
    found = {contact.pk: contact for contact in both.order_by("pk")}
    kept, gone = found[joined.kept_id], found[joined.gone_id]
    if joined.undone_at is not None:
        raise NotMergeable("This merge was undone already.")
    if joined.created_at < timezone.now() - KEEP or gone.erased_at is not None:
        raise NotMergeable("A merge can be undone for a week only.")
    if kept.deleted_at is not None:
        raise NotMergeable("The contact that was kept is deleted or merged into another. Bring it back first.")
    return kept, gone


def _snapshot(contact: Contact) -> dict[str, Any]:
    """Everything of a contact that a merge changes, as JSON."""
    values = {name: getattr(contact, name) for name in STORED}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _combine(kept: Contact, gone: Contact, choices: Mapping[str, str]) -> None:
    for field in LABELS:
        if _chosen(kept, gone, field, choices) is gone:
            setattr(kept, field, getattr(gone, field))
    keys = kept.fields.keys() | gone.fields.keys()
    chosen = {key: value_of(_chosen(kept, gone, CUSTOM + key, choices), CUSTOM + key) for key in sorted(keys)}
    kept.fields = {key: value for key, value in chosen.items() if value != ""}
    kept.tag_ids = sorted({*kept.tag_ids, *gone.tag_ids})
    kept.blocked_at = kept.blocked_at or gone.blocked_at
    for name in LATEST:
        setattr(kept, name, max(_known(kept, gone, name), default=None))
    for name in EARLIEST:
        setattr(kept, name, min(_known(kept, gone, name)))
    kept.save(update_fields=STORED)


def _known(kept: Contact, gone: Contact, name: str) -> Iterable[datetime]:
    return [value for contact in (kept, gone) if (value := getattr(contact, name)) is not None]


def _chosen(kept: Contact, gone: Contact, field: str, choices: Mapping[str, str]) -> Contact:
    if field in choices:
        return gone if choices[field] == GONE else kept
    return gone if value_of(kept, field) == "" else kept


def _make_stricter(kept: Contact, by: Member) -> list[dict[str, Any]]:
    """Spread each opt-out of the joined person to all their identities; what changed, for the undo."""
    identities = list(Identity.objects.filter(workspace_id=kept.workspace_id, contact=kept).order_by("pk"))
    changed: list[dict[str, Any]] = []
    for purpose in (consent.MARKETING, consent.SERVICE):
        rows = Consent.objects.filter(workspace_id=kept.workspace_id, identity__in=identities, purpose=purpose)
        states = {row.identity_id: row for row in rows}
        if all(row.state != consent.OPTED_OUT for row in states.values()):
            continue
        for identity in identities:
            row = states.get(identity.pk)
            if consent.tighten(identity, purpose, consent.OPTED_OUT, source="merge", by=by):
                was = [row.state, row.source, row.wording, row.changed_at.isoformat()] if row else None
                changed.append({"identity": identity.pk, "purpose": purpose, "was": was})
    return changed


def _take_back(workspace_id: int, changed: Iterable[dict[str, Any]]) -> None:
    """Undo what the merge alone did: nobody else's opt-out is touched, and what was never said is unsaid again."""
    for entry in changed:
        row = (
            Consent.objects.select_for_update()
            .filter(workspace_id=workspace_id, identity_id=entry["identity"], purpose=entry["purpose"], source="merge")
            .first()
        )
        if row is not None:
            consent.correct(row, entry["was"])


def _restore(kept: Contact, before: dict[str, Any]) -> None:
    """Give the kept contact its own values back, except where somebody changed them since."""
    own, merged, other = before[KEPT], before["after"], before[GONE]
    now = _snapshot(kept)
    for name in (*LABELS, "blocked_at", *EARLIEST):
        if now[name] == merged[name]:
            value = own[name]
            setattr(kept, name, datetime.fromisoformat(value) if value and name.endswith("_at") else value)
    kept.fields = {
        key: value
        for key in {*kept.fields, *own["fields"]}
        if (value := _field_back(key, kept.fields, own["fields"], merged["fields"])) is not None
    }
    added = set(other["tag_ids"]) - set(own["tag_ids"])
    kept.tag_ids = [tag for tag in kept.tag_ids if tag not in added]
    kept.save(update_fields=STORED)


def _field_back(key: str, now: dict[str, Any], own: dict[str, Any], merged: dict[str, Any]) -> Any:
    return own.get(key) if now.get(key) == merged.get(key) else now.get(key)
