"""Who may be sent what. The word of the person counts; programs may only make it stricter.

Every change locks the identity and its consent row; whoever is about to send marketing holds the row FOR SHARE in the
transaction that starts the message (`hold`). So once an opt-out has committed, nothing starts any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from live.publishing import publish
from workspaces import auditing
from workspaces.models import Member

from . import consent_rows, suppression
from .models import Consent, ConsentEntry, ConsentState, Contact, Identity, Purpose

OPTED_IN, OPTED_OUT = ConsentState.OPTED_IN.value, ConsentState.OPTED_OUT.value
MARKETING, SERVICE = Purpose.MARKETING.value, Purpose.SERVICE.value

# Where a change can come from, in words for people. The first group is the person's own doing.
SOURCES = {
    "stop_word": "Wrote a stop word",
    "start_word": "Wrote a start word",
    "provider": "Chose it in the messaging app",
    "agent": "Entered by the team",
    "import": "Came with an import",
    "api": "Set over the API",
    "merge": "Taken over in a merge",
    "merge_undone": "Given back when a merge was undone",
    "suppressed": "Was on the suppression list",
}
OWN_WORD = frozenset({"stop_word", "start_word", "provider"})

HOLD_MARKETING = """
SELECT identity_id FROM contacts_consent
 WHERE workspace_id = %s AND identity_id = ANY(%s) AND purpose = 'marketing' AND state = 'opted_in'
 ORDER BY identity_id FOR SHARE
