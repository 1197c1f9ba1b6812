"""Ask for the templates of an account to be fetched: by button, on a schedule, when something unknown turned up."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from config.queues import ring
from live.publishing import publish
from providers import registry
from workspaces import auditing, tenancy
from workspaces.models import Channel, Member

from .models import TemplateTask
from .refusals import TemplateRefused

Kind, State = TemplateTask.Kind, TemplateTask.State

JOB = "templates_mgmt.jobs.work_on_tasks"
EVERY_HOURS = 6
AGAIN_AFTER_FAILURE_MINUTES = 30
AT_ONCE = 50  # accounts queued by one sweep

# One number per account, the one connected first; a number that was just connected has never been asked.
DUE = """
SELECT DISTINCT ON (c.workspace_id, c.kind, c.account_id) c.workspace_id, c.id FROM workspaces_channel c
 WHERE c.status = 'open' AND c.disconnected_at IS NULL AND c.account_id <> '' AND c.kind = ANY(%(kinds)s)
   AND NOT EXISTS (
        SELECT 1 FROM templates_mgmt_templatetask t JOIN workspaces_channel o ON o.id = t.channel_id
         WHERE t.kind = 'sync' AND o.workspace_id = c.workspace_id AND o.kind = c.kind AND o.account_id = c.account_id
           AND (t.state IN ('queued', 'started', 'unknown')
                OR t.created_at > clock_timestamp() - %(hours)s * interval '1 hour' AND t.state = 'done'
                OR t.created_at > clock_timestamp() - %(minutes)s * interval '1 minute' AND t.state = 'failed'))
 ORDER BY c.workspace_id, c.kind, c.account_id, c.id LIMIT %(limit)s
"""


@transaction.atomic
def request(channel: Channel, *, by: Member | None = None, wait: timedelta = timedelta(0)) -> TemplateTask:
    """Have the templates of the channel's account fetched, after `wait`; the one under way when there is one.

    Raises TemplateRefused for a channel that is not connected or has no templates.
    """
    if registry.templates(channel.kind) is None or not channel.account_id:
        raise TemplateRefused("channel", f"{channel.get_kind_display()} has no templates.")
    if channel.disconnected_at is not None:
        raise TemplateRefused("channel", "This number is disconnected. Connect it again first.")
    same = TemplateTask.objects.filter(
        workspace_id=channel.workspace_id,
        kind=Kind.SYNC,
        state__in=TemplateTask.LIVE,
        channel__kind=channel.kind,
        channel__account_id=channel.account_id,
    )
    task = same.first() or _queue(channel, by, wait) or same.get()
    if by is not None:
        auditing.record(by, "template.synced", channel.name)
    publish(channel.workspace_id, "templates")
    ring(JOB, queue="default")
    return task


def queue_due() -> int:
    """Queue a listing for accounts that were never listed, or not for some hours; returns how many."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        values: dict[str, list[str] | int] = {
            "kinds": list(registry.TEMPLATE_ADAPTERS),
            "hours": EVERY_HOURS,
            "minutes": AGAIN_AFTER_FAILURE_MINUTES,
            "limit": AT_ONCE,
        }
        cursor.execute(DUE, values)
        found = cursor.fetchall()
    for workspace_id, channel_id in found:
        with tenancy.scope(workspace_id):
            request(Channel.objects.get(workspace_id=workspace_id, pk=channel_id))
    return len(found)


def last_task(channel: Channel) -> TemplateTask | None:
    """The newest listing of the channel's account, whatever became of it."""
    of_account = TemplateTask.objects.filter(
        workspace_id=channel.workspace_id,
        kind=Kind.SYNC,
        channel__kind=channel.kind,
        channel__account_id=channel.account_id,
    )
    return of_account.order_by("-id").first()


def _queue(channel: Channel, by: Member | None, wait: timedelta) -> TemplateTask | None:
    try:
        with transaction.atomic():
            return TemplateTask.objects.create(
                workspace_id=channel.workspace_id,
                kind=Kind.SYNC,
                channel=channel,
                next_try_at=timezone.now() + wait,
                requested_by=by,
            )
    except IntegrityError:
        return None  # somebody else asked in the same moment
