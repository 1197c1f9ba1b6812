"""Send a template to one person: filled from the contact and from what was given, refused before it is queued.

The composer, broadcasts and programs all come through `send`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from providers.registry import adapter
from templates_mgmt import components, filling, using
from templates_mgmt.models import MessageTemplate, TemplateFile, TemplateTranslation
from workspaces.models import Channel, Member

from . import attaching, sending
from .known_values import known_of
from .models import Attachment, Conversation, Message
from .template_files import TemplateMedia

Value = str | dict[str, Any]


class ValueRefused(sending.NotSendable):
    """A value that the provider would not take, or that is missing; `key` names its place."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__("template_values", text)
        self.key = key


@dataclass(frozen=True, slots=True)
class Filled:
    """A template with values in it: what the provider gets, what people see, and the files it names by place."""

    components: list[dict[str, Any]]
    shown: dict[str, Any]
    text: str
    media: dict[str, TemplateMedia]


@transaction.atomic
def send(
    conversation: Conversation,
    translation: TemplateTranslation,
    *,
    given: Mapping[str, Value],
    uploads: Mapping[str, UploadedFile] | None = None,
    by: Member | None = None,
    cid: UUID | None = None,
    source: str = Message.Source.AGENT,
) -> Message:
    """Queue a template filled for this conversation's person; the same `cid` returns the first message again.

    `given` are values by place and win over what the contact knows; `uploads` are files to send in the place of the
    template's own. Raises NotSendable: `template_not_sendable`, `template_values` (a ValueRefused that names the
    place), or what `sending.send` refuses. Raises NotAttachable for an upload that cannot be sent.
    """
    if cid and (first := Message.objects.filter(conversation=conversation, cid=cid).first()):
        return first
    translation = TemplateTranslation.objects.select_related("template").get(
        workspace_id=conversation.workspace_id, pk=translation.pk
    )
    refuse(translation, conversation.channel)
    own: dict[str, TemplateMedia] = {}
    try:
        for place, upload in (uploads or {}).items():
            own[place] = keep(conversation.channel, translation, place, upload)
        draft = drafted(translation, fill(Sheet(translation, conversation), given, own))
        using.note_used(translation, at=timezone.now())  # before the pocket is locked, which comes last
        return sending.send(conversation, draft, source=source, by=by, cid=cid)
    except (sending.NotSendable, attaching.NotAttachable):
        for file in own.values():
            default_storage.delete(file.file)
        raise


def refuse(translation: TemplateTranslation, channel: Channel) -> None:
    """Raise NotSendable when this template cannot be sent on this channel now."""
    if reason := using.why_not(translation, channel):
        raise sending.NotSendable("template_not_sendable", reason)


class Sheet:
    """One template in front of one person: what it and the contact bring along, read once."""

    def __init__(self, translation: TemplateTranslation, conversation: Conversation) -> None:
        self.translation = translation
        self.conversation = conversation

    @cached_property
    def brought(self) -> dict[str, Value]:
        """The values by place that are known before anybody types: fixed ones, the contact's, fallbacks."""
        known = known_of(self.conversation.contact, self.conversation.identity)
        found = filling.resolve(self.translation.variables, known)
        # Files come as rows below; a name alone is one that is no longer there.
        return {place: value for place, value in found.items() if not (isinstance(value, dict) and value.get("file"))}

    @cached_property
    def own_files(self) -> dict[str, TemplateFile]:
        """Place → the template's own file, for those that are there."""
        named = {
            place: str(entry["file"])
            for place, entry in self.translation.variables.items()
            if isinstance(entry, dict) and entry.get("file")
        }
        if not named:
            return {}
        found = TemplateFile.objects.filter(
            workspace_id=self.translation.workspace_id,
            template_id=self.translation.template_id,
            uuid__in=set(named.values()),
        )
        by_uuid = {str(file.uuid): file for file in found}
        return {place: by_uuid[uuid] for place, uuid in named.items() if uuid in by_uuid}

    def files(self, given: Mapping[str, Value], media: Mapping[str, TemplateMedia]) -> dict[str, TemplateMedia]:
        """The stored files that are sent: uploaded ones, else the template's own, unless a value stands there."""
        own = {place: _stored(file) for place, file in self.own_files.items()}
        return {place: file for place, file in {**own, **media}.items() if place not in given}

    def values(self, given: Mapping[str, Value], files: Mapping[str, TemplateMedia]) -> dict[str, Value]:
        """Every value by its place. A stored file goes by the name of its place until the dispatcher has its id."""
        named = {place: {"id": place, "filename": file.filename} for place, file in files.items()}
        return {**self.brought, **given, **named}


