"""The only writer of CSV and XLSX files: what it writes stays text, whatever program opens it.

A cell that begins with = + - @ or an invisible sign is a formula to Excel, LibreOffice and Google Sheets. In CSV such
a cell gets an apostrophe in front, which the importer takes away again; phone numbers are let through because nothing
can be computed from them. In XLSX every cell says that it is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

BOM = "\ufeff"
RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LONGEST_CELL = 32_767  # what a cell of XLSX can hold
MOST_ROWS = 1_048_575  # of XLSX, below the titles


def guarded(value: str) -> str:
    """A cell of CSV that no program takes for a formula."""
    return f"'{value}" if RISKY.match(value) and not PHONE.fullmatch(value) else value


def unguarded(value: str) -> str:
    """What `guarded` was given."""
    return value[1:] if value[:1] == "'" and RISKY.match(value, 1) else value


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV, every cell quoted, with its line end."""
    return ",".join('"' + guarded(cell).replace('"', '""') + '"' for cell in cells) + "\r\n"


def csv_text(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A CSV file line by line, with the mark that tells Excel it is UTF-8."""
    yield BOM
    for row in rows:
        yield csv_line(row)


def write_xlsx(path: str, rows: Iterable[Sequence[str]], title: str) -> None:
    """Write a workbook with one sheet in which every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([_text_cell(sheet, value) for value in row])
    book.save(path)


def _text_cell(sheet: object, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, NOT_XML.sub("", value)[:LONGEST_CELL])
    cell.data_type = "s"  # openpyxl takes "=…" for a formula otherwise
    cell.number_format = "@"
    return cell
