"""Find out how an uploaded file is to be read, and refuse at once, in one sentence, what cannot be read."""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

from . import encodings
from .rows import BROKEN_BOOK, MOST_COLUMNS, Refused, Row, book_rows, parsed, text_rows

WEB_ROWS = 200_000
WEB_BYTES = 20 * 1024 * 1024
SAMPLES = 50  # rows kept for guessing and for showing
LONGEST_SAMPLE = 120  # characters of a cell kept
DELIMITERS = (",", ";", "\t", "|", ":")
SEPARATOR_LINE = re.compile(r"^\ufeff?sep=(.)\r?\n")  # Excel's own way of naming the delimiter
MOST_UNPACKED = 300 * 1024 * 1024
MOST_STRINGS = 64 * 1024 * 1024  # the one part of a workbook that has to be in memory

# What a file begins with → what it is. Checked whatever the name says.
SIGNATURES = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file; unpack it first",
    b"7z\xbc\xaf": "a compressed file; unpack it first",
    b"Rar!": "a compressed file; unpack it first",
    b"SQLite": "a database",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"{\\rtf": "a text document",
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind or with a password; save it as XLSX or CSV without one",
}
WEB_PAGE = re.compile(rb"^\s*(<!doctype|<html|<table|<\?xml)", re.IGNORECASE)


def examine(file: IO[bytes], name: str, *, most_rows: int | None = WEB_ROWS) -> dict[str, Any]:
    """How to read the file: kind, encoding, delimiter, titles, the first rows and how many there are (CSV only).

    Reads all of a CSV file, so that a problem in its last line is found before anything is imported. Raises Refused.
    """
    head = file.read(4096)
    file.seek(0)
    if not head.strip():
        raise Refused("The file is empty.")
    if head.startswith(b"PK"):
        if not name.lower().endswith((".xlsx", ".xlsm")):
            raise Refused("The file is a spreadsheet or an archive under another name; only XLSX and CSV can be read.")
        return _book(file)
    if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods", ".numbers")):
        kind = next((what for sign, what in SIGNATURES.items() if head.startswith(sign)), "something else")
        raise Refused(f"The file is not the spreadsheet that its name promises: it is {kind}.")
    for sign, what in SIGNATURES.items():
        if head.startswith(sign):
            raise Refused(f"The file is not CSV: it is {what}.")
    if WEB_PAGE.match(head):
        raise Refused("The file is not CSV: it is a web page or XML.")
    return _text(file, encodings.detect(file), most_rows)


def again(file: IO[bytes], form: dict[str, Any], *, encoding: str, header: bool) -> dict[str, Any]:
    """The form of the same file read in another encoding, or with the first row as titles or not. Raises Refused."""
    if form["kind"] == "xlsx":
        return _with_titles({**form, "header": header})
    if encoding == form["encoding"]:
        return _with_titles({**form, "header": header})
    if encoding not in encodings.NAMES:
        raise Refused("This encoding is not known.")
    return _with_titles({**_text(file, encoding, None), "header": header})


def _text(file: IO[bytes], encoding: str, most_rows: int | None) -> dict[str, Any]:
    file.seek(0)
    start = _start(file, encoding)
    named = SEPARATOR_LINE.match(start)
    delimiter = named.group(1) if named else delimiter_of(start)
    file.seek(0)
    rows = text_rows(file, encoding=encoding, delimiter=delimiter)
    if named:
        next(rows, None)
    form = {"kind": "csv", "encoding": encoding, "delimiter": delimiter, "skip": 1 if named else 0}
    return _with_titles({**form, **_surveyed(rows, most_rows)})


def _start(file: IO[bytes], encoding: str) -> str:
    """The first 64 KB as text, whole lines if there are any."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(file.read(65_536))
    return text[: text.rfind("\n") + 1] or text


def delimiter_of(start: str) -> str:
    """The sign that splits the beginning of a file into rows of the same number of cells."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = []
        try:
            for _, cells in islice(parsed(io.StringIO(start, newline=""), delimiter), SAMPLES):
                widths.append(len(cells))
        except Refused:
            pass  # the beginning may end inside a quoted cell
        if not widths:
            return 0.0, 0
        width, rows = Counter(widths).most_common(1)[0]
        return (rows / len(widths) if width > 1 else 0.0), width

    best = max(DELIMITERS, key=score)
    return best if score(best)[1] > 1 else ","


def _book(file: IO[bytes]) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except BROKEN_BOOK as error:
        raise Refused("The spreadsheet is damaged and cannot be opened; save it again, or as CSV.") from error
    names = {entry.filename for entry in entries}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise Refused("The file is an archive, not an Excel spreadsheet; only XLSX and CSV can be read.")
    # The sizes an archive states bind its reader too: it never unpacks more than that.
    strings = max((entry.file_size for entry in entries if "sharedStrings" in entry.filename), default=0)
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED or strings > MOST_STRINGS:
        raise Refused("The spreadsheet unpacks to far more than it should hold; save it as CSV.")
    file.seek(0)
    form = _surveyed(islice(book_rows(file), SAMPLES + 1), None)
    return _with_titles({"kind": "xlsx", "skip": 0, **form, "rows": None})


def _surveyed(rows: Iterator[Row], most_rows: int | None) -> dict[str, Any]:
    first: list[list[str]] = []
    count = 0
    for line, cells in rows:
        if count <= SAMPLES:
            first.append([cell[:LONGEST_SAMPLE] for cell in cells])
        count += 1
        if len(cells) > MOST_COLUMNS:
            raise Refused(f"Line {line} has more than {MOST_COLUMNS} columns.")
        if most_rows is not None and count > most_rows + 1:
            raise Refused(
                f"The file has more than {most_rows:,} rows; split it and import the parts one after the other."
            )
    if not count:
        raise Refused("The file has no rows.")
    # A single row that is wider has a delimiter too many; it becomes a problem of its own.
    usual = Counter(map(len, first)).most_common(1)[0][0]
    return {"first": first, "width": max(usual, len(first[0])), "all_rows": count}


def _with_titles(form: dict[str, Any]) -> dict[str, Any]:
    """Add what follows from whether the first row holds titles; guesses it when nobody said."""
    from .mapping import looks_like_titles

    first = form["first"]
    header = form.get("header", looks_like_titles(first[0]))
    titles = [cell.strip() for cell in first[0]] if header else []
    titles += [""] * (form["width"] - len(titles))
    titles = [title[:60] or f"Column {number}" for number, title in enumerate(titles, 1)]
    rows = None if form["kind"] == "xlsx" else form["all_rows"] - (1 if header else 0)
    made = {**form, "header": header, "titles": titles, "rows": rows}
    if not samples(made):
        raise Refused("The file has titles but no rows below them.")
    return made


def samples(form: dict[str, Any]) -> list[list[str]]:
    """The first rows below the titles, with long cells cut."""
    return form["first"][1 if form["header"] else 0 :]
