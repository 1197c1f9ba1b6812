from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from broadcasts.models import Broadcast, Recipient
from broadcasts.reached import reached
from contacts import presenting_rules, segments
from contacts.models import SearchableContact
from contacts.segments.books import book_of
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def may() -> Broadcast:
    """A broadcast with a person for each thing that can happen, named after it."""
    channel = factories.make_channel()
    outcomes = {
        "left out": ("left_out", "", False),
        "waiting": ("waiting", "", False),
        "skipped": ("skipped", "", False),
        "accepted": ("queued", "sent", False),
        "delivered": ("queued", "delivered", False),
        "answered unread": ("queued", "delivered", True),
        "read": ("queued", "read", False),
        "answered": ("queued", "played", True),
        "failed": ("queued", "failed", False),
        "cancelled": ("queued", "cancelled", False),
    }
    with tenancy.scope(channel.workspace_id):
        broadcast = Broadcast.objects.create(
            workspace=channel.workspace, name="May offers", status="running", started_at=NOW
        )
        factories.make_contact(channel.workspace, name="stranger")
        for name, (state, status, replied) in outcomes.items():
            identity = factories.make_identity(factories.make_contact(channel.workspace, name=name))
            conversation = factories.make_conversation(channel=channel, identity=identity)
            message = factories.make_message(conversation, direction="out", status=status) if status else None
            Recipient.objects.create(
                workspace=channel.workspace,
                broadcast=broadcast,
                contact=identity.contact,
                message=message,
                state=state,
                replied_at=NOW if replied else None,
            )
    return broadcast


PEOPLE = {
    "received": {"waiting", "accepted", "delivered", "answered unread", "read", "answered"},
    "not_received": {"stranger", "left out", "skipped", "failed", "cancelled"},
    "read": {"read", "answered"},
    "not_read": {"delivered", "answered unread"},
    "replied": {"answered unread", "answered"},
    "not_replied": {"delivered", "read"},
    "failed": {"failed"},
}


def asked(op: str, value: str) -> dict[str, Any]:
    return {"groups": [{"conditions": [{"field": "broadcast", "op": op, "value": value}]}]}


@pytest.mark.parametrize("op", PEOPLE)
def test_a_segment_finds_people_by_what_became_of_a_broadcast(may: Broadcast, op: str):
    with tenancy.scope(may.workspace_id):
        book = book_of(may.workspace_id)
        rules = segments.parse(asked(op, str(may.uuid)), book)
        found = segments.compiled(may.workspace, rules, book=book).people
        assert {each.name for each in found} == PEOPLE[op]
        assert "“May offers (21 Nov 2026)”" in presenting_rules.in_words(rules, book)


def test_the_broadcasts_of_a_series_count_together(may: Broadcast):
    with tenancy.scope(may.workspace_id):
        series = Broadcast.objects.create(workspace=may.workspace, status="scheduled", repeat="daily")
        Broadcast.objects.filter(pk=may.pk).update(series=series, occurrence=NOW.date())
        people = SearchableContact.objects.filter(reached(may.workspace_id, series, "read"))
        assert {each.name for each in people} == PEOPLE["read"]


def test_the_builder_offers_what_was_started_and_keeps_an_answer_it_does_not_know(may: Broadcast):
    with tenancy.scope(may.workspace_id):
        Broadcast.objects.create(workspace=may.workspace, name="Only a draft")
        book = book_of(may.workspace_id)
        row = presenting_rules.row(book, "1", condition=segments.Condition("broadcast", "read", str(may.uuid)))
        assert (row.input, row.choices) == ("select", [(str(may.uuid), "May offers (21 Nov 2026)")])
        lost = presenting_rules.row(book, "1", condition=segments.Condition("broadcast", "read", "gone"))
        assert ("gone", "Deleted") in lost.choices


@pytest.mark.parametrize("value", ["", "x", "01890000-0000-7000-8000-000000000000", None, 3])
def test_a_broadcast_nobody_knows_is_refused(may: Broadcast, value: Any):
    with tenancy.scope(may.workspace_id), pytest.raises(segments.BadRules):
        segments.parse(asked("read", value), book_of(may.workspace_id))


def test_broadcasts_of_other_workspaces_cannot_be_asked_about(may: Broadcast):
    zoe = factories.make_member(name="Zoe")
    with tenancy.scope(zoe.workspace_id):
        book = book_of(zoe.workspace_id)
        assert not book.broadcasts
        with pytest.raises(segments.BadRules):
            segments.parse(asked("read", str(may.uuid)), book)


def test_rules_that_ask_about_no_broadcast_do_not_look_for_any(may: Broadcast, django_assert_num_queries: Any):
    with tenancy.scope(may.workspace_id), django_assert_num_queries(2):
        segments.parse({"groups": [{"conditions": [{"field": "name", "op": "filled"}]}]}, book_of(may.workspace_id))
