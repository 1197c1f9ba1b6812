from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts import fields, labels, listing
from contacts.listing import Filter
from contacts.models import Consent, Contact, SearchableContact
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return factories.make_member(name="Ana")


def names(ana: Any, **chosen: str) -> list[str]:
    with tenancy.scope(ana.workspace_id):
        return [person.name for person in listing.page(ana.workspace, Filter.read(chosen)).people]


def through(ana: Any, size: int, **chosen: str) -> list[list[str]]:
    """Every page of a list, one after the other."""
    pages, after = [], ""
    with tenancy.scope(ana.workspace_id):
        while True:
            page = listing.page(ana.workspace, Filter.read(chosen), after=after, size=size)
            pages.append([person.name for person in page.people])
            if not page.more:
                return pages
            after = page.more


@pytest.mark.parametrize("sort", sorted(listing.ORDERS))
def test_pages_hold_everybody_once_and_those_without_a_value_last(ana: Any, sort: str) -> None:
    now = timezone.now()
    for number in range(7):
        seen = now - timedelta(days=number // 2)  # equal values on both sides of a page's end
        factories.make_contact(ana.workspace, name=f"Seen {number // 3}", last_seen_at=seen)
    for _ in range(4):
        factories.make_contact(ana.workspace, name="")
    pages = through(ana, 3, sort=sort)
    assert [len(page) for page in pages] == [3, 3, 3, 2]
    flat = [name for page in pages for name in page]
    assert sorted(flat) == sorted(["Seen 0"] * 3 + ["Seen 1"] * 3 + ["Seen 2"] + [""] * 4)
    if not sort.startswith("added"):
        assert flat[-4:] == [""] * 4


def test_the_order_is_the_one_asked_for(ana: Any) -> None:
    now = timezone.now()
    for name, days in (("Bea", 2), ("Ali", 3), ("Cid", 1)):
        factories.make_contact(ana.workspace, name=name, last_seen_at=now - timedelta(days=days))
    assert names(ana) == ["Cid", "Bea", "Ali"]
    assert names(ana, sort="seen-oldest") == ["Ali", "Bea", "Cid"]
    assert names(ana, sort="name") == ["Ali", "Bea", "Cid"]
    assert names(ana, sort="name-backwards") == ["Cid", "Bea", "Ali"]
    assert names(ana, sort="added") == ["Cid", "Ali", "Bea"]


@pytest.mark.parametrize("after", ["x", "5", "5~x", "~", "99999999999999999999~", "-1~", "5~2026-01-01", "5~a\x00b"])
@pytest.mark.parametrize("sort", ["seen", "name", "added"])
def test_a_made_up_cursor_is_no_error(ana: Any, after: str, sort: str) -> None:
    factories.make_contact(ana.workspace, name="Nora")
    with tenancy.scope(ana.workspace_id):
        listing.page(ana.workspace, Filter.read({"sort": sort}), after=after)


@pytest.mark.parametrize(
    "query", ["nora", "Haddad", "00900123", "+44 7700", "nora@", "EXAMPLE", "a-1042", "A-1042", "٧٧٠٠٩"]
)
def test_search_finds_by_name_number_address_and_field(ana: Any, query: str) -> None:
    with tenancy.scope(ana.workspace_id):
        field = fields.make_field(ana.workspace_id, label="Order number", kind="text", by=ana)
    nora = factories.make_contact(
        ana.workspace, name="Nora Haddad", email="nora@example.test", fields={field.key: "A-1042"}
    )
    factories.make_identity(nora, address="447700900123")
    factories.make_contact(ana.workspace, name="Somebody else", email="other@elsewhere.test")
    assert names(ana, q=query) == ["Nora Haddad"]


@pytest.mark.parametrize("query", ["%", "_", "\\", "'; drop table contacts_contact; --", "%%%", "{}", "no\x00ra'"])
def test_a_search_means_its_letters(ana: Any, query: str) -> None:
    factories.make_contact(ana.workspace, name="Nora")
    assert names(ana, q=query) == []


def test_people_of_another_workspace_and_deleted_ones_are_never_found(ana: Any) -> None:
    zoe = factories.make_member(name="Zoe")
    factories.make_contact(zoe.workspace, name="Canary")
    factories.make_contact(ana.workspace, name="Canary gone", deleted_at=timezone.now())
    assert names(ana) == []
    assert names(ana, q="canary") == []


def test_the_view_behind_search_shows_one_workspace_and_outside_a_scope_nobody(ana: Any) -> None:
    ours, theirs = factories.make_contact(ana.workspace), factories.make_contact()
    assert not SearchableContact.objects.exists()
    with tenancy.scope(ana.workspace_id):
        assert [person.pk for person in SearchableContact.objects.all()] == [ours.pk]
        assert not SearchableContact.objects.filter(pk=theirs.pk).exists()
    with tenancy.all_workspaces():
        assert not SearchableContact.objects.exists()


def test_each_filter_leaves_its_people(ana: Any) -> None:
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
    tagged = factories.make_contact(ana.workspace, name="Tagged", tag_ids=[tag.pk])
    factories.make_contact(ana.workspace, name="Blocked", blocked_at=timezone.now())
    there = factories.make_identity(factories.make_contact(ana.workspace, name="On WhatsApp"))
    with tenancy.scope(ana.workspace_id):
        Consent.objects.create(
            workspace=ana.workspace,
            identity=there,
            purpose="marketing",
            state="opted_out",
            source="agent",
            changed_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
    assert names(ana, tag=str(tag.pk)) == ["Tagged"]
    assert names(ana, blocked="yes") == ["Blocked"]
    assert names(ana, channel="whatsapp_cloud") == ["On WhatsApp"]
    assert names(ana, consent="opted_out") == ["On WhatsApp"]
    assert names(ana, consent="opted_in") == []
    assert names(ana, consent="unknown", sort="name") == ["Blocked", "Tagged"]
    assert names(ana, tag=str(tag.pk), blocked="yes") == []
    gone = str(tag.pk)
    with tenancy.scope(ana.workspace_id):
        labels.delete_tag(tag, by=ana)
        assert Contact.objects.get(pk=tagged.pk).tag_ids == [int(gone)]
    assert names(ana, tag=gone) == []


def test_a_filter_survives_its_url_and_forgets_nonsense() -> None:
    chosen = Filter.read({"q": " nora  h ", "tag": "7", "sort": "name", "consent": "maybe", "segment": "x"})
    assert chosen == Filter(q="nora h", tag="7", sort="name")
    assert chosen.query() == "?q=nora+h&tag=7&sort=name"
    assert chosen.query(sort="seen", q="") == "?tag=7"
    assert Filter.read(chosen.params()) == chosen
    assert not Filter.read({"sort": "name"}).narrows
