"""Forget what was said with a person: texts, files, raw webhooks. Rows and statuses stay, so that counts add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import structlog
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone

from contacts import erasing
from contacts.models import Erasure
from live.publishing import publish
from workspaces import credits, tenancy

from . import receiving, template_files
from .models import Attachment, Conversation, ConversationEvent, DeadLetter, InboundWebhook, Message, ParkedStatus
from .redacting import without

log = structlog.get_logger(__name__)

BATCH = 50  # people at once, because the stored webhooks are read once per batch
WINDOW = 20_000  # ids of stored webhooks searched per statement: a second or two at a kilobyte each

NAMING = """
SELECT id FROM inbox_inboundwebhook
 WHERE workspace_id = %s AND id > %s AND id <= %s
   AND EXISTS (SELECT 1 FROM unnest(%s::bytea[]) AS t (name) WHERE position(t.name IN body) > 0)
"""
# A message that waits to be sent ends here. Its provider id goes because WhatsApp's spells the number in base64; the
# one put in its place keeps late statuses of the message from writing it down again.
FORGET_MESSAGES = """
UPDATE inbox_message m
   SET text = '', content = '{}', reactions = '{}', reply_to = '', error_text = '', provider_id = 'erased-' || m.uuid,
       status = CASE WHEN send_state IN ('queued', 'claimed') THEN 'failed' ELSE status END,
       error_code = CASE WHEN send_state IN ('queued', 'claimed') THEN 'erased' ELSE error_code END,
       send_state = CASE WHEN send_state IN ('queued', 'claimed') THEN 'done' ELSE send_state END,
       deleted_at = coalesce(deleted_at, clock_timestamp()), updated_at = clock_timestamp()
 WHERE m.workspace_id = %s AND m.conversation_id = ANY(%s)
