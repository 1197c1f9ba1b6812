"""Answers to htmx: when a piece of a page is wanted, and what its scripts should hear."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece; a boosted or restored visit wants the page."""
    htmx: Any = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def told(response: HttpResponse, **events: Any) -> HttpResponse:
    """Let the page's scripts know something beside the HTML."""
    response["HX-Trigger"] = json.dumps(events)
    return response
