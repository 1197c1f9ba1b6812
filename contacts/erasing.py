"""Forget a person for good: the record's side of it, and the log that it happened.

The messages are the inbox's side (`inbox.erasing`), reached by a job's name because contacts may not import the inbox.
What stays is a row with a random name that counts and ledgers can point to, and the digests of `suppression`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from config.queues import ring
from live.publishing import publish
from workspaces import auditing, tenancy
from workspaces.models import Member
from workspaces.models.tenant import uuid7

from . import consent, following, suppression
from .deleting import KEEP
from .models import (
    Consent,
    ConsentWording,
    Contact,
    ContactNote,
    Erasure,
    ExportRun,
    Identity,
    IdentityAlias,
    ImportRun,
    Merge,
)

JOB = "inbox.jobs.erase_people"
LEASE_SECONDS = 900
FINISHED = (ImportRun.State.DONE, ImportRun.State.CANCELLED, ImportRun.State.FAILED, ImportRun.State.UNDONE)
SHORTEST = 6  # digits or characters; anything shorter stands in other people's rows by chance

# MATERIALIZED: as a plain subquery the planner may run it once for each row, and LIMIT then limits nothing.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM contacts_erasure
     WHERE state = 'queued' AND (lease_until IS NULL OR lease_until < clock_timestamp())
     ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE contacts_erasure e SET lease_until = clock_timestamp() + %s * interval '1 second'
  FROM due
 WHERE e.id = due.id
RETURNING e.workspace_id, e.id
"""
# People deleted longer ago than a deletion can be undone, a merged one's empty half included.
DUE_FOR_PURGE = """
INSERT INTO contacts_erasure (uuid, workspace_id, contact_id, contact_uuid, reason, state, counts, created_at)
SELECT gen_random_uuid(), c.workspace_id, c.id, c.uuid, 'deleted', 'queued', '{}', clock_timestamp()
  FROM contacts_contact c
 WHERE c.deleted_at < %s AND c.erased_at IS NULL ORDER BY c.deleted_at LIMIT %s
ON CONFLICT DO NOTHING
"""
# The rejected rows of imports hold what stood in the file; numbers in any spelling.
IN_REJECTED_ROWS = """
DELETE FROM contacts_importproblem p
 WHERE p.workspace_id = %s AND EXISTS (
    SELECT 1 FROM unnest(%s::text[]) AS t (term)
     WHERE strpos(lower(p.row::text), term) > 0 OR strpos(regexp_replace(p.row::text, '\\D', '', 'g'), term) > 0)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom erasures are about: the contacts, those merged into them, and everything they are called."""

    contact_ids: list[int]
    identities: list[Identity]
    addresses: frozenset[str]  # numbers, user ids and aliases as the provider spells them
    emails: frozenset[str]


@transaction.atomic
def request(contact: Contact, *, by: Member) -> Erasure:
    """Hide the person at once and have everything about them erased by a job. Cannot be undone."""
    contact = Contact.objects.select_for_update().get(workspace_id=contact.workspace_id, pk=contact.pk)
    erasure = _queue(contact, Erasure.Reason.REQUEST, by)
    contact.deleted_at = contact.deleted_at or timezone.now()
    contact.save(update_fields=["deleted_at"])
    following.hide(contact.workspace_id, [contact.pk])
    auditing.record(by, "contact.erased", f"contact {contact.uuid}")
    publish(contact.workspace_id, "contacts", f"contact-{contact.uuid}")
    return erasure


def _queue(contact: Contact, reason: str, by: Member | None) -> Erasure:
    erasure, _ = Erasure.objects.get_or_create(
        workspace_id=contact.workspace_id,
        contact_id=contact.pk,
        state=Erasure.State.QUEUED,
        defaults={"contact_uuid": contact.uuid, "reason": reason, "requested_by": by},
    )
    if reason != Erasure.Reason.DELETED and erasure.reason == Erasure.Reason.DELETED:
        erasure.reason, erasure.requested_by = reason, by  # asked for while the week of a deletion was just over
        erasure.save(update_fields=["reason", "requested_by"])
    ring(JOB, queue="bulk")
    return erasure


