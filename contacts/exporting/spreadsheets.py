"""XLSX files in which every cell says that it is text, and the way to the writer of CSV."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from workspaces.csv_writing import BOM, csv_line, csv_text, guarded, unguarded

__all__ = ["BOM", "MOST_ROWS", "csv_line", "csv_text", "guarded", "unguarded", "write_xlsx"]

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
LONGEST_CELL = 32_767  # what a cell of XLSX can hold
MOST_ROWS = 1_048_575  # of XLSX, below the titles


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
