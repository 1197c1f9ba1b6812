"""Take back the people an import added, for a week, as long as nothing has happened to them since."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from config.queues import ring
from contacts.models import Consent, Contact, Identity, ImportRun
from live.publishing import publish
from workspaces import auditing, tenancy
from workspaces.models import Member

UNDO = timedelta(days=7)
AT_ONCE = 2_000
LEASE_SECONDS = 30
# History outlives people; the rest of what an import made goes with them.
DELETE = (
    "DELETE FROM contacts_consentwording WHERE workspace_id = %(ws)s AND identity_id IN "
    "(SELECT id FROM contacts_identity WHERE workspace_id = %(ws)s AND contact_id = ANY(%(ids)s))",
    "DELETE FROM contacts_consent WHERE workspace_id = %(ws)s AND identity_id IN "
    "(SELECT id FROM contacts_identity WHERE workspace_id = %(ws)s AND contact_id = ANY(%(ids)s))",
    "DELETE FROM contacts_identity WHERE workspace_id = %(ws)s AND contact_id = ANY(%(ids)s)",
    "DELETE FROM contacts_contact WHERE workspace_id = %(ws)s AND id = ANY(%(ids)s)",
)


class UndoRefused(Exception):
    """The import cannot be taken back; the text says why."""


def until(run: ImportRun) -> datetime | None:
    """Until when the import can be taken back, None when there is nothing to take back."""
    added = run.counts.get("done", {}).get("new")
    over = run.state in {ImportRun.State.DONE, ImportRun.State.CANCELLED, ImportRun.State.FAILED}
    return run.finished_at + UNDO if over and added and run.finished_at else None


@transaction.atomic
def undo(run: ImportRun, *, by: Member) -> ImportRun:
    """Begin to take back the people this import added; a job does it. Raises UndoRefused."""
    run = ImportRun.objects.select_for_update().get(workspace_id=run.workspace_id, pk=run.pk)
    last = until(run)
    if last is None:
        raise UndoRefused("This import has added nobody who could be taken back.")
    if last < timezone.now():
        raise UndoRefused("An import can be taken back for a week. That time is over.")
    run.state, run.position, run.lease_until = ImportRun.State.UNDONE, 0, timezone.now()
    run.save(update_fields=["state", "position", "lease_until"])
    auditing.record(by, "import.undone", run.filename)
    publish(run.workspace_id, f"imp-{run.uuid}")
    ring("contacts.jobs.work_on_imports", queue="bulk")
    return run


def take_back(run: ImportRun) -> None:
    """Delete the people of an undone import who are as it left them, some thousands a transaction."""
    while _some(run.workspace_id, run.pk):
        pass
    with tenancy.scope(run.workspace_id):
        ImportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk).update(lease_until=None)
        publish(run.workspace_id, f"imp-{run.uuid}", "contacts")


def _some(workspace_id: int, run_id: int) -> bool:
    with tenancy.scope(workspace_id):
        run = ImportRun.objects.select_for_update().get(workspace_id=workspace_id, pk=run_id)
        people = Contact.objects.filter(workspace_id=workspace_id, import_run_id=run_id)
        ids = list(people.filter(pk__gt=run.position).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if not ids:
            return False
        locked = Contact.objects.select_for_update().filter(workspace_id=workspace_id, pk__in=ids).order_by("pk")
        list(locked.values_list("pk", flat=True))
        going = list(untouched(workspace_id, people.filter(pk__in=ids)).values_list("pk", flat=True))
        with connection.cursor() as cursor:
            for statement in DELETE:
                cursor.execute(statement, {"ws": workspace_id, "ids": going})
        before = run.counts.get("undone", {"removed": 0, "kept": 0})
        after = {"removed": before["removed"] + len(going), "kept": before["kept"] + len(ids) - len(going)}
        run.counts = {**run.counts, "undone": after}
        run.position, run.lease_until = ids[-1], timezone.now() + timedelta(seconds=LEASE_SECONDS)
        run.save(update_fields=["counts", "position", "lease_until"])
        publish(workspace_id, f"imp-{run.uuid}")
    return True


def untouched(workspace_id: int, people: QuerySet[Contact]) -> QuerySet[Contact]:
    """Those nobody has written to or heard from, and nothing hangs on: no conversation, note or merge.

    Whatever will ever point at a contact counts, without being named here.
    """
    people = people.filter(last_seen_at=None, last_outbound_at=None, blocked_at=None)
    for model, name in _pointing_at(Contact, but={Identity}):
        rows = model._base_manager.filter(workspace_id=workspace_id, **{name: OuterRef("pk")})
        people = people.exclude(Exists(rows))
    for model, name in _pointing_at(Identity, but={Consent}):
        rows = model._base_manager.filter(workspace_id=workspace_id, **{f"{name}__contact_id": OuterRef("pk")})
        people = people.exclude(Exists(rows))
    own = Consent.objects.filter(
        ~Q(source__in=["import", "suppressed"]), workspace_id=workspace_id, identity__contact_id=OuterRef("pk")
    )
    return people.exclude(Exists(own))


def _pointing_at(target: type[Model], *, but: set[type[Model]]) -> list[tuple[type[Model], str]]:
    links = [link for link in target._meta.related_objects if link.related_model not in but]
    return [(link.related_model, link.field.name) for link in links]
