"""Is a send well formed? The checks the real one makes before it accepts a message, with its codes.

Limits: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (read 2026-09).
"""

from __future__ import annotations

from typing import Any

from simulator.errors import GraphError

MEDIA_KINDS = ("image", "video", "audio", "document", "sticker")
KINDS = (*MEDIA_KINDS, "text", "location", "contacts", "reaction", "interactive", "template")
LIST_ROWS = 10
LIST_SECTIONS = 10
REPLY_BUTTONS = 3


def check_envelope(payload: Any) -> str:
    """Check what all sends share and return the message type. Raises GraphError."""
    if not isinstance(payload, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    if payload.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if not payload.get("to") and not payload.get("recipient"):
        raise GraphError(131008, "Required parameter to is missing.")
    kind = payload.get("type", "text")
    if kind not in KINDS:
        raise GraphError(100, f'Param type must be one of {{{", ".join(KINDS).upper()}}} - got "{kind}".')
    body = payload.get(kind)
    if not body or not isinstance(body, list if kind == "contacts" else dict):
        raise GraphError(131008, f"Required parameter {kind} is missing.")
    callback = payload.get("biz_opaque_callback_data")
    if callback is not None and (not isinstance(callback, str) or len(callback) > 512):
        raise GraphError(100, "Param biz_opaque_callback_data must be at most 512 characters long.")
    return str(kind)


def check_body(kind: str, body: Any) -> None:
    """Check a message body other than a template's. Raises GraphError."""
    if kind == "text":
        _text(body, "body", "text['body']", 4096)
    elif kind in MEDIA_KINDS:
        _media(kind, body)
    elif kind == "location":
        _location(body)
    elif kind == "contacts":
        _contacts(body)
    elif kind == "reaction":
        if not body.get("message_id"):
            raise GraphError(131008, "Required parameter reaction['message_id'] is missing.")
        if not isinstance(body.get("emoji", ""), str):
            raise GraphError(131009, "reaction['emoji'] must be a string.")
    elif kind == "interactive":
        _interactive(body)


def _text(holder: dict[str, Any], name: str, path: str, limit: int) -> None:
    value = holder.get(name)
    if value is None or value == "":
        raise GraphError(131008, f"Required parameter {path} is missing.")
    if not isinstance(value, str):
        raise GraphError(131009, f"{path} must be a string.")
    if len(value) > limit:
        raise GraphError(100, f"Param {path} must be at most {limit} characters long.")


def _media(kind: str, body: dict[str, Any]) -> None:
    if bool(body.get("id")) == bool(body.get("link")):
        raise GraphError(100, f"Param {kind} must have exactly one of id and link.")
    link = body.get("link")
    if link and not str(link).startswith(("http://", "https://")):
        raise GraphError(131009, f"{kind}['link'] is not a valid URI.")
    if body.get("caption") and kind in ("audio", "sticker"):
        raise GraphError(100, f'Unexpected key "caption" on param {kind}.')
    if body.get("caption"):
        _text(body, "caption", f"{kind}['caption']", 1024)


def _location(body: dict[str, Any]) -> None:
    for name, bound in (("latitude", 90), ("longitude", 180)):
        if body.get(name) in (None, ""):
            raise GraphError(131008, f"Required parameter location['{name}'] is missing.")
        try:
            fits = abs(float(body[name])) <= bound
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise GraphError(131009, f"location['{name}'] is not a valid coordinate.")


def _contacts(cards: list[Any]) -> None:
    for position, card in enumerate(cards):
        name = card.get("name") if isinstance(card, dict) else None
        if not isinstance(name, dict) or not name.get("formatted_name"):
            raise GraphError(131008, f"Required parameter contacts[{position}]['name']['formatted_name'] is missing.")


def _interactive(body: dict[str, Any]) -> None:
    kind = body.get("type")
    action = body.get("action")
    if not isinstance(action, dict):
        raise GraphError(131008, "Required parameter interactive['action'] is missing.")
    if kind != "product":
        text = body.get("body")
        if not isinstance(text, dict):
            raise GraphError(131008, "Required parameter interactive['body'] is missing.")
        _text(text, "text", "interactive['body']['text']", 4096 if kind == "list" else 1024)
    if isinstance(body.get("footer"), dict):
        _text(body["footer"], "text", "interactive['footer']['text']", 60)
    header = body.get("header")
    if isinstance(header, dict) and header.get("type") == "text":
        _text(header, "text", "interactive['header']['text']", 60)
    if kind == "button":
        _buttons(action)
    elif kind == "list":
        _list(action, header)
    elif kind == "cta_url":
        parameters = action.get("parameters") or {}
        _text(parameters, "display_text", "interactive['action']['parameters']['display_text']", 20)
        _text(parameters, "url", "interactive['action']['parameters']['url']", 2000)
    elif kind not in ("location_request_message", "flow", "product", "product_list", "catalog_message"):
        raise GraphError(100, f"Param interactive['type'] is not a known type - got \"{kind}\".")


def _buttons(action: dict[str, Any]) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= REPLY_BUTTONS:
        raise GraphError(131009, f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {REPLY_BUTTONS}")
    replies = [button.get("reply") or {} for button in buttons]
    for position, reply in enumerate(replies):
        _text(reply, "title", f"interactive['action']['buttons'][{position}]['reply']['title']", 20)
        _text(reply, "id", f"interactive['action']['buttons'][{position}]['reply']['id']", 256)
    for name in ("id", "title"):
        if len({reply[name] for reply in replies}) < len(replies):
            raise GraphError(131009, f"Duplicate reply {name} in interactive['action']['buttons'].")


def _list(action: dict[str, Any], header: Any) -> None:
    if isinstance(header, dict) and header.get("type") != "text":
        raise GraphError(131009, "A list message takes a text header only.")
    _text(action, "button", "interactive['action']['button']", 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= LIST_SECTIONS:
        raise GraphError(131009, f"Invalid sections count. Min allowed: 1, Max allowed: {LIST_SECTIONS}")
    rows = [row for section in sections for row in section.get("rows") or []]
    if not 1 <= len(rows) <= LIST_ROWS:
        raise GraphError(131009, f"Total row count exceed max allowed count: {LIST_ROWS}")
    for section in sections:
        if section.get("title") or len(sections) > 1:
            _text(section, "title", "interactive['action']['sections']['title']", 24)
    for row in rows:
        _text(row, "id", "interactive['action']['sections']['rows']['id']", 200)
        _text(row, "title", "interactive['action']['sections']['rows']['title']", 24)
        if row.get("description"):
            _text(row, "description", "interactive['action']['sections']['rows']['description']", 72)
    if len({row["id"] for row in rows}) < len(rows):
        raise GraphError(131009, "Duplicate row id in interactive['action']['sections'].")
