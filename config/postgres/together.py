"""Group commit: threads that want to write at the same moment share one statement and one commit.

A thread that finds nobody writing writes at once, so one alone never waits. Those that come meanwhile wait for it, and
one of them then writes for all of them, a moment later, so that more can join. Whoever returns has been committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import DatabaseError, OperationalError

# Seconds a group is kept open, in a process that has several at once anyway. A statement and its commit cost about 400
# microseconds of processor time, here and in PostgreSQL, whether for one row or for eight.
GATHER = 0.001

Item = TypeVar("Item")
Made = TypeVar("Made")


class _Entry(Generic[Item, Made]):
    """One thread's item. `gate` is held until the item is written or its thread must write for the others."""

    __slots__ = ("error", "gate", "item", "leads", "made")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.made: Made | None = None
        self.error: Exception | None = None
        self.leads = False
        self.gate = threading.Lock()
        self.gate.acquire()


class Together(Generic[Item, Made]):
    """`write` takes up to `most` items, commits them and returns what became of each, in their order."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Made]], *, most: int = 64) -> None:
        self._write, self._most = write, most
        self._lock = threading.Lock()
        self._waiting: list[_Entry[Item, Made]] = []
        self._busy = False

    def add(self, item: Item) -> Made:
        """Write `item` with whoever else is waiting, and return what `write` gave for it.

        Raises what `write` raised: OperationalError for everybody in the group, anything else of the database only
        for the item that causes it.
        """
        entry: _Entry[Item, Made] = _Entry(item)
        with self._lock:
            self._waiting.append(entry)
            entry.leads = not self._busy
            self._busy = True
        if not entry.leads:
            entry.gate.acquire()
            if entry.leads:
                time.sleep(GATHER)
        if entry.leads:
            self._lead()
        if entry.error is not None:
            raise entry.error
        return entry.made  # type: ignore[return-value]  # set wherever there is no error

    def _lead(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            self._write_all(group)
        finally:
            with self._lock:
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].gate.release()
                else:
                    self._busy = False
            for entry in group:
                if not entry.leads:
                    entry.gate.release()

    def _write_all(self, group: Sequence[_Entry[Item, Made]]) -> None:
        try:
            for entry, made in zip(group, self._write([entry.item for entry in group]), strict=True):
                entry.made = made
        except DatabaseError as error:
            if len(group) == 1 or isinstance(error, OperationalError):
                self._fail(group, error)
                return
            for entry in group:  # one of them is refused: the others must not share its fate
                self._write_all([entry])
        except Exception as error:
            self._fail(group, error)

    @staticmethod
    def _fail(group: Sequence[_Entry[Item, Made]], error: Exception) -> None:
        for entry in group:
            entry.error = error
