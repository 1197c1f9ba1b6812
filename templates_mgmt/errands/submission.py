"""Bring a text to the provider for review, once: whatever is unclear is looked up before it is tried again."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from providers import registry
from providers.types import Failure, RemoteTemplate, Submitted
from workspaces import tenancy

from .. import standing, syncing, versions
from ..components import read, write
from ..models import TemplateFile, TemplateNotice, TemplateTask, TemplateTranslation, TemplateVersion
from ..wording import wording
from . import ending
from .account import Account, account_of
from .ending import GaveUp, PutOff, Run

Status, State = TemplateTranslation.Status, TemplateVersion.State

FILE_GONE = "The sample file “{}” is no longer in the media storage. Upload it again, then submit again."


def carry_out(run: Run) -> None:
    """Submit the task's version. Raises PutOff, GaveUp, Overtaken."""
    translation, version = _rows(run.task)
    with account_of(run.task.channel) as account:
        if run.is_unclear:
            if found := _taken(run, account, translation, version):
                _finish(run, found)
                return
            run.is_unclear = False
        components = _with_samples(run, account, version)
        ending.renew(run)
        if translation.provider_id:
            _finish(run, _edit(account, translation, version, components))
        else:
            _finish(run, _create(account, translation, version, components))


def give_up(run: Run, text: str, code: str) -> None:
    """Close the task and open the draft again, as it was."""
    with tenancy.scope(run.task.workspace_id):
        assert run.task.translation is not None
        translation = versions.locked(run.task.translation)
        ending.fail(run, text, code)
        reopen(translation)
        # The handle of a sample may be what the provider did not like; the next try uploads the file again.
        TemplateFile.objects.filter(workspace_id=run.task.workspace_id, template=translation.template).update(handle="")
        versions.tell(translation.template)


def reopen(translation: TemplateTranslation) -> None:
    """Let people write on the submitted version again, unless it was decided about. The language must be locked."""
    reopened = translation.versions.filter(state=State.SUBMITTED).update(
        state=State.OPEN, submitted_at=None, submitted_by=None, changes_approved=False
    )
    if reopened and translation.status == Status.SUBMITTING:
        translation.status = Status.DRAFT
        translation.save(update_fields=["status"])


def _rows(task: TemplateTask) -> tuple[TemplateTranslation, TemplateVersion]:
    if task.translation is None or task.version is None:
        raise GaveUp("The text that was to be submitted is gone.")
    if task.channel.disconnected_at is not None:
        raise GaveUp("The number was disconnected. Connect one of this account, then submit again.")
    return task.translation, task.version


def _taken(run: Run, account: Account, translation: TemplateTranslation, version: TemplateVersion) -> Submitted | None:
    """What became of an earlier try, or None when it never arrived. Raises PutOff while nobody can tell."""
    ending.renew(run)
    found = account.find(translation.template.name, translation.language)
    if isinstance(found, Failure):
        raise PutOff(found)
    if found is None:
        return None
    # A new name can only have come from the try before. An edit shows in the text, or in a review that began.
    is_new = not translation.provider_id
    in_review = account.adapter.template_status(found.status) == Status.IN_REVIEW.value
    return _as_submitted(found) if is_new or in_review or _says(found, version) else None


def _create(
    account: Account, translation: TemplateTranslation, version: TemplateVersion, components: list[dict[str, Any]]
) -> Submitted:
    name, language = translation.template.name, translation.language
    answer = account.create(name, language, version.category, version.parameter_format, components)
    if isinstance(answer, Failure):
        return _there_all_the_same(account, translation, version, answer)
    return answer


def _edit(
    account: Account, translation: TemplateTranslation, version: TemplateVersion, components: list[dict[str, Any]]
) -> Submitted:
    category = None if version.changes_approved or version.category == translation.category else version.category
    failure = account.edit(translation.provider_id, category, components)
    if failure is not None:
        return _there_all_the_same(account, translation, version, failure)
    # The answer to an edit says only that it was taken; a review may have ended already, or the list may lag behind.
    found = account.find(translation.template.name, translation.language)
    if isinstance(found, RemoteTemplate) and _says(found, version):
        return _as_submitted(found)
    return Submitted(translation.provider_id, "", "")


