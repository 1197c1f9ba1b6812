"""Lists of the Graph API: the fields asked for, and pages behind cursors."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from simulator.errors import GraphError

LARGEST = 1000


def chosen(whole: dict[str, Any], fields: str) -> dict[str, Any]:
    """The fields that the caller named; the id always comes along."""
    names = {name.strip().partition("{")[0] for name in fields.split(",")} | {"id"}
    return {name: value for name, value in whole.items() if name in names}


def paged(request: Request, rows: list[dict[str, Any]], default_limit: int) -> dict[str, Any]:
    """One page of rows, with the address of the following one if there is one. Raises GraphError for a bad cursor."""
    query = request.query_params
    limit = min(int(query["limit"]), LARGEST) if query.get("limit", "").isdigit() else default_limit
    start = _position(query.get("after", ""))
    page = rows[start : start + max(limit, 1)]
    if not page:
        return {"data": []}
    cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
    paging: dict[str, Any] = {"cursors": cursors}
    if start + len(page) < len(rows):
        base = request.app.state.provider.world.config.base_url
        paging["next"] = f"{base}{request.url.path}?" + urlencode({**query, "after": cursors["after"]})
    return {"data": page, "paging": paging}


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"p{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor).decode()[1:]) if cursor else 0
    except ValueError as error:
        raise GraphError(100, "Param after is not a valid cursor.") from error
