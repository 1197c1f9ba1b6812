"""An account at its provider, as the tasks see it: each call is one exchange, and what goes wrong is an answer too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import structlog

from providers import registry
from providers.base import TemplateAdapter
from providers.types import Credentials, Failure, RemoteTemplate, Request, Submitted, TemplatePage
from workspaces.channels import credentials
from workspaces.models import Channel

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=60.0, pool=5.0)  # seconds
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
MOST_PAGES = 200  # of one look-up or listing: a provider that never stops must not hold a worker
UNREACHABLE = "The provider could not be reached."
NO_ANSWER = (
    "The provider did not answer, so it is not known whether this was done. It is looked up before anything else."
)


class Unsupported(Exception):
    """The provider of this channel has no templates."""


class Account:
    """The provider's side of a channel's templates."""

    def __init__(self, channel: Channel, http: httpx.Client) -> None:
        adapter = registry.templates(channel.kind)
        if adapter is None:
            raise Unsupported(f"{channel.get_kind_display()} has no templates.")
        self.adapter: TemplateAdapter = adapter
        self.keys: Credentials = credentials(channel)
        self._http = http

    def page(self, after: str = "") -> TemplatePage | Failure:
        """Some of the account's templates."""
        return self._ask(self.adapter.list_templates(self.keys, after), self.adapter.listed, is_change=False)

    def find(self, name: str, language: str) -> RemoteTemplate | Failure | None:
        """One language of a template as the provider has it, or None."""
        request = self.adapter.find_template(self.keys, name, language)
        found = self._ask(request, self.adapter.listed, is_change=False)
        if isinstance(found, Failure):
            return found
        matching = (each for each in found.templates if (each.name, each.language) == (name, language))
        return next(matching, None)

    def create(
        self, name: str, language: str, category: str, parameter_format: str, components: list[dict[str, Any]]
    ) -> Submitted | Failure:
        """Submit a new language for review."""
        request = self.adapter.create_template(self.keys, name, language, category, parameter_format, components)
        return self._ask(request, self.adapter.created)

    def edit(self, provider_id: str, category: str | None, components: list[dict[str, Any]]) -> Failure | None:
        """Submit another text for a language the provider has."""
        return self._ask(self.adapter.edit_template(self.keys, provider_id, category, components), self.adapter.edited)

    def delete(self, name: str, provider_id: str = "") -> Failure | None:
        """Delete every language of a name, or the one with this id; None also when it was gone before."""
        return self._ask(self.adapter.delete_template(self.keys, name, provider_id), self.adapter.deleted)

    def upload(self, filename: str, mime_type: str, content: bytes) -> str | Failure:
        """Bring a sample file to the provider; the answer is its handle."""
        opening = self.adapter.open_upload(self.keys, filename, len(content), mime_type)
        session = self._ask(opening, self.adapter.upload_opened, is_change=False)
        if isinstance(session, Failure):
            return session
        carrying = self.adapter.put_upload(self.keys, session, content)
        return self._ask(carrying, self.adapter.upload_put, is_change=False)

    def _ask(
        self,
        request: Request,
        read: Callable[[int, Mapping[str, str], bytes], Answer],
        *,
        is_change: bool = True,
    ) -> Answer | Failure:
        """One exchange. `is_change`: a second try could do something twice, so no answer is an unclear one."""
        try:
            answer = self._http.request(
                request.method,
                request.url,
                headers=request.headers,
                params=request.params,
                json=request.json,
                content=request.content,
            )
        except NEVER_SENT:
            return Failure("retry", "connect", UNREACHABLE)
        except httpx.HTTPError as error:
            log.warning("no clear answer about a template", error=type(error).__name__)
            return Failure("unknown" if is_change else "retry", "no_answer", NO_ANSWER if is_change else UNREACHABLE)
        return read(answer.status_code, answer.headers, answer.content)


@contextmanager
def account_of(channel: Channel) -> Iterator[Account]:
    """The account, with connections for as long as the block lasts. Raises Unsupported, secrets.SecretUnreadable.

    No proxy from the environment and no redirects: the token goes to the provider and nowhere else.
    """
    with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as http:
        yield Account(channel, http)
