"""Everything known about one person as one file they can be given: the record's side of it.

Messages and media are the inbox's side (`inbox.person_export`), reached by a job's name.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone

from config.queues import ring
from workspaces import auditing, tenancy
from workspaces.models import AuditEntry, Member

from . import consent
from .models import Consent, Contact, ContactNote, CustomField, ExportRun, Identity, Tag

JOB = "inbox.jobs.export_people"
FORMAT = "zip"  # tells these runs from exports of lists
KEEP = timedelta(days=7)  # how long the file can be downloaded
LEASE_SECONDS = 900

# MATERIALIZED: as a plain subquery the planner may run it once for each row, and LIMIT then limits nothing.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM contacts_exportrun
     WHERE format = 'zip' AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
     ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE contacts_exportrun e SET state = 'running', lease_until = clock_timestamp() + %s * interval '1 second'
  FROM due
 WHERE e.id = due.id
RETURNING e.workspace_id, e.id
"""
DUE = """
SELECT EXISTS (SELECT 1 FROM contacts_exportrun
                WHERE format = 'zip' AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp())))
"""


@transaction.atomic
def request(contact: Contact, *, by: Member) -> ExportRun:
    """Have the file written by a job; a file that is being written already counts."""
    waiting = runs_of(contact).filter(state__in=(ExportRun.State.QUEUED, ExportRun.State.RUNNING)).first()
    if waiting is not None:
        return waiting
    run = ExportRun.objects.create(
        workspace_id=contact.workspace_id,
        format=FORMAT,
        filters={"contact": str(contact.uuid)},
        created_by=by,
        expires_at=timezone.now() + KEEP,
    )
    auditing.record(by, "contact.exported", f"contact {contact.uuid}")
    ring(JOB, queue="bulk")
    return run


def runs_of(contact: Contact) -> Any:
    """The files about one person that can be had or will be, newest first."""
    return ExportRun.objects.filter(
        workspace_id=contact.workspace_id,
        format=FORMAT,
        filters__contact=str(contact.uuid),
        expires_at__gt=timezone.now(),
    ).order_by("-id")


def is_due() -> bool:
    """Whether a file waits to be written."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        return bool(cursor.fetchone()[0])


def claim() -> tuple[int, int] | None:
    """Take one file to write, as (workspace id, run id); one whose worker died is taken again."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE_SECONDS])
        return cursor.fetchone()


def remove_expired() -> int:
    """Delete the files of runs that are past their time; returns how many."""
    with tenancy.all_workspaces():
        old = ExportRun.objects.filter(format=FORMAT, expires_at__lt=timezone.now()).exclude(file="")
        names = list(old.values_list("file", flat=True)[:1000])
        for name in names:
            default_storage.delete(name)
        ExportRun.objects.filter(format=FORMAT, file__in=names).update(file="")
    return len(names)


def record_of(contact: Contact) -> dict[str, Any]:
    """File name → content of everything the contact's record holds, as plain data."""
    identities = list(
        Identity.objects.filter(workspace_id=contact.workspace_id, contact=contact)
        .prefetch_related("aliases")
        .order_by("pk")
    )
    notes = ContactNote.objects.filter(workspace_id=contact.workspace_id, contact=contact).select_related("author")
    return {
        "contact.json": _person(contact, identities),
        "consent.json": _consent(contact, identities),
        "notes.json": [
            {"text": note.text, "author": note.author.name if note.author else None, "created_at": note.created_at}
            for note in notes.order_by("pk")
        ],
        "audit.json": _audit(contact),
    }


def _person(contact: Contact, identities: list[Identity]) -> dict[str, Any]:
    tags = Tag.objects.filter(workspace_id=contact.workspace_id, pk__in=contact.tag_ids)
    labels = dict(CustomField.objects.filter(workspace_id=contact.workspace_id).values_list("key", "label"))
    plain = (
        *("uuid", "name", "email", "language", "time_zone", "country"),
        *("created_at", "last_seen_at", "last_outbound_at", "blocked_at"),
    )
    return {
        **{name: getattr(contact, name) for name in plain},
        "tags": sorted(tags.values_list("name", flat=True)),
        "fields": {labels.get(key, key): value for key, value in contact.fields.items()},
        "identities": [
            {
                **{name: getattr(identity, name) for name in ("channel_kind", "address", "phone", "user_id")},
                **{name: getattr(identity, name) for name in ("username", "profile_name", "created_at")},
                "also_known_as": [alias.address for alias in identity.aliases.all()],
            }
            for identity in identities
        ],
    }


def _consent(contact: Contact, identities: list[Identity]) -> dict[str, Any]:
    names = {identity.pk: identity.display for identity in identities}
    present = Consent.objects.filter(workspace_id=contact.workspace_id, identity__in=identities).order_by("pk")
    return {
        "present": [
            {
                "identity": names[row.identity_id],
                **{name: getattr(row, name) for name in ("purpose", "state", "source", "wording", "changed_at")},
            }
            for row in present
        ],
        "history": [
            {
                "identity": names[entry.identity_id],
                **{name: getattr(entry, name) for name in ("purpose", "state", "source", "created_at")},
                "wording": consent.wording_of(entry),
                "by": entry.actor.name if entry.actor else None,
            }
            for entry in consent.history(identities)
        ],
    }


def _audit(contact: Contact) -> list[dict[str, Any]]:
    entries = AuditEntry.objects.filter(workspace_id=contact.workspace_id, target=f"contact {contact.uuid}")
    return [
        {"action": entry.action, "by": entry.actor.name if entry.actor else None, "at": entry.created_at}
        for entry in entries.select_related("actor").order_by("pk")
    ]
