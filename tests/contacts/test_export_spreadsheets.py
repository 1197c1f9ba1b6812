"""What is written stays text in every spreadsheet program, and comes back as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from contacts.exporting.spreadsheets import csv_text, guarded, unguarded, write_xlsx
from contacts.importing.rows import book_rows, text_rows

FORMULAS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(1)",
    "=HYPERLINK(\"http://evil.example\",\"Click\")", "'=1", "''=1", "+966 50", "+0123456789", "-5",
]  # fmt: skip
# PostgreSQL keeps no NUL, UTF-8 no half of a pair.
cell = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
risky = st.sampled_from("=+-@'\t\r\n\",;＝").flatmap(lambda sign: cell.map(lambda rest: sign + rest))


@pytest.mark.parametrize("value", FORMULAS)
def test_a_formula_is_written_as_text(value: str):
    assert guarded(value) == f"'{value}"
    assert unguarded(guarded(value)) == value


@pytest.mark.parametrize("value", ["", "Nora", "+966501234567", "'Abd al-Rahman", "3-4", "a=b", "'"])
def test_plain_text_and_phone_numbers_are_written_as_they_are(value: str):
    assert guarded(value) == value
    assert unguarded(value) == value


@given(cell | risky)
def test_taking_the_guard_away_gives_the_cell_back(value: str):
    assert unguarded(guarded(value)) == value


@given(st.lists(st.lists(cell | risky, min_size=2, max_size=4), min_size=1, max_size=5))
def test_csv_comes_back_as_it_was(rows: list[list[str]]):
    written = "".join(csv_text(rows)).encode()
    assert written.startswith(b"\xef\xbb\xbf")
    read = [row for _, row in text_rows(io.BytesIO(written), encoding="utf-8-sig", delimiter=",")]
    assert [[unguarded(value) for value in row] for row in read] == rows


def test_every_cell_of_csv_is_quoted():
    [_, line] = csv_text([["a", "1", ""]])
    assert line == '"a","1",""\r\n'
    assert next(csv.reader([line])) == ["a", "1", ""]


def test_every_cell_of_xlsx_is_text(tmp_path: Path):
    path = tmp_path / "people.xlsx"
    write_xlsx(
        str(path), [["Name", "Value"], *([value, "1"] for value in FORMULAS), ["\x07bell", "x" * 40_000]], "People"
    )
    sheet = load_workbook(path)["People"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    with path.open("rb") as file:
        read = [row for _, row in book_rows(file)]
    shown = [value.replace("\r", "\n") for value in FORMULAS]  # XML has one line end
    assert [row[0].replace("\r", "\n") for row in read[1:-1]] == shown
    assert read[-1] == ["bell", "x" * 32_767]
