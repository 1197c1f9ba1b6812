"""Columns are guessed from titles in many languages and from what stands in them; nonsense is refused."""

from __future__ import annotations

import pytest

from contacts.importing.mapping import TARGETS, Mapping, MappingRefused, guess, looks_like_titles, refuse_unusable
from contacts.models import CustomField

CITY = CustomField(key="city", label="City", kind="text")


@pytest.mark.parametrize(
    ("titles", "targets"),
    [
        (["Name", "Mobile Number", "E-Mail"], ["name", "phone", "email"]),
        (["first_name", "LAST_NAME", "phone"], ["first_name", "last_name", "phone"]),
        (["الاسم", "رقم الجوال", "البريد الإلكتروني", "الدولة"], ["name", "phone", "email", "country"]),
        (["Prénom", "Nom de famille", "Téléphone", "Courriel"], ["first_name", "last_name", "phone", "email"]),
        (["Nombre", "Teléfono", "Correo electrónico", "Etiquetas"], ["name", "phone", "email", "tags"]),
        (["Nome", "Celular", "Idioma"], ["name", "phone", "language"]),
        (["नाम", "मोबाइल"], ["name", "phone"]),
        (["نام", "موبائل نمبر"], ["name", "phone"]),
        (["Nama", "No HP"], ["name", "phone"]),
        (["Vorname", "Nachname", "Handy"], ["first_name", "last_name", "phone"]),
        (["City", "Anything"], ["field:city", ""]),
        (["Phone", "Mobile"], ["phone", ""]),
    ],
)
def test_titles_are_understood_in_many_languages(titles: list[str], targets: list[str]):
    assert guess(titles, [], [CITY]) == targets


def test_contents_decide_where_titles_say_nothing():
    rows = [
        ["Nora", "+966500000001", "nora@example.com", "12"],
        ["Paul", "0049 151 00000001", "paul@example.com", "13"],
    ]
    rows = [*rows, ["Ana", "+4915100000002", "ana@example.com", "7"]] * 3
    assert guess(["Column 1", "Column 2", "Column 3", "Column 4"], rows, []) == ["", "phone", "email", ""]


def test_contents_can_speak_against_a_title():
    rows = [["12", "maybe"], ["13", "later"]] * 5
    assert guess(["Country", "Consent"], rows, []) == ["", ""]
    assert guess(["Number"], [["12"], ["13"]], []) == [""]


def test_no_two_targets_share_a_title():
    words = [word for _, listed in TARGETS.values() for word in listed.split("|")]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("row", "titles"),
    [
        (["Name", "Phone"], True),
        (["Nora", "+966500000001"], False),
        (["Nora", "nora@example.com"], False),
        (["Name", "", "", "", ""], False),
        (["الاسم", "الجوال"], True),
    ],
)
def test_titles_are_told_from_a_first_row(row: list[str], titles: bool):
    assert looks_like_titles(row) is titles


@pytest.mark.parametrize(
    ("columns", "choices", "words"),
    [
        (("name", ""), {}, "phone number"),
        (("phone", "phone"), {}, "same thing"),
        (("phone", "field:gone"), {}, "changed in the meantime"),
        (("phone",), {}, "changed in the meantime"),
        (("phone", "email; DROP TABLE"), {}, "changed in the meantime"),
        (("phone", "new:text"), {}, "already"),
        (("phone", "consent"), {"consent": "stated", "wording": "May"}, "not both"),
        (("phone", ""), {"consent": "stated"}, "how these people agreed"),
        (("phone", ""), {"tag": "x" * 51}, "50 characters"),
    ],
)
def test_columns_that_make_no_sense_are_refused(columns, choices, words):
    with pytest.raises(MappingRefused, match=words):
        refuse_unusable(Mapping(columns, **choices), ["Phone", "City"], [CITY])


def test_names_whole_and_in_parts_exclude_each_other():
    with pytest.raises(MappingRefused, match="full name"):
        refuse_unusable(Mapping(("phone", "name", "last_name")), ["A", "B", "C"], [])


def test_a_mapping_survives_being_stored():
    chosen = Mapping(("phone", "tags"), "SA", "skip", "stated", "May", "vip")
    assert Mapping.of(chosen.stored()) == chosen
    assert Mapping.of({**chosen.stored(), "later": 1}) == chosen
