"""Files as they come: every encoding and delimiter, and one clear sentence for what cannot be used."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.importing import encodings, sniffing
from contacts.importing.rows import LONGEST_LINE, Refused, rows_of, text_rows
from contacts.importing.sniffing import examine
from tests.contacts.imports import workbook

ARABIC = "الاسم;الجوال;المدينة\nفاطمة الزهراء;+966500000001;الرياض\nأحمد خالد;+966500000002;جدة\n"
FRENCH = "Prénom,Téléphone\nHélène,+33612345678\nFrançois,+33612345679\n"
RUSSIAN = "Имя,Телефон\nАнна Иванова,+79161234567\nПётр Смирнов,+79161234568\n"
PLAIN = "Name,Phone\nNora,+966500000001\n"


def examined(content: bytes, name: str = "people.csv", **options) -> dict:
    return examine(io.BytesIO(content), name, **options)


def read(content: bytes, name: str = "people.csv") -> list[list[str]]:
    return [row for _, row in rows_of(io.BytesIO(content), examined(content, name))]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ARABIC, "utf-8"),
        (ARABIC, "utf-8-sig"),
        (ARABIC, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-16-be"),
        (ARABIC, "windows-1256"),
        (ARABIC * 2_000, "windows-1256"),
        (FRENCH, "windows-1252"),
        (RUSSIAN, "windows-1251"),
        (PLAIN, "ascii"),
    ],
)
def test_the_encoding_is_found_out(text: str, encoding: str):
    expected = list(csv.reader(io.StringIO(text), delimiter=";" if ";" in text else ","))[1:]
    assert read(text.encode(encoding)) == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_delimiter_is_found_out(delimiter: str, end: str):
    rows = [
        ["Name", "Phone", "Note"],
        ["Nora", "+966500000001", 'said "hi, there"; left\nsoon'],
        ["Paul", "+49151", ""],
    ]
    stored = io.StringIO()
    csv.writer(stored, delimiter=delimiter, lineterminator=end).writerows(rows)
    form = examined(stored.getvalue().encode())
    assert form["delimiter"] == delimiter
    assert form["titles"] == rows[0]
    assert [row for _, row in rows_of(io.BytesIO(stored.getvalue().encode()), form)] == rows[1:]


def test_excels_own_line_about_the_delimiter_is_understood():
    content = b"sep=;\r\nName;Phone\r\nNora, Haddad;+966500000001\r\n"
    assert read(content) == [["Nora, Haddad", "+966500000001"]]
    assert examined(content)["titles"] == ["Name", "Phone"]


def test_mixed_line_ends_are_read_and_lines_counted():
    content = b'Name,Phone\r\n"Two\nlines",1\rMac,2\nUnix,3\n\n\nLast,4'
    form = examined(content)
    assert list(rows_of(io.BytesIO(content), form)) == [
        (2, ["Two\nlines", "1"]), (4, ["Mac", "2"]), (5, ["Unix", "3"]), (8, ["Last", "4"])
    ]  # fmt: skip


def test_a_file_without_titles_is_noticed():
    form = examined(b"Nora,+966500000001\nPaul,+4915100000002\n")
    assert not form["header"]
    assert form["titles"] == ["Column 1", "Column 2"]
    assert form["rows"] == 2


def test_one_column_of_numbers_is_enough():
    assert read(b"+966500000001\n+966500000002\n") == [["+966500000001"], ["+966500000002"]]


def test_a_workbook_is_read_as_people_would_type_it():
    at = datetime(2026, 5, 3, 9, 41)  # noqa: DTZ001  # workbooks know no zones
    content = workbook(
        ["Name", "Phone", "Since", "Seen", "Size", "Member", "Sum"],
        ["Nora", 966500000001, date(2026, 5, 3), at, 42.5, True, "=1+1"],
        ["Paul", "+4915100000002", None, None, None, False],
    )
    assert read(content, "people.xlsx") == [
        ["Nora", "966500000001", "2026-05-03", "2026-05-03 09:41:00", "42.5", "yes"],
        ["Paul", "+4915100000002", "", "", "", "no"],
    ]


def zipped(**files: bytes) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr({"types": "[Content_Types].xml", "book": "xl/workbook.xml"}.get(name, name), content)
    return stored.getvalue()


def bomb() -> bytes:
    """A workbook of some hundred KB that unpacks to 400 MB."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(400):
                sheet.write(b" " * (1 << 20))
    return stored.getvalue()


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;">]>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">&lol1;</workbook>"""

HOSTILE = {
    "empty": (b"", "people.csv", "empty"),
    "blank": (b" \r\n \n", "people.csv", "empty"),
    "only titles": (b"Name,Phone\n", "people.csv", "no rows below"),
    "pdf": (b"%PDF-1.7 ...", "people.csv", "PDF"),
    "picture": (b"\x89PNG\r\n\x1a\n", "people.csv", "picture"),
    "picture as workbook": (b"\xff\xd8\xff\xe0abc", "people.xlsx", "not the spreadsheet"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "people.xls", "old kind"),
    "old excel as csv": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "people.csv", "old kind"),
    "compressed": (gzip.compress(PLAIN.encode()), "people.csv", "unpack"),
    "web page": (b"<!DOCTYPE html><table><tr><td>1</td></tr></table>", "people.csv", "web page"),
    "workbook as csv": (workbook(["Name"], ["Nora"]), "people.csv", "another name"),
    "csv as workbook": (PLAIN.encode(), "people.xlsx", "not the spreadsheet"),
    "another archive": (zipped(readme=b"hello"), "people.xlsx", "archive"),
    "damaged archive": (workbook(["Name"], ["Nora"])[:500], "people.xlsx", "damaged"),
    "archive with broken parts": (zipped(types=b"<Types/>", book=b"<workbook"), "people.xlsx", "damaged"),
    "a billion laughs": (zipped(types=b"<Types/>", book=LAUGHS), "people.xlsx", "damaged"),
    "zip bomb": (bomb(), "people.xlsx", "unpacks"),
    "NUL bytes": (b"Name,Phone\nNo\0ra,+966500000001\n", "people.csv", "NUL"),
    "NUL bytes far down": (PLAIN.encode() * 5_000 + b"No\0ra,1\n", "people.csv", "NUL"),
    "utf-32": (PLAIN.encode("utf-32"), "people.csv", "UTF-32"),
    "unclosed quote": (b'Name,Phone\nA,1\nB,2\n"Nora,+966500000001\nPaul,3\n', "people.csv", "Line 4 opens"),
    "unclosed quote in a long file": (
        b"Name,Phone\nA,1\n" + b'"Nora,1\n' + b"Paul,2\n" * 40_000, "people.csv", "Line 3"
    ),
    "mixed encodings": (
        ("Name,Phone\n" + "فاطمة,1\n" * 50).encode() + "أحمد,2\n".encode("windows-1256"), "people.csv", "line 52"
    ),
    "a line without an end": (b"Name,Phone\n" + b"x" * (LONGEST_LINE + 10), "people.csv", "Line 2 is longer"),
    "a huge cell": (b'Name,Phone\n"' + b"x\n" * 100_000 + b'",1\n', "people.csv", "Line 2 has a cell"),
    "too many columns": (b"a," * 300 + b"b\n" + b"1," * 300 + b"2\n", "people.csv", "more than 200 columns"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_refused_in_one_sentence(name: str):
    content, filename, words = HOSTILE[name]
    with pytest.raises(Refused) as refused:
        examined(content, filename)
    sentence = str(refused.value)
    assert words in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert "Traceback" not in sentence
    assert "Error" not in sentence


def test_a_gigabyte_in_one_line_is_refused_without_being_read_into_memory():
    class Endless(io.RawIOBase):
        """A GB of one letter that exists nowhere."""

        def __init__(self) -> None:
            self.place, self.most = 0, 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def seek(self, to: int, whence: int = 0) -> int:
            self.place = to
            return to

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20
            size = min(size, (1 << 30) - self.place)
            self.place += size
            return b"x" * size

        def read1(self, size: int = -1) -> bytes:
            return self.read(size)

    with pytest.raises(Refused, match="Line 1 is longer"):
        list(text_rows(Endless(), encoding="utf-8-sig", delimiter=","))


def test_a_file_of_too_many_rows_is_refused():
    content = b"Name,Phone\n" + b"Nora,1\n" * 11
    assert examined(content, most_rows=11)["rows"] == 11
    with pytest.raises(Refused, match="more than 10 rows"):
        examined(content, most_rows=10)


def test_another_encoding_can_be_chosen():
    content = ARABIC.encode("windows-1256")
    form = sniffing.again(
        io.BytesIO(content), {**examined(content), "encoding": "windows-1252"}, encoding="windows-1256", header=True
    )
    assert form["titles"] == ["الاسم", "الجوال", "المدينة"]
    assert not sniffing.again(io.BytesIO(content), form, encoding="windows-1256", header=False)["header"]
    with pytest.raises(Refused):
        sniffing.again(io.BytesIO(content), form, encoding="rot13", header=True)


def test_every_encoding_on_offer_is_one_python_has():
    for name in encodings.NAMES:
        assert "Nora".encode(name)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), max_size=20)


@given(
    st.lists(st.lists(cells, min_size=3, max_size=3).filter(any), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
)
def test_quoted_cells_come_back_whatever_stands_in_them(rows: list[list[str]], delimiter: str):
    stored = io.StringIO()
    csv.writer(stored, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    content = stored.getvalue().encode()
    assert [row for _, row in text_rows(io.BytesIO(content), encoding="utf-8-sig", delimiter=delimiter)] == rows


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes):
    try:
        form = examined(content)
    except Refused:
        return
    assert list(rows_of(io.BytesIO(content), form))
