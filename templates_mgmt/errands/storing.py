"""A page of an account's templates into the tables: as many statements for a hundred templates as for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from live.publishing import publish
from providers import registry
from providers.types import RemoteTemplate
from workspaces.models import Channel

from .. import standing
from ..models import MessageTemplate, TemplateNotice, TemplateTask, TemplateTranslation, TemplateVersion
from ..standing import Standing, Verdict

Status, State, Kind = TemplateTranslation.Status, TemplateVersion.State, MessageTemplate.Kind

LEAVING = (Status.DELETING, Status.DELETED)
LAG = timedelta(minutes=10)  # how long a provider may still list what it has deleted
CHANGING = (
    "status", "provider_status", "provider_id", "category", "category_at", "upcoming_category", "category_changes_at",
    "quality", "quality_at", "parameter_format", "components", "variables", "reason", "explanation", "recommendation",
    "approved_at", "status_at",
)  # fmt: skip


def store(channel: Channel, remotes: Iterable[RemoteTemplate], *, fetched_at: datetime) -> Counter[str]:
    """Take over a page that was asked for at `fetched_at`; counts what was seen, new and changed."""
    page = {(remote.name[:512], remote.language[:16]): remote for remote in remotes}
    templates = _templates(channel, page.values())
    known = _standings(channel, {template.pk for template in templates.values()})
    left_alone = _busy(channel)
    deleted = _deleted_lately(channel, fetched_at)
    new: list[TemplateTranslation] = []
    for (name, language), remote in page.items():
        found = known.get((templates[name].pk, language)) if name in templates else None
        status = _status_of(channel, remote.status)
        if found is None:
            if status not in LEAVING and name not in deleted and name in templates:
                new.append(_new(templates[name], remote, status, fetched_at))
        elif not _is_left_alone(found.translation, left_alone, fetched_at):
            _take_over(found, remote, status, fetched_at)
    added = TemplateTranslation.objects.bulk_create(new, ignore_conflicts=True)
    changed = [each for each in known.values() if each.is_changed]
    save(changed)
    seen = [known[key].translation.pk for key in _keys(page, templates) if key in known]
    TemplateTranslation.objects.filter(workspace_id=channel.workspace_id, pk__in=seen).update(synced_at=fetched_at)
    return Counter(seen=len(page), new=len(added), changed=len(changed))


def lose_others(channel: Channel, *, since: datetime) -> int:
    """Mark what a complete listing, begun at `since`, did not contain as deleted; returns how many."""
    busy = _busy(channel)
    rows = (
        _of_account(channel)
        .select_for_update(of=("self",))
        .exclude(provider_id="")
        .filter(Q(synced_at=None) | Q(synced_at__lt=since), Q(submitted_at=None) | Q(submitted_at__lt=since))
        .order_by("id")
    )
    gone = [each for each in _with_versions(channel, rows) if not _is_left_alone(each.translation, busy, since)]
    for each in gone:
        standing.lose(each)
    save(gone)
    return len(gone)


def save(changed: Collection[Standing]) -> None:
    """Write languages, their versions and the notices about them."""
    if not changed:
        return
    rows = [each.translation for each in changed]
    versions = [each.submitted for each in changed if each.submitted]
    TemplateTranslation.objects.bulk_update(rows, CHANGING, batch_size=200)
    TemplateVersion.objects.bulk_update(versions, ["state", "reason", "explanation"], batch_size=200)
    TemplateNotice.objects.bulk_create([notice for each in changed for notice in each.notices])
    workspace_id = rows[0].workspace_id
    left = TemplateTranslation.objects.filter(workspace_id=workspace_id, template=OuterRef("pk"))
    MessageTemplate.objects.filter(
        ~Exists(left.exclude(status=Status.DELETED)),
        workspace_id=workspace_id,
        pk__in={row.template_id for row in rows if row.status == Status.DELETED},
        deleted_at=None,
    ).update(deleted_at=timezone.now())
    names = {f"tpl-{row.template.uuid}" for row in rows} if len(rows) <= 20 else set()
    publish(workspace_id, "templates", *sorted(names))


def _templates(channel: Channel, remotes: Collection[RemoteTemplate]) -> dict[str, MessageTemplate]:
    """The account's templates of these names, those made elsewhere added."""
    categories = {remote.name[:512]: remote.category for remote in remotes}
    there = {remote.name[:512] for remote in remotes if _status_of(channel, remote.status) not in LEAVING}
    own = MessageTemplate.objects.filter(
        workspace_id=channel.workspace_id,
        kind=Kind.PROVIDER,
        channel_kind=channel.kind,
        account_id=channel.account_id,
        deleted_at=None,
        name__in=categories,
    )
    found = {template.name: template for template in own}
    deleted = _deleted_lately(channel, timezone.now())
    missing = [
        MessageTemplate(
            workspace_id=channel.workspace_id,
            kind=Kind.PROVIDER,
            channel_kind=channel.kind,
            account_id=channel.account_id,
            name=name,
            category=category if category in MessageTemplate.Category.values else "",
        )
        for name, category in categories.items()
        if name in there and name not in found and name not in deleted
    ]
    if missing:
        MessageTemplate.objects.bulk_create(missing, ignore_conflicts=True)
        found = {template.name: template for template in own.all()}
    return found