def _there_all_the_same(
    account: Account, translation: TemplateTranslation, version: TemplateVersion, failure: Failure
) -> Submitted:
    """What the provider has although it refused, when that is this very text: an earlier try had worked.

    Raises PutOff or GaveUp with the failure when it is not.
    """
    if failure.failure_class not in ("retry", "throttle", "unknown", "credentials"):
        found = account.find(translation.template.name, translation.language)
        if isinstance(found, RemoteTemplate) and _says(found, version):
            return _as_submitted(found)
    ending.check(failure)
    raise AssertionError("check always raises")


def _says(found: RemoteTemplate, version: TemplateVersion) -> bool:
    return wording(found.components) == wording(version.components)


def _as_submitted(found: RemoteTemplate) -> Submitted:
    return Submitted(found.provider_id, found.status, found.category)


def _with_samples(run: Run, account: Account, version: TemplateVersion) -> list[dict[str, Any]]:
    """The components to submit, with handles of sample files that the provider has by then."""
    named = {str(spec["file"]) for spec in version.variables.values() if isinstance(spec, dict) and spec.get("file")}
    with tenancy.scope(run.task.workspace_id):
        own = TemplateFile.objects.filter(workspace_id=run.task.workspace_id, template_id=run.task.template_id)
        files = {str(file.uuid): file for file in own if str(file.uuid) in named}
    for file in files.values():
        if not file.handle:
            _upload(run, account, file)
    handles = {uuid: file.handle for uuid, file in files.items()}
    variables = {
        key: {**spec, "handle": handles.get(str(spec["file"]), "")}
        if isinstance(spec, dict) and spec.get("file")
        else spec
        for key, spec in version.variables.items()
    }
    return write(read(version.components), variables, version.parameter_format)


def _upload(run: Run, account: Account, file: TemplateFile) -> None:
    ending.renew(run)
    try:
        with default_storage.open(file.file) as stored:
            content = stored.read()
    except OSError:
        raise GaveUp(FILE_GONE.format(file.filename)) from None
    handle = account.upload(file.filename, file.mime_type, content)
    if isinstance(handle, Failure):
        ending.check(handle)
    else:
        file.handle = handle
        with tenancy.scope(run.task.workspace_id):
            TemplateFile.objects.filter(workspace_id=file.workspace_id, pk=file.pk).update(handle=handle)


def _finish(run: Run, found: Submitted) -> None:
    """Note what the provider made of it, and close the task."""
    task = run.task
    assert task.translation is not None
    assert task.version is not None
    with tenancy.scope(task.workspace_id):
        row = versions.locked(task.translation)
        ending.finish(run)
        version = TemplateVersion.objects.select_for_update().get(workspace_id=task.workspace_id, pk=task.version.pk)
        is_open = version.state == State.SUBMITTED  # else a webhook about the decision was faster than the answer
        submitted = standing.Standing(row, submitted=version if is_open else None)
        was_known, row.provider_id, row.submitted_at = bool(row.provider_id), found.provider_id, timezone.now()
        if not was_known:
            row.category = row.category or version.category
            versions.take_over(row, version)
        if is_open:
            _begin_review(submitted, found, task.channel.kind)
        standing.categorise(submitted, found.category, at=row.submitted_at.replace(microsecond=0), is_polled=True)
        row.save()
        version.save()
        TemplateNotice.objects.bulk_create(submitted.notices)
        if was_known and row.status_at and version.submitted_at and row.status_at >= version.submitted_at:
            syncing.request(task.channel)  # something happened to the old text meanwhile; the listing has the truth
        versions.tell(row.template)


def _begin_review(submitted: standing.Standing, found: Submitted, kind: str) -> None:
    row = submitted.translation
    adapter = registry.templates(kind)
    status = adapter.template_status(found.status) if adapter and found.status else Status.IN_REVIEW
    # Without a time: the provider's next word comes from its own clock, and is newer than this whatever that says.
    row.status, row.provider_status = Status.IN_REVIEW, found.status
    row.reason = row.explanation = row.recommendation = ""
    if status != Status.IN_REVIEW:
        verdict = standing.Verdict(status, found.status, is_polled=True)
        standing.judge(submitted, verdict, at=timezone.now().replace(microsecond=0))
