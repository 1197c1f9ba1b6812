"""Make the rows of a demo workspace; what is there already stays."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from contacts import matching
from contacts.models import Contact
from providers.registry import adapter
from templates_mgmt import using
from templates_mgmt.models import TemplateTranslation
from workspaces import channels, credits, tenancy
from workspaces.models import Channel, Member, User, Workspace

from .. import template_sending
from ..models import Attachment, Conversation, ConversationEvent, Message
from ..previews import preview_of
from . import files, people, template_rows
from .stories import Line, Story, Team
from .template_rows import Made

PASSWORD = "carillon-demo"
WINDOW = timedelta(hours=24)
# How far a message of ours has come, and which stamps that leaves.
STAMPS = {
    "sent": ("sent_at",),
    "delivered": ("sent_at", "delivered_at"),
    "read": ("sent_at", "delivered_at", "read_at"),
    "failed": ("failed_at",),
}


@transaction.atomic
def ensure(team: Team) -> Workspace:
    """The demo workspace of a team with its people, its channel and, when new, its conversations."""
    workspace, _ = Workspace.objects.get_or_create(
        slug=team.slug,
        defaults={"name": team.name, "time_zone": team.time_zone, "default_country": team.country},
    )
    with tenancy.scope(workspace.pk):
        credits.open_pockets(workspace, credits=0)  # its history follows, see credit_history
        members = {person.key: _member(workspace, person.name, person.email, person.role) for person in team.people}
        channel = _channel(workspace, team)
        templates = template_rows.populate(channel, template_rows.OF[team.slug], members[team.people[0].key])
        if not Conversation.objects.filter(workspace=workspace).exists():
            now = timezone.now()
            for story in team.stories:
                _tell(story, channel, members, templates, now)
        _reopen(team, channel)
        people.populate(workspace, people.OF[team.slug], channel, members[team.people[0].key])
    return workspace


def _member(workspace: Workspace, name: str, email: str, role: str) -> Member:
    user = User.objects.get_or_create(email=email, defaults={"name": name, "password": _hashed()})[0]
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return Member.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role, "name": name})[0]


@cache
def _hashed() -> str:
    # One slow hash for all: everybody knows the password anyway.
    return make_password(PASSWORD)


def _channel(workspace: Workspace, team: Team) -> Channel:
    kind = Channel.Kind.WHATSAPP_CLOUD
    found = Channel.objects.filter(workspace=workspace, kind=kind, external_id=team.phone_number_id).first()
    base_url = f"{settings.SIMULATOR_URL}/v23.0"
    if found:
        if found.base_url != base_url:  # bin/dev moved to other ports
            found.base_url = base_url
            found.save(update_fields=["base_url"])
        return found
    digits = "".join(char for char in team.number if char.isdigit())
    channel = Channel(
        workspace=workspace,
        kind=kind,
        name=team.channel_name,
        external_id=team.phone_number_id,
        account_id=team.waba_id,
        address=f"+{digits}",
        base_url=base_url,
        hook_token=secrets.token_urlsafe(32),
        status=Channel.Status.OPEN,
        quality="GREEN",
    )
    channels.seal(
        channel,
        token=f"EAA{secrets.token_hex(40)}",
        app_secret=secrets.token_hex(16),
        verify_token=secrets.token_urlsafe(24),
    )
    channel.save()
    return channel


def _tell(
    story: Story, channel: Channel, members: dict[str, Member], templates: dict[str, Made], now: datetime
) -> Conversation:
    last = now - timedelta(minutes=story.lines[-1].ago)
    heard = [now - timedelta(minutes=line.ago) for line in story.lines if not line.by]
    identity = matching.find_or_create(
        channel.workspace_id,
        channel.kind,
        address=story.number,
        user_id=story.user_id,
        profile_name=story.name,
        username=story.username,
        seen_at=max(heard),
    )
    conversation = Conversation.objects.create(
        workspace_id=channel.workspace_id,
        channel=channel,
        identity=identity,
        contact=identity.contact,
        status=Conversation.Status.RESOLVED if story.resolved else Conversation.Status.OPEN,
        assignee=members.get(story.assigned),
        unread_count=story.unread,
        window_expires_at=max(heard) + WINDOW,
        last_message_at=last,
    )
    sent = ""  # the provider's id of the last template
    for line in story.lines:
        when = now - timedelta(minutes=line.ago)
        if line.template:
            sent = _send(conversation, line, templates[line.template].translation, members, when)
        else:
            _say(conversation, line, members, when, reply_to=sent if line.taps else "")
    _note_decisions(conversation, story, members, now)
    began = now - timedelta(minutes=story.lines[0].ago)
    Contact.objects.filter(pk=identity.contact_id).update(created_at=began)
    Conversation.objects.filter(pk=conversation.pk).update(created_at=began)
    return conversation


def _send(
    conversation: Conversation, line: Line, translation: TemplateTranslation, members: dict[str, Member], when: datetime
) -> str:
    """A template message as the composer would have sent it; returns the provider's id of it."""
    sheet = template_sending.Sheet(translation, conversation)
    draft = template_sending.drafted(translation, template_sending.fill(sheet, _by_place(translation, line.values), {}))
    said = replace(line, text=draft.text, content=draft.content)
    message = _say(conversation, said, members, when, translation=translation)
    using.note_used(translation, at=when)
    return message.provider_id or ""