def _standings(channel: Channel, template_ids: Collection[int]) -> dict[tuple[int, str], Standing]:
    rows = _of_account(channel).select_for_update(of=("self",)).filter(template__in=template_ids).order_by("id")
    return {(each.translation.template_id, each.translation.language): each for each in _with_versions(channel, rows)}


def _of_account(channel: Channel) -> QuerySet[TemplateTranslation]:
    return (
        TemplateTranslation.objects.select_related("template")
        .filter(
            workspace_id=channel.workspace_id,
            template__kind=Kind.PROVIDER,
            template__channel_kind=channel.kind,
            template__account_id=channel.account_id,
        )
        .exclude(status=Status.DELETED)
    )


def _with_versions(channel: Channel, rows: QuerySet[TemplateTranslation]) -> list[Standing]:
    found = {row.pk: Standing(row) for row in rows}
    versions = TemplateVersion.objects.filter(
        workspace_id=channel.workspace_id, translation__in=found, state__in=[State.OPEN, State.SUBMITTED]
    )
    for version in versions.order_by("number"):
        if version.state == State.OPEN:
            found[version.translation_id].draft = version
        else:
            found[version.translation_id].submitted = version
    return list(found.values())


def _busy(channel: Channel) -> set[tuple[str, int | None]]:
    """What tasks work on right now; they know better than a listing that was made meanwhile."""
    live = TemplateTask.objects.filter(workspace_id=channel.workspace_id, state__in=TemplateTask.LIVE)
    tasks = list(live.exclude(kind=TemplateTask.Kind.SYNC).values_list("translation_id", "template_id"))
    return {("language", language) for language, _ in tasks if language} | {
        ("template", template) for language, template in tasks if not language
    }


def _is_left_alone(row: TemplateTranslation, busy: set[tuple[str, int | None]], fetched_at: datetime) -> bool:
    if ("language", row.pk) in busy or ("template", row.template_id) in busy:
        return True
    return row.submitted_at is not None and row.submitted_at >= fetched_at


def _deleted_lately(channel: Channel, at: datetime) -> set[str]:
    done = TemplateTask.objects.filter(
        workspace_id=channel.workspace_id,
        kind=TemplateTask.Kind.DELETE,
        state=TemplateTask.State.DONE,
        finished_at__gt=at - LAG,
    )
    return set(done.values_list("template__name", flat=True))


def _status_of(channel: Channel, word: str) -> str:
    adapter = registry.templates(channel.kind)
    return adapter.template_status(word) if adapter else Status.OTHER


def _new(template: MessageTemplate, remote: RemoteTemplate, status: str, at: datetime) -> TemplateTranslation:
    return TemplateTranslation(
        workspace_id=template.workspace_id,
        template=template,
        language=remote.language[:16],
        status=status,
        provider_status=remote.status[:40],
        provider_id=remote.provider_id[:64],
        category=remote.category[:14],
        quality=remote.quality[:12],
        parameter_format=remote.parameter_format,
        components=remote.components,
        variables=standing.fitting_variables(remote.components, {}),
        reason=remote.reason[:100],
        synced_at=at,
    )


def _take_over(found: Standing, remote: RemoteTemplate, status: str, fetched_at: datetime) -> None:
    row, at = found.translation, fetched_at.replace(microsecond=0)
    was_known = bool(row.provider_id)
    verdict = Verdict(status, remote.status, reason=remote.reason, is_polled=True)
    standing.judge(found, verdict, at=at)
    standing.categorise(found, remote.category, at=at, is_polled=True)
    standing.rate(found, remote.quality, at=at, is_polled=True)
    standing.rewrite(found, remote)
    if row.status != Status.DELETED and row.provider_id != remote.provider_id:
        row.provider_id, found.is_changed = remote.provider_id[:64], True
    if not was_known:
        found.notices.clear()  # a draft whose name somebody used at the provider: nothing of it is news


def _keys(page: Collection[tuple[str, str]], templates: dict[str, MessageTemplate]) -> Iterable[tuple[int, str]]:
    return [(templates[name].pk, language) for name, language in page if name in templates]
