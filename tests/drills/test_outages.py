"""PostgreSQL or Valkey away: people keep working, providers are told to come again, and everything catches up."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import httpx
import pytest

from config.embedded import wait_until
from tests.drills import checks
from tests.drills.provider import Deliveries, accepted, message_ids, promised, webhooks
from tests.drills.test_exactly_once import load, quiet
from tests.stack import Stack

RESUME_SECONDS = 10
AWAY_SECONDS = 15


def sign_in(stack: Stack) -> httpx.Client:
    """A browser with a session. Asserts that signing in works."""
    user = stack.facts["users"][0]
    browser = httpx.Client(base_url=stack.base_url, timeout=10, follow_redirects=True)
    browser.get("/accounts/login/").raise_for_status()
    form = {
        "login": user["email"],
        "password": user["password"],
        "csrfmiddlewaretoken": browser.cookies["csrf"],
    }
    browser.post("/accounts/login/", data=form, headers={"Referer": stack.base_url}).raise_for_status()
    assert inbox(stack, browser) == 200, "signing in did not work"
    return browser


def inbox(stack: Stack, browser: httpx.Client) -> int:
    """The status of the list page, which only members see."""
    slug = stack.facts["users"][0]["workspace"]
    answer = browser.get(f"/w/{slug}/inbox/all/", follow_redirects=False)
    return answer.status_code


def queue(stack: Stack, journal: Path, number: int) -> set[str]:
    """Queue messages in a process of its own; their ids."""
    before = promised(journal)
    assert load(stack, journal, number, 0, seed=1).wait(timeout=60) == 0
    return promised(journal) - before


def all_accepted(stack: Stack, ids: set[str]) -> bool:
    return ids <= accepted(stack).keys()


@pytest.fixture
def journal(stack: Stack, tmp_path: Path) -> Path:
    quiet(stack, 60)
    return tmp_path / "promised"


def test_without_valkey_people_sign_in_and_messages_still_go_out(stack: Stack, journal: Path) -> None:
    stack.servers.stop_valkey(signal.SIGKILL)
    away = time.monotonic() + AWAY_SECONDS
    try:
        browser = sign_in(stack)
        ids = queue(stack, journal, 30)
        wait_until(lambda: all_accepted(stack, ids), seconds=RESUME_SECONDS, what="Sending without Valkey")
        arriving = Deliveries(stack, webhooks(stack, 20, chance=random.Random(1), name="away"), 1)
        arriving.start()
        arriving.join(20)
        wait_until(lambda: time.monotonic() > away or inbox(stack, browser) != 200, seconds=60, what="The outage")
        assert time.monotonic() > away, "the inbox page failed while Valkey was away"
    finally:
        stack.servers.start_valkey()
    later = queue(stack, journal, 30)
    wait_until(lambda: all_accepted(stack, later), seconds=RESUME_SECONDS, what="Sending after the outage of Valkey")
    quiet(stack, 60)
    checks.check_sent(stack, promised(journal))
    checks.check_received(stack, arriving.acknowledged, message_ids(arriving.acknowledged))


def test_a_crash_of_postgresql_loses_nothing_that_was_acknowledged(stack: Stack, journal: Path) -> None:
    browser = sign_in(stack)
    ids = queue(stack, journal, 60)
    arriving = Deliveries(stack, webhooks(stack, 300, chance=random.Random(2), name="crash"), 10)
    arriving.start()
    wait_until(lambda: len(arriving.acknowledged) > 50, seconds=30, what="The first webhooks")
    stack.servers.stop_postgres(signal.SIGQUIT)
    try:
        wait_until(lambda: arriving.refused[503] > 2, seconds=20, what="A hook that asks for another try")
        assert inbox(stack, browser) == 503
    finally:
        stack.servers.start_postgres()
    wait_until(lambda: inbox(stack, browser) == 200, seconds=RESUME_SECONDS, what="The inbox after the crash")
    arriving.join(60)
    quiet(stack, 90)
    assert set(arriving.refused) <= {503}
    checks.check_sent(stack, ids)
    checks.check_received(stack, arriving.acknowledged, message_ids(arriving.acknowledged))
    checks.check_counts(stack, "447947")
