"""Threads that write at the same moment share one commit, and nobody shares another's fate."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError

from config.postgres.together import Together

PATIENCE = 10  # seconds


class Ledger:
    """A write that can be held up, to let others arrive meanwhile."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def write(self, items: Sequence[str]) -> list[str]:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        if "away" in items:
            raise OperationalError("the database is away")
        if "bad" in items:
            raise DatabaseError("refused")
        self.groups.append(list(items))
        return [item.upper() for item in items]


def at_once(ledger: Ledger, together: Together[str, str], items: Sequence[str]) -> list[str | Exception]:
    """What became of `items`, all of which arrived while another one was being written."""
    ledger.go_on.clear()
    with ThreadPoolExecutor(len(items) + 1) as threads:
        first = threads.submit(together.add, "first")
        assert ledger.begun.wait(PATIENCE)
        rest = [threads.submit(together.add, item) for item in items]
        until = threading.Event()
        while len(together._waiting) < len(items):
            until.wait(0.001)
        ledger.go_on.set()
        assert first.result(PATIENCE) == "FIRST"
        return [future.exception(PATIENCE) or future.result() for future in rest]


def test_one_alone_is_written_at_once():
    ledger = Ledger()
    assert Together(ledger.write).add("a") == "A"
    assert ledger.groups == [["a"]]


def test_those_who_come_meanwhile_share_the_next_write_and_get_their_own_answer():
    ledger = Ledger()
    together: Together[str, str] = Together(ledger.write)
    items = [f"item{number}" for number in range(20)]
    assert at_once(ledger, together, items) == [item.upper() for item in items]
    assert [len(group) for group in ledger.groups] == [1, 20]


def test_a_group_has_a_bound():
    ledger = Ledger()
    together: Together[str, str] = Together(ledger.write, most=8)
    assert len(at_once(ledger, together, [f"item{number}" for number in range(20)])) == 20
    assert [len(group) for group in ledger.groups] == [1, 8, 8, 4]


def test_an_item_that_is_refused_takes_nobody_along():
    ledger = Ledger()
    together: Together[str, str] = Together(ledger.write)
    good, bad, other = at_once(ledger, together, ["good", "bad", "other"])
    assert (good, other) == ("GOOD", "OTHER")
    assert isinstance(bad, DatabaseError)
    assert together.add("later") == "LATER"


def test_an_outage_is_told_to_everybody_and_ends_with_it():
    ledger = Ledger()
    together: Together[str, str] = Together(ledger.write)
    assert all(isinstance(told, OperationalError) for told in at_once(ledger, together, ["a", "away", "b"]))
    assert together.add("later") == "LATER"


@pytest.mark.parametrize("threads", [2, 16])
def test_everybody_is_written_once(threads: int):
    ledger = Ledger()
    together: Together[str, str] = Together(ledger.write, most=4)
    items = [f"item{number}" for number in range(500)]
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(together.add, items)) == [item.upper() for item in items]
    assert sorted(item for group in ledger.groups for item in group) == sorted(items)
