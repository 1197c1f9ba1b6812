"""Delete a template, or one language of it, at the provider. Deleting twice does no harm, so nothing is looked up."""

from __future__ import annotations

from providers import registry
from workspaces import tenancy

from .. import versions
from ..models import TemplateTask, TemplateTranslation
from . import ending
from .account import account_of
from .ending import GaveUp, Run

Status = TemplateTranslation.Status


def carry_out(run: Run) -> None:
    """Delete what the task names. Raises PutOff, GaveUp, Overtaken."""
    task = run.task
    if task.template is None:
        raise GaveUp("The template is gone already.")
    if task.channel.disconnected_at is not None:
        raise GaveUp("The number was disconnected. Connect one of this account, then delete again.")
    with account_of(task.channel) as account:
        provider_id = task.translation.provider_id if task.translation else ""
        failure = account.delete(task.template.name, provider_id)
    if failure is not None:
        ending.check(failure)
    with tenancy.scope(task.workspace_id):
        languages = _locked_languages(task)
        ending.finish(run)
        for translation in languages:
            versions.remove(translation)
        versions.tell(task.template)


def give_up(run: Run, text: str, code: str) -> None:
    """Close the task; what was to be deleted has again the status the provider gave it last."""
    task = run.task
    with tenancy.scope(task.workspace_id):
        languages = _locked_languages(task)
        ending.fail(run, text, code)
        adapter = registry.templates(task.channel.kind)
        for translation in languages:
            if not translation.provider_id:
                translation.status = Status.DRAFT
            elif adapter:
                translation.status = adapter.template_status(translation.provider_status)
            translation.save(update_fields=["status"])
        if task.template is not None:
            versions.tell(task.template)


def _locked_languages(task: TemplateTask) -> list[TemplateTranslation]:
    """The languages this task marked for deletion."""
    rows = (
        TemplateTranslation.objects.select_for_update(of=("self",))
        .select_related("template")
        .filter(workspace_id=task.workspace_id, template_id=task.template_id, status=Status.DELETING)
        .order_by("id")
    )
    return list(rows.filter(pk=task.translation_id) if task.translation_id else rows)
