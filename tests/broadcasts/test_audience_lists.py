from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from broadcasts import audience_lists
from broadcasts.models import AudienceList
from contacts.models import Contact, IdentityAlias
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Any:
    return factories.make_member(factories.make_workspace(default_country="GB"), name="Ana")


def keep(ana: Any, content: str | bytes, name: str = "list.csv", **options: Any) -> AudienceList:
    data = content.encode() if isinstance(content, str) else content
    with tenancy.scope(ana.workspace_id):
        made = audience_lists.keep(ana.workspace, SimpleUploadedFile(name, data), by=ana, **options)
        assert made.rows_count == (
            made.entries.count() + made.unknown_count + made.invalid_count + made.duplicate_count
        )
        return made


def names(made: AudienceList) -> set[str]:
    with tenancy.scope(made.workspace_id):
        return set(made.entries.values_list("contact__name", flat=True))


def person(ana: Any, name: str, address: str) -> Contact:
    contact = factories.make_contact(ana.workspace, name=name)
    factories.make_identity(contact, address=address)
    return contact


def test_numbers_are_matched_however_they_are_written_and_the_rest_is_counted(ana: Any):
    person(ana, "Nora", "447700900001")
    person(ana, "Omar", "447700900002")
    rows = ["N,+44 7700 900001", "O,07700 900002", "again,447700900001", "U,+447700900003", "X,twelve", ","]
    made = keep(ana, "\n".join(["Name,Phone", *rows]))
    assert names(made) == {"Nora", "Omar"}
    assert (made.rows_count, made.unknown_count, made.invalid_count, made.duplicate_count) == (5, 1, 1, 1)
    assert [(each["line"], each["value"]) for each in made.problems] == [(6, "twelve")]
    assert made.problems[0]["reason"]
    assert made.name == "list.csv"


def test_another_country_can_be_meant_by_short_numbers(ana: Any):
    person(ana, "Amal", "201001234567")
    assert names(keep(ana, "Phone\n01001234567", default_country="EG")) == {"Amal"}
    assert names(keep(ana, "Phone\n01001234567")) == set()


def test_a_list_of_nothing_but_numbers_needs_no_title(ana: Any):
    person(ana, "Nora", "447700900001")
    assert names(keep(ana, "+447700900001\n+447700900009\n")) == {"Nora"}


def test_a_spreadsheet_is_read_too(ana: Any):
    person(ana, "Nora", "447700900001")
    book = Workbook()
    book.active.append(["Customer", "Mobile"])
    book.active.append(["Nora", 447700900001])
    file = io.BytesIO()
    book.save(file)
    assert names(keep(ana, file.getvalue(), "May.xlsx")) == {"Nora"}


def test_an_export_of_people_is_matched_by_their_ids(ana: Any):
    nora = factories.make_contact(ana.workspace, name="Nora")
    made = keep(ana, f"Carillon ID,Phone\n{nora.uuid},\n01890000-0000-7000-8000-000000000000,\n")
    assert names(made) == {"Nora"}
    assert made.unknown_count == 1


def test_two_numbers_of_one_person_and_other_spellings_of_a_number_are_one(ana: Any):
    nora = person(ana, "Nora", "447700900001")
    second = factories.make_identity(nora, address="447700900002")
    with tenancy.scope(ana.workspace_id):
        IdentityAlias.objects.create(
            workspace=ana.workspace, identity=second, channel_kind=second.channel_kind, address="447700900005"
        )
    made = keep(ana, "Phone\n+447700900001\n+447700900002\n+447700900005")
    assert names(made) == {"Nora"}
    assert made.duplicate_count == 2


def test_deleted_people_and_those_of_other_workspaces_are_unknown(ana: Any):
    zoe = factories.make_member(name="Zoe")
    person(zoe, "Stranger", "447700900001")
    gone = person(ana, "Gone", "447700900002")
    with tenancy.scope(ana.workspace_id):
        Contact.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)
    made = keep(ana, "Phone\n+447700900001\n+447700900002")
    assert (names(made), made.unknown_count) == (set(), 2)


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("", "list.csv", "empty"),
        ("Name,Town\nNora,Leeds\n", "list.csv", "phone numbers"),
        (b"%PDF-1.7 ...", "list.csv", "PDF"),
        (b"PK\x03\x04broken", "list.xlsx", "damaged"),
    ],
)
def test_a_file_without_numbers_is_refused_in_words(ana: Any, content: Any, name: str, says: str):
    with pytest.raises(audience_lists.Refused, match=says):
        keep(ana, content, name)
    with tenancy.scope(ana.workspace_id):
        assert not AudienceList.objects.exists()
