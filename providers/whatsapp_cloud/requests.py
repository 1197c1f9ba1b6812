"""What to send, as requests to the Graph API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from providers.types import Credentials, MediaRef, Outbound, Request
from providers.whatsapp_cloud.capabilities import CAPTIONED, MEDIA_KINDS
from providers.whatsapp_cloud.interactive import interactive_body


def endpoint(credentials: Credentials, *parts: str) -> str:
    """An address under the channel's base URL. Parts are quoted: an id never changes the path."""
    return "/".join([credentials.base_url.rstrip("/"), *(quote(part, safe="") for part in parts)])


def authorised(credentials: Credentials) -> dict[str, str]:
    """The header that carries the token; it never goes into an address."""
    return {"Authorization": f"Bearer {credentials.token}"}


def send(outbound: Outbound, credentials: Credentials) -> Request:
    """Send one message. Call `refuse` first: content outside the documented shape raises `KeyError` here."""
    payload: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if outbound.to:
        # Without the plus Meta may put the sending number's country code in front and reach a stranger.
        payload["to"] = "+" + outbound.to.lstrip("+")
    else:
        payload["recipient"] = outbound.to_user_id
    wire_type, body = _body(outbound)
    payload["type"] = wire_type
    payload[wire_type] = body
    if outbound.reply_to and outbound.kind != "reaction":
        payload["context"] = {"message_id": outbound.reply_to}
    if outbound.token:
        payload["biz_opaque_callback_data"] = outbound.token
    return Request("POST", _messages(credentials), authorised(credentials), json=payload)


def mark_read(message_id: str, credentials: Credentials, typing: bool = False) -> Request:
    """Mark a message and those before it as read; WhatsApp shows typing only together with that."""
    payload: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}
    if typing:
        payload["typing_indicator"] = {"type": "text"}
    return Request("POST", _messages(credentials), authorised(credentials), json=payload)


def _messages(credentials: Credentials) -> str:
    return endpoint(credentials, credentials.external_id, "messages")


def _body(outbound: Outbound) -> tuple[str, Any]:
    if outbound.kind in MEDIA_KINDS:
        return _media(outbound)
    return outbound.kind, _BODIES[outbound.kind](outbound.content)


def _media(outbound: Outbound) -> tuple[str, dict[str, Any]]:
    reference = outbound.media or MediaRef()
    body: dict[str, Any] = {"id": reference.id} if reference.id else {"link": reference.link}
    caption = outbound.content.get("caption")
    if caption and outbound.kind in CAPTIONED:
        body["caption"] = caption
    filename = outbound.content.get("filename") or reference.filename
    if filename and outbound.kind == "document":
        body["filename"] = filename
    if outbound.kind == "voice":
        body["voice"] = True
        return "audio", body
    return outbound.kind, body


def _text(content: dict[str, Any]) -> dict[str, Any]:
    return {"body": content["text"], "preview_url": bool(content.get("preview_url"))}


def _location(content: dict[str, Any]) -> dict[str, Any]:
    body = {"latitude": content["latitude"], "longitude": content["longitude"]}
    return body | {key: content[key] for key in ("name", "address") if content.get(key)}


def _contacts(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [_contact(contact) for contact in content["contacts"]]


def _contact(contact: dict[str, Any]) -> dict[str, Any]:
    """WhatsApp wants one more part of the name beside the formatted one."""
    name = dict(contact["name"])
    if len(name) == 1:
        name["first_name"] = name["formatted_name"]
    return contact | {"name": name}


def _reaction(content: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": content["target"], "emoji": content.get("emoji") or ""}


def _template(content: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": content["name"],
        "language": {"code": content["language"].replace("-", "_"), "policy": "deterministic"},
    }
    components = [part for part in content.get("components") or [] if part.get("parameters") or part.get("cards")]
    if components:
        body["components"] = components
    return body


_BODIES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": interactive_body,
    "template": _template,
}
