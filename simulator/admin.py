"""`/_sim/…`: the JSON side for test drivers. What it does no real provider offers."""

from __future__ import annotations

import base64
import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator import admin_templates, samples
from simulator.asking import Refused, json_body, object_body
from simulator.faults import ACTIONS
from simulator.provider import Provider
from simulator.records import Channel, Customer

MEDIA_KINDS = ("image", "video", "audio", "document", "sticker")
INBOUND_DAYS = 7
LOG_PAGE = 10_000
SECRET_FIELDS = ("token", "app_secret", "verify_token")


async def health(request: Request) -> Response:
    provider = _provider(request)
    return JSONResponse({
        "ok": True,
        "channels": len(provider.world.channels),
        "customers": len(provider.world.customers),
        "messages": len(provider.world.messages),
        "webhooks": {"pending": provider.outbox.pending, **provider.outbox.counts},
        "refused": dict(provider.refused),
    })  # fmt: skip


async def channels(request: Request) -> Response:
    described = []
    for channel in _provider(request).world.channels.values():
        described.append({name: value for name, value in asdict(channel).items() if name not in SECRET_FIELDS})
    return JSONResponse(described)


async def put_channel(request: Request) -> Response:
    """Register a business number, or replace what is known about it."""
    wanted = await object_body(request)
    try:
        channel = _provider(request).world.register_channel(
            {**wanted, "phone_number_id": request.path_params["phone_number_id"]}
        )
    except (ValueError, TypeError) as error:
        raise Refused(str(error)) from error
    return JSONResponse({"phone_number_id": channel.phone_number_id, "hook_url": channel.hook_url})


async def post_customers(request: Request) -> Response:
    """Add or change one customer, or a list of them."""
    wanted = await json_body(request)
    world = _provider(request).world
    for person in wanted if isinstance(wanted, list) else [wanted]:
        if not isinstance(person, dict):
            raise Refused("a customer must be a JSON object")
        number = "".join(c for c in str(person.get("number") or "") if c.isdigit())
        user_id = str(person.get("user_id") or "")
        if not number and not user_id:
            raise Refused("a customer needs a number or a user_id")
        world.put_customer(Customer(
            number=number, name=str(person.get("name") or f"+{number}"), user_id=user_id,
            username=str(person.get("username") or ""), on_whatsapp=bool(person.get("on_whatsapp", True)),
        ))  # fmt: skip
    return JSONResponse({"customers": len(world.customers)}, status_code=201)


async def post_inbound(request: Request) -> Response:
    """Let a customer send a message, or a list of messages. Answers with the message ids."""
    wanted = await json_body(request)
    provider = _provider(request)
    if isinstance(wanted, list):
        return JSONResponse({"wamids": [_receive(provider, entry) for entry in wanted]}, status_code=201)
    return JSONResponse({"wamid": _receive(provider, wanted)}, status_code=201)


def _receive(provider: Provider, entry: Any) -> str:
    if not isinstance(entry, dict):
        raise Refused("a message must be a JSON object")
    channel = _channel(provider, entry)
    customer = _customer(provider, entry)
    kind = str(entry.get("type", "text"))
    body = entry.get(kind)
    if kind == "text" and isinstance(body, str):
        body = {"body": body}
    if kind == "unsupported":
        body = entry.get("errors") or [{"code": 131051, "title": "Message type unknown"}]
    if kind in MEDIA_KINDS and not (body or {}).get("id"):
        body = file_body(provider, channel, kind, body or {})
    context = entry.get("context") or {}
    return provider.lifecycle.receive(
        channel, customer, kind, body, reply_to=str(entry.get("reply_to") or context.get("id") or ""),
        at=float(entry["timestamp"]) if entry.get("timestamp") else None, wamid=str(entry.get("id") or ""),
        extra=entry.get("extra"),
    )  # fmt: skip