def queue_purges(limit: int) -> int:
    """Queue the erasure of people who were deleted more than a week ago; returns how many."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE_FOR_PURGE, [timezone.now() - KEEP, limit])
        return cursor.rowcount


def is_due() -> bool:
    """Whether an erasure waits."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM contacts_erasure WHERE state = 'queued' "
            "AND (lease_until IS NULL OR lease_until < clock_timestamp()))"
        )
        return bool(cursor.fetchone()[0])


def claim(limit: int) -> list[tuple[int, int]]:
    """Take erasures to work on, as (workspace id, erasure id); one whose worker died is taken again later."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [limit, LEASE_SECONDS])
        return sorted(cursor.fetchall())


def wanted(workspace_id: int, ids: Collection[int]) -> list[Erasure]:
    """Those of the erasures that still stand: a deleted person who wrote again meanwhile is kept."""
    queued = Erasure.objects.select_for_update().filter(
        workspace_id=workspace_id, pk__in=ids, state=Erasure.State.QUEUED
    )
    erasures = list(queued.order_by("pk"))
    back = Contact.objects.filter(
        workspace_id=workspace_id, pk__in=[erasure.contact_id for erasure in erasures], deleted_at=None
    )
    alive = set(back.values_list("pk", flat=True))
    kept = [
        erasure for erasure in erasures if erasure.reason != Erasure.Reason.DELETED or erasure.contact_id not in alive
    ]
    Erasure.objects.filter(pk__in=[erasure.pk for erasure in erasures if erasure not in kept]).delete()
    return kept


def subject_of(workspace_id: int, erasures: Collection[Erasure]) -> Subject:
    """Everybody these erasures are about, found before anything is forgotten."""
    ids = {erasure.contact_id for erasure in erasures}
    while merged := set(
        Merge.objects.filter(workspace_id=workspace_id, kept_id__in=ids, undone_at=None)
        .exclude(gone_id__in=ids)
        .values_list("gone_id", flat=True)
    ):
        ids |= merged
    identities = list(Identity.objects.filter(workspace_id=workspace_id, contact_id__in=ids).order_by("pk"))
    aliases = IdentityAlias.objects.filter(workspace_id=workspace_id, identity__in=identities)
    addresses = {name for identity in identities for name in (identity.address, identity.user_id) if name}
    emails = Contact.objects.filter(workspace_id=workspace_id, pk__in=ids).exclude(email="")
    return Subject(
        sorted(ids),
        identities,
        frozenset(addresses | set(aliases.values_list("address", flat=True))),
        frozenset(emails.values_list("email", flat=True)),
    )


def remove_files(workspace_id: int) -> int:
    """Delete exports and finished imports' uploads, any of which may hold an erased person; returns how many went.

    Before the transaction that forgets the rows: a file that is gone while its row is not is found again.
    """
    exports = ExportRun.objects.filter(workspace_id=workspace_id).exclude(file="")
    uploads = ImportRun.objects.filter(workspace_id=workspace_id, state__in=FINISHED).exclude(file="")
    names = [*exports.values_list("file", flat=True), *uploads.values_list("file", flat=True)]
    for name in names:
        default_storage.delete(name)
    exports.update(file="", expires_at=timezone.now())
    uploads.update(file="")
    return len(names)


def forget(workspace_id: int, subject: Subject, erasures: Sequence[Erasure]) -> None:
    """Erase the record's side, in the caller's transaction; only a row with a random name is left of each contact."""
    asked_for = {erasure.contact_id for erasure in erasures if erasure.reason != Erasure.Reason.DELETED}
    _suppress(workspace_id, subject, asked_for)
    identity_ids = [identity.pk for identity in subject.identities]
    ContactNote.objects.filter(workspace_id=workspace_id, contact_id__in=subject.contact_ids).delete()
    IdentityAlias.objects.filter(workspace_id=workspace_id, identity_id__in=identity_ids).delete()
    ConsentWording.objects.filter(workspace_id=workspace_id, identity_id__in=identity_ids).delete()
    Consent.objects.filter(workspace_id=workspace_id, identity_id__in=identity_ids).update(wording="")
    Merge.objects.filter(workspace_id=workspace_id, kept_id__in=subject.contact_ids).delete()
    Merge.objects.filter(workspace_id=workspace_id, gone_id__in=subject.contact_ids).delete()
    _forget_rejected_rows(workspace_id, subject)
    for identity in subject.identities:
        identity.address = identity.phone = identity.username = identity.profile_name = ""
        identity.user_id = f"erased-{secrets.token_hex(12)}"
    Identity.objects.bulk_update(subject.identities, ["address", "phone", "username", "profile_name", "user_id"])
    for pk in subject.contact_ids:
        Contact.objects.filter(workspace_id=workspace_id, pk=pk).update(**_nobody())


def _nobody() -> dict[str, object]:
    """What is left of a contact. A new address too: the old one may stand in somebody's notes."""
    now = timezone.now()
    return {
        "uuid": uuid7(),
        "name": f"Erased contact {secrets.token_hex(3)}",
        "email": "",
        "language": "",
        "time_zone": "",
        "country": "",
        "fields": {},
        "tag_ids": [],
        "import_run": None,
        "deleted_at": Coalesce("deleted_at", now),
        "erased_at": now,
    }


