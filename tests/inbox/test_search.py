"""Find a conversation by what people remember of it."""

from __future__ import annotations

import pytest

from inbox import search
from tests.factories import make_contact, make_conversation, make_identity, make_message, make_workspace
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def talk(workspace, name="Amelia Hartley", address="447700900118", text="Where is my green parcel?"):
    contact = make_contact(workspace, name=name)
    conversation = make_conversation(workspace, identity=make_identity(contact, address=address))
    make_message(conversation, text=text)
    return conversation


def found(workspace, query):
    with tenancy.scope(workspace.pk):
        return set(search.conversation_ids(query))


@pytest.mark.parametrize(
    "query",
    [
        "Amelia", "hartley", "melia", "AMELIA  hartley", "+44 7700 900118", "900118", "(7700) 900-118", "٩٠٠١١٨",
        "parcel", "green par", "PARCEL green",
    ],
)  # fmt: skip
def test_a_conversation_is_found(workspace, query):
    conversation = talk(workspace)
    talk(workspace, "Bo", "12025550143", "Something else")
    assert found(workspace, query) == {conversation.pk}


def test_arabic_words_are_found(workspace):
    conversation = talk(workspace, "نورة العتيبي", "966500000121", "أين طلبي الأخضر")
    assert found(workspace, "نورة") == found(workspace, "طلبي") == {conversation.pk}


@pytest.mark.parametrize("query", ["", "   ", "yellow parcel", "Bob", "99", "!!!"])
def test_what_does_not_match_is_not_found(workspace, query):
    talk(workspace)
    assert found(workspace, query) == set()


@pytest.mark.parametrize(
    "query",
    ["%", "_", "100%", "a' OR '1'='1", "foo & bar | !baz", "parcel:*", "x\\", "'; DROP TABLE x;--", "<->", "a" * 500],
)
def test_operators_and_wildcards_mean_themselves(workspace, query):
    talk(workspace, text="nothing of the kind")
    assert found(workspace, query) == set()


def test_another_workspace_is_never_searched(workspace):
    talk(make_workspace("Elsewhere"))
    assert found(workspace, "Amelia") == found(workspace, "parcel") == found(workspace, "900118") == set()


def test_without_a_workspace_nothing_is_found(workspace):
    talk(workspace)
    assert search.conversation_ids("Amelia") == []
    with tenancy.all_workspaces():
        assert search.conversation_ids("Amelia") == []
