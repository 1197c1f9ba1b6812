"""Tell the admins of a workspace, once, that its credits are running out."""

from __future__ import annotations

import smtplib

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import connection
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from live.publishing import publish

from . import tenancy
from .models import CreditPocket, Member, Role

log = structlog.get_logger(__name__)

TRY_AGAIN_SECONDS = 300  # after mail could not be sent
JOB = "workspaces.jobs.tell_of_low_credits"

# Told, and enough again since: the next crossing is news.
RECOVER = """
UPDATE workspaces_creditpocket SET low_told_at = NULL WHERE id IN (
    SELECT id FROM workspaces_creditpocket
     WHERE low_told_at IS NOT NULL AND balance >= low_balance FOR NO KEY UPDATE SKIP LOCKED)
"""
LOW = "low_balance > 0 AND balance < low_balance AND low_told_at IS NULL"
DUE = f"SELECT id, workspace_id FROM workspaces_creditpocket WHERE {LOW} ORDER BY id LIMIT 100"  # noqa: S608
CLAIM = f"UPDATE workspaces_creditpocket SET low_told_at = %s WHERE id = %s AND {LOW} RETURNING id"  # noqa: S608


def due() -> bool:
    """Whether some pocket is low and nobody was told; forgets the notices of those that have enough again."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(RECOVER)
        cursor.execute(f"SELECT EXISTS ({DUE})")
        return bool(cursor.fetchone()[0])


def tell_all() -> int:
    """Send the notices that are due; returns how many pockets they were about."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        found = cursor.fetchall()
    return sum(_tell(pocket_id, workspace_id) for pocket_id, workspace_id in found)


def _tell(pocket_id: int, workspace_id: int) -> bool:
    """Claim first, so that two workers send one mail; given back when the mail server does not take it."""
    waits = f"credit-notice:{pocket_id}"
    if cache.get(waits):
        return False
    with tenancy.scope(workspace_id), connection.cursor() as cursor:
        cursor.execute(CLAIM, [timezone.now(), pocket_id])
        if cursor.fetchone() is None:
            return False
        pocket = CreditPocket.objects.select_related("workspace").get(workspace_id=workspace_id, pk=pocket_id)
        admins = Member.objects.filter(
            workspace_id=workspace_id, removed_at=None, role__in=(Role.OWNER, Role.ADMIN), user__is_active=True
        )
        addresses = list(admins.order_by("pk").values_list(F("user__email"), flat=True))
        publish(workspace_id, "credits")
    try:
        _mail(pocket, addresses)
    except (smtplib.SMTPException, OSError) as error:
        log.warning("low credits not told, mail away", workspace=workspace_id, error=type(error).__name__)
        cache.set(waits, 1, TRY_AGAIN_SECONDS)
        with tenancy.scope(workspace_id):
            CreditPocket.objects.filter(workspace_id=workspace_id, pk=pocket_id).update(low_told_at=None)
        return False
    return True


def _mail(pocket: CreditPocket, addresses: list[str]) -> None:
    workspace = pocket.workspace
    context = {
        "workspace": workspace,
        "pocket": pocket,
        "url": f"{settings.BASE_URL}/w/{workspace.slug}/credits/",
    }
    subject = f"Credits of {workspace.name} are running out".replace("\n", " ")
    text = render_to_string("credits/email/low.txt", context)
    for address in addresses:  # one each: colleagues' addresses are not everybody's business
        send_mail(subject, text, None, [address])
