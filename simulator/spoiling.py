"""How faults come out: the answer instead of an acceptance, or what is left of the answer after one."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from simulator.errors import GraphError
from simulator.faults import Fault
from simulator.live import Hub
from simulator.responses import BrokenResponse, SilentResponse

SEND_REFUSALS = {"throttle": 130429, "pair_throttle": 131056, "spam_throttle": 131048, "unavailable": 131000}
TEMPLATE_REFUSALS = {"throttle": 80008, "unavailable": 2}
NOTHING_ACCEPTED = {"messaging_product": "whatsapp", "contacts": [None], "messages": [None]}


def refusal(fault: Fault, codes: dict[str, int]) -> Response | None:
    """The answer of a fault that hits before anything is accepted."""
    if fault.action == "server_error":
        return Response(status_code=500)
    if fault.action == "token_expired":
        return GraphError(190, subcode=463).response()
    if fault.action in codes:
        return GraphError(codes[fault.action]).response()
    return None


async def spoil(answer: dict[str, Any], fault: Fault, hub: Hub, nothing: dict[str, Any]) -> Response:
    """The answer of a fault that hits after the request was carried out. `nothing` has its shape and no id."""
    if fault.action == "server_error_after_accept":
        return Response(status_code=500)
    if fault.action == "timeout_after_accept":
        return SilentResponse(hub, 120 if fault.seconds is None else fault.seconds)
    if fault.action == "drop_after_accept":
        return BrokenResponse()
    if fault.action == "malformed":
        return JSONResponse(nothing)
    if fault.action == "slow":
        await hub.pause(1 if fault.seconds is None else fault.seconds)
    return JSONResponse(answer)
