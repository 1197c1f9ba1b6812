"""The rows behind `contacts.consent`, by the thousand: present states, history, wordings."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from workspaces.models import Member

from .models import Consent, ConsentEntry, ConsentWording


def write_many(
    workspace_id: int, ids: Sequence[int], purpose: str, state: str, *, source: str, wording: str, by: Member | None
) -> int:
    """Set the same state for many identities that the caller has locked; returns how many."""
    now = timezone.now()
    Consent.objects.bulk_create(
        [
            Consent(
                workspace_id=workspace_id,
                identity_id=pk,
                purpose=purpose,
                state=state,
                source=source,
                wording=wording[:2000],
                changed_at=now,
            )
            for pk in ids
        ],
        update_conflicts=True,
        unique_fields=["workspace", "identity", "purpose"],
        update_fields=["state", "source", "wording", "changed_at"],
        batch_size=2000,
    )
    log(workspace_id, ids, purpose, state, source=source, wording=wording, by=by)
    return len(ids)


def log(
    workspace_id: int, ids: Sequence[int], purpose: str, state: str, *, source: str, wording: str, by: Member | None
) -> None:
    """Add a change of mind of each identity to the history."""
    entries = ConsentEntry.objects.bulk_create(
        [
            ConsentEntry(
                workspace_id=workspace_id, identity_id=pk, purpose=purpose, state=state, source=source, actor=by
            )
            for pk in ids
        ],
        batch_size=2000,
    )
    if wording:
        ConsentWording.objects.bulk_create(
            [
                ConsentWording(
                    workspace_id=workspace_id, entry=entry, identity_id=entry.identity_id, text=wording[:2000]
                )
                for entry in entries
            ],
            batch_size=2000,
        )