def fill(sheet: Sheet, given: Mapping[str, Value], media: Mapping[str, TemplateMedia]) -> Filled:
    """Put the values into the template. Raises ValueRefused for the first that is missing or unfit."""
    translation, files = sheet.translation, sheet.files(given, media)
    try:
        filled = filling.fill(
            translation.components,
            translation.parameter_format,
            sheet.values(given, files),
            quick=is_quick(translation),
        )
    except filling.Unfillable as error:
        raise ValueRefused(error.key, str(error)) from error
    return Filled(filled.components, filled.shown, filled.text, files)


def is_quick(translation: TemplateTranslation) -> bool:
    return translation.template.kind == MessageTemplate.Kind.QUICK


def drafted(translation: TemplateTranslation, filled: Filled) -> sending.Draft:
    """What `sending.send` takes: a template message, or for a quick one the text or file it stands for."""
    if is_quick(translation):
        return replace(_quick(filled, translation.workspace_id), translation=translation)
    content: dict[str, Any] = {
        "name": translation.template.name,
        "language": translation.language,
        "components": filled.components,
        "shown": filled.shown,
    }
    if filled.media:
        content["media"] = {place: file.stored() for place, file in filled.media.items()}
    return sending.Draft("template", content, filled.text, translation=translation)


def keep(channel: Channel, translation: TemplateTranslation, place: str, upload: UploadedFile) -> TemplateMedia:
    """Store a file that is sent in this place instead of the template's own. Raises NotAttachable."""
    places = {found.key: found for found in components.places(components.read(translation.components))}
    if place not in places or places[place].kind != "media":
        raise attaching.NotAttachable("This template takes no file there.")
    kind = places[place].format.lower()
    found = attaching.examined(channel, upload, kind)
    allowed = adapter(channel.kind).capabilities.media_types.get(kind, frozenset())
    if allowed and found.mime_type not in allowed:
        raise attaching.NotAttachable(f"{attaching.name_of(upload)} cannot be sent as {kind} in a template.")
    return TemplateMedia(
        kind=kind,
        file=default_storage.save(f"{channel.workspace_id}/{uuid4().hex}", upload),
        mime_type=found.mime_type,
        filename=attaching.name_of(upload),
        size=upload.size or 0,
        own=True,
    )


def _stored(file: TemplateFile) -> TemplateMedia:
    return TemplateMedia(file.kind, file.file, file.mime_type, file.filename, file.size)


def _quick(filled: Filled, workspace_id: int) -> sending.Draft:
    media = next(iter(filled.media.values()), None)
    if media is None:
        return sending.Draft("text", {"text": filled.text}, filled.text)
    content = {"filename": media.filename} | ({"caption": filled.text} if filled.text else {})
    return sending.Draft(media.kind, content, filled.text, file=_attachment(media, workspace_id))


def _attachment(media: TemplateMedia, workspace_id: int) -> Attachment:
    """A file of its own for this message: what belongs to a template must not go when a person is forgotten."""
    name = media.file
    if not media.own:
        try:
            with default_storage.open(media.file) as stored:
                name = default_storage.save(f"{workspace_id}/{uuid4().hex}", File(stored))
        except OSError as error:
            raise ValueRefused(
                "header:media", "The file of this template is no longer stored. Upload another."
            ) from error
    return Attachment(
        workspace_id=workspace_id,
        kind=media.kind,
        state=Attachment.State.READY,
        mime_type=media.mime_type[:100],
        filename=media.filename,
        size=media.size,
        file=name,
    )
