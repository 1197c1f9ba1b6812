"""An agent in front of the running product, and the customers on the simulator's side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.stack import Stack

# What the browser says about a request that a test made fail on purpose, about a form that is refused, and what htmx
# says of a request that was under way when the page was left. One that fails otherwise says htmx:sendError besides.
EXPECTED = (
    *("net::ERR_INTERNET_DISCONNECTED", "status of 409", "status of 422"),
    *("htmx:sendAbort", "htmx:afterRequest"),
)
# The console words a violation differently in every version; the event does not.
VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


class Desk:
    """One workspace of the demo: who works in it, its channel and customers."""

    def __init__(self, stack: Stack, browser: Browser) -> None:
        self.stack, self.browser = stack, browser
        self.slug = stack.facts["workspaces"][0]["slug"]
        self.people = {user["role"]: user for user in stack.facts["users"] if user["workspace"] == self.slug}
        self.channel = next(channel for channel in stack.facts["channels"] if channel["workspace"] == self.slug)
        self.conversations = {
            row["number"]: row for row in stack.facts["conversations"] if row["workspace"] == self.slug
        }
        self.provider = httpx.Client(base_url=stack.simulator_url, trust_env=False)
        self._states: dict[str, Any] = {}

    def url(self, rest: str = "") -> str:
        return f"{self.stack.base_url}/w/{self.slug}/inbox/{rest}"

    def thread(self, number: str, queue: str = "all") -> str:
        return self.url(f"{queue}/c/{self.conversations[number]['uuid']}/")

    @contextmanager
    def agent(self, role: str = "agent", **options: Any) -> Iterator[Page]:
        """A page signed in as the member of that role; fails the test for any script error or policy violation."""
        context = self._context(role, **options)
        context.add_init_script(VIOLATIONS)
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(f"{said.text} {said.location}") if said.type == "error" else None
        )
        try:
            yield page
        finally:
            context.close()
        unexpected = [text for text in problems if not any(known in text for known in EXPECTED)]
        assert not unexpected, unexpected

    def _context(self, role: str, **options: Any) -> BrowserContext:
        options = {"viewport": {"width": 1440, "height": 900}, "timezone_id": "Africa/Cairo", **options}
        options.setdefault("reduced_motion", "reduce")  # a colour measured halfway through a fade says nothing
        if role not in self._states:
            with self.browser.new_context() as first:
                page = first.new_page()
                page.goto(f"{self.stack.base_url}/accounts/login/")
                page.get_by_label("Email").fill(self.people[role]["email"])
                page.get_by_label("Password", exact=True).fill(self.people[role]["password"])
                page.get_by_role("button", name="Sign in").click()
                expect(page.get_by_role("navigation", name="Main")).to_be_visible()
                self._states[role] = first.storage_state()
        return self.browser.new_context(storage_state=self._states[role], **options)

    def customer_writes(self, number: str, text: str) -> str:
        """A customer's message; returns the provider's id."""
        message = {"from": number, "phone_number_id": self.channel["external_id"], "type": "text", "text": text}
        answer = self.provider.post("/_sim/inbound", json=message)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["wamid"])

    def at_provider(self, text: str) -> list[dict[str, Any]]:
        """The messages with this text that reached the provider."""
        entries = self.provider.get("/_sim/log").json()["messages"]
        return [entry for entry in entries if text in str(entry)]
