"""What the admins of a workspace decide about its credits: when to be told, how much a day, which pocket holds them."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from live.publishing import publish

from . import auditing, credits
from .models import CreditEntry, CreditPocket, Member


class MovedMeanwhile(Exception):
    """Somebody moved credits after the form was shown."""


@transaction.atomic
def change(pocket: CreditPocket, *, low_balance: int, daily_cap: int | None, by: Member) -> CreditPocket:
    """Set below which balance admins are told (0: never), and how much may be charged in a day (None: no limit)."""
    pocket = CreditPocket.objects.select_for_update(no_key=True).get(workspace_id=by.workspace_id, pk=pocket.pk)
    wanted: dict[str, int | None] = {"low_balance": low_balance, "daily_cap": daily_cap}
    before = {name: getattr(pocket, name) for name in wanted if getattr(pocket, name) != wanted[name]}
    if not before:
        return pocket
    for name in before:
        setattr(pocket, name, wanted[name])
    changed = list(before)
    if "low_balance" in before:
        pocket.low_told_at = None  # a new bound is a new question
        changed.append("low_told_at")
    pocket.save(update_fields=changed)
    after = {name: wanted[name] for name in before}
    auditing.record(by, "credits.limits_changed", pocket.get_kind_display(), before=before, after=after)
    publish(by.workspace_id, "credits")
    return pocket


def newest_move(workspace_id: int) -> int:
    """The last transfer a form has seen, 0 without any."""
    return _moves(workspace_id).values_list("pk", flat=True).first() or 0


@transaction.atomic
def move(*, source: str, target: str, amount: int, seen: int, by: Member) -> None:
    """Move credits between pockets, once however often the form arrives.

    `seen` is the last transfer the form knew of. The same move by the same member after it is this one. Raises
    MovedMeanwhile for any other, and what `credits.transfer` raises.
    """
    pockets = CreditPocket.objects.select_for_update(no_key=True).filter(workspace_id=by.workspace_id)
    list(pockets.order_by("pk"))  # two forms sent together wait for each other here
    newer = list(_moves(by.workspace_id).filter(pk__gt=seen).select_related("pocket")[:3])
    if newer:
        made = {(entry.pocket.kind, entry.amount, entry.actor_id) for entry in newer}
        if made == {(source, -amount, by.pk), (target, amount, by.pk)}:
            return
        raise MovedMeanwhile("Credits were moved in the meantime. Look at the balances, then try again.")
    credits.transfer(by.workspace_id, source=source, target=target, credits=amount, by=by)


def _moves(workspace_id: int) -> QuerySet[CreditEntry]:
    # Pocket by pocket: the index of the rare kinds begins with the pocket.
    pockets = CreditPocket.objects.filter(workspace_id=workspace_id)
    found = CreditEntry.objects.filter(pocket__in=pockets, kind=CreditEntry.Kind.TRANSFER)
    return found.filter(workspace_id=workspace_id).order_by("-pk")
