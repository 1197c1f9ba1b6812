"""What test drivers ask of the simulator, read from their requests."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request


class Refused(Exception):
    """A driver asked for something that makes no sense."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


async def json_body(request: Request) -> Any:
    """The JSON of a request. Raises Refused."""
    try:
        return await request.json()
    except ValueError as error:
        raise Refused("the body is not valid JSON") from error


async def object_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises Refused."""
    wanted = await json_body(request)
    if not isinstance(wanted, dict):
        raise Refused("expected a JSON object")
    return wanted
