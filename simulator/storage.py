"""Write-behind SQLite: changes collect in memory and one transaction every quarter second keeps them.

A commit per send would cap the simulator at a few hundred messages a second. What a kill can lose here is the
last quarter second, and the journal file (written before the answer) gives accepted messages back.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

FLUSH_SECONDS = 0.25

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID
"""


class Storage:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(SCHEMA)
        self._dirty: dict[tuple[str, str], Any] = {}
        self._unwritten_deletes: set[tuple[str, str]] = set()
        self._stored_events: set[str] = set()
        self._writing = asyncio.Lock()

    def load(self, kind: str) -> Iterator[dict[str, Any]]:
        for key, value in self._connection.execute("SELECT key, value FROM record WHERE kind = ?", (kind,)):
            if kind == "event":
                self._stored_events.add(key)
            yield json.loads(value)

    def put(self, kind: str, key: str, record: Any) -> None:
        """Remember that `record` changed. It is read when it is written, so later changes come along for free."""
        self._dirty[kind, key] = record
        self._unwritten_deletes.discard((kind, key))

    def delete(self, kind: str, key: str) -> None:
        was_dirty = self._dirty.pop((kind, key), None) is not None
        # Most webhook elements live less than one flush: those never touch the disk at all.
        if kind == "event" and was_dirty and key not in self._stored_events:
            return
        self._unwritten_deletes.add((kind, key))

    async def keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        async with self._writing:
            dirty, deletes = self._dirty, self._unwritten_deletes
            if not dirty and not deletes:
                return
            self._dirty, self._unwritten_deletes = {}, set()
            # Marks say how far the journal is covered: read before anything newer can happen in a pause.
            marks = [(kind, key, _text(record)) for (kind, key), record in dirty.items() if kind == "mark"]
            rows = marks + await self._written_out({at: record for at, record in dirty.items() if at[0] != "mark"})
            self._stored_events.update(key for kind, key, _ in rows if kind == "event")
            self._stored_events.difference_update(key for kind, key in deletes if kind == "event")
            await asyncio.to_thread(self._write, rows, list(deletes))

    async def _written_out(self, dirty: dict[tuple[str, str], Any]) -> list[tuple[str, str, str]]:
        """Serialise with pauses, so that a big flush does not hold up the answers of a hundred sends."""
        rows = []
        for number, ((kind, key), record) in enumerate(dirty.items(), 1):
            rows.append((kind, key, _text(record)))
            if number % 100 == 0:
                await asyncio.sleep(0)
        return rows

    def _write(self, rows: list[tuple[str, str, str]], deletes: list[tuple[str, str]]) -> None:
        cursor = self._connection
        cursor.execute("BEGIN")
        cursor.executemany("DELETE FROM record WHERE kind = ? AND key = ?", deletes)
        cursor.executemany("INSERT OR REPLACE INTO record (kind, key, value) VALUES (?, ?, ?)", rows)
        cursor.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


def _text(record: Any) -> str:
    if not isinstance(record, dict):
        # dataclasses.asdict copies deeply: with it the simulator took 2,000 sends a second, without it 2,700.
        record = {field.name: getattr(record, field.name) for field in fields(record)}
    return json.dumps(record, ensure_ascii=False)
