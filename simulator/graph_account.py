"""The Graph API around an account: numbers, webhook subscription, delivery history."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import graph_media, graph_templates
from simulator.errors import GraphError
from simulator.paging import chosen, paged
from simulator.provider import Provider, unknown_object
from simulator.records import Channel

NUMBER_FIELDS = "verified_name,display_phone_number,quality_rating"


async def get_object(request: Request) -> Response:
    """A phone number, an account, a template or a file: one address serves all, by id."""
    provider: Provider = request.app.state.provider
    token = provider.token_of(request)
    object_id = request.path_params["id"]
    channel = provider.world.channels.get(object_id)
    if channel and channel.token == token:
        return JSONResponse(chosen(_number(channel), request.query_params.get("fields", NUMBER_FIELDS)))
    if template := graph_templates.find(provider, request):
        fields = request.query_params.get("fields", graph_templates.FIELDS)
        return JSONResponse(chosen(template.wire(), fields))
    if media := graph_media.media_of(provider, request):
        return graph_media.describe(provider, media)
    for own in (c for c in provider.world.channels.values() if c.token == token):
        if own.waba_id == object_id:
            return JSONResponse({"id": own.waba_id, "name": own.verified_name, "timezone_id": "1", "currency": "USD"})
    raise unknown_object(request)


async def get_phone_numbers(request: Request) -> Response:
    channels = request.app.state.provider.channels_of_waba(request)
    fields = request.query_params.get("fields", NUMBER_FIELDS)
    return JSONResponse(paged(request, [chosen(_number(channel), fields) for channel in channels], 25))


async def subscribed_apps(request: Request) -> Response:
    """Read, make or end the subscription. Without one, sends work and no webhook ever comes."""
    provider: Provider = request.app.state.provider
    channels = provider.channels_of_waba(request)
    if request.method == "GET":
        app = {"id": "1", "name": "Simulated app", "link": provider.world.config.base_url}
        return JSONResponse({"data": [{"whatsapp_business_api_data": app}] if channels[0].subscribed else []})
    override = await _override(request) if request.method == "POST" else {}
    if override:
        await _challenge(override["override_callback_uri"], str(override.get("verify_token", "")))
    for channel in channels:
        channel.subscribed = request.method == "POST"
        if override:
            channel.hook_url = override["override_callback_uri"]
            channel.verify_token = str(override.get("verify_token", ""))
        provider.world.storage.put("channel", channel.phone_number_id, channel)
    return JSONResponse({"success": True})


async def _override(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        values = dict(await request.form()) if b"=" in body and not body.startswith(b"{") else await request.json()
    except ValueError:
        values = {}
    return values if isinstance(values, dict) and values.get("override_callback_uri") else {}


async def _challenge(address: str, verify_token: str) -> None:
    """Ask the address to prove itself, as the real one does before it accepts it. Raises GraphError."""
    challenge = str(secrets.randbelow(10**10))
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            answer = await client.get(address, params=query)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise GraphError(100, f"Callback verification failed: {error}", subcode=2200) from error
    if answer.status_code != 200 or answer.text != challenge:
        raise GraphError(
            100, f"Callback verification failed with the following errors: HTTP Status Code = {answer.status_code}",
            subcode=2200,
        )  # fmt: skip


async def post_registration(request: Request) -> Response:
    """Register or deregister a number: checks the shape of the PIN and agrees."""
    request.app.state.provider.channel_of(request)
    if request.url.path.endswith("/register"):
        try:
            pin = str((await request.json()).get("pin", ""))
        except (ValueError, AttributeError):
            pin = ""
        if len(pin) != 6 or not pin.isdigit():
            raise GraphError(100, "Param pin must be 6 characters long.")
    return JSONResponse({"success": True})


async def get_message_history(request: Request) -> Response:
    """The statuses one message went through, newest first."""
    provider: Provider = request.app.state.provider
    channel = provider.channel_of(request)
    message = provider.world.messages.get(request.query_params.get("message_id", ""))
    if message is None or message.phone_number_id != channel.phone_number_id:
        return JSONResponse({"data": []})
    events = [
        {"delivery_status": status.upper(), "timestamp": int(at), "webhook_update_state": "SUCCESS"}
        for status, at in reversed(message.history)
        if status != "accepted"
    ]
    entry = {"id": str(message.seq), "message_id": message.id, "events": {"data": events}}
    return JSONResponse({"data": [entry]})


def _number(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.phone_number_id,
        "display_phone_number": channel.display_phone_number,
        "verified_name": channel.verified_name,
        "quality_rating": channel.quality_rating,
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "messaging_limit_tier": "TIER_100K",
        "whatsapp_business_manager_messaging_limit": "TIER_100K",
    }
