from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from broadcasts import audience, judging
from broadcasts.models import AudienceList, AudienceListEntry, Broadcast, Recipient
from contacts import labels, segments
from contacts.models import Consent, Contact, Identity, IdentityAlias
from contacts.segments.books import book_of
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVERYBODY = {"include": [{"everybody": True}]}


@pytest.fixture
def ana() -> Any:
    return factories.make_member(factories.make_workspace(), name="Ana")


@pytest.fixture
def channel(ana: Any) -> Any:
    return factories.make_channel(ana.workspace)


def draft(channel: Any, chosen: dict[str, Any] | None = None, **fields: Any) -> Broadcast:
    with tenancy.scope(channel.workspace_id):
        return Broadcast.objects.create(
            workspace=channel.workspace, channel=channel, audience=EVERYBODY if chosen is None else chosen, **fields
        )


def person(channel: Any, name: str, said: str = "opted_in", **fields: Any) -> Contact:
    contact = factories.make_contact(channel.workspace, name=name, **fields)
    identity = factories.make_identity(contact)
    if said:
        say(identity, said)
    return contact


def address_of(contact: Contact) -> Identity:
    with tenancy.scope(contact.workspace_id):
        return contact.identities.get()


def say(identity: Any, state: str, purpose: str = "marketing") -> None:
    with tenancy.scope(identity.workspace_id):
        Consent.objects.create(
            workspace_id=identity.workspace_id,
            identity=identity,
            purpose=purpose,
            state=state,
            source="agent",
            changed_at=NOW,
        )


def marketing(contact: Contact, channel: Any, *, hours_ago: float, **fields: Any) -> Any:
    identity = address_of(contact)
    conversation = factories.make_conversation(channel.workspace, channel=channel, identity=identity)
    message = factories.make_message(conversation, direction="out", purpose="marketing", **fields)
    at = NOW - timedelta(hours=hours_ago)
    with tenancy.scope(channel.workspace_id):
        type(message).objects.filter(pk=message.pk).update(created_at=at)
    return message


def reasons(broadcast: Broadcast) -> dict[str, str]:
    """Name → why left out, '' for who receives it; and all three ways of asking agree on it."""
    with tenancy.scope(broadcast.workspace_id):
        counted = audience.breakdown(broadcast, patient=True, now=NOW)
        audience.write_down(broadcast, NOW)
        rows = list(Recipient.objects.filter(broadcast=broadcast).select_related("contact"))
        found = {row.contact.name: row.reason for row in rows}
        assert counted.exact
        assert counted.matched == len(rows) == counted.will_receive + sum(counted.left_out.values())
        assert counted.will_receive == sum(row.state == Recipient.State.WAITING for row in rows)
        assert counted.will_receive == sum(counted.by_country.values())
        for reason in {*counted.left_out, ""}:
            shown = audience.sample(broadcast, reason, now=NOW)
            assert {each.name for each in shown} == {name for name, why in found.items() if why == reason}
    return found


def test_each_is_left_out_for_the_first_reason_that_holds(ana: Any, channel: Any):
    with tenancy.scope(ana.workspace_id):
        staff = labels.make_tag(ana.workspace_id, "Staff", by=ana)
    person(channel, "fine")
    person(channel, "excluded", tag_ids=[staff.pk], blocked_at=NOW)
    person(channel, "blocked", "opted_out", blocked_at=NOW)
    factories.make_contact(ana.workspace, name="no address")
    person(channel, "opted out", "opted_out")
    person(channel, "never asked", "")
    marketing(person(channel, "recent"), channel, hours_ago=47)
    marketing(person(channel, "long ago"), channel, hours_ago=49)
    chosen = {**EVERYBODY, "exclude": [{"tag": staff.pk}]}
    assert reasons(draft(channel, chosen)) == {
        "fine": "",
        "excluded": "excluded",
        "blocked": "blocked",
        "no address": "no_address",
        "opted out": "opted_out",
        "never asked": "no_consent",
        "recent": "recent",
        "long ago": "",
    }