"""
# Service needs no consent, only the absence of an opt-out. A row that is not there cannot be locked, the identity can.
HOLD_IDENTITIES = """
SELECT id FROM contacts_identity WHERE workspace_id = %s AND id = ANY(%s) ORDER BY id FOR SHARE
"""


class ConsentRefused(Exception):
    """A change of consent that nobody may make; the text says why."""


@transaction.atomic
def opt_out(
    identity: Identity,
    purpose: str = MARKETING,
    *,
    source: str,
    wording: str = "",
    by: Member | None = None,
    at: datetime | None = None,
) -> bool:
    """Stop messages of a purpose to this identity; True when that changed something.

    `at` is when the person said so. An opt-out that arrives after a later opt-in of the same person changes nothing.
    """
    row = _locked(identity, purpose)
    # A stronger word replaces a weaker one, so that undoing a merge, say, cannot take it back.
    if row and row.state == OPTED_OUT and _weight(source) <= _weight(row.source):
        if at and at > row.changed_at:
            row.changed_at = at  # said again: an opt-in from between that arrives late must not win
            row.save(update_fields=["changed_at"])
        return False
    if row and at and row.state == OPTED_IN and row.source in OWN_WORD and row.changed_at > at:
        return False
    _write(row, identity, purpose, OPTED_OUT, source=source, wording=wording, by=by, at=at)
    return True


@transaction.atomic
def opt_in(
    identity: Identity,
    purpose: str = MARKETING,
    *,
    source: str,
    wording: str = "",
    by: Member | None = None,
    at: datetime | None = None,
) -> bool:
    """Allow messages of a purpose on the person's own word, or a member's who says how the person agreed.

    True when that changed something. Everything else comes through `tighten`. Raises ConsentRefused for another source
    and for a member's word without a wording.
    """
    if source not in OWN_WORD and source != "agent":
        raise ConsentRefused("Only the person, or a member who was told by them, can allow marketing again.")
    if source == "agent" and not (by and wording.strip()):
        raise ConsentRefused("Write down how this person agreed, for example “by phone on 3 May”.")
    row = _locked(identity, purpose)
    if row and (row.state == OPTED_IN or (at and row.changed_at > at)):
        return False
    if source in OWN_WORD:
        suppression.lift(identity, purpose)
    _write(row, identity, purpose, OPTED_IN, source=source, wording=wording, by=by, at=at)
    return True


@transaction.atomic
def tighten(
    identity: Identity,
    purpose: str,
    state: str,
    *,
    source: str,
    wording: str = "",
    by: Member | None = None,
) -> bool:
    """What merges, imports and the API may do: opt out always, opt in only where nobody ever said anything.

    True when that changed something. A suppressed address counts as opted out and becomes so.
    """
    return bool(tighten_many([identity], purpose, state, source=source, wording=wording, by=by))


@transaction.atomic
def tighten_many(
    identities: Collection[Identity],
    purpose: str,
    state: str,
    *,
    source: str,
    wording: str = "",
    by: Member | None = None,
) -> int:
    """`tighten` for many identities of one workspace in a few statements; returns how many changed.

    Raises ValueError for a state that is none.
    """
    state = ConsentState(state).value
    if not identities:
        return 0
    workspace_id = next(iter(identities)).workspace_id
    ids = sorted(identity.pk for identity in identities)
    with connection.cursor() as cursor:
        cursor.execute(HOLD_IDENTITIES.replace("FOR SHARE", "FOR NO KEY UPDATE"), [workspace_id, ids])
    rows = Consent.objects.select_for_update().filter(workspace_id=workspace_id, identity_id__in=ids, purpose=purpose)
    present = {row.identity_id: row for row in rows}
    if state == OPTED_OUT:
        changed = [pk for pk in ids if pk not in present or present[pk].state == OPTED_IN]
        return consent_rows.write_many(workspace_id, changed, purpose, state, source=source, wording=wording, by=by)
    fresh = {identity.pk: identity for identity in identities if identity.pk not in present}
    suppressed = suppression.among(list(fresh.values()), purpose)
    consent_rows.write_many(
        workspace_id, sorted(suppressed), purpose, OPTED_OUT, source="suppressed", wording="", by=None
    )
    changed = sorted(fresh.keys() - suppressed)
    return consent_rows.write_many(workspace_id, changed, purpose, state, source=source, wording=wording, by=by)


@transaction.atomic
def correct(row: Consent, was: list[str] | None) -> None:
    """Take back what only a mistake said: `was` is state, source, wording and time before, None for nothing.

    For undoing a merge, which put one person's word into another's mouth. The history keeps both entries.
    """
    if was is None:
        row.delete()
        return
    state, source, wording, changed_at = was
    row.state, row.source, row.wording, row.changed_at = state, source, wording, datetime.fromisoformat(changed_at)
    row.save()
    consent_rows.log(
        row.workspace_id, [row.identity_id], row.purpose, state, source="merge_undone", wording="", by=None
    )


@transaction.atomic
def keep_suppressed(identities: Collection[Identity], *, purposes: Collection[str] = (MARKETING, SERVICE)) -> int:
    """Give identities that were just made the opt-outs of the suppression list; returns how many there were."""
    count = 0
    for purpose in purposes:
        hits = suppression.among(identities, purpose)
        theirs = [identity for identity in identities if identity.pk in hits]
        count += tighten_many(theirs, purpose, OPTED_OUT, source="suppressed")
    return count


def state_of(identity: Identity, purpose: str = MARKETING) -> str:
    """`opted_in`, `opted_out`, or '' when nobody ever said anything."""
    found = Consent.objects.filter(workspace_id=identity.workspace_id, identity=identity, purpose=purpose)
    return found.values_list("state", flat=True).first() or ""


def may_send(identity: Identity, purpose: str = MARKETING) -> bool:
    """Whether messages of this purpose may go out, as things stand. To send, ask `hold`."""
    state = state_of(identity, purpose)
    return state == OPTED_IN if purpose == MARKETING else state != OPTED_OUT


def hold(workspace_id: int, identity_ids: Iterable[int], purpose: str = MARKETING) -> set[int]:
    """Those identities that may be sent this, locked until the transaction ends, so that no opt-out comes between.

    Ask it in the transaction that marks a message as started.
    """
    ids = sorted(set(identity_ids))
    with connection.cursor() as cursor:
        if purpose == MARKETING:
            cursor.execute(HOLD_MARKETING, [workspace_id, ids])
            return {row[0] for row in cursor.fetchall()}
        cursor.execute(HOLD_IDENTITIES, [workspace_id, ids])
        known = {row[0] for row in cursor.fetchall()}
    refused = Consent.objects.filter(
        workspace_id=workspace_id, identity_id__in=ids, purpose=purpose, state=OPTED_OUT
    ).values_list("identity_id", flat=True)
    return known - set(refused)


def history(identities: Collection[Identity]) -> list[ConsentEntry]:
    """Every change of mind of these identities, newest first, with `actor` and, where kept, `wording`."""
    ids = [identity.pk for identity in identities]
    if not ids:
        return []
    entries = ConsentEntry.objects.filter(workspace_id=next(iter(identities)).workspace_id, identity_id__in=ids)
    return list(entries.select_related("actor", "wording").order_by("-id"))


def wording_of(entry: ConsentEntry) -> str:
    """What was said at an entry of the history, '' when nothing was kept."""
    return entry.wording.text if hasattr(entry, "wording") else ""


def _weight(source: str) -> int:
    return 2 if source in OWN_WORD else 1 if source == "agent" else 0


def _locked(identity: Identity, purpose: str) -> Consent | None:
    """The consent row, locked. The identity is locked too: it stands for a row that is not there yet."""
    Identity.objects.select_for_update(no_key=True).get(workspace_id=identity.workspace_id, pk=identity.pk)
    rows = Consent.objects.select_for_update()
    return rows.filter(workspace_id=identity.workspace_id, identity=identity, purpose=purpose).first()


def _write(
    row: Consent | None,
    identity: Identity,
    purpose: str,
    state: str,
    *,
    source: str,
    wording: str,
    by: Member | None,
    at: datetime | None,
) -> None:
    row = row or Consent(workspace_id=identity.workspace_id, identity=identity, purpose=purpose)
    row.state, row.source, row.wording, row.changed_at = state, source, wording[:2000], at or timezone.now()
    row.save()
    consent_rows.log(identity.workspace_id, [identity.pk], purpose, state, source=source, wording=wording, by=by)
    uuid = Contact.objects.values_list("uuid", flat=True).get(
        workspace_id=identity.workspace_id, pk=identity.contact_id
    )
    if by is not None:
        what = {"purpose": purpose, "state": state, "source": source}
        auditing.record(by, "consent.changed", f"contact {uuid}", after=what)
    publish(identity.workspace_id, f"contact-{uuid}", "contacts")
