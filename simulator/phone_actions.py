"""What a finger does on the phone: every form of the phone page ends here."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from simulator import admin
from simulator.provider import Provider
from simulator.records import Channel, Customer, Message

PLACES = (
    (24.7136, 46.6753, "Kingdom Centre", "King Fahd Road, Riyadh"),
    (51.5081, -0.0759, "Tower of London", "London EC3N 4AB"),
    (30.0444, 31.2357, "Tahrir Square", "Cairo"),
    (25.1972, 55.2744, "Burj Khalifa", "1 Sheikh Mohammed bin Rashid Blvd, Dubai"),
)
CARDS = (("Layla Mansour", "+97150000019"), ("Tom Fletcher", "+447700900177"), ("سلمى فؤاد", "+20100000019"))
Sender = Callable[..., str]


class Unclear(Exception):
    """A form came without what it needs."""


async def send(request: Request) -> Response:
    """Send, change, react or tap, as the customer of the form."""
    provider: Provider = request.app.state.provider
    async with request.form() as form:
        channel = provider.world.channels.get(str(form.get("channel", "")))
        customer = provider.world.find_customer(str(form.get("customer", "")))
        if channel is None or customer is None:
            return PlainTextResponse("This chat does not exist any more.", status_code=404)

        def say(kind: str, body: Any, *, reply_to: str = "") -> str:
            return provider.lifecycle.receive(channel, customer, kind, body, reply_to=reply_to)

        try:
            await _act(provider, channel, form, say)
        except Unclear as reason:
            return PlainTextResponse(str(reason), status_code=400)
    return _back(request, channel, customer)


async def _act(provider: Provider, channel: Channel, form: FormData, say: Sender) -> None:
    reply_to, text = _value(form, "reply_to"), _value(form, "text")
    upload = form.get("file")
    if sample := _value(form, "sample"):
        kind, body = _sample(provider, channel, sample)
        say(kind, body, reply_to=reply_to)
    elif isinstance(upload, UploadFile) and upload.filename:
        kind, body = await _upload(provider, channel, upload, form)
        say(kind, body, reply_to=reply_to)
    elif target := _value(form, "message"):
        _on_message(_message(provider, target), form, say, text)
    elif _value(form, "latitude"):
        say("location", _location(form), reply_to=reply_to)
    elif _value(form, "contact_name"):
        say("contacts", [_card(_value(form, "contact_name"), _value(form, "contact_phone"))], reply_to=reply_to)
    elif text:
        say("text", {"body": text}, reply_to=reply_to)
    else:
        raise Unclear("Nothing to send.")


def _on_message(message: Message, form: FormData, say: Sender, text: str) -> None:
    """React to, tap on, edit or delete one message."""
    if "reaction" in form:
        emoji = _value(form, "reaction")
        again = message.reactions.get("customer") == emoji  # the same sign a second time takes it back
        say("reaction", {"message_id": message.id, "emoji": "" if again else emoji})
    elif "button_id" in form:
        reply = {"id": _value(form, "button_id"), "title": _value(form, "title")}
        say("interactive", {"type": "button_reply", "button_reply": reply}, reply_to=message.id)
    elif "row_id" in form:
        row = {"id": _value(form, "row_id"), "title": _value(form, "title"), "description": _value(form, "description")}
        row = {name: value for name, value in row.items() if value}
        say("interactive", {"type": "list_reply", "list_reply": row}, reply_to=message.id)
    elif "quick_reply" in form:
        title = _value(form, "quick_reply")
        say("button", {"payload": _value(form, "payload") or title, "text": title}, reply_to=message.id)
    elif "delete" in form:
        say("revoke", {"original_message_id": message.id})
    elif text:
        edited = {"type": "text", "text": {"body": text}}
        say("edit", {"original_message_id": message.id, "message": edited})
    else:
        raise Unclear("Nothing to do with this message.")


def _sample(provider: Provider, channel: Channel, kind: str) -> tuple[str, Any]:
    if kind == "location":
        latitude, longitude, name, address = random.choice(PLACES)
        return "location", {"latitude": latitude, "longitude": longitude, "name": name, "address": address}
    if kind == "contact":
        return "contacts", [_card(*random.choice(CARDS))]
    if kind == "unsupported":
        return "unsupported", [{
            "code": 131051, "title": "Message type unknown", "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }]  # fmt: skip
    kind = "audio" if kind == "voice" else kind
    if kind not in admin.MEDIA_KINDS:
        raise Unclear(f"There is no sample {kind}.")
    return kind, admin.file_body(provider, channel, kind, {})


async def _upload(provider: Provider, channel: Channel, upload: UploadFile, form: FormData) -> tuple[str, Any]:
    mime_type = upload.content_type or "application/octet-stream"
    kind = mime_type.partition("/")[0]
    if kind not in ("image", "video", "audio") or _value(form, "as_document"):
        kind = "document"
    if mime_type == "image/webp" and kind == "image":
        kind = "sticker"
    described = {
        "base64": base64.b64encode(await upload.read()), "mime_type": mime_type,
        "filename": upload.filename, "caption": _value(form, "caption"), "voice": mime_type.startswith("audio/ogg"),
    }  # fmt: skip
    return kind, admin.file_body(provider, channel, kind, described)


def _location(form: FormData) -> dict[str, Any]:
    try:
        place: dict[str, Any] = {name: float(_value(form, name)) for name in ("latitude", "longitude")}
    except ValueError as error:
        raise Unclear("Latitude and longitude must be numbers.") from error
    if name := _value(form, "place"):
        place["name"] = name
    return place


def _card(name: str, phone: str) -> dict[str, Any]:
    digits = "".join(c for c in phone if c.isdigit())
    phones = [{"phone": phone, "type": "CELL", "wa_id": digits}] if digits else []
    return {"name": {"formatted_name": name, "first_name": name.split()[0]}, "phones": phones}


def _message(provider: Provider, wamid: str) -> Message:
    if wamid not in provider.world.messages:
        raise Unclear("This message does not exist any more.")
    return provider.world.messages[wamid]


async def add_customer(request: Request) -> Response:
    """A new person with a number, a user id or both; then straight into the chat."""
    provider: Provider = request.app.state.provider
    form = await request.form()
    number = "".join(c for c in _value(form, "number") if c.isdigit())
    name = _value(form, "name")
    customer = provider.world.find_customer(number) if number else None
    if customer is None:
        user_id = "" if number else "GB." + "".join(random.choices("0123456789", k=13))
        customer = provider.world.put_customer(Customer(number=number, name=name or f"+{number}", user_id=user_id))
    return _back(request, provider.world.channels.get(_value(form, "channel")), customer)


async def close_window(request: Request) -> Response:
    """Pretend the last message was 25 hours ago."""
    provider: Provider = request.app.state.provider
    form = await request.form()
    channel = provider.world.channels.get(_value(form, "channel"))
    customer = provider.world.find_customer(_value(form, "customer"))
    if channel is None or customer is None:
        return PlainTextResponse("This chat does not exist any more.", status_code=404)
    chat = provider.world.chat(channel.phone_number_id, customer.key)
    chat.last_inbound_at = time.time() - 25 * 3600
    provider.world.save_chat(chat)
    provider.world.hub.changed(f"{channel.phone_number_id}/{customer.key}")
    return _back(request, channel, customer)


def _value(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _back(request: Request, channel: Channel | None, customer: Customer) -> Response:
    """To the chat; scripts get 204 because the live stream redraws for them."""
    if request.headers.get("x-requested-with") == "fetch":
        return Response(status_code=204)
    place = {"customer": customer.key, **({"channel": channel.phone_number_id} if channel else {})}
    return RedirectResponse("/?" + urlencode(place), status_code=303)