def test_a_service_broadcast_needs_no_consent_but_heeds_an_opt_out_of_service(channel: Any):
    person(channel, "never asked", "")
    person(channel, "no marketing", "opted_out")
    marketing(person(channel, "recent"), channel, hours_ago=1)
    quiet = person(channel, "quiet", "")
    say(address_of(quiet), "opted_out", "service")
    assert reasons(draft(channel, purpose="service")) == {
        "never asked": "",
        "no marketing": "",
        "recent": "",
        "quiet": "opted_out",
    }


def test_text_goes_only_to_people_whose_window_is_open(ana: Any, channel: Any):
    for name, minutes in (("open", 1), ("closed", 0), ("never wrote", None)):
        identity = address_of(person(channel, name))
        ends = None if minutes is None else NOW + timedelta(minutes=minutes)
        factories.make_conversation(ana.workspace, channel=channel, identity=identity, window_expires_at=ends)
    elsewhere = address_of(person(channel, "open elsewhere"))
    other = factories.make_channel(ana.workspace)
    factories.make_conversation(
        ana.workspace, channel=other, identity=elsewhere, window_expires_at=NOW + timedelta(hours=1)
    )
    closed = {"closed": "no_window", "never wrote": "no_window", "open elsewhere": "no_window"}
    assert reasons(draft(channel, text="Hello")) == {"open": "", **closed}
    assert set(reasons(draft(channel)).values()) == {""}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "delivered"}, "recent"),
        ({"status": "pending", "send_state": "queued"}, "recent"),
        ({"status": "failed"}, ""),
        ({"status": "skipped"}, ""),
        ({"status": "cancelled"}, ""),
        ({"started_at": NOW - timedelta(hours=60)}, ""),
    ],
)
def test_recent_is_what_was_started_or_stands_in_the_queue(channel: Any, fields: dict[str, Any], expected: str):
    marketing(person(channel, "Nora"), channel, hours_ago=1, **fields)
    assert reasons(draft(channel)) == {"Nora": expected}


def test_queued_long_ago_and_started_now_is_recent(channel: Any):
    marketing(person(channel, "Nora"), channel, hours_ago=100, started_at=NOW - timedelta(hours=1))
    assert reasons(draft(channel)) == {"Nora": "recent"}


def test_nobody_is_recent_when_the_broadcast_does_not_mind(channel: Any):
    marketing(person(channel, "Nora"), channel, hours_ago=1)
    assert reasons(draft(channel, recent_hours=0)) == {"Nora": ""}


@pytest.mark.parametrize(("status", "expected"), [("running", "recent"), ("preparing", "recent"), ("paused", "")])
def test_who_waits_in_another_running_broadcast_is_recent(channel: Any, status: str, expected: str):
    contact = person(channel, "Nora")
    other = draft(channel, status=status)
    with tenancy.scope(channel.workspace_id):
        Recipient.objects.create(workspace=channel.workspace, broadcast=other, contact=contact, state="waiting")
    assert reasons(draft(channel)) == {"Nora": expected}


def test_earlier_occurrences_of_its_own_series_do_not_count_as_recent(channel: Any):
    contact = person(channel, "Nora")
    message = marketing(contact, channel, hours_ago=24)
    series = draft(channel, repeat="daily", status="scheduled")
    yesterday = draft(channel, series=series, occurrence=NOW.date() - timedelta(days=1), status="finished")
    with tenancy.scope(channel.workspace_id):
        Recipient.objects.create(
            workspace=channel.workspace, broadcast=yesterday, contact=contact, message=message, state="queued"
        )
    assert reasons(draft(channel, series=series, occurrence=NOW.date())) == {"Nora": ""}
    assert reasons(draft(channel)) == {"Nora": "recent"}


def test_one_word_against_it_from_any_address_is_enough(channel: Any):
    nora = person(channel, "Nora")
    say(factories.make_identity(nora), "opted_out")
    assert reasons(draft(channel)) == {"Nora": "opted_out"}