def _by_place(translation: TemplateTranslation, values: dict[str, str]) -> dict[str, str]:
    """body_1 → body:1, button_0_1 → button.0:1"""
    keys = {key.replace(".", "_").replace(":", "_"): key for key in translation.variables}
    return {keys[name]: value for name, value in values.items()}


def _say(
    conversation: Conversation,
    line: Line,
    members: dict[str, Member],
    when: datetime,
    *,
    reply_to: str = "",
    translation: TemplateTranslation | None = None,
) -> Message:
    out = bool(line.by)
    message = Message(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=Message.Direction.OUT if out else Message.Direction.IN,
        kind=line.kind,
        content=line.content,
        text=line.text,
        status=line.status if out else Message.Status.RECEIVED,
        source=Message.Source.AGENT if out else Message.Source.CONTACT,
        sender=members.get(line.by),
        send_state=Message.SendState.DONE if out else Message.SendState.NONE,
        provider_id=None if line.error else f"wamid.{secrets.token_urlsafe(30)}",
        reply_to=reply_to,
        translation=translation,
        reactions=line.reactions,
        error_code=line.error,
        error_text=adapter(conversation.channel.kind).explain(line.error).text if line.error else "",
        occurred_at=when,
    )
    for position, stamp in enumerate(STAMPS[line.status] if out else ()):
        setattr(message, stamp, when + timedelta(seconds=1 + 20 * position))
    message.save()
    if line.file:
        _attach(message, line)
    _note_last(conversation, message, members.get(line.by))
    return message


def _note_last(conversation: Conversation, message: Message, by: Member | None) -> None:
    conversation.preview = preview_of(message.kind, message.text, message.content)
    conversation.preview_kind, conversation.preview_direction = message.kind, message.direction
    if by is not None:
        conversation.last_reply_at, conversation.last_reply_by = message.occurred_at, by
    conversation.save()


def _attach(message: Message, line: Line) -> None:
    made = files.make(line.file)
    Attachment.objects.create(
        workspace_id=message.workspace_id,
        message=message,
        kind=line.kind,
        state=Attachment.State.READY,
        mime_type=made.mime_type,
        filename=made.filename,
        size=len(made.content),
        width=made.width,
        height=made.height,
        file=default_storage.save(f"{message.workspace_id}/{uuid4().hex}", ContentFile(made.content)),
    )


def _note_decisions(conversation: Conversation, story: Story, members: dict[str, Member], now: datetime) -> None:
    """Leave in the thread who took the conversation and who resolved it, at the time it happened."""
    kinds = ConversationEvent.Kind
    member = members.get(story.assigned) or members.get(story.lines[-1].by)
    answered = [now - timedelta(minutes=line.ago) for line in story.lines if line.by]
    decided = [(kinds.ASSIGNED, {"to": member.name}, answered[0])] if member and story.assigned and answered else []
    if story.resolved:
        decided.append((kinds.RESOLVED, {}, conversation.last_message_at + timedelta(minutes=2)))
    for kind, details, when in decided:
        event = ConversationEvent.objects.create(
            workspace_id=conversation.workspace_id, conversation=conversation, kind=kind, actor=member, details=details
        )
        ConversationEvent.objects.filter(pk=event.pk).update(created_at=when)


def _reopen(team: Team, channel: Channel) -> None:
    """Keep some reply windows open on later days, so that scripts always find one."""
    numbers = [story.number for story in team.stories if story.always_open]
    soon = timezone.now() + timedelta(hours=6)
    Conversation.objects.filter(
        workspace_id=channel.workspace_id,
        channel=channel,
        identity__address__in=numbers,
        window_expires_at__lt=soon,
    ).update(window_expires_at=timezone.now() + timedelta(hours=20))
