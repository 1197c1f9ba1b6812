"""What each step of the wizard reads from its form and shows in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import QueryDict

from broadcasts import (
    audience,
    presenting_audience,
    presenting_message,
    presenting_timing,
    trying,
)
from broadcasts.forms import (
    RECENT,
    AudienceForm,
    NameForm,
    ScheduleForm,
    audience_in,
    text_in,
    variables_in,
)
from broadcasts.models import Broadcast
from templates_mgmt import components, using
from templates_mgmt.models import TemplateTranslation
from workspaces.models import Channel, Workspace
from workspaces.places import countries
from workspaces.presenting_times import Calendar

MARKETING = Broadcast.Purpose.MARKETING


class Unreadable(Exception):
    """A form that cannot be kept; `lines` say why, `slot` where on the page when not on top."""

    def __init__(self, *lines: str, form: ScheduleForm | None = None, slot: str = "") -> None:
        super().__init__(" ".join(lines))
        self.lines, self.form, self.slot = list(lines), form, slot


def fields_in(posted: QueryDict, broadcast: Broadcast, step: str, act: str) -> dict[str, Any]:
    """The fields of the broadcast as this step's form has them. Raises Unreadable."""
    named = NameForm(posted)
    if not named.is_valid():
        raise Unreadable("The broadcast needs a name of at most 120 characters.")
    reader = {"audience": _audience, "message": _message, "schedule": _schedule}[step]
    return {"name": named.cleaned_data["name"], **reader(posted, broadcast, act)}


def _audience(posted: QueryDict, broadcast: Broadcast, act: str) -> dict[str, Any]:
    chosen = audience_in(posted)
    verb, _, which = act.partition(":")
    side, _, number = which.partition(":")
    if verb == "remove" and side in chosen and number.isdecimal():
        chosen = audience_in(_without(posted, side, int(number)))
    try:
        audience.read(chosen, broadcast.workspace)
    except audience.BadAudience as bad:
        raise Unreadable(str(bad)) from bad
    form = AudienceForm(posted)
    if not form.is_valid():
        raise Unreadable("Choose one of the offered answers.")
    given = form.cleaned_data
    fields: dict[str, Any] = {"audience": chosen}
    if given["recent_hours"] is not None:
        fields["recent_hours"] = given["recent_hours"]
    if given["purpose"]:
        fields["purpose"] = MARKETING if must_be_marketing(broadcast) else given["purpose"]
    return fields


def _without(posted: QueryDict, side: str, number: int) -> QueryDict:
    left = posted.copy()
    for name in (side, f"{side}_who"):
        left.setlist(name, [each for at, each in enumerate(posted.getlist(name)) if at != number])
    return left


def _message(posted: QueryDict, broadcast: Broadcast, act: str) -> dict[str, Any]:
    channel = _channel(posted, broadcast)
    if channel is None or posted.get("form") == "text":
        text = text_in(posted) if "text" in posted else broadcast.text
        return {"channel": channel, "translation": None, "variables": {}, "text": text}
    translation = _translation(posted, broadcast, channel)
    fields: dict[str, Any] = {"channel": channel, "translation": translation, "text": ""}
    if translation is None:
        return {**fields, "variables": {}}
    if translation.pk == broadcast.translation_id:
        content = components.read(translation.components)
        fields["variables"] = variables_in(posted, content, broadcast.variables)
    else:
        fields["variables"] = presenting_message.defaults(translation)
    if is_marketing(translation):
        fields["purpose"] = MARKETING
    return fields


def _channel(posted: QueryDict, broadcast: Broadcast) -> Channel | None:
    found = Channel.objects.filter(workspace_id=broadcast.workspace_id, disconnected_at=None)
    return found.filter(uuid=uuid).first() if (uuid := _uuid(posted.get("channel", ""))) else None


def _translation(posted: QueryDict, broadcast: Broadcast, channel: Channel) -> TemplateTranslation | None:
    """The chosen template if this number can send it; the one chosen before stays chosen whatever became of it."""
    uuid = _uuid(posted.get("translation", ""))
    if uuid is None:
        return None
    if broadcast.translation is not None and broadcast.translation.uuid == uuid and channel.pk == broadcast.channel_id:
        return broadcast.translation
    return using.sendable(broadcast.workspace, channel).filter(uuid=uuid).first()


def _uuid(written: str) -> UUID | None:
    try:
        return UUID(written)
    except ValueError:
        return None


def _schedule(posted: QueryDict, broadcast: Broadcast, act: str) -> dict[str, Any]:
    form = ScheduleForm(posted)
    if not form.is_valid():
        lines = [f"{form.fields[name].label}: {error}" for name, errors in form.errors.items() for error in errors]
        raise Unreadable(*lines, form=form)
    return form.stored()


def is_marketing(translation: TemplateTranslation) -> bool:
    """Whether the provider bills and treats this template as marketing."""
    return (translation.category or translation.template.category) == "marketing"


def must_be_marketing(broadcast: Broadcast) -> bool:
    return broadcast.translation is not None and is_marketing(broadcast.translation)


def media_at(translation: TemplateTranslation, place: str) -> str:
    """The kind of file a place takes: image, video, document; nothing when it takes none."""
    found = {each.key: each for each in components.places(components.read(translation.components))}
    return found[place].format.lower() if place in found and found[place].kind == "media" else ""


def context(
    request: Any, workspace: Workspace, broadcast: Broadcast, step: str, people: int, extra: dict[str, Any]
) -> dict[str, Any]:
    """What the step's part of the page needs."""
    if step == "audience":
        return _audience_context(workspace, broadcast, extra.get("more", ""))
    if step == "message":
        return _message_context(request, workspace, broadcast)
    return presenting_timing.step(broadcast, extra.pop("form", None), Calendar.of(request), people)


def _audience_context(workspace: Workspace, broadcast: Broadcast, more: str) -> dict[str, Any]:
    known = presenting_audience.choices(workspace, broadcast)
    return {
        "known": known,
        "who": presenting_audience.WHICH,
        "sides": [
            {
                "name": side,
                "legend": legend,
                "picks": presenting_audience.picks(side, broadcast.audience.get(side), known, more=more == side),
            }
            for side, legend in presenting_audience.SIDES.items()
        ],
        "lists": presenting_audience.lists_in(broadcast),
        "recent": RECENT,
        "must_be_marketing": must_be_marketing(broadcast),
        "countries": countries(),
        "country": workspace.default_country,
    }


def _message_context(request: Any, workspace: Workspace, broadcast: Broadcast) -> dict[str, Any]:
    by_text = bool(broadcast.text) or (request.POST.get("form") == "text" and broadcast.translation is None)
    return {
        "channels": presenting_message.channels(workspace, broadcast),
        "channel": broadcast.channel,
        "form_kind": "text" if by_text else "template",
        "templates": presenting_message.templates(workspace, broadcast),
        "chosen": presenting_message.chosen(broadcast),
        "fields": presenting_message.fields(workspace, broadcast),
        "contact_fields": presenting_message.field_labels(workspace.pk),
        "test_numbers": request.session.get("test_numbers", ""),
        "most_tests": trying.MOST,
    }
