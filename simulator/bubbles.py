"""What one message looks like on the phone, as plain values for the templates."""

from __future__ import annotations

import time
from typing import Any

from simulator.formatting import formatted
from simulator.records import Message
from simulator.state import World

PREVIEWS = {
    "image": "📷 Photo", "video": "🎬 Video", "audio": "🎤 Voice message", "document": "📄 Document",
    "sticker": "Sticker", "location": "📍 Location", "contacts": "👤 Contact", "unsupported": "Unsupported message",
}  # fmt: skip
PHONE_ONLY = ("reaction",)  # shown on another bubble, not as one


def thread_of(world: World, phone_number_id: str, customer: str, *, last: int = 200) -> list[dict[str, Any]]:
    """The last bubbles of a chat, each with the day it opens, if it opens one."""
    shown, day = [], ""
    for message in world.thread(phone_number_id, customer)[-last:]:
        if message.type in PHONE_ONLY:
            continue
        bubble = describe(world, message)
        bubble["day"] = _day(message.at) if _day(message.at) != day else ""
        day = _day(message.at)
        shown.append(bubble)
    return shown


def describe(world: World, message: Message) -> dict[str, Any]:
    body = message.body
    bubble: dict[str, Any] = {
        "seq": message.seq,
        "wamid": message.id,
        "revision": message.revision,
        "mine": message.direction == "in",
        "kind": "deleted" if message.deleted else message.type,
        "time": time.strftime("%H:%M", time.localtime(message.at)),
        "status": message.status,
        "edited": message.edited,
        "reactions": list(message.reactions.values()),
        "own_reaction": message.reactions.get("customer", ""),
        "quote": _quote(world, message),
        "text": formatted(_text(message)),
        "body": body,
    }
    media_id = str(body.get("id") or body.get("fetched_id") or "")
    if media_id in world.media:
        bubble["media"] = world.media[media_id]
    if message.type == "interactive":
        bubble.update(_interactive(body))
    if message.type == "template":
        bubble.update(_template(world, body))
    return bubble


def preview(message: Message) -> str:
    """One line for the list of chats and for quotes."""
    if message.deleted:
        return "Message deleted"
    if message.type == "reaction":
        return f"Reacted {message.body.get('emoji') or 'no more'}"
    return _text(message).partition("\n")[0][:120] or PREVIEWS.get(message.type, message.type.capitalize())


def _text(message: Message) -> str:
    body = message.body
    if message.type == "text":
        return str(body.get("body", ""))
    if message.type == "button":
        return str(body.get("text", ""))
    if message.type == "template":
        return str(body.get("shown", {}).get("text", ""))
    if message.type == "interactive":
        reply = body.get("button_reply") or body.get("list_reply")
        return str(reply["title"] if reply else (body.get("body") or {}).get("text", ""))
    return str(body.get("caption") or "")


def _quote(world: World, message: Message) -> dict[str, Any] | None:
    quoted = world.messages.get((message.context or {}).get("id") or (message.context or {}).get("message_id") or "")
    if quoted is None:
        return None
    return {"mine": quoted.direction == "in", "preview": preview(quoted), "seq": quoted.seq}


def _interactive(body: dict[str, Any]) -> dict[str, Any]:
    action = body.get("action") or {}
    parameters = action.get("parameters") or {}
    header = body.get("header") or {}
    return {
        "header": header.get("text", ""),
        "header_media": header if header.get("type") in ("image", "video", "document") else None,
        "footer": (body.get("footer") or {}).get("text", ""),
        "replies": [button["reply"] for button in action.get("buttons", [])],
        "list_button": action.get("button", "") if body.get("type") == "list" else "",
        "sections": action.get("sections", []) if body.get("type") == "list" else [],
        "links": [{"text": parameters.get("display_text"), "url": parameters["url"]}] if "url" in parameters else [],
        "asks_location": body.get("type") == "location_request_message",
    }


def _template(world: World, body: dict[str, Any]) -> dict[str, Any]:
    shown = body.get("shown", {})
    return {
        "header": shown.get("header", ""),
        "footer": shown.get("footer", ""),
        "place": shown.get("location"),
        "cards": [
            {"text": formatted(card.get("text", "")), **_buttons_and_file(world, card)}
            for card in shown.get("cards", [])
        ],
        **_buttons_and_file(world, shown),
    }


def _buttons_and_file(world: World, part: dict[str, Any]) -> dict[str, Any]:
    """What a finger can tap on a template or one of its cards, and the file above it."""
    buttons = part.get("buttons", [])
    medium = part.get("media") or {}
    media = world.media.get(str(medium.get("id") or medium.get("fetched_id") or ""))
    others = [button for button in buttons if button["type"] not in ("QUICK_REPLY", "URL")]
    return {
        "taps": [button for button in buttons if button["type"] == "QUICK_REPLY"],
        "links": [button for button in buttons if button["type"] == "URL"],
        "inert": [{**button, "detail": button.get("code") or button.get("phone_number", "")} for button in others],
        "media": media,
        "filename": medium.get("filename", ""),
        "awaited": "" if media else medium.get("type", ""),
    }


def _day(at: float) -> str:
    today, then = time.localtime(), time.localtime(at)
    if today[:3] == then[:3]:
        return "Today"
    return time.strftime("%A, %d %B %Y", then)
