"""Broadcasts to run in tests: people who agreed, a draft with a template, and the steps of its life by hand."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone

from broadcasts import campaigns, conducting
from broadcasts.models import Broadcast, Recipient
from contacts.models import Consent, Contact, Identity
from inbox.models import Message
from tests import factories
from tests.inbox.templating import make_translation
from workspaces import tenancy
from workspaces.models import Channel, Member, Workspace

EVERYBODY = {"include": [{"everybody": True}]}
GREETING = [{"type": "BODY", "text": "Hi {{1}}, the new season is here."}]
BY_FIRST_NAME = {"body:1": {"source": "field", "value": "first_name", "fallback": "there"}}


def make_marketer(credits: int = 1_000_000) -> Member:
    """Ana, with a workspace that has one number."""
    ana = factories.make_member(factories.make_workspace(credits=credits), role="marketer", name="Ana")
    factories.make_channel(ana.workspace)
    return ana


def number_of(workspace: Workspace) -> Channel:
    with tenancy.scope(workspace.pk):
        return Channel.objects.get()


def make_people(workspace: Workspace, count: int, *, state: str = "opted_in", **fields: Any) -> list[Identity]:
    """`count` people with one number each, who said this about marketing; with state '' they said nothing."""
    with tenancy.scope(workspace.pk):
        contacts = [Contact(workspace=workspace, name=f"Nora {n}", **{"country": "GB", **fields}) for n in range(count)]
        Contact.objects.bulk_create(contacts)
        first = factories.next_number(count)
        identities = [
            Identity(
                workspace=workspace,
                contact=contact,
                channel_kind=Channel.Kind.WHATSAPP_CLOUD,
                address=f"4478{first + n:08d}",
                phone=f"+4478{first + n:08d}",
            )
            for n, contact in enumerate(contacts)
        ]
        Identity.objects.bulk_create(identities)
        if state:
            Consent.objects.bulk_create(
                Consent(
                    workspace=workspace,
                    identity=identity,
                    purpose="marketing",
                    state=state,
                    source="agent",
                    changed_at=timezone.now(),
                )
                for identity in identities
            )
    return identities


def draft(ana: Member, **fields: Any) -> Broadcast:
    """A draft to everybody that greets by name."""
    channel = number_of(ana.workspace)
    if "text" not in fields and "translation" not in fields:
        fields["translation"] = make_translation(
            channel, name=f"season_{uuid4().hex[:8]}", components=GREETING, category="marketing"
        )
    with tenancy.scope(ana.workspace_id):
        broadcast = campaigns.create(ana.workspace, name="New season", by=ana)
        given = {"audience": EVERYBODY, "variables": BY_FIRST_NAME, **fields}
        return campaigns.save(broadcast, revision=0, by=ana, **given)


def launched(ana: Member, **fields: Any) -> Broadcast:
    broadcast = draft(ana, **fields)
    with tenancy.scope(ana.workspace_id):
        return campaigns.launch(broadcast, key=uuid4(), by=ana)


def begun(ana: Member, **fields: Any) -> Broadcast:
    """A broadcast whose time has come; nothing of it is written yet."""
    broadcast = launched(ana, **fields)
    with tenancy.scope(ana.workspace_id):
        assert conducting.begin(broadcast, timezone.now())
    return broadcast


def conducted(ana: Member, **fields: Any) -> Broadcast:
    """A broadcast as far as one worker takes it."""
    broadcast = begun(ana, **fields)
    conducting.work_on(broadcast.pk)
    return again(broadcast)


def again(broadcast: Broadcast) -> Broadcast:
    """As it is stored now."""
    with tenancy.scope(broadcast.workspace_id):
        return Broadcast.objects.select_related("channel", "translation__template").get(pk=broadcast.pk)


def messages(broadcast: Broadcast) -> list[Message]:
    with tenancy.scope(broadcast.workspace_id):
        ids = Recipient.objects.filter(broadcast=broadcast).values("message_id")
        return list(Message.objects.filter(pk__in=ids).select_related("conversation").order_by("pk"))


def states(broadcast: Broadcast) -> dict[str, int]:
    """State of the recipients, with the reason if there is one → how many."""
    counts: dict[str, int] = {}
    with tenancy.scope(broadcast.workspace_id):
        for state, reason in Recipient.objects.filter(broadcast=broadcast).values_list("state", "reason"):
            name = f"{state} {reason}".strip()
            counts[name] = counts.get(name, 0) + 1
    return counts


def settle(broadcast: Broadcast, status: str = "sent", count: int | None = None, **fields: Any) -> None:
    """Let the first `count` unsent messages end like that, as if senders had done it."""
    with tenancy.scope(broadcast.workspace_id):
        unsent = [message.pk for message in messages(broadcast) if message.send_state != "done"]
        Message.objects.filter(pk__in=unsent[:count]).update(
            status=status, send_state="done", started_at=timezone.now(), **fields
        )
