"""Who is behind a provider's address."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from contacts import matching
from contacts.models import Contact, Identity
from tests.factories import make_contact, make_identity, make_workspace
from tests.inbox.rows import again, count
from workspaces import tenancy

KIND = "whatsapp_cloud"
SEEN = datetime(2026, 11, 2, 9, tzinfo=UTC)


def find(workspace, **who):
    with tenancy.scope(workspace.pk):
        return matching.find_or_create(workspace.pk, KIND, **who)


@pytest.fixture
def workspace(db):
    return make_workspace()


def test_a_new_address_makes_one_person_with_a_number_and_a_name(workspace):
    identity = find(workspace, address="447700900118", profile_name="Amelia", seen_at=SEEN)
    assert (identity.phone, identity.profile_name) == ("+447700900118", "Amelia")
    contact = again(identity.contact)
    assert (contact.name, contact.last_seen_at) == ("Amelia", SEEN)


def test_the_same_address_is_the_same_person(workspace):
    assert find(workspace, address="447700900118").pk == find(workspace, address="447700900118").pk


def test_the_same_address_in_another_workspace_is_somebody_else(workspace):
    other = make_workspace("Elsewhere")
    assert find(workspace, address="447700900118").pk != find(other, address="447700900118").pk


def test_somebody_known_by_number_learns_the_user_id_and_is_found_by_it(workspace):
    first = find(workspace, address="447700900118")
    find(workspace, address="447700900118", user_id="GB.77", username="@amelia")
    found = find(workspace, user_id="GB.77")
    assert found.pk == first.pk
    assert again(found).username == "amelia"


def test_somebody_known_by_user_id_learns_the_number(workspace):
    first = find(workspace, user_id="GB.77")
    assert first.phone == ""
    found = find(workspace, address="447700900118", user_id="GB.77")
    assert found.pk == first.pk
    assert again(found).phone == "+447700900118"


def test_two_people_known_apart_are_never_joined_by_a_guess(workspace):
    number, hidden = find(workspace, address="447700900118"), find(workspace, user_id="GB.77")
    found = find(workspace, address="447700900118", user_id="GB.77")
    assert found.pk == number.pk
    assert again(hidden).user_id == "GB.77"
    assert count(Contact, workspace.pk) == 2


def test_a_name_people_gave_is_never_overwritten(workspace):
    contact = make_contact(workspace, name="Dr Hartley")
    make_identity(contact, address="447700900118")
    find(workspace, address="447700900118", profile_name="amelia :)")
    assert again(contact).name == "Dr Hartley"


def test_a_profile_name_that_changes_is_learned(workspace):
    find(workspace, address="447700900118", profile_name="Amelia")
    assert again(find(workspace, address="447700900118", profile_name="Amelia H")).profile_name == "Amelia H"


def test_an_old_message_does_not_turn_back_when_somebody_was_last_seen(workspace):
    identity = find(workspace, address="447700900118", seen_at=SEEN)
    find(workspace, address="447700900118", seen_at=SEEN - timedelta(days=1))
    assert again(identity.contact).last_seen_at == SEEN


def test_nobody_is_not_a_person(workspace):
    with pytest.raises(ValueError, match="no sender"):
        find(workspace)


@pytest.mark.usefixtures("committed_db")
def test_fifty_at_once_make_one_person():
    workspace = make_workspace()

    def meet(_number):
        try:
            return find(workspace, address="447700900118", user_id="GB.77", profile_name="Amelia").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as crowd:
        found = set(crowd.map(meet, range(50)))
    assert len(found) == 1
    assert count(Identity, workspace.pk) == count(Contact, workspace.pk) == 1
