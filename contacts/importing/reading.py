"""Turn the rows of a file into lines for PostgreSQL's COPY, and into problems that name the cell that is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from os import urandom
from time import time_ns
from uuid import UUID

from contacts import values
from contacts.exporting.spreadsheets import unguarded

from . import cells
from .mapping import Mapping
from .phones import BadPhone, digits_of, region_of
from .rows import Refused, Row

SMALLEST_BATCH, LARGEST_BATCH = 1_000, 40_000  # rows
MOST_TAGS = 500  # different ones in a file; with more it is not a column of tags
NEW_TAG = -1  # stands for a tag that will be made: nobody has it yet
MOST_REMEMBERED = 20_000  # cells of a column whose meaning is kept at hand
SLOTS = ("name", "email", "language", "country", "time_zone", "tags", "consent")


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A custom field a column goes to."""

    key: str
    kind: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that is left out."""

    line: int
    column: str
    value: str
    reason: str
    row: list[str]


@dataclass(slots=True)
class Batch:
    """A run of rows, ready for the database."""

    start: int  # rows before it
    end: int = 0
    lines: list[str] = field(default_factory=list)
    by_id: dict[int, tuple[int, list[str]]] = field(default_factory=dict)  # rows that name a contact by its id
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def batch_rows(rows: int | None) -> int:
    """How many rows go through the database at once: twenty steps for people to watch, but no batch too large."""
    return min(max((rows or 100_000) // 20, SMALLEST_BATCH), LARGEST_BATCH)


class Reader:
    """Reads rows by a mapping. `fields` says per column which custom field it is, `tag_ids` what tags exist."""

    def __init__(
        self,
        mapping: Mapping,
        titles: list[str],
        fields: list[FieldPlan | None],
        tag_ids: dict[str, int],
    ) -> None:
        self.new_tags: dict[str, str] = {}  # folded → as first written
        self._seen: set[int] = set()
        self._uuids = _uuids()
        self._titles = titles
        self._width = len(titles)
        self._mapping = mapping
        self._tag_ids = tag_ids
        self._tag_cells: dict[str, str] = {}
        self._everybody = [mapping.tag] if mapping.tag else []
        place = {target: at for at, target in enumerate(mapping.columns)}
        self._phone, self._id = place.get("phone"), place.get("id")
        self._who_at = self._phone if self._phone is not None else self._id or 0
        self._names = [place[target] for target in ("first_name", "last_name") if target in place]
        self._columns = [
            (at, SLOTS.index(target), self._reader(target))
            for at, target in enumerate(mapping.columns)
            if target in SLOTS
        ]
        self._fields = [(at, plan, dict[str, str]()) for at, plan in enumerate(fields) if plan is not None]
        self._blank = ["", "", "", "", "", self._tags(""), "opted_in" if mapping.consent == "stated" else ""]

    def _reader(self, target: str) -> Callable[[str], str]:
        readers: dict[str, Callable[[str], str]] = {
            "name": cells.name,
            "email": cells.email,
            "language": cells.language,
            "country": cells.country,
            "time_zone": cells.time_zone,
            "tags": self._tags,
            "consent": cells.consent,
        }
        return readers[target]

    def batches(self, rows: Iterator[Row], size: int) -> Iterator[Batch]:
        """The rows in batches of `size`. Raises Refused for a file that cannot be imported at all."""
        batch = Batch(0)
        position = 0
        for line, row in rows:
            if position - batch.start == size:
                batch.end = position
                yield batch
                batch = Batch(position)
            position += 1
            self._read(batch, line, row)
        batch.end = position
        if position > batch.start:
            yield batch

    def _read(self, batch: Batch, line: int, row: list[str]) -> None:
        if len(row) != self._width and not self._evened(batch, line, row):
            return
        wrong: list[tuple[str, str, str]] = []
        slots = self._blank.copy()
        for at, slot, read in self._columns:
            cell = row[at]
            if cell:
                try:
                    slots[slot] = read(unguarded(cell) if cell[0] == "'" else cell)
                except cells.BadCell as error:
                    wrong.append((self._titles[at], cell, str(error)))
        if self._names:
            slots[0] = " ".join(" ".join(unguarded(row[at]) for at in self._names).split())[:200]
        custom = self._custom(row, wrong) if self._fields else "{}"
        address = reference = ""
        try:
            address, reference = self._who(row, slots[3])
        except BadPhone as error:
            wrong.insert(0, (self._titles[self._who_at], row[self._who_at], str(error)))
        if wrong:
            if not any(cell.strip() for cell in row):
                batch.counts["blank"] += 1
                return
            self._reject(batch, line, row, wrong)
            return
        key = int(address) if address else UUID(reference).int
        if key in self._seen:
            reason = "This person stands further up in the file already. The first row counts."
            self._reject(batch, line, row, [(self._titles[self._who_at], row[self._who_at], reason)], "duplicate")
            return
        self._seen.add(key)
        self._accept(batch, line, row, address, reference, slots, custom)

    def _accept(
        self, batch: Batch, line: int, row: list[str], address: str, reference: str, slots: list[str], custom: str
    ) -> None:
        number = len(batch.lines)
        if reference:
            batch.by_id[number] = (line, row)
        name, email, language, country, zone, tags, consent = slots
        if "\\" in name:
            name = name.replace("\\", "\\\\")
        of_number = region_of(address) if address else ""
        batch.lines.append(
            f"{number}\t{next(self._uuids)}\t{address}\t{reference or _NULL}\t{name}\t{email}\t{language}\t{country}\t"
            f"{of_number}\t{zone}\t{tags}\t{custom}\t{consent}\n"
        )

    def _who(self, row: list[str], country: str) -> tuple[str, str]:
        """(address, id of a contact): one of them. Raises BadPhone."""
        if self._phone is not None:
            written = row[self._phone]
            if written or self._id is None or not row[self._id]:
                return digits_of(unguarded(written), country or self._mapping.country), ""
        try:
            return "", str(UUID(row[self._id or 0].strip()))
        except ValueError:
            raise BadPhone("This is not the ID of a contact. Leave the column out, or export again.") from None

    def _custom(self, row: list[str], wrong: list[tuple[str, str, str]]) -> str:
        """The custom fields of a row as JSON for COPY."""
        parts = []
        for at, plan, known in self._fields:
            if cell := row[at]:
                part = known.get(cell)
                if part is None:
                    try:
                        part = _member(plan, unguarded(cell))
                    except values.NotAValue as error:
                        wrong.append((self._titles[at], cell, str(error)))
                        continue
                    if len(known) < MOST_REMEMBERED:
                        known[cell] = part
                if part:
                    parts.append(part)
        return "{" + ",".join(parts) + "}"

    def _tags(self, cell: str) -> str:
        """The tags of a cell as an array; names not known yet are noted."""
        made = self._tag_cells.get(cell)
        if made is None:
            ids = []
            for name in [*self._everybody, *cells.tags(cell)]:
                folded = name.casefold()
                if folded not in self._tag_ids:
                    self.new_tags.setdefault(folded, name)
                    if len(self.new_tags) > MOST_TAGS:
                        raise Refused(
                            f"The column of tags holds more than {MOST_TAGS} different ones; make it a field instead."
                        )
                ids.append(self._tag_ids.get(folded, NEW_TAG))
            made = "{" + ",".join(map(str, sorted(set(ids)))) + "}"
            if len(self._tag_cells) < MOST_REMEMBERED:
                self._tag_cells[cell] = made
        return made

    def _evened(self, batch: Batch, line: int, row: list[str]) -> bool:
        """Fill up a short row; a long one is left out unless nothing stands in what is too much."""
        if len(row) < self._width:
            row.extend([""] * (self._width - len(row)))
            return True
        if any(cell.strip() for cell in row[self._width :]):
            reason = f"This row has {len(row)} cells, the file has {self._width} columns. A delimiter may be unquoted."
            self._reject(batch, line, row, [("", row[self._width], reason)])
            return False
        del row[self._width :]
        return True

    def _reject(
        self, batch: Batch, line: int, row: list[str], wrong: list[tuple[str, str, str]], what: str = "invalid"
    ) -> None:
        column, value, reason = wrong[0]
        reason = " ".join([reason, *(f"{title}: {also}" for title, _, also in wrong[1:])])
        batch.problems.append(Problem(line, column[:120], value[:200], reason[:300], row))
        batch.counts[what] += 1


def _uuids() -> Iterator[str]:
    """Time-ordered UUIDs (version 7) as hexadecimal digits, 0.2 µs each; PostgreSQL and the uuid6 package take 3."""
    while True:
        time = f"{time_ns() // 1_000_000:012x}7"
        noise = urandom(9 * 1000).hex()
        for at in range(0, len(noise), 18):
            yield f"{time}{noise[at : at + 3]}a{noise[at + 3 : at + 18]}"


def _member(plan: FieldPlan, cell: str) -> str:
    """One member of a JSON object, escaped for COPY; '' for an empty value. Raises NotAValue."""
    value = values.read(plan.kind, plan.choices, cell)
    if value is None:
        return ""
    return f"{json.dumps(plan.key)}:{json.dumps(value, ensure_ascii=False)}".replace("\\", "\\\\")


_NULL = "\\N"
