from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts import consent, fields, labels
from contacts.models import Consent, Contact, ContactNote, CustomField, Identity, Segment, Tag
from inbox.models import Conversation
from tests import factories
from tests.inbox.seeing import HTMX, signed_in
from workspaces import tenancy
from workspaces.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return factories.make_member(factories.make_workspace(default_country="GB"), name="Ana")


@pytest.fixture
def ben(ana: Any) -> Any:
    return factories.make_member(ana.workspace, role="agent", name="Ben")


def url(member: Any, rest: str = "") -> str:
    return f"/w/{member.workspace.slug}/contacts/{rest}"


def record(member: Any, contact: Contact, rest: str = "") -> str:
    return url(member, f"{contact.uuid}/{rest}")


def again(contact: Contact) -> Contact:
    with tenancy.scope(contact.workspace_id):
        return Contact.objects.get(pk=contact.pk)


def names(html: bytes) -> list[str]:
    return re.findall(r'people-table__name"><bdi>(.*?)</bdi>', html.decode())


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_shows_people_with_what_is_known_of_them(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        tags = [labels.make_tag(ana.workspace_id, f"Tag {number}", by=ana) for number in range(5)]
    nora = factories.make_contact(
        ana.workspace, name="Nora", tag_ids=[tag.pk for tag in tags], blocked_at=timezone.now()
    )
    identity = factories.make_identity(nora, address="447700900123")
    with tenancy.scope(ana.workspace_id):
        consent.opt_out(identity, source="stop_word", wording="STOP")
    html = signed_in(ana).get(url(ana)).content.decode()
    for shown in ("+447700900123", "Tag 0", "Tag 2", "+2", "Opted out", "Blocked", "WhatsApp"):
        assert shown in html
    assert "Tag 4" not in names(html.encode())


def test_the_cost_of_the_list_does_not_grow_with_its_rows(ana: Any, django_assert_num_queries: Any) -> None:
    client = signed_in(ana)
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
    factories.make_identity(factories.make_contact(ana.workspace, tag_ids=[tag.pk]))
    client.get(url(ana))
    with django_assert_num_queries(16) as few:
        client.get(url(ana))
    for number in range(20):
        factories.make_identity(factories.make_contact(ana.workspace, name=f"Person {number}", tag_ids=[tag.pk]))
    with django_assert_num_queries(len(few)):
        client.get(url(ana))


def test_more_people_come_behind_those_shown(ana: Any) -> None:
    now = timezone.now()
    for number in range(53):
        factories.make_contact(ana.workspace, name=f"P{number:02d}", last_seen_at=now - timedelta(minutes=number))
    client = signed_in(ana)
    page = client.get(url(ana))
    assert len(names(page.content)) == 50
    rest = client.get(page.context["more"], **HTMX)
    assert names(rest.content) == ["P50", "P51", "P52"]
    assert b"Load more" not in rest.content
    assert b"<table" not in rest.content


def test_a_filter_answers_with_rows_and_a_clean_address(ana: Any) -> None:
    factories.make_contact(ana.workspace, name="Nora")
    factories.make_contact(ana.workspace, name="Omar")
    response = signed_in(ana).get(url(ana), {"q": "nor", "tag": "", "sort": "seen"}, **HTMX)
    assert names(response.content) == ["Nora"]
    assert response["HX-Replace-Url"] == url(ana, "?q=nor")
    assert b"<html" not in response.content


def test_an_empty_list_says_why(ana: Any) -> None:
    client = signed_in(ana)
    assert b"No contacts yet" in client.get(url(ana)).content
    assert b"&lt;b&gt;" in client.get(url(ana), {"q": "<b>"}).content


def test_the_count_is_of_the_filter(ana: Any) -> None:
    for name in ("Nora", "Norma", "Omar"):
        factories.make_contact(ana.workspace, name=name)
    assert ">2</span>" in signed_in(ana).get(url(ana, "count/"), {"q": "nor"}, **HTMX).content.decode()


def bulk(member: Any, act: str, people: list[Contact], label: str = "", **headers: Any) -> Any:
    data = {"act": act, "contact": [str(person.uuid) for person in people], "label": label}
    return signed_in(member).post(url(member, "bulk/"), data, **headers)


def toast(response: Any) -> dict[str, Any]:
    return json.loads(response["HX-Trigger"])["toast"]


def test_tagging_several_can_be_undone_for_exactly_those_it_changed(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
    had, had_not = factories.make_contact(ana.workspace, tag_ids=[tag.pk]), factories.make_contact(ana.workspace)
    response = bulk(ana, "tag", [had, had_not], "vip", **HTMX)
    shown = toast(response)
    assert shown["text"] == "1 person tagged VIP."
    assert str(had_not.uuid) in response.content.decode()
    assert str(had.uuid) not in response.content.decode()
    signed_in(ana).post(shown["undo"], shown["values"], **HTMX)
    assert again(had).tag_ids == [tag.pk]
    assert again(had_not).tag_ids == []


def test_deleting_several_can_be_undone(ana: Any) -> None:
    person = factories.make_contact(ana.workspace)
    response = bulk(ana, "delete", [person], **HTMX)
    assert f'<tr id="p-{person.uuid}" data-gone>' in response.content.decode()
    assert again(person).deleted_at is not None
    undone = signed_in(ana).post(toast(response)["undo"], toast(response)["values"], **HTMX)
    assert "people:refresh" in json.loads(undone["HX-Trigger"])
    assert again(person).deleted_at is None


def test_without_scripts_a_deletion_is_undone_by_a_button(ana: Any) -> None:
    person = factories.make_contact(ana.workspace, name="Nora")
    client = signed_in(ana)
    response = client.post(url(ana, "bulk/"), {"act": "delete", "contact": str(person.uuid)}, follow=True)
    html = response.content.decode()
    assert "1 person deleted" in html
    assert 'value="restore"' in html
    assert str(person.uuid) in html


def test_bulk_acts_touch_no_other_workspace(ana: Any) -> None:
    theirs = factories.make_contact(name="Canary")
    assert toast(bulk(ana, "delete", [theirs], **HTMX))["bad"]
    assert again(theirs).deleted_at is None


@pytest.mark.parametrize(
    ("act", "label"), [("tag", ""), ("untag", "Nothing of the sort"), ("explode", "x"), ("tag", "x" * 51)]
)
def test_a_bulk_act_that_makes_no_sense_says_so(ana: Any, act: str, label: str) -> None:
    assert toast(bulk(ana, act, [factories.make_contact(ana.workspace)], label, **HTMX))["bad"]


# --- adding -----------------------------------------------------------------------------------------------------------


def add(member: Any, **data: str) -> Any:
    return signed_in(member).post(url(member, "new/"), data)


@pytest.mark.parametrize(
    ("number", "country", "phone", "of"),
    [
        ("07700 900123", "", "+447700900123", ""),
        ("+20 100 123 4567", "", "+201001234567", "EG"),
        ("0020 100 123 4567", "", "+201001234567", "EG"),
        ("٠١٠٠١٢٣٤٥٦٧", "EG", "+201001234567", "EG"),
    ],
)
def test_a_number_is_kept_with_its_country_code(ben: Any, number: str, country: str, phone: str, of: str) -> None:
    assert add(ben, name="Nora", number=number, country=country).status_code == 302
    with tenancy.scope(ben.workspace_id):
        identity = Identity.objects.select_related("contact").get()
        assert (identity.phone, identity.address) == (phone, phone[1:])
        assert not of or identity.contact.country == of
        assert not Consent.objects.exists()


@pytest.mark.parametrize("number", ["hello", "12", "+1", "+44 7700 900123 ext 5", "9" * 30])
def test_what_is_no_number_is_refused_beside_the_field(ben: Any, number: str) -> None:
    response = add(ben, name="Nora", number=number)
    assert response.status_code == 422
    assert response.context["form"].errors["number"]


def test_a_number_that_is_known_leads_to_its_contact(ben: Any) -> None:
    known = factories.make_contact(ben.workspace, name="Nora")
    factories.make_identity(known, address="447700900123")
    response = add(ben, name="Somebody", number="+44 7700 900123")
    assert response.status_code == 422
    assert str(known.uuid) in response.content.decode()


def test_nothing_is_no_contact(ben: Any) -> None:
    assert add(ben, name=" ").status_code == 422
    assert add(ben, name="", email="not an address").status_code == 422
    assert add(ben, name="", email="nora@example.test").status_code == 302


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_record_shows_everything(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        field = fields.make_field(ana.workspace_id, label="Shoe size", kind="number", by=ana)
        gone = fields.make_field(ana.workspace_id, label="Old", kind="text", by=ana)
        fields.archive_field(gone, by=ana)
    values = {field.key: 42, gone.key: "hidden value"}
    nora = factories.make_contact(ana.workspace, name="Nora", language="ar", country="EG", fields=values)
    factories.make_identity(nora, address="447700900123", username="nora.h")
    with tenancy.scope(ana.workspace_id):
        ContactNote.objects.create(workspace=ana.workspace, contact=nora, author=ana, text="Likes blue")
    html = signed_in(ana).get(record(ana, nora)).content.decode()
    for shown in ("Arabic", "Egypt", "Shoe size", "42", "+447700900123", "@nora.h", "Likes blue", "Never asked"):
        assert shown in html
    assert "hidden value" not in html


def test_the_record_costs_the_same_whatever_it_holds(ana: Any, django_assert_num_queries: Any) -> None:
    client, nora = signed_in(ana), factories.make_contact(ana.workspace, name="Nora")

    def grow(number: int) -> None:
        identity = factories.make_identity(nora)
        with tenancy.scope(ana.workspace_id):
            consent.opt_in(identity, source="agent", wording="By phone", by=ana)
            ContactNote.objects.create(workspace=ana.workspace, contact=nora, author=ana, text=f"Note {number}")
            labels.tag_people(ana.workspace_id, [nora.pk], labels.make_tag(ana.workspace_id, f"T{number}"), by=ana)
            fields.make_field(ana.workspace_id, label=f"F{number}", kind="text", by=ana)

    grow(0)
    client.get(record(ana, nora))
    with django_assert_num_queries(17) as few:
        client.get(record(ana, nora))
    for number in range(1, 6):
        grow(number)
    with django_assert_num_queries(len(few)):
        client.get(record(ana, nora))


@pytest.mark.parametrize(
    ("name", "typed", "stored"),
    [("name", " Nora  H ", "Nora H"), ("email", "n@example.test", "n@example.test"), ("language", "pt-br", "pt-BR")],
)
def test_a_fact_is_changed_where_it_stands(ben: Any, name: str, typed: str, stored: str) -> None:
    nora = factories.make_contact(ben.workspace, name="Nora")
    client, target = signed_in(ben), record(ben, nora, f"fields/{name}/")
    assert b"<form" in client.get(target, **HTMX).content
    response = client.post(target, {"value": typed}, **HTMX)
    assert b"<form" not in response.content
    assert b"autofocus" in response.content
    assert getattr(again(nora), name) == stored


def test_a_custom_fact_is_read_by_its_kind_and_refused_in_place(ben: Any) -> None:
    with tenancy.scope(ben.workspace_id):
        field = CustomField.objects.create(workspace=ben.workspace, key="size", label="Size", kind="number")
    nora = factories.make_contact(ben.workspace, name="Nora")
    client, target = signed_in(ben), record(ben, nora, f"fields/custom.{field.key}/")
    refused = client.post(target, {"value": "<b>large"}, **HTMX)
    assert refused.status_code == 422
    assert b'aria-invalid="true"' in refused.content
    assert b"&lt;b&gt;large" in refused.content
    assert client.post(target, {"value": "42"}, **HTMX).status_code == 200
    assert again(nora).fields == {"size": 42}
    client.post(target, {"value": ""}, **HTMX)
    assert again(nora).fields == {}


def test_without_scripts_a_fact_is_changed_on_the_whole_page(ben: Any) -> None:
    nora = factories.make_contact(ben.workspace, name="Nora")
    client, target = signed_in(ben), record(ben, nora, "fields/email/")
    page = client.get(target).content.decode()
    assert "<html" in page
    assert 'id="edit-email"' in page
    assert client.post(target, {"value": "nonsense"}).status_code == 422
    assert client.post(target, {"value": "n@example.test"})["Location"] == record(ben, nora)


@pytest.mark.parametrize("name", ["password", "custom.absent", "custom.", "workspace", "name__x", "deleted_at"])
def test_a_fact_that_is_none_is_not_found(ben: Any, name: str) -> None:
    nora = factories.make_contact(ben.workspace)
    assert signed_in(ben).post(record(ben, nora, f"fields/{name}/"), {"value": "x"}).status_code == 404


def test_tags_are_made_while_tagging_and_taken_away(ben: Any) -> None:
    nora = factories.make_contact(ben.workspace)
    client, target = signed_in(ben), record(ben, nora, "tags/")
    assert b"Big spender" in client.post(target, {"add": "Big spender"}, **HTMX).content
    [tag] = again(nora).tag_ids
    assert client.post(target, {"add": " "}, **HTMX).status_code == 422
    client.post(target, {"remove": str(tag)}, **HTMX)
    assert again(nora).tag_ids == []
    assert client.post(target, {"add": "x"})["Location"] == record(ben, nora)


def test_notes_are_escaped_and_deleted_by_their_author_or_an_admin(ana: Any, ben: Any) -> None:
    nora = factories.make_contact(ana.workspace)
    html = signed_in(ana).post(record(ana, nora, "notes/"), {"text": "<script>x"}, **HTMX).content.decode()
    assert "&lt;script&gt;x" in html
    with tenancy.scope(ana.workspace_id):
        note = ContactNote.objects.get()
    deletion = f"notes/{note.pk}/deletion/"
    assert signed_in(ben).post(record(ben, nora, deletion), **HTMX).status_code == 422
    assert signed_in(ana).post(record(ana, nora, deletion), **HTMX).status_code == 200
    with tenancy.scope(ana.workspace_id):
        assert not ContactNote.objects.exists()


def test_consent_is_changed_with_what_was_said_and_keeps_its_history(ben: Any) -> None:
    nora = factories.make_contact(ben.workspace)
    identity = factories.make_identity(nora)
    client, target = signed_in(ben), record(ben, nora, "consent/")
    given = {"identity": str(identity.pk), "purpose": "marketing", "state": "opted_in"}
    refused = client.post(target, given, **HTMX)
    assert refused.status_code == 422
    assert b"how this person agreed" in refused.content
    html = client.post(target, {**given, "wording": "By phone on 3 May"}, **HTMX).content.decode()
    assert "Opted in" in html
    assert html.count("By phone on 3 May") == 2
    html = client.post(target, {**given, "state": "opted_out"}, **HTMX).content.decode()
    assert "Opted out" in html
    assert html.count('class="log__entry"') == 2
    theirs = factories.make_identity(factories.make_contact(name="Canary"))
    assert client.post(target, {**given, "identity": str(theirs.pk)}, **HTMX).status_code == 422


def test_blocking_shows_and_is_taken_back(ben: Any) -> None:
    nora = factories.make_contact(ben.workspace)
    client = signed_in(ben)
    assert b"Blocked since" in client.post(record(ben, nora, "blocked/"), {"blocked": "yes"}, **HTMX).content
    client.post(record(ben, nora, "blocked/"), {"blocked": "no"})
    assert again(nora).blocked_at is None


def test_a_name_cannot_turn_the_page_around_or_carry_markup(ana: Any) -> None:
    nora = factories.make_contact(ana.workspace, name="<b>x</b>\u202egpj.exe")
    for page in (url(ana), record(ana, nora)):
        html = signed_in(ana).get(page).content.decode()
        assert "\u202e" not in html.replace('value="', "")
        assert "<b>x</b>" not in html


def test_a_deleted_contact_has_no_page(ana: Any) -> None:
    nora = factories.make_contact(ana.workspace, deleted_at=timezone.now())
    assert signed_in(ana).get(record(ana, nora)).status_code == 404


# --- what was said ----------------------------------------------------------------------------------------------------


def test_the_timeline_is_over_all_conversations_in_order(ben: Any, django_assert_num_queries: Any) -> None:
    nora = factories.make_contact(ben.workspace, name="Nora")
    now = timezone.now()
    talks = []
    for number in range(3):
        channel = factories.make_channel(ben.workspace, name=f"Line {number}")
        talk = factories.make_conversation(channel=channel, identity=factories.make_identity(nora))
        talks.append(talk)
    for number in range(60):
        at = now - timedelta(minutes=number)
        factories.make_message(talks[number % 3], text=f"Text {number:02d}", occurred_at=at)
    client, target = signed_in(ben), f"/w/{ben.workspace.slug}/inbox/contact/{nora.uuid}/"
    html = client.get(target, **HTMX).content.decode()
    texts = re.findall(r"Text \d\d", html)
    assert texts == [f"Text {number:02d}" for number in range(49, -1, -1)]
    assert "On Line 0" in html
    assert html.count("/inbox/all/c/") == 3
    older = re.search(r'hx-get="([^"]+before=[^"]+)"', html).group(1)
    rest = client.get(older, **HTMX).content.decode()
    assert re.findall(r"Text \d\d", rest) == [f"Text {number:02d}" for number in range(59, 49, -1)]
    assert "<html" in client.get(target).content.decode()
    with django_assert_num_queries(16):
        client.get(target, **HTMX)


def test_the_side_of_a_conversation_leads_to_the_person(ben: Any) -> None:
    talk = factories.make_conversation(ben.workspace)
    html = signed_in(ben).get(f"/w/{ben.workspace.slug}/inbox/all/c/{talk.uuid}/", **HTMX).content.decode()
    with tenancy.scope(ben.workspace_id):
        uuid = Conversation.objects.select_related("contact").get().contact.uuid
    assert f"/contacts/{uuid}/card/" in html
    assert f"live:contact-{uuid}" in html


# --- segments ---------------------------------------------------------------------------------------------------------


def form(*rows: tuple[str, str, str], name: str = "Regulars", **more: str) -> dict[str, Any]:
    sent: dict[str, Any] = {"name": name, "match": "all", "group": ["1"], "g-1-match": "any", "row": []}
    for number, (field, op, value) in enumerate(rows, 10):
        sent["row"].append(str(number))
        sent |= {f"r-{number}-group": "1", f"r-{number}-field": field, f"r-{number}-op": op, f"r-{number}-value": value}
    return sent | more


def test_a_segment_is_built_counted_saved_and_listed(ana: Any) -> None:
    for name in ("Nora", "Omar", "Lina"):
        factories.make_contact(ana.workspace, name=name)
    client = signed_in(ana)
    rows = form(("name", "is", "nora"), ("name", "contains", "LIN"))
    html = client.post(url(ana, "segments/estimate/"), rows, **HTMX).content.decode()
    assert ">2</strong>" in html
    assert "of 3 contacts" in html
    assert "Nora" in html
    assert "Omar" not in html
    assert client.post(url(ana, "segments/new/"), rows).status_code == 302
    with tenancy.scope(ana.workspace_id):
        segment = Segment.objects.get()
    page = client.get(url(ana, "segments/")).content.decode()
    assert "Name is nora or Name contains LIN" in page
    assert names(client.get(url(ana), {"segment": str(segment.uuid), "sort": "name"}).content) == ["Lina", "Nora"]
    editor = client.get(url(ana, f"segments/{segment.uuid}/")).content.decode()
    assert 'value="nora"' in editor
    assert 'value="LIN"' in editor
    client.post(url(ana, "segments/estimate/"), {**rows, "segment": str(segment.uuid)}, **HTMX)
    with tenancy.scope(ana.workspace_id):
        assert Segment.objects.get().last_count == 2


def test_half_typed_rules_ask_for_the_rest_instead_of_failing(ana: Any) -> None:
    html = signed_in(ana).post(url(ana, "segments/estimate/"), form(("name", "is", "")), **HTMX).content.decode()
    assert "Name: write what to compare with." in html


def test_what_is_wrong_with_a_segment_is_said_and_what_was_typed_stays(ana: Any) -> None:
    client = signed_in(ana)
    response = client.post(url(ana, "segments/new/"), form(("created", "within_days", "-5"), name="Mine"))
    html = response.content.decode()
    assert response.status_code == 422
    assert "Not saved" in html
    assert 'value="-5"' in html
    assert 'value="Mine"' in html
    assert client.post(url(ana, "segments/new/"), form(("name", "filled", ""), name="")).status_code == 422


def test_the_builder_works_without_scripts(ana: Any) -> None:
    client, target = signed_in(ana), url(ana, "segments/new/")
    count = lambda sent: client.post(target, sent).content.decode().count("data-condition")  # noqa: E731
    rows = form(("name", "is", "nora"), ("name", "is", "omar"))
    assert count({**rows, "do": "add:1"}) == 3
    assert count({**rows, "do": "remove:10"}) == 1
    assert count({**rows, "do": "add-group"}) == 3
    with tenancy.scope(ana.workspace_id):
        assert not Segment.objects.exists()


def test_another_field_brings_its_own_comparisons(ana: Any) -> None:
    client, target = signed_in(ana), url(ana, "segments/row/")
    sent = {"box": "1", "of": "10", "r-10-field": "created", "r-10-op": "contains", "r-10-value": "x"}
    html = client.get(target, sent, **HTMX).content.decode()
    assert "within the past days" in html
    assert 'type="number"' in html
    assert 'value="x"' not in html
    html = client.get(target, {**sent, "r-10-field": "blocked"}, **HTMX).content.decode()
    assert ">yes</option>" in html
    assert "data-condition" in client.get(target, {"box": "1"}, **HTMX).content.decode()
    assert client.get(target, {"of": "10", "r-10-field": "<script>"}, **HTMX).status_code == 200


def test_a_broken_segment_says_so_everywhere(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
    client = signed_in(ana)
    client.post(url(ana, "segments/new/"), form(("tag", "has_not", str(tag.pk))))
    factories.make_contact(ana.workspace, name="Nora")
    with tenancy.scope(ana.workspace_id):
        labels.delete_tag(tag, by=ana)
        segment = Segment.objects.get()
    assert "Matches nobody: A tag in these rules was deleted." in client.get(url(ana, "segments/")).content.decode()
    assert "matches nobody" in client.get(url(ana, f"segments/{segment.uuid}/")).content.decode()
    assert names(client.get(url(ana), {"segment": str(segment.uuid)}).content) == []


def test_deleting_a_segment_keeps_its_people(ana: Any) -> None:
    client = signed_in(ana)
    client.post(url(ana, "segments/new/"), form(("name", "filled", "")))
    factories.make_contact(ana.workspace, name="Nora")
    with tenancy.scope(ana.workspace_id):
        segment = Segment.objects.get()
    client.post(url(ana, f"segments/{segment.uuid}/deletion/"))
    with tenancy.scope(ana.workspace_id):
        assert not Segment.objects.exists()
        assert Contact.objects.count() == 1
        assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"segment.created", "segment.deleted"}


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_url(member: Any, rest: str) -> str:
    return f"/w/{member.workspace.slug}/settings/{rest}"


def test_tags_are_renamed_coloured_merged_and_deleted(ana: Any) -> None:
    client = signed_in(ana)
    for name in ("VIP", "Regular", "vip"):
        client.post(settings_url(ana, "tags/"), {"name": name})
    with tenancy.scope(ana.workspace_id):
        vip, regular = Tag.objects.get(name="VIP"), Tag.objects.get(name="Regular")
        assert Tag.objects.count() == 2
    taken = client.post(settings_url(ana, f"tags/{regular.pk}/"), {"name": "VIP", "hue": "2"})
    assert taken.status_code == 422
    assert "Merge the two" in taken.content.decode()
    client.post(settings_url(ana, f"tags/{regular.pk}/"), {"name": "Regulars", "hue": "5"})
    client.post(settings_url(ana, f"tags/{regular.pk}/merge/"), {"into": str(vip.pk)})
    assert "is being merged into VIP" in client.get(settings_url(ana, "tags/")).content.decode()
    assert client.get(settings_url(ana, f"tags/{regular.pk}/")).status_code == 404
    refused = client.post(settings_url(ana, f"tags/{vip.pk}/deletion/"), follow=True)
    assert "Try again in a moment" in refused.content.decode()


def test_fields_are_made_changed_moved_and_archived(ana: Any) -> None:
    client = signed_in(ana)
    client.post(settings_url(ana, "fields/"), {"label": "Size", "kind": "choice", "choices": "S\nM\n"})
    refused = client.post(settings_url(ana, "fields/"), {"label": "Colour", "kind": "choice", "choices": " "})
    assert refused.status_code == 422
    client.post(settings_url(ana, "fields/"), {"label": "Birthday", "kind": "date"})
    with tenancy.scope(ana.workspace_id):
        size, birthday = CustomField.objects.order_by("pk")
    client.post(settings_url(ana, f"fields/{size.pk}/"), {"label": "Shirt size", "choices": "S\nM\nL", "kind": "text"})
    client.post(settings_url(ana, f"fields/{birthday.pk}/place/"), {"to": "up"})
    client.post(settings_url(ana, f"fields/{birthday.pk}/archive/"))
    with tenancy.scope(ana.workspace_id):
        size.refresh_from_db()
        birthday.refresh_from_db()
    assert (size.label, size.kind, size.key, size.choices) == ("Shirt size", "choice", "size", ["S", "M", "L"])
    assert birthday.archived_at is not None
    assert birthday.position < size.position
    client.post(settings_url(ana, f"fields/{birthday.pk}/archive/"), {"archived": "no"})
    assert "Birthday" in client.get(settings_url(ana, "fields/")).content.decode()


def test_consent_words_are_kept_and_reset(ana: Any) -> None:
    client, target = signed_in(ana), settings_url(ana, "consent-words/opt_out/")
    assert "stop" in client.get(settings_url(ana, "consent-words/")).content.decode()
    assert client.post(target, {"words": "", "confirmation": ""}).status_code == 422
    assert client.post(target, {"words": "halt\nHALT", "confirmation": "Done."}).status_code == 302
    page = client.get(settings_url(ana, "consent-words/")).content.decode()
    assert "halt" in page
    assert "Done." in page
    assert "Back to the first words" in page
    client.post(target, {"do": "reset"})
    assert "halt" not in client.get(settings_url(ana, "consent-words/")).content.decode()
    assert client.post(settings_url(ana, "consent-words/other/"), {"words": "x"}).status_code == 404