def test_the_address_that_agreed_is_written_to(channel: Any):
    nora = person(channel, "Nora", "")
    agreed = factories.make_identity(nora)
    say(agreed, "opted_in")
    broadcast = draft(channel)
    assert reasons(broadcast) == {"Nora": ""}
    with tenancy.scope(channel.workspace_id):
        assert Recipient.objects.get(broadcast=broadcast).identity_id == agreed.pk


def test_people_who_share_a_number_get_it_once(ana: Any, channel: Any):
    first = person(channel, "first")
    number = address_of(first).address
    second = factories.make_contact(ana.workspace, name="second")
    say(factories.make_identity(second, address="", user_id="hidden-1", phone=f"+{number}"), "opted_in")
    alias = person(channel, "by another spelling")
    with tenancy.scope(ana.workspace_id):
        IdentityAlias.objects.create(
            workspace=ana.workspace,
            identity=address_of(first),
            channel_kind=channel.kind,
            address=address_of(alias).address,
        )
    expected = {"first": "", "second": "duplicate", "by another spelling": "duplicate"}
    assert reasons(draft(channel)) == expected
    with tenancy.scope(ana.workspace_id):
        Contact.objects.filter(pk=first.pk).update(blocked_at=NOW)
    assert reasons(draft(channel)) == {**expected, "first": "blocked", "second": ""}


def test_deleted_people_are_in_no_audience(channel: Any):
    person(channel, "gone", deleted_at=NOW)
    assert reasons(draft(channel)) == {}


def test_an_audience_joins_what_is_included(ana: Any, channel: Any):
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "VIP", by=ana)
        rules = {"match": "all", "groups": [{"conditions": [{"field": "language", "op": "is", "value": "ar"}]}]}
        book = book_of(ana.workspace_id)
        made = segments.create(ana.workspace, name="Arabic", rules=segments.parse(rules, book), by=ana)
        listed = AudienceList.objects.create(workspace=ana.workspace, name="may.csv")
    person(channel, "tagged", tag_ids=[tag.pk])
    person(channel, "arabic", language="ar")
    both = person(channel, "all of it", language="ar", tag_ids=[tag.pk])
    person(channel, "nobody asked for", country="GB")
    upload = person(channel, "from the file")
    with tenancy.scope(ana.workspace_id):
        for contact in (upload, both):
            AudienceListEntry.objects.create(workspace=ana.workspace, audience_list=listed, contact=contact)
    items = [{"tag": tag.pk}, {"segment": made.pk}, {"list": str(listed.uuid)}]
    assert reasons(draft(channel, {"include": items})) == dict.fromkeys(
        ["tagged", "arabic", "all of it", "from the file"], ""
    )
    with tenancy.scope(ana.workspace_id):
        words = audience.describe(audience.read({"include": items, "exclude": items[:1]}, ana.workspace))
    assert words == [
        "People with the tag “VIP”",
        "People in the segment “Arabic”",
        "People in the file “may.csv”",
        "But not: People with the tag “VIP”",
    ]
    assert reasons(draft(channel, {"include": items[1:], "exclude": items[:1]})) == {
        "arabic": "",
        "all of it": "excluded",
        "from the file": "",
    }


def test_an_empty_audience_has_nobody(channel: Any):
    person(channel, "Nora")
    assert reasons(draft(channel, {})) == {}
    with tenancy.scope(channel.workspace_id):
        assert audience.read({}, channel.workspace).is_empty