def file_body(provider: Provider, channel: Channel, kind: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Store the file of an inbound message, a generated sample unless `base64` brings one, and describe it."""
    sample = samples.sample(kind)
    content = base64.b64decode(wanted["base64"]) if wanted.get("base64") else sample.content
    mime_type = wanted.get("mime_type") or sample.mime_type
    filename = wanted.get("filename") or (sample.filename if kind == "document" else "")
    media = provider.world.put_media(
        channel.phone_number_id, content, mime_type=mime_type, filename=filename, days=INBOUND_DAYS
    )
    digest = base64.b64encode(bytes.fromhex(media.sha256)).decode()
    body = {"id": media.id, "mime_type": mime_type, "sha256": digest}
    if kind == "document":
        body["filename"] = filename
    if kind == "audio":
        body["voice"] = wanted.get("voice", True)
    if kind == "sticker":
        body["animated"] = False
    if wanted.get("caption"):
        body["caption"] = wanted["caption"]
    return body


async def post_webhook_field(request: Request) -> Response:
    """Queue any other webhook change, for example a template status, as `{phone_number_id, field, value}`."""
    wanted = await object_body(request)
    provider = _provider(request)
    channel = _channel(provider, wanted)
    change = {"field": wanted.get("field"), "value": wanted.get("value")}
    provider.outbox.add(channel.phone_number_id, "field", change)
    return JSONResponse({"queued": True}, status_code=202)


async def post_read(request: Request) -> Response:
    """The customer opens the chat: what was delivered turns read."""
    wanted = await object_body(request)
    provider = _provider(request)
    channel, customer = _channel(provider, wanted), _customer(provider, wanted)
    count = provider.lifecycle.read_by_customer(channel.phone_number_id, customer.key)
    return JSONResponse({"read": count})


async def put_window(request: Request) -> Response:
    """Pretend the customer last wrote `hours_ago` hours ago."""
    wanted = await object_body(request)
    provider = _provider(request)
    chat = provider.world.chat(_channel(provider, wanted).phone_number_id, _customer(provider, wanted).key)
    chat.last_inbound_at = time.time() - 3600 * float(wanted.get("hours_ago", 25))
    provider.world.save_chat(chat)
    return JSONResponse({"open": provider.world.window_is_open(chat.phone_number_id, chat.customer)})


async def faults(request: Request) -> Response:
    book = _provider(request).faults
    if request.method == "PUT":
        rules = await json_body(request)
        try:
            book.replace(rules if isinstance(rules, list) else [rules])
        except (ValueError, AttributeError) as error:
            raise Refused(str(error)) from error
    return JSONResponse({"rules": [asdict(rule) for rule in book.rules], "actions": ACTIONS})


async def webhooks(request: Request) -> Response:
    outbox = _provider(request).outbox
    if request.method == "PUT":
        try:
            outbox.change_settings(await object_body(request))
        except (ValueError, TypeError) as error:
            raise Refused(str(error)) from error
    if request.method == "DELETE":
        outbox.forget_all()
    return JSONResponse({"settings": asdict(outbox.settings), "pending": outbox.pending, **outbox.counts})


async def log(request: Request) -> Response:
    """Every accepted message in the order of acceptance, behind `after` (a `seq`), `limit` at a time."""
    query = request.query_params
    if not (query.get("after", "0") + query.get("limit", "1")).isdecimal():
        raise Refused("after and limit must be whole numbers")
    after, limit = int(query.get("after", 0)), int(query.get("limit", LOG_PAGE))
    to, callback = query.get("to", "").lstrip("+ "), query.get("callback")
    entries = []
    for message in _provider(request).world.messages.values():
        if message.seq <= after or message.direction != "out":
            continue
        if (to and message.customer != to) or (callback and message.callback != callback):
            continue
        entries.append({
            "seq": message.seq, "id": message.id, "to": message.customer, "callback": message.callback,
            "type": message.type, "body": message.body, "phone_number_id": message.phone_number_id,
            "at": message.at, "status": message.status,
        })  # fmt: skip
        if len(entries) >= limit:
            break
    return JSONResponse({"messages": entries, "next": entries[-1]["seq"] if entries else after})


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


def _channel(provider: Provider, wanted: dict[str, Any]) -> Channel:
    channel = provider.world.channels.get(str(wanted.get("phone_number_id", "")))
    if channel is None:
        raise Refused("no channel has this phone_number_id", 404)
    return channel


def _customer(provider: Provider, wanted: dict[str, Any]) -> Customer:
    key = str(wanted.get("from") or wanted.get("customer") or "").lstrip("+")
    customer = provider.world.find_customer(key)
    if customer is None and key.isdigit():
        customer = provider.world.put_customer(Customer(number=key, name=str(wanted.get("name") or f"+{key}")))
    if customer is None:
        raise Refused("`from` must be a phone number, or the user_id of a known customer")
    return customer


routes = [
    Route("/health", health),
    Route("/channels", channels),
    Route("/channels/{phone_number_id}", put_channel, methods=["PUT"]),
    *admin_templates.routes,
    Route("/customers", post_customers, methods=["POST"]),
    Route("/inbound", post_inbound, methods=["POST"]),
    Route("/field", post_webhook_field, methods=["POST"]),
    Route("/read", post_read, methods=["POST"]),
    Route("/window", put_window, methods=["PUT"]),
    Route("/faults", faults, methods=["GET", "PUT"]),
    Route("/webhooks", webhooks, methods=["GET", "PUT", "DELETE"]),
    Route("/log", log),
]
