"""Make the templates of a demo workspace, and say them in the simulator's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from templates_mgmt.models import MessageTemplate, TemplateFile, TemplateTask, TemplateTranslation, TemplateVersion
from workspaces.models import Channel, Member

from . import clinic_templates, files, shop_templates
from .template_specs import Spec

OF = {"nile-shop": shop_templates.TEMPLATES, "harbour-clinic": clinic_templates.TEMPLATES}
Status, State = TemplateTranslation.Status, TemplateVersion.State
# Our word → the provider's; a draft is not known there.
WORDS = {
    Status.IN_REVIEW: "PENDING",
    Status.APPROVED: "APPROVED",
    Status.REJECTED: "REJECTED",
    Status.PAUSED: "PAUSED",
    Status.DISABLED: "DISABLED",
    Status.ARCHIVED: "ARCHIVED",
}
VERSIONS = {Status.DRAFT: State.OPEN, Status.IN_REVIEW: State.SUBMITTED, Status.REJECTED: State.REJECTED}


@dataclass(frozen=True, slots=True)
class Made:
    """One language, with what stories need of it."""

    spec: Spec
    translation: TemplateTranslation


def populate(channel: Channel, specs: list[Spec], by: Member) -> dict[str, Made]:
    """The demo templates of a workspace by the names stories give them; made when there are none at all."""
    known = TemplateTranslation.objects.filter(workspace_id=channel.workspace_id).select_related("template")
    if not MessageTemplate.objects.filter(workspace_id=channel.workspace_id).exists():
        templates: dict[str, MessageTemplate] = {}
        for number, spec in enumerate(specs):
            template = templates.get(spec.name) or _template(channel, spec, by)
            templates[spec.name] = template
            _translation(template, spec, number, by, timezone.now() - timedelta(days=40 - number))
        _listed(channel, len(at_provider(channel.account_id, specs)))
    found = {f"{translation.template.name}:{translation.language}": translation for translation in known}
    return {spec.key: Made(spec, found[spec.key]) for spec in specs if spec.key in found}


def _listed(channel: Channel, count: int) -> None:
    """The account counts as listed: a listing before the simulator knows these templates would find them gone."""
    now = timezone.now()
    TemplateTask.objects.create(
        workspace_id=channel.workspace_id,
        channel=channel,
        kind=TemplateTask.Kind.SYNC,
        state=TemplateTask.State.DONE,
        attempts=1,
        next_try_at=now,
        finished_at=now,
        counts={"seen": count, "new": count, "changed": 0, "gone": 0},
    )


def _template(channel: Channel, spec: Spec, by: Member) -> MessageTemplate:
    return MessageTemplate.objects.create(
        workspace_id=channel.workspace_id,
        kind=MessageTemplate.Kind.QUICK if spec.is_quick else MessageTemplate.Kind.PROVIDER,
        channel_kind="" if spec.is_quick else channel.kind,
        account_id="" if spec.is_quick else channel.account_id,
        name=spec.name,
        category=spec.category,
        created_by=by,
    )


def _translation(template: MessageTemplate, spec: Spec, number: int, by: Member, began: datetime) -> None:
    is_draft = spec.status == Status.DRAFT
    variables = {**spec.variables, **_files(template, spec, by)}
    remote = not is_draft and not spec.is_quick
    decided = began + timedelta(hours=1)
    translation = TemplateTranslation.objects.create(
        workspace_id=template.workspace_id,
        template=template,
        language=spec.language,
        status=spec.status,
        provider_status=WORDS[Status(spec.status)] if remote else "",
        provider_id=provider_id(template.account_id, number) if remote else "",
        category=spec.category if remote else "",
        quality=spec.quality,
        parameter_format="named" if spec.named else "positional",
        components=[] if is_draft else spec.components,
        variables={} if is_draft else variables,
        reason=spec.reason,
        explanation=spec.explanation,
        submitted_at=began if remote else None,
        approved_at=None if spec.status in VERSIONS else decided,
        synced_at=timezone.now() if remote else None,
        status_at=decided if remote else None,
    )
    _version(translation, spec, variables, by, began)
    MessageTemplate.objects.filter(pk=template.pk).update(created_at=began)


def _version(
    translation: TemplateTranslation, spec: Spec, variables: dict[str, Any], by: Member, began: datetime
) -> None:
    """The draft that is open, or what was submitted."""
    is_draft = spec.status == Status.DRAFT
    state = VERSIONS.get(Status(spec.status), State.APPROVED)
    version = TemplateVersion.objects.create(
        workspace_id=translation.workspace_id,
        translation=translation,
        number=1,
        state=state,
        category=spec.category,
        parameter_format=translation.parameter_format,
        components=spec.components,
        variables=variables,
        created_by=by,
        submitted_at=None if is_draft else began,
        submitted_by=None if is_draft else by,
        reason=spec.reason if state == State.REJECTED else "",
        explanation=spec.explanation if state == State.REJECTED else "",
    )
    TemplateVersion.objects.filter(pk=version.pk).update(created_at=began)


def _files(template: MessageTemplate, spec: Spec, by: Member) -> dict[str, dict[str, str]]:
    found = {}
    for place, wanted in spec.files.items():
        made = files.make(wanted)
        file = TemplateFile.objects.create(
            workspace_id=template.workspace_id,
            template=template,
            kind="image",
            filename=f"{wanted.partition(':')[2]}.jpg",
            mime_type=made.mime_type,
            size=len(made.content),
            file=default_storage.save(f"{template.workspace_id}/{uuid4().hex}", ContentFile(made.content)),
            handle="4::ZGVtbw==",
            created_by=by,
        )
        found[place] = {"file": str(file.uuid), "handle": file.handle}
    return found


def provider_id(account_id: str, number: int) -> str:
    """The same each time, so that a simulator with an empty memory fits the rows that are there."""
    return f"9{account_id[-8:]}{number:03d}"


def at_provider(account_id: str, specs: list[Spec]) -> list[dict[str, Any]]:
    """What the provider's list holds of them."""
    return [
        {
            "id": provider_id(account_id, number),
            "name": spec.name,
            "language": spec.language,
            "category": spec.category.upper(),
            "status": WORDS[Status(spec.status)],
            "parameter_format": "NAMED" if spec.named else "POSITIONAL",
            "quality_score": {"score": spec.quality.upper() or "UNKNOWN"},
            "rejected_reason": spec.reason if spec.status == Status.REJECTED else "NONE",
            "components": spec.components,
        }
        for number, spec in enumerate(specs)
        if not spec.is_quick and spec.status != Status.DRAFT
    ]
