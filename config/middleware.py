"""The few layers of our own around a request."""

from __future__ import annotations

import sys
from collections.abc import Callable
from uuid import uuid4

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.views.defaults import server_error as plain_server_error
from structlog.contextvars import bind_contextvars, clear_contextvars

Answer = Callable[[HttpRequest], HttpResponse]

# Voice notes need the microphone; nothing else of the device is asked for.
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"
EARLY_PATHS = ("/hooks/", "/healthz")
DATABASE_DOWN = (OperationalError, InterfaceError)


def permissions_policy(get_response: Answer) -> Answer:
    """Say on every response which device features the pages may use."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response

    return middleware


def early_paths(get_response: Answer) -> Answer:
    """Hand provider hooks and the health check straight to their view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(EARLY_PATHS):
            return get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return HttpResponse(status=404)
        return match.func(request, *match.args, **match.kwargs)

    return middleware


def request_id(get_response: Answer) -> Answer:
    """Give the log lines of one request a common id, repeated in the answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        clear_contextvars()
        identity = uuid4().hex
        bind_contextvars(request_id=identity)
        response = get_response(request)
        response["X-Request-ID"] = identity
        return response

    return middleware


class DatabaseDown:
    """Answer a plain 503 page while PostgreSQL is away."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return unavailable() if isinstance(exception, DATABASE_DOWN) else None


def unavailable() -> HttpResponse:
    """A page that needs neither the database nor a session."""
    body = render_to_string("503.html")
    return HttpResponse(body, status=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 page; 503 when middleware outside the views met a missing database."""
    return unavailable() if isinstance(sys.exc_info()[1], DATABASE_DOWN) else plain_server_error(request)
