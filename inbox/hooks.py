"""Where providers deliver: verify, store, answer. Nothing else happens in the request."""

from __future__ import annotations

import time
from typing import NamedTuple

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from providers.registry import adapter
from workspaces import tenancy
from workspaces.channels import credentials
from workspaces.models import Channel
from workspaces.secrets import SecretUnreadable

from . import receiving, recording

MAX_BODY = 4 * 1024 * 1024  # bytes; Meta sends up to 3 MB
ROUTE_SECONDS = 5.0  # how long a changed or disconnected channel's old secret still counts
KEPT_HEADERS = ("Content-Type", "X-Hub-Signature-256", "User-Agent")
NOT_PLAIN = {"X-Content-Type-Options": "nosniff"}


class Route(NamedTuple):
    """The channel a hook address names, with what its requests are checked against."""

    workspace_id: int
    channel_id: int
    kind: str
    secret: str
    verify_token: str


_routes: dict[str, tuple[float, Route | None]] = {}
_KNOWN = 10_000  # addresses remembered; guessing strangers must not fill the memory


@csrf_exempt  # providers authenticate by signature over the raw body
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """GET answers a subscription challenge, POST stores a signed webhook; every answer to a stranger is empty."""
    try:
        route = _route(token)
        if route is None:
            return _answer(404)
        if request.method == "GET":
            return _challenge(request, route)
        if request.method != "POST":
            return _answer(405)
        return _store(request, route)
    except (DatabaseError, InterfaceError):
        return _answer(503)  # not stored, so not acknowledged: the provider delivers it again


def _challenge(request: HttpRequest, route: Route) -> HttpResponse:
    text = adapter(route.kind).challenge(request.GET, route.verify_token)
    return _answer(403) if text is None else HttpResponse(text, content_type="text/plain", headers=NOT_PLAIN)


def _store(request: HttpRequest, route: Route) -> HttpResponse:
    body = request.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        return _answer(413)
    if not adapter(route.kind).verify(route.secret, request.headers, body):
        return _answer(401 if "X-Hub-Signature-256" not in request.headers else 403)
    kept = {name: request.headers[name][:300] for name in KEPT_HEADERS if name in request.headers}
    recording.record(route.workspace_id, route.channel_id, body, kept)
    receiving.poke_now()
    return _answer(200)


def _route(token: str) -> Route | None:
    """The channel behind an address, remembered for a few seconds: two queries and a decryption less per webhook."""
    now = time.monotonic()
    known = _routes.get(token)
    if known and known[0] > now:
        return known[1]
    route = _look_up(token)
    if len(_routes) >= _KNOWN:
        _routes.clear()
    _routes[token] = (now + ROUTE_SECONDS, route)
    return route


def _look_up(token: str) -> Route | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, channel_id FROM carillon_channel_by_hook(%s)", [token])
        row = cursor.fetchone()
    if row is None:
        return None
    with tenancy.scope(row[0]):
        channel = Channel.objects.get(workspace_id=row[0], pk=row[1])
    try:
        keys = credentials(channel)
    except SecretUnreadable:
        return Route(row[0], row[1], channel.kind, "", "")  # an empty secret verifies nothing: refused, retried later
    return Route(row[0], row[1], channel.kind, keys.app_secret, keys.verify_token)


def _answer(status: int) -> HttpResponse:
    return HttpResponse(status=status, content_type="text/plain", headers=NOT_PLAIN)