RETURNING m.id, m.error_code
"""
PERSONAL_EVENTS = (
    ConversationEvent.Kind.NUMBER_CHANGED,
    ConversationEvent.Kind.OPTED_OUT,
    ConversationEvent.Kind.OPTED_IN,
    ConversationEvent.Kind.MAYBE_OPT_OUT,
)


def erase_pending(limit: int = BATCH) -> int:
    """Erase up to `limit` people who wait for it; returns how many were taken."""
    by_workspace: defaultdict[int, list[int]] = defaultdict(list)
    claimed = erasing.claim(limit)
    for workspace_id, erasure_id in claimed:
        by_workspace[workspace_id].append(erasure_id)
    for workspace_id, ids in by_workspace.items():
        _erase_together(workspace_id, ids)
    return len(claimed)


def _erase_together(workspace_id: int, ids: Sequence[int]) -> None:
    """All at once; if that fails, one by one, so that one bad row keeps nobody else from being erased."""
    try:
        _erase(workspace_id, ids)
    except Exception as error:
        log.error("erasing failed", workspace=workspace_id, people=len(ids), error=type(error).__name__)
        if len(ids) > 1:
            for one in ids:
                _erase_together(workspace_id, [one])


def _erase(workspace_id: int, ids: Sequence[int]) -> None:
    """Safe to repeat: every step finds what an earlier run left, and the names go last."""
    with tenancy.scope(workspace_id):
        erasures = erasing.wanted(workspace_id, ids)
        subject = erasing.subject_of(workspace_id, erasures)
    if not erasures:
        return
    erasing.write_down(erasures)
    counts = {"files": _remove_files(workspace_id, subject, erasures), "webhooks": _redact(workspace_id, subject)}
    with tenancy.scope(workspace_id):
        counts["messages"] = _forget(workspace_id, subject)
        erasing.forget(workspace_id, subject, erasures)
        for erasure in erasures:
            erasure.state, erasure.finished_at, erasure.lease_until = Erasure.State.DONE, timezone.now(), None
            erasure.counts = counts if len(erasures) == 1 else {}
            erasure.save()
        publish(workspace_id, "list", "counts", "contacts", "erasures")


def _remove_files(workspace_id: int, subject: erasing.Subject, erasures: Sequence[Erasure]) -> int:
    with tenancy.scope(workspace_id):
        files = Attachment.objects.filter(
            workspace_id=workspace_id, message__conversation_id__in=_conversations(workspace_id, subject)
        )
        names = list(files.exclude(file="").values_list("file", flat=True))
        for name in names:
            default_storage.delete(name)
        files.delete()
        templates = Message.objects.filter(
            workspace_id=workspace_id,
            conversation_id__in=_conversations(workspace_id, subject),
            kind="template",
            content__has_key="media",
        )
        own = template_files.delete_own(list(templates.values_list("content", flat=True)))
        asked_for = any(erasure.reason != Erasure.Reason.DELETED for erasure in erasures)
        return len(names) + own + (erasing.remove_files(workspace_id) if asked_for else 0)


def _conversations(workspace_id: int, subject: erasing.Subject) -> list[int]:
    ids = [identity.pk for identity in subject.identities]
    found = Conversation.objects.filter(workspace_id=workspace_id, identity_id__in=ids)
    return list(found.values_list("pk", flat=True))


def _redact(workspace_id: int, subject: erasing.Subject) -> int:
    """Take these people out of the stored webhooks; returns how many named them."""
    if not subject.addresses:
        return 0
    names = [name.encode() for name in sorted(subject.addresses)]
    with tenancy.scope(workspace_id):
        stored = InboundWebhook.objects.filter(workspace_id=workspace_id).aggregate(first=Min("id"), last=Max("id"))
    if stored["last"] is None:
        return 0
    count = 0
    for start in range(stored["first"] - 1, stored["last"], WINDOW):
        with tenancy.scope(workspace_id):
            with connection.cursor() as cursor:
                cursor.execute(NAMING, [workspace_id, start, start + WINDOW, names])
                ids = [row[0] for row in cursor.fetchall()]
            found = InboundWebhook.objects.select_for_update().filter(workspace_id=workspace_id, pk__in=ids)
            for webhook in found.order_by("pk"):
                _redact_one(webhook, subject)
        count += len(ids)
    return count


def _redact_one(webhook: InboundWebhook, subject: erasing.Subject) -> None:
    raw = bytes(webhook.body)
    kept = without(raw, subject.addresses)
    if kept is None or any(name.encode() in kept for name in subject.addresses):
        # Names the person in another way than as an element of its own, inside somebody's text for example.
        webhook.delete()
        return
    letters = DeadLetter.objects.filter(workspace_id=webhook.workspace_id, webhook=webhook)
    waits = webhook.dead_at is not None or letters.exists()
    webhook.body, webhook.error = kept, ""
    webhook.save(update_fields=["body", "error"])
    if waits:
        # The letters point at places that moved. What is left is applied again, and what fails again is noted anew.
        receiving.replay(webhook)


@transaction.atomic
def _forget(workspace_id: int, subject: erasing.Subject) -> int:
    conversations = _conversations(workspace_id, subject)
    theirs = Message.objects.filter(workspace_id=workspace_id, conversation_id__in=conversations)
    ParkedStatus.objects.filter(
        workspace_id=workspace_id, provider_id__in=theirs.exclude(provider_id=None).values("provider_id")
    ).delete()
    with connection.cursor() as cursor:
        cursor.execute(FORGET_MESSAGES, [workspace_id, conversations])
        rows = cursor.fetchall()
    ConversationEvent.objects.filter(
        workspace_id=workspace_id, conversation_id__in=conversations, kind__in=PERSONAL_EVENTS
    ).update(details={})
    Conversation.objects.filter(workspace_id=workspace_id, pk__in=conversations).update(
        status=Conversation.Status.HIDDEN,
        status_before="",
        preview="",
        preview_kind="",
        assignee=None,
        unread_count=0,
        window_expires_at=None,
    )
    credits.refund(workspace_id, [message_id for message_id, error_code in rows if error_code == "erased"])
    return len(rows)