@pytest.mark.parametrize(
    "raw",
    [
        [],
        "everybody",
        {"include": {"everybody": True}},
        {"include": [3]},
        {"include": [{"everybody": "yes"}]},
        {"include": [{"tag": "1 OR 1=1"}]},
        {"include": [{"tag": True}]},
        {"include": [{"tag": 10**30}]},
        {"include": [{"segment": 1}]},
        {"include": [{"list": "no uuid"}]},
        {"include": [{"list": "01890000-0000-7000-8000-000000000000"}]},
        {"include": [{"broadcast": "01890000-0000-7000-8000-000000000000", "who": "read"}]},
        {"include": [{"broadcast": "01890000-0000-7000-8000-000000000000", "who": ["read"]}]},
        {"include": [{"everybody": True}], "exclude": [{"everybody": True}]},
        {"include": [{"everybody": True}] * 51},
    ],
)
def test_what_is_no_audience_is_refused(ana: Any, raw: Any):
    with tenancy.scope(ana.workspace_id), pytest.raises(audience.BadAudience):
        audience.read(raw, ana.workspace)


def test_a_gone_exclusion_is_refused_instead_of_excluding_nobody(ana: Any, channel: Any):
    with tenancy.scope(ana.workspace_id):
        tag = labels.make_tag(ana.workspace_id, "Staff", by=ana)
    broadcast = draft(channel, {**EVERYBODY, "exclude": [{"tag": tag.pk}]})
    with tenancy.scope(ana.workspace_id):
        tag.delete()
        with pytest.raises(audience.BadAudience, match="tag"):
            audience.write_down(broadcast, NOW)
        assert not Recipient.objects.filter(broadcast=broadcast).exists()


def test_other_workspaces_are_out_of_reach(ana: Any, channel: Any):
    zoe = factories.make_member(name="Zoe")
    theirs = factories.make_channel(zoe.workspace)
    person(theirs, "stranger")
    with tenancy.scope(zoe.workspace_id):
        tag = labels.make_tag(zoe.workspace_id, "Theirs", by=zoe)
    with tenancy.scope(ana.workspace_id), pytest.raises(audience.BadAudience):
        audience.read({"include": [{"tag": tag.pk}]}, ana.workspace)
    assert reasons(draft(channel)) == {}


def test_writing_down_twice_adds_nobody_twice(channel: Any):
    contact = person(channel, "Nora")
    broadcast = draft(channel)
    with tenancy.scope(channel.workspace_id):
        audience.write_down(broadcast, NOW)
        Recipient.objects.filter(broadcast=broadcast).update(state="skipped", reason="gone")
        audience.write_down(broadcast, NOW)
        row = Recipient.objects.get(broadcast=broadcast)
        assert (row.contact_id, row.state, row.reason) == (contact.pk, "skipped", "gone")


def test_the_time_limit_of_statements_is_given_back(channel: Any):
    person(channel, "Nora")
    broadcast = draft(channel)
    with tenancy.scope(channel.workspace_id), connection.cursor() as cursor:
        for act in (lambda: audience.breakdown(broadcast), lambda: audience.write_down(broadcast, NOW)):
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()
            act()
            cursor.execute("SELECT current_setting('statement_timeout')")
            assert cursor.fetchone() == before


def test_an_estimate_is_drawn_from_people_by_the_same_rules_and_adds_up(ana: Any, channel: Any):
    for number in range(20):
        said = ("opted_in", "opted_out", "")[number % 3]
        person(channel, f"person {number}", said, country="GB" if number % 2 else "")
    broadcast = draft(channel)
    with tenancy.scope(ana.workspace_id):
        told = audience.estimate(judging.terms_of(broadcast, NOW))
        exact = audience.breakdown(broadcast, patient=True, now=NOW)
    # The draw from so small a table is everybody, and so few people are not rounded.
    assert not told.exact
    assert replace(told, exact=True, counted_at=exact.counted_at) == exact
    assert exact.left_out == {"opted_out": 7, "no_consent": 6}


def test_an_estimate_shows_two_figures_and_its_parts_make_the_whole():
    rows = [("", "GB", 12_345.6), ("", "EG", 94.4), ("recent", "GB", 0.4), ("blocked", "GB", 7_777)]
    told = audience.broken_down(rows, exact=False)
    assert told.by_country == {"GB": 12_000, "EG": 94}
    assert told.left_out == {"blocked": 7_800}
    assert (told.will_receive, told.matched) == (12_094, 19_894)