def _suppress(workspace_id: int, subject: Subject, asked_for: set[int]) -> None:
    """Who asked to be erased is suppressed for everything, who was merely deleted for what they had opted out of."""
    merged = Merge.objects.filter(workspace_id=workspace_id, kept_id__in=asked_for, undone_at=None)
    asked_for = asked_for | set(merged.values_list("gone_id", flat=True))
    strictly = [identity for identity in subject.identities if identity.contact_id in asked_for]
    suppression.remember(strictly, suppression.both())
    opted_out = Consent.objects.filter(
        workspace_id=workspace_id, identity__in=subject.identities, state=consent.OPTED_OUT
    ).values_list("identity_id", "purpose")
    for purpose in suppression.both():
        ids = {identity for identity, named in opted_out if named == purpose}
        suppression.remember([identity for identity in subject.identities if identity.pk in ids], [purpose])


def _forget_rejected_rows(workspace_id: int, subject: Subject) -> None:
    terms = [term.lower() for term in {*subject.addresses, *subject.emails} if len(term) >= SHORTEST]
    if terms:
        with connection.cursor() as cursor:
            cursor.execute(IN_REJECTED_ROWS, [workspace_id, terms])


def write_down(erasures: Sequence[Erasure]) -> None:
    """Add to the log outside the database what a restored backup would have to forget again; durable on return."""
    path = Path(settings.ERASURE_LOG)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"workspace": row.workspace_id, "contact": str(row.contact_uuid), "erasure": str(row.uuid)})
        for row in erasures
    ]
    with path.open("a") as log:
        log.write("".join(f"{line}\n" for line in lines))
        log.flush()
        os.fsync(log.fileno())


def replay(path: Path) -> int:
    """Queue again what the log names and the database has, after a backup was restored; returns how many people."""
    count = 0
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        with tenancy.scope(entry["workspace"]):
            found = Contact.objects.filter(workspace_id=entry["workspace"], uuid=entry["contact"], erased_at=None)
            for contact in found.select_for_update():
                _queue(contact, Erasure.Reason.RESTORED, None)
                Contact.objects.filter(pk=contact.pk).update(deleted_at=Coalesce("deleted_at", timezone.now()))
                following.hide(contact.workspace_id, [contact.pk])
                count += 1
    return count
