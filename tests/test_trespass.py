"""Every address × every kind of visitor × own and foreign ids. An address missing from the tables below fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from broadcasts.models import Broadcast, Recipient
from contacts import merging
from contacts.importing import steps
from contacts.models import ContactNote, CustomField, ExportRun, ImportProblem, Segment, Tag
from inbox.models import Attachment, DeadLetter, InboundWebhook, Message
from templates_mgmt import drafting
from templates_mgmt.models import TemplateFile, TemplateNotice, TemplateTranslation
from tests.factories import (
    make_channel,
    make_contact,
    make_conversation,
    make_identity,
    make_member,
    make_message,
    make_workspace,
    sign_in,
)
from workspaces import credits, joining, tenancy
from workspaces.access import PERMISSIONS
from workspaces.credits import Charge
from workspaces.models import Channel, Member, Role, Workspace

CANARY = "kestrelmoss"  # stands in everything of the other workspace, and nowhere else
CLOSED_PORT = "http://127.0.0.1:9/v23.0"


@dataclass(frozen=True)
class Route:
    """Who may open an address, how, and which of its parts name rows."""

    permission: str
    method: str = "GET"
    ids: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


QUEUE = {"queue": "all"}
PERSON = {"uuid": "contact"}
SEGMENT = {"uuid": "segment"}
IMPORT = {"uuid": "import"}
TEMPLATE = {"uuid": "template"}
ENGLISH = {"language": "en"}
THREAD = {"uuid": "conversation"}
CHOSEN = {**THREAD, "template": "translation"}
DRAFT = {"uuid": "broadcast_draft"}
SENT = {"uuid": "broadcast"}

# Everything under /w/<slug>/.
ROUTES = {
    "workspaces:workspace": Route("read_inbox"),
    "workspaces:settings": Route("manage_workspace"),
    "workspaces:general": Route("manage_workspace"),
    "workspaces:members": Route("manage_members"),
    "workspaces:member_role": Route("manage_members", "POST", {"member_id": "member"}, data={"role": "agent"}),
    "workspaces:member_removal": Route("manage_members", "POST", {"member_id": "member"}),
    "workspaces:invitation_renewal": Route("manage_members", "POST", {"uuid": "invitation"}),
    "workspaces:invitation_revocation": Route("manage_members", "POST", {"uuid": "invitation"}),
    "workspaces:channels": Route("manage_channels"),
    "workspaces:channel_new_whatsapp": Route("manage_channels"),
    "workspaces:channel": Route("manage_channels", ids={"uuid": "channel"}),
    "workspaces:channel_check": Route("manage_channels", "POST", {"uuid": "channel"}),
    "workspaces:channel_name": Route("manage_channels", "POST", {"uuid": "channel"}, data={"name": "Renamed"}),
    "workspaces:channel_secrets": Route("manage_channels", "POST", {"uuid": "channel"}, data={"token": "new"}),
    "workspaces:channel_sending": Route("manage_channels", "POST", {"uuid": "channel"}, data={"paused": "yes"}),
    "workspaces:channel_disconnection": Route("manage_channels", "POST", {"uuid": "channel"}),
    "workspaces:audit": Route("read_audit"),
    "problems:listing": Route("read_dead_letters"),
    "problems:replay_all": Route("read_dead_letters", "POST"),
    "problems:replay": Route("read_dead_letters", "POST", {"webhook_id": "webhook"}),
    "inbox:start": Route("read_inbox"),
    "inbox:kit": Route("see_kit"),
    "inbox:media": Route("read_inbox", ids={"uuid": "attachment"}),
    "inbox:queue": Route("read_inbox", fixed=QUEUE),
    "inbox:rows": Route("read_inbox", fixed=QUEUE),
    "inbox:rows_delta": Route("read_inbox", fixed=QUEUE),
    "inbox:counts": Route("read_inbox", fixed=QUEUE),
    "inbox:conversation": Route("read_inbox", ids=THREAD, fixed=QUEUE),
    "inbox:older": Route("read_inbox", ids=THREAD, fixed=QUEUE),
    "inbox:delta": Route("read_inbox", ids=THREAD, fixed=QUEUE),
    "inbox:seen": Route("read_inbox", "POST", THREAD, QUEUE),
    "inbox:unread": Route("reply", "POST", THREAD, QUEUE),
    "inbox:send": Route("reply", "POST", THREAD, QUEUE, {"text": "Hello"}),
    "inbox:assignee": Route("reply", "POST", THREAD, QUEUE, {"to": "me"}),
    "inbox:status": Route("reply", "POST", THREAD, QUEUE, {"status": "resolved"}),
    "inbox:templates": Route("reply", ids=THREAD, fixed=QUEUE),
    "inbox:template": Route("reply", ids=CHOSEN, fixed=QUEUE),
    "inbox:template_preview": Route("reply", "POST", CHOSEN, QUEUE),
    "inbox:template_send": Route("reply", "POST", CHOSEN, QUEUE),
    "inbox:template_media": Route("read_inbox", ids={"uuid": "template_message"}, fixed={"place": "header:media"}),
    "inbox:template_uses": Route("read_templates", ids=TEMPLATE),
    "inbox:contact_timeline": Route("read_inbox", ids=PERSON),
    "inbox:retry": Route("reply", "POST", {**THREAD, "message": "message"}, QUEUE),
    "inbox:fetch": Route("reply", "POST", {**THREAD, "message": "message"}, QUEUE),
    "inbox:reaction": Route("reply", "POST", {**THREAD, "message": "message"}, QUEUE, {"emoji": "👍"}),
}
ROUTES |= {
    "templates_mgmt:listing": Route("read_templates"),
    "templates_mgmt:new": Route("manage_templates"),
    "templates_mgmt:sync": Route("manage_templates"),
    "templates_mgmt:news": Route("manage_templates"),
    "templates_mgmt:badge": Route("manage_templates"),
    "templates_mgmt:template": Route("read_templates", ids=TEMPLATE),
    "templates_mgmt:name": Route("manage_templates", "POST", TEMPLATE, data={"name": "another"}),
    "templates_mgmt:activity": Route("manage_templates", "POST", TEMPLATE, data={"active": "no"}),
    "templates_mgmt:copies": Route("manage_templates", "POST", TEMPLATE, data={"name": "a_copy"}),
    "templates_mgmt:languages": Route("manage_templates", "POST", TEMPLATE, data={"language": "ar", "copy_from": "en"}),
    "templates_mgmt:deletion": Route("manage_templates", "POST", TEMPLATE, data={"what": "all"}),
    "templates_mgmt:file": Route("read_templates", ids={**TEMPLATE, "file": "template_file"}),
    "templates_mgmt:language": Route("read_templates", ids=TEMPLATE, fixed=ENGLISH),
    "templates_mgmt:draft": Route("manage_templates", "POST", TEMPLATE, ENGLISH),
    "templates_mgmt:discard": Route("manage_templates", "POST", TEMPLATE, ENGLISH),
    "templates_mgmt:submission": Route("manage_templates", "POST", TEMPLATE, ENGLISH),
    "templates_mgmt:edit": Route("manage_templates", ids=TEMPLATE, fixed=ENGLISH),
    "templates_mgmt:preview": Route("manage_templates", "POST", TEMPLATE, ENGLISH, {"body": "Hello"}),
    "templates_mgmt:saving": Route("manage_templates", "POST", TEMPLATE, ENGLISH, {"body": "Hello", "revision": "1"}),
}
ROUTES |= {
    "contacts:people": Route("read_contacts"),
    "contacts:count": Route("read_contacts"),
    "contacts:new": Route("edit_contacts"),
    "contacts:bulk": Route("manage_contacts", "POST", data={"act": "delete"}),
    "contacts:record": Route("read_contacts", ids=PERSON),
    "contacts:card": Route("read_contacts", ids=PERSON),
    "contacts:value": Route("edit_contacts", ids=PERSON, fixed={"name": "email"}),
    "contacts:tags": Route("edit_contacts", "POST", PERSON, data={"add": "VIP"}),
    "contacts:notes": Route("edit_contacts", "POST", PERSON, data={"text": "Called"}),
    "contacts:note_deletion": Route("edit_contacts", "POST", {**PERSON, "note_id": "note"}),
    "contacts:blocked": Route("edit_contacts", "POST", PERSON, data={"blocked": "yes"}),
    "contacts:consent": Route("edit_contacts", "POST", PERSON, data={"purpose": "marketing", "state": "opted_out"}),
    "contacts:merge": Route("manage_contacts", ids=PERSON),
    "contacts:merge_undo": Route("manage_contacts", "POST", {**PERSON, "merge_id": "merge"}),
    "contacts:erasure": Route("manage_contacts", ids=PERSON),
    "contacts:erasures": Route("manage_contacts"),
    "contacts:person_export": Route("manage_contacts", ids=PERSON),
    "contacts:person_export_file": Route("manage_contacts", ids={**PERSON, "run": "person_export"}),
    "contacts:imports": Route("manage_contacts"),
    "contacts:import_new": Route("manage_contacts"),
    "contacts:import_sample": Route("manage_contacts"),
    "contacts:import": Route("manage_contacts", ids=IMPORT),
    "contacts:import_mapping": Route("manage_contacts", ids=IMPORT),
    "contacts:import_preview": Route("manage_contacts", "POST", IMPORT),
    "contacts:import_reading": Route("manage_contacts", "POST", IMPORT),
    "contacts:import_progress": Route("manage_contacts", ids=IMPORT),
    "contacts:import_start": Route("manage_contacts", "POST", IMPORT),
    "contacts:import_cancellation": Route("manage_contacts", "POST", IMPORT),
    "contacts:import_undo": Route("manage_contacts", "POST", IMPORT),
    "contacts:import_problems": Route("manage_contacts", ids=IMPORT),
    "contacts:exports": Route("manage_contacts"),
    "contacts:export_rows": Route("manage_contacts"),
    "contacts:export_new": Route("manage_contacts", "POST", data={"format": "csv"}),
    "contacts:export_file": Route("manage_contacts", ids={"uuid": "export"}),
    "contacts:segments": Route("manage_contacts"),
    "contacts:segment_new": Route("manage_contacts"),
    "contacts:segment_row": Route("manage_contacts"),
    "contacts:segment_group": Route("manage_contacts"),
    "contacts:segment_estimate": Route("manage_contacts", "POST"),
    "contacts:segment": Route("manage_contacts", ids=SEGMENT),
    "contacts:segment_deletion": Route("manage_contacts", "POST", SEGMENT),
    "contact_settings:tags": Route("manage_fields"),
    "contact_settings:tag": Route("manage_fields", ids={"tag_id": "tag"}),
    "contact_settings:tag_merge": Route("manage_fields", "POST", {"tag_id": "tag"}),
    "contact_settings:tag_deletion": Route("manage_fields", "POST", {"tag_id": "tag"}),
    "contact_settings:fields": Route("manage_fields"),
    "contact_settings:field": Route("manage_fields", ids={"field_id": "field"}),
    "contact_settings:field_archive": Route("manage_fields", "POST", {"field_id": "field"}),
    "contact_settings:field_place": Route("manage_fields", "POST", {"field_id": "field"}),
    "contact_settings:words": Route("manage_fields"),
    "contact_settings:words_change": Route(
        "manage_fields", "POST", fixed={"action": "opt_out"}, data={"words": "stop"}
    ),
}

ROUTES |= {
    "credits:overview": Route("read_credits"),
    "credits:badge": Route("read_credits"),
    "credits:ledger": Route("read_credits"),
    "credits:totals": Route("read_credits"),
    "credits:ledger_file": Route("read_credits"),
    "credits:statement": Route("read_credits"),
    "credits:statement_file": Route("read_credits"),
    "credits:prices": Route("read_credits"),
    "credits:limits": Route("manage_credits", "POST", data={"pocket": "whatsapp", "low_balance": "5"}),
    "credits:transfers": Route("manage_credits", "POST", data={"source": "whatsapp", "target": "sms", "amount": "1"}),
}

# All broadcasts.
ROUTES |= {
    "broadcasts:list": Route("read_broadcasts"),
    "broadcasts:calendar": Route("read_broadcasts"),
}

# Writing a broadcast.
ROUTES |= {
    "broadcasts:new": Route("manage_broadcasts"),
    "broadcasts:step": Route("manage_broadcasts", ids=DRAFT, fixed={"step": "message"}),
    "broadcasts:saving": Route("manage_broadcasts", "POST", DRAFT, {"step": "audience"}, {"name": "Renamed"}),
    "broadcasts:pick": Route("manage_broadcasts", ids=DRAFT, fixed={"side": "include"}),
    "broadcasts:estimate": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:people": Route("manage_broadcasts", ids=DRAFT, fixed={"reason": "receives"}),
    "broadcasts:preview": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:gaps": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:when": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:test": Route("manage_broadcasts", "POST", DRAFT, data={"test_numbers": "+447700900123"}),
    "broadcasts:review": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:launch": Route("manage_broadcasts", "POST", DRAFT),
    "broadcasts:starting": Route("manage_broadcasts", ids=DRAFT),
    "broadcasts:withdrawal": Route("manage_broadcasts", "POST", DRAFT),
    "broadcasts:duplication": Route("manage_broadcasts", "POST", DRAFT),
    "broadcasts:deletion": Route("manage_broadcasts", "POST", DRAFT),
    "broadcasts:restoration": Route("manage_broadcasts", "POST", DRAFT),
}

# What became of a broadcast.
ROUTES |= {
    "broadcasts:broadcast": Route("read_broadcasts", ids=SENT),
    "broadcasts:of_message": Route("read_broadcasts", ids={"message": "message"}),
    "broadcasts:progress": Route("read_broadcasts", ids=SENT),
    "broadcasts:began": Route("read_broadcasts", ids=SENT),
    "broadcasts:timeline": Route("read_broadcasts", ids=SENT),
    "broadcasts:recipients": Route("read_broadcasts", ids=SENT),
    "broadcasts:recipients_file": Route("read_broadcasts", ids=SENT),
    "broadcasts:comparison": Route("read_broadcasts", ids=SENT),
    "broadcasts:pause": Route("manage_broadcasts", "POST", SENT),
    "broadcasts:resume": Route("manage_broadcasts", "POST", SENT),
    "broadcasts:cancel": Route("manage_broadcasts", "POST", SENT),
    "broadcasts:again": Route("manage_broadcasts", "POST", SENT, data={"who": "failed"}),
}

# Everything else that is not allauth's. Signed-out visitors are sent to sign-in by the second group.
PUBLIC = {"healthz", "hook", "workspaces:invitation"}
SIGNED_IN = {
    "workspaces:home",
    "workspaces:profile",
    "workspaces:session_end",
    "workspaces:switcher",
    "workspaces:new",
}


def addresses(resolver: URLResolver, prefix: str = "", names: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(route, name with its namespaces) of every address."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route, (*names, entry.namespace) if entry.namespace else names)
        elif isinstance(entry, URLPattern):
            yield route, ":".join((*names, entry.name or ""))


def of_workspaces() -> set[str]:
    return {name for route, name in addresses(get_resolver()) if route.startswith("w/<slug:slug>/")}


def test_every_address_of_a_workspace_is_in_the_matrix():
    assert of_workspaces() == set(ROUTES)


def test_every_other_address_is_known_too():
    others = {
        name
        for route, name in addresses(get_resolver())
        if not route.startswith(("w/<slug:slug>/", "accounts/", "static/"))
    }
    assert others == PUBLIC | SIGNED_IN


def test_every_permission_guards_an_address():
    assert set(PERMISSIONS) == {route.permission for route in ROUTES.values()}


@dataclass
class World:
    """Ana's workspace with all roles, and Zoe's with a canary in every row."""

    own: Workspace
    foreign: Workspace
    own_ids: dict[str, Any]
    foreign_ids: dict[str, Any]
    clients: dict[str, Client]

    def url(self, name: str, *, slug: str, ids: dict[str, Any]) -> str:
        route = ROUTES[name]
        parts = {part: ids[what] for part, what in route.ids.items()}
        return reverse(name, kwargs={"slug": slug, **route.fixed, **parts})

    def visit(self, who: str, name: str, url: str) -> HttpResponse:
        """One request whose effects are undone."""
        with transaction.atomic():
            call = self.clients[who].get if ROUTES[name].method == "GET" else self.clients[who].post
            response = call(url, ROUTES[name].data)
            response.body = b"".join(response.streaming_content) if response.streaming else response.content
            transaction.set_rollback(True)
        return response


def fill(workspace: Workspace, word: str) -> dict[str, Any]:
    """One row of everything an address can name; `word` stands in each."""
    member = make_member(workspace, role="agent", name=f"{word} Ben")
    channel = make_channel(workspace, name=f"{word} line", base_url=CLOSED_PORT)
    contact = make_contact(workspace, name=f"{word} Nora")
    identity = make_identity(contact)
    conversation = make_conversation(workspace, channel=channel, identity=identity, preview=f"{word} preview")
    message = make_message(conversation, text=f"{word} text", direction="out", status="failed")
    double = make_contact(workspace, name=f"{word} double")
    with tenancy.scope(workspace.pk):
        merge = merging.merge(contact, double, {}, by=owner_of(workspace))
        person_export = ExportRun.objects.create(
            workspace=workspace,
            format="zip",
            state="done",
            filters={"contact": str(contact.uuid)},
            file=default_storage.save(f"{workspace.pk}/{word}.zip", ContentFile(word.encode())),
            count=1,
            created_by=owner_of(workspace),
            expires_at=timezone.now() + timedelta(days=1),
        )
        export = ExportRun.objects.create(
            workspace=workspace,
            format="csv",
            state="done",
            filters={"q": word},
            file=default_storage.save(f"{workspace.pk}/{word}.csv", ContentFile(word.encode())),
            count=1,
            created_by=owner_of(workspace),
            expires_at=timezone.now() + timedelta(days=1),
        )
        rows = ContentFile(f"Name,Phone\n{word} Nora,+966500000001\n".encode(), f"{word}.csv")
        upload = steps.upload(workspace, rows, f"{word}.csv", by=owner_of(workspace))
        ImportProblem.objects.create(workspace=workspace, run=upload, line=2, value=word, reason=word, row=[word, word])
        invitation, _ = joining.invite(workspace, email=f"{word}@example.test", role="agent", by=owner_of(workspace))
        attachment = Attachment.objects.create(
            workspace=workspace,
            message=message,
            kind="document",
            state="ready",
            mime_type="text/plain",
            filename=f"{word}.txt",
            file=default_storage.save(f"{workspace.pk}/{word}", ContentFile(word.encode())),
        )
        note = ContactNote.objects.create(workspace=workspace, contact=contact, author=member, text=f"{word} note")
        tag = Tag.objects.create(workspace=workspace, name=f"{word} tag")
        custom = CustomField.objects.create(workspace=workspace, key=word, label=f"{word} field", kind="text")
        condition = {"field": "name", "op": "contains", "value": word}
        rules = {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}
        segment = Segment.objects.create(workspace=workspace, name=f"{word} segment", rules=rules)
        draft, template_file = templates_of(workspace, channel, word)
        header = {"kind": "document", "file": template_file.file, "mime_type": "application/pdf"}
        broadcast = broadcast_of(workspace, channel, message, word)
        broadcast_draft = Broadcast.objects.create(
            workspace=workspace,
            name=f"{word} broadcast",
            channel=channel,
            text=f"{word} words",
            purpose="service",
            audience={"include": [{"segment": segment.pk}]},
        )
        webhook = InboundWebhook.objects.create(
            workspace=workspace, channel=channel, body=word.encode(), dead_at=timezone.now(), error=f"{word} error"
        )
        credits.top_up(workspace.pk, "whatsapp", 5, reference=f"{word} invoice", note=f"{word} note")
        credits.charge_many(workspace.pk, [Charge(message.pk, 1)], pocket="whatsapp", source="agent", actor=member)
        DeadLetter.objects.create(
            workspace=workspace, webhook=webhook, channel=channel, pointer=f"{word}/0", reason=f"{word} reason"
        )
    media = {"media": {"header:media": header}}
    template_message = make_message(conversation, text=word, direction="out", kind="template", content=media)
    return {
        "contact": contact.uuid,
        "merge": merge.pk,
        "person_export": person_export.uuid,
        "import": upload.uuid,
        "export": export.uuid,
        "note": note.pk,
        "tag": tag.pk,
        "field": custom.pk,
        "segment": segment.uuid,
        "broadcast": broadcast.uuid,
        "broadcast_draft": broadcast_draft.uuid,
        "member": member.pk,
        "channel": channel.uuid,
        "conversation": conversation.uuid,
        "message": message.uuid,
        "invitation": invitation.uuid,
        "attachment": attachment.uuid,
        "webhook": webhook.pk,
        "template": draft.template.uuid,
        "translation": draft.uuid,
        "template_message": template_message.uuid,
        "template_file": template_file.uuid,
    }


def broadcast_of(workspace: Workspace, channel: Channel, message: Message, word: str) -> Broadcast:
    """One that was sent, to one person, as this message."""
    when = {"started_at": timezone.now(), "finished_at": timezone.now()}
    sent = Broadcast.objects.create(
        workspace=workspace, channel=channel, name=f"{word} sale", text=word, status="finished", **when
    )
    identity = message.conversation.identity
    people = {"contact_id": identity.contact_id, "identity": identity, "message": message}
    Recipient.objects.create(workspace=workspace, broadcast=sent, state="queued", country="GB", **people)
    return sent


def templates_of(workspace: Workspace, channel: Channel, word: str) -> tuple[TemplateTranslation, TemplateFile]:
    """A draft with a file, and news about it."""
    given = {"kind": "provider", "language": "en", "category": "utility", "by": owner_of(workspace)}
    draft = drafting.create(workspace, channel=channel, name=f"{word}_template", **given)
    kept = default_storage.save(f"{workspace.pk}/{word}.pdf", ContentFile(word.encode()))
    about = {"kind": "document", "filename": f"{word}.pdf", "mime_type": "application/pdf", "size": len(word)}
    file = TemplateFile.objects.create(workspace=workspace, template=draft.template, file=kept, **about)
    TemplateNotice.objects.create(workspace=workspace, translation=draft, kind="paused", text=f"{word} was paused")
    return draft, file


def owner_of(workspace: Workspace) -> Member:
    return Member.objects.get(workspace=workspace, role=Role.OWNER)


@pytest.fixture
def world(db: None) -> World:
    own, foreign = make_workspace("Harbour Café"), make_workspace(f"{CANARY} Ltd")
    people = {role.value: make_member(own, role=role, name=f"Ana {role}") for role in Role}
    people["stranger"] = make_member(foreign, role="owner", name=f"{CANARY} Zoe")
    clients = {"anonymous": Client(), **{who: sign_in(member.user) for who, member in people.items()}}
    return World(own, foreign, fill(own, "heron"), fill(foreign, CANARY), clients)


def refused_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_only_those_the_table_of_roles_names_get_in(world: World, name: str, settings: Any):
    settings.DEBUG = True  # the kit of components is for developers
    url = world.url(name, slug=world.own.slug, ids=world.own_ids)
    assert refused_sign_in(world.visit("anonymous", name, url)), "a visitor who is not signed in"
    assert world.visit("stranger", name, url).status_code == 404, "Zoe of another workspace"
    for role in Role:
        response = world.visit(role, name, url)
        if role in PERMISSIONS[ROUTES[name].permission]:
            assert response.status_code in {200, 204, 286, 302, 409, 422}, f"{role}: {response.status_code}"
            assert not refused_sign_in(response)
        else:
            assert response.status_code == 403, role
        assert CANARY.encode() not in response.body


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_another_workspace_does_not_exist(world: World, name: str):
    url = world.url(name, slug=world.foreign.slug, ids=world.foreign_ids)
    for role in Role:
        response = world.visit(role, name, url)
        assert response.status_code == 404, role
        assert CANARY.encode() not in response.body


@pytest.mark.parametrize("name", sorted(name for name, route in ROUTES.items() if route.ids))
def test_foreign_ids_under_ones_own_address_do_not_exist(world: World, name: str):
    missing = {key: UUID(int=7) if isinstance(value, UUID) else 2**40 for key, value in world.own_ids.items()}
    for part in ROUTES[name].ids.values():
        foreign = world.url(name, slug=world.own.slug, ids={**world.own_ids, part: world.foreign_ids[part]})
        absent = world.url(name, slug=world.own.slug, ids={**world.own_ids, part: missing[part]})
        for role in sorted(PERMISSIONS[ROUTES[name].permission]):
            answers = [world.visit(role, name, url) for url in (foreign, absent)]
            assert [answer.status_code for answer in answers] == [404, 404], (part, role)
            assert CANARY.encode() not in answers[0].body


@pytest.mark.parametrize("name", sorted(SIGNED_IN))
def test_pages_of_ones_own_need_a_sign_in(world: World, name: str):
    url = reverse(name, args=[1] if name == "workspaces:session_end" else [])
    client = world.clients["anonymous"]
    response = client.post(url) if name == "workspaces:session_end" else client.get(url)
    assert refused_sign_in(response)


def test_a_signed_in_page_is_kept_by_no_cache(world: World):
    response = world.clients["owner"].get(reverse("workspaces:members", args=[world.own.slug]))
    assert "no-store" in response["Cache-Control"]
    assert {"HX-Request", "Cookie"} <= {part.strip() for part in response["Vary"].split(",")}


def test_a_fragment_for_somebody_signed_out_is_401_not_a_sign_in_page(world: World):
    url = reverse("inbox:rows", args=[world.own.slug, "all"])
    response = world.clients["anonymous"].get(url, headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response["HX-Trigger"] == "auth-expired"


AUDITED_DOWNLOADS = dict.fromkeys(
    (
        *("contacts:export_file", "contacts:person_export_file", "broadcasts:recipients_file"),
        *("credits:ledger_file", "credits:statement_file"),
    ),
    ('INSERT INTO "workspaces_auditentry"',),
)


def test_reading_changes_nothing(world: World):
    for name in sorted(name for name, route in ROUTES.items() if route.method == "GET"):
        url = world.url(name, slug=world.own.slug, ids=world.own_ids)
        with CaptureQueriesContext(connection) as queries:
            world.visit("owner", name, url)
        writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        # The visitor's own session may remember where they were; a download may stand in the audit log.
        allowed = ('UPDATE "django_session"', *AUDITED_DOWNLOADS.get(name, ()))
        assert not [sql for sql in writes if not sql.startswith(allowed)], name


@pytest.mark.parametrize("name", sorted(name for name, route in ROUTES.items() if route.method == "POST"))
def test_a_post_without_the_token_is_refused(world: World, name: str):
    client = Client(enforce_csrf_checks=True)
    client.cookies = world.clients["owner"].cookies
    assert client.post(world.url(name, slug=world.own.slug, ids=world.own_ids)).status_code == 403
