"""The rows of an uploaded file, one after the other: however long the file, only one row is in memory."""

from __future__ import annotations

import csv
import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook

Row = tuple[int, list[str]]  # line in the file counting from 1, cells

LONGEST_LINE = 1_000_000  # characters
MOST_COLUMNS = 200
BROKEN_BOOK = (zipfile.BadZipFile, ParseError, DefusedXmlException, KeyError, ValueError, TypeError, EOFError, OSError,
               IndexError, AttributeError, NotImplementedError, RuntimeError)  # fmt: skip


class Refused(Exception):
    """The file cannot be used; the text is one sentence that says why."""


def text_rows(file: IO[bytes], *, encoding: str, delimiter: str, trusted: bool = False) -> Iterator[Row]:
    """The rows of a CSV file; blank lines are passed over. Raises Refused for what no row can be made of.

    A `trusted` file has been read to its end before; its lines are not measured again.
    """
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield from _quickly(text, delimiter) if trusted else parsed(text, delimiter)
    except UnicodeDecodeError as error:
        raise Refused(f"The file is not written in {encoding}: some bytes in it mean nothing there.") from error
    finally:
        if not file.closed:
            text.detach()  # or the file would be closed with it


def parsed(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    """Rows out of the lines of a text."""
    guarded = _Lines(lines)
    reader = csv.reader(guarded, delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if guarded.ended:
                # The reader asked for one more line in the middle of a row.
                raise Refused(f"Line {line} opens a quotation mark that is never closed.")
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Refused(
            f"Line {line} has a cell of more than {csv.field_size_limit():,} characters, or a quotation mark that is "
            "never closed."
        ) from error


def _quickly(text: io.TextIOWrapper, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter)
    line = 1
    for cells in reader:
        if cells:
            yield line, cells
        line = reader.line_num + 1


class _Lines:
    """The lines of a text, none longer than may be, which remembers that there are no more."""

    def __init__(self, text: Iterable[str]) -> None:
        self._read = text.readline if isinstance(text, io.TextIOBase) else None
        self._lines = iter(text)
        self.ended = False
        self._number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._read(LONGEST_LINE + 1) if self._read else next(self._lines, "")
        if not line:
            self.ended = True
            raise StopIteration
        self._number += 1
        if len(line) > LONGEST_LINE:
            raise Refused(f"Line {self._number} is longer than {LONGEST_LINE:,} characters.")
        if "\0" in line:
            raise Refused(f"Line {self._number} holds NUL bytes, so this is not a text file.")
        return line


def book_rows(file: IO[bytes]) -> Iterator[Row]:
    """The rows of the first sheet of a workbook, formulas as the values they had. Raises Refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells about styles it passes over
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what the file says about its size may be wrong
            for line, values in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1, values_only=True), 1):
                cells = [cell_text(value) for value in values]
                while cells and not cells[-1]:
                    cells.pop()
                if cells:
                    yield line, cells
        finally:
            book.close()
    except BROKEN_BOOK as error:
        raise Refused("The spreadsheet is damaged and cannot be read; save it again, or as CSV.") from error


def cell_text(value: Any) -> str:
    """A cell of a workbook as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)


def rows_of(file: IO[bytes], form: dict[str, Any]) -> Iterator[Row]:
    """The rows below the titles, of a file whose form was found out by `sniffing`."""
    found = (
        book_rows(file)
        if form["kind"] == "xlsx"
        else text_rows(file, encoding=form["encoding"], delimiter=form["delimiter"], trusted=True)
    )
    skipped = form.get("skip", 0) + (1 if form["header"] else 0)
    for _ in range(skipped):
        next(found, None)
    return found
