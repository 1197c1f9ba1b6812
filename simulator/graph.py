"""The Graph API: `POST /{phone number id}/messages` and how its faults come out."""

from __future__ import annotations

import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import links, sends, spoiling, template_filling, template_sends, whatsapp_hooks
from simulator.errors import GraphError
from simulator.faults import Fault, is_magic
from simulator.lifecycle import set_reaction
from simulator.provider import Provider
from simulator.records import Channel, Customer, Message, Template
from simulator.state import World, new_wamid


async def post_messages(request: Request) -> Response:
    """Send a message, or mark one read."""
    provider: Provider = request.app.state.provider
    channel = provider.channel_of(request)
    try:
        payload = json.loads(await request.body())
    except ValueError as error:
        raise GraphError(100, "The request body is not valid JSON.") from error
    if isinstance(payload, dict) and payload.get("status") == "read":
        return _mark_read(provider, channel, payload)
    kind = sends.check_envelope(payload)
    to = _recipient(provider, channel, payload)
    fault = provider.faults.pick(
        to=to, kind=kind, phone_number_id=channel.phone_number_id,
        identity=str(payload.get("biz_opaque_callback_data") or payload[kind]),
    )  # fmt: skip
    if fault and (refusal := spoiling.refusal(fault, spoiling.SEND_REFUSALS)):
        provider.count_refusal(fault.action)
        return refusal
    message = _accept(provider, channel, payload, kind=kind, to=to, fault=fault)
    answer = _answer(provider, payload, message)
    if fault is None:
        return JSONResponse(answer)
    return await spoiling.spoil(answer, fault, provider.world.hub, spoiling.NOTHING_ACCEPTED)


def _recipient(provider: Provider, channel: Channel, payload: dict[str, Any]) -> str:
    """Return the customer's key: digits of `to`, else the user id in `recipient`."""
    world = provider.world
    if not payload.get("to"):
        customer = world.customers_by_user_id.get(str(payload["recipient"]))
        return customer.key if customer else str(payload["recipient"])
    to = "".join(c for c in str(payload["to"]) if c.isdigit())
    if not 5 <= len(to) <= 20:
        raise GraphError(131009, "Parameter to is not a valid phone number.")
    if to == channel.digits:
        raise GraphError(131021)
    if to not in world.customers and (channel.accept_unknown or is_magic(to)):
        world.put_customer(Customer(number=to, name=f"+{to}"))
    return to


def _accept(
    provider: Provider, channel: Channel, payload: dict[str, Any], *, kind: str, to: str, fault: Fault | None
) -> Message:
    world = provider.world
    body, category = _checked(kind, payload, world.templates.of(channel.waba_id))
    if kind in sends.MEDIA_KINDS and body.get("id"):
        _check_media(world, channel, kind, body)
    for medium in template_filling.media_of(body) if kind == "template" else []:
        if medium.get("id"):
            _check_media(world, channel, str(medium["type"]), medium)
    context = payload.get("context") if isinstance(payload.get("context"), dict) else None
    window_open = world.window_is_open(channel.phone_number_id, to)
    message = Message(
        id=new_wamid(to), phone_number_id=channel.phone_number_id, customer=to, direction="out", type=kind,
        body=body if isinstance(body, dict) else {"cards": body}, at=time.time(), context=context,
        callback=payload.get("biz_opaque_callback_data"),
        billing=whatsapp_hooks.pricing(kind, category, window_open=window_open),
    )  # fmt: skip
    failing = provider.lifecycle.failure_of(message, channel, fault)
    if failing == 131047 and channel.window_error == "sync":
        raise GraphError(131047)
    world.accept(message, to=to)
    _deliver(provider, channel, message, failing)
    return message


def _check_media(world: World, channel: Channel, kind: str, body: dict[str, Any]) -> None:
    media = world.media.get(str(body["id"]))
    if media is None or media.phone_number_id != channel.phone_number_id:
        raise GraphError(131009, f"{kind}['id'] {body['id']} is not a media id of this number.")


def _checked(kind: str, payload: dict[str, Any], templates: list[Template]) -> tuple[Any, str]:
    """Return the body, with its template filled in, and the price category. Raises GraphError."""
    body = payload[kind]
    try:
        if kind == "template":
            template = template_sends.check(templates, body)
            if template.category == "AUTHENTICATION" and not payload.get("to"):
                raise GraphError(131062)
            shown = template_filling.filled(template.components, body)
            template_sends.check_filled(shown)
            return {**body, "shown": shown}, template.category.lower()
        sends.check_body(kind, body)
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        # A list where an object belongs, and the like: no parameter could be named.
        raise GraphError(100, f"Param {kind} has an unexpected structure.") from error
    return body, "service"


def _deliver(provider: Provider, channel: Channel, message: Message, failing: int | None) -> None:
    if message.type == "reaction" and failing is None:
        target = provider.world.messages.get(message.body["message_id"])
        if target:
            set_reaction(target, "business", message.body.get("emoji", ""))
            provider.world.save_message(target)
    if failing is None and links.media_to_fetch(message):
        provider.in_background(links.fetch_then_deliver(provider, message))
        return
    provider.lifecycle.accepted(message, failing=failing)


def _answer(provider: Provider, payload: dict[str, Any], message: Message) -> dict[str, Any]:
    customer = provider.world.find_customer(message.customer)
    contact: dict[str, Any] = {"input": payload.get("to") or payload.get("recipient")}
    if customer is None or customer.number:
        contact["wa_id"] = customer.number if customer else message.customer
    if customer and customer.user_id:
        contact["user_id"] = customer.user_id
    accepted: dict[str, Any] = {"id": message.id}
    if message.type == "template":
        accepted["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [accepted]}


def _mark_read(provider: Provider, channel: Channel, payload: dict[str, Any]) -> Response:
    message = provider.world.messages.get(str(payload.get("message_id", "")))
    if message is None or message.phone_number_id != channel.phone_number_id or message.direction != "in":
        raise GraphError(131009, "Parameter message_id is not a message this number received.")
    provider.lifecycle.read_by_business(message)
    if payload.get("typing_indicator"):
        provider.lifecycle.show_typing(provider.world.chat(message.phone_number_id, message.customer))
    return JSONResponse({"success": True})
