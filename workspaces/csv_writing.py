"""The only writer of CSV: what it writes stays text, whatever program opens it.

A cell that begins with = + - @ or an invisible sign is a formula to Excel, LibreOffice and Google Sheets. Such a cell
gets an apostrophe in front, which the importer takes away again; phone numbers are let through because nothing can be
computed from them, and numbers that are given as numbers because they are nothing else.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
PHONE = re.compile(r"\+[1-9]\d{6,14}")
PIECE = 64_000  # characters; one line at a time would cost a write each


def guarded(value: str) -> str:
    """A cell of CSV that no program takes for a formula."""
    return f"'{value}" if RISKY.match(value) and not PHONE.fullmatch(value) else value


def unguarded(value: str) -> str:
    """What `guarded` was given."""
    return value[1:] if value[:1] == "'" and RISKY.match(value, 1) else value


def csv_line(cells: Iterable[str | int]) -> str:
    """One line of CSV, every cell quoted, with its line end."""
    return ",".join(f'"{cell}"' if isinstance(cell, int) else _quoted(cell) for cell in cells) + "\r\n"


def _quoted(cell: str) -> str:
    return '"' + guarded(cell).replace('"', '""') + '"'


def csv_text(rows: Iterable[Sequence[str | int]]) -> Iterator[str]:
    """A CSV file line by line, with the mark that tells Excel it is UTF-8."""
    yield BOM
    for row in rows:
        yield csv_line(row)


def csv_bytes(rows: Iterable[Sequence[str | int]]) -> Iterator[bytes]:
    """The same in pieces of some size, for a download that is written while it is sent."""
    buffer = io.StringIO()
    for line in csv_text(rows):
        buffer.write(line)
        if buffer.tell() > PIECE:
            yield buffer.getvalue().encode()
            buffer = io.StringIO()
    yield buffer.getvalue().encode()
