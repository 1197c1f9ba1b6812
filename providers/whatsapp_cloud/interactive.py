"""Messages with something to tap: our content shapes as Meta's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WIRE_TYPES = {"location_request": "location_request_message"}


def interactive_body(content: dict[str, Any]) -> dict[str, Any]:
    """Meta's object for an interactive message."""
    kind = content["type"]
    body: dict[str, Any] = {"type": WIRE_TYPES.get(kind, kind)}
    if content.get("header"):
        body["header"] = _header(content["header"])
    if content.get("body"):
        body["body"] = {"text": content["body"]}
    if content.get("footer"):
        body["footer"] = {"text": content["footer"]}
    body["action"] = _ACTIONS[kind](content)
    return body


def _header(header: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(header, str):
        return {"type": "text", "text": header}
    kind = header["type"]
    if kind == "text":
        return {"type": "text", "text": header["text"]}
    return {"type": kind, kind: {key: header[key] for key in ("id", "link", "filename") if header.get(key)}}


def _buttons(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "buttons": [
            {"type": "reply", "reply": {"id": button["id"], "title": button["title"]}} for button in content["buttons"]
        ]
    }


def _list(content: dict[str, Any]) -> dict[str, Any]:
    return {"button": content["button"], "sections": [_section(section) for section in content["sections"]]}


def _section(section: dict[str, Any]) -> dict[str, Any]:
    rows = [{key: row[key] for key in ("id", "title", "description") if row.get(key)} for row in section["rows"]]
    return {"title": section["title"], "rows": rows} if section.get("title") else {"rows": rows}


def _link(content: dict[str, Any]) -> dict[str, Any]:
    return {"name": "cta_url", "parameters": {"display_text": content["display_text"], "url": content["url"]}}


def _location_request(_content: dict[str, Any]) -> dict[str, Any]:
    return {"name": "send_location"}


def _flow(content: dict[str, Any]) -> dict[str, Any]:
    action = content.get("flow_action") or "navigate"
    parameters: dict[str, Any] = {
        "flow_message_version": "3",
        "flow_id": content["flow_id"],
        "flow_cta": content["flow_cta"],
        "flow_action": action,
    }
    parameters |= {key: content[key] for key in ("flow_token", "mode") if content.get(key)}
    if action == "navigate" and content.get("screen"):
        start: dict[str, Any] = {"screen": content["screen"]}
        if content.get("data"):
            start["data"] = content["data"]
        parameters["flow_action_payload"] = start
    return {"name": "flow", "parameters": parameters}


def _product(content: dict[str, Any]) -> dict[str, Any]:
    return {"catalog_id": content["catalog_id"], "product_retailer_id": content["product_retailer_id"]}


def _product_list(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "catalog_id": content["catalog_id"],
        "sections": [
            {
                "title": section.get("title") or "",
                "product_items": [{"product_retailer_id": product} for product in section["products"]],
            }
            for section in content["sections"]
        ],
    }


_ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request": _location_request,
    "flow": _flow,
    "product": _product,
    "product_list": _product_list,
}
