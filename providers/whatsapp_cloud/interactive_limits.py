"""Why WhatsApp would refuse an interactive message. Limits read in Meta's reference, 2026-09."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from providers.whatsapp_cloud.reading import rows, table

MAX_BODY = 1024
MAX_HEADER = 60
MAX_FOOTER = 60
MAX_BUTTONS = 3
MAX_BUTTON_ID = 256
MAX_TITLE = 20
MAX_LIST_ROWS = 10
MAX_SECTIONS = 10
MAX_ROW_ID = 200
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
MAX_PRODUCTS = 30
MAX_FLOW_CTA = 30  # client libraries disagree between 20 and 30

HEADER_MEDIA = frozenset({"image", "video", "document"})
TEXT_HEADER_ONLY = frozenset({"list", "product_list"})


def complaints(content: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the content, most basic first."""
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in _PARTS:
        yield "WhatsApp does not know this kind of interactive message."
        return
    if kind != "product" or content.get("body"):
        yield from length(content.get("body"), "The text", MAX_BODY)
    yield from _header(content.get("header"), kind)
    if content.get("footer"):
        yield from length(content["footer"], "The footer", MAX_FOOTER)
    yield from _PARTS[kind](content)


def length(value: Any, name: str, longest: int) -> Iterator[str]:
    """Complain about text that is missing, blank or too long."""
    if not isinstance(value, str) or not value.strip():
        yield f"{name} is missing."
    elif len(value) > longest:
        yield f"{name} has {len(value)} characters; WhatsApp allows {longest}."


def _header(header: Any, kind: str) -> Iterator[str]:
    if not header:
        if kind == "product_list":
            yield "A list of products needs a header."
        return
    if isinstance(header, str):
        header = {"type": "text", "text": header}
    form = table(header).get("type")
    if form == "text":
        yield from length(header.get("text"), "The header", MAX_HEADER)
    elif kind in TEXT_HEADER_ONLY or form not in HEADER_MEDIA:
        yield "The header of this message can only be text."
    elif not (header.get("id") or header.get("link")):
        yield "The header's file is missing."


def _buttons(content: dict[str, Any]) -> Iterator[str]:
    buttons = [table(button) for button in rows(content.get("buttons"))]
    if not 1 <= len(buttons) <= MAX_BUTTONS:
        yield f"WhatsApp allows 1 to {MAX_BUTTONS} buttons; this message has {len(buttons)}."
    for button in buttons:
        yield from length(button.get("title"), "A button's title", MAX_TITLE)
        yield from length(button.get("id"), "A button's id", MAX_BUTTON_ID)
    yield from _distinct([button.get("title") for button in buttons], "Two buttons have the same title.")
    yield from _distinct([button.get("id") for button in buttons], "Two buttons have the same id.")


def _list(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("button"), "The list button's title", MAX_TITLE)
    sections = [table(section) for section in rows(content.get("sections"))]
    if not 1 <= len(sections) <= MAX_SECTIONS:
        yield f"WhatsApp allows 1 to {MAX_SECTIONS} sections in a list; this message has {len(sections)}."
    for section in sections:
        if section.get("title") or len(sections) > 1:
            yield from length(section.get("title"), "A section's title", MAX_ROW_TITLE)
        if not rows(section.get("rows")):
            yield "A section of the list is empty."
    entries = [table(row) for section in sections for row in rows(section.get("rows"))]
    if len(entries) > MAX_LIST_ROWS:
        yield f"WhatsApp allows {MAX_LIST_ROWS} rows in a list; this message has {len(entries)}."
    for entry in entries:
        yield from length(entry.get("title"), "A row's title", MAX_ROW_TITLE)
        yield from length(entry.get("id"), "A row's id", MAX_ROW_ID)
        if entry.get("description"):
            yield from length(entry["description"], "A row's description", MAX_ROW_DESCRIPTION)
    yield from _distinct([entry.get("id") for entry in entries], "Two rows have the same id.")


def _link(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("display_text"), "The button's title", MAX_TITLE)
    url = content.get("url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        yield "The button's link must start with https://."


def _flow(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("flow_id"), "The flow's id", 64)
    yield from length(content.get("flow_cta"), "The flow button's title", MAX_FLOW_CTA)
    if content.get("flow_action", "navigate") not in {"navigate", "data_exchange"}:
        yield "A flow either navigates or exchanges data."


def _product(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("catalog_id"), "The catalogue's id", 64)
    yield from length(content.get("product_retailer_id"), "The product's id", 100)


def _product_list(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("catalog_id"), "The catalogue's id", 64)
    sections = [table(section) for section in rows(content.get("sections"))]
    products = [product for section in sections for product in rows(section.get("products"))]
    if not 1 <= len(sections) <= MAX_SECTIONS:
        yield f"WhatsApp allows 1 to {MAX_SECTIONS} sections of products; this message has {len(sections)}."
    if not 1 <= len(products) <= MAX_PRODUCTS:
        yield f"WhatsApp allows 1 to {MAX_PRODUCTS} products; this message has {len(products)}."
    for product in products:
        yield from length(product, "A product's id", 100)


def _nothing(_content: dict[str, Any]) -> Iterator[str]:
    return iter(())


def _distinct(values: list[Any], complaint: str) -> Iterator[str]:
    # As text: a stranger's content may hold values that cannot be put into a set.
    if len({str(value) for value in values}) < len(values):
        yield complaint


_PARTS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request": _nothing,
    "flow": _flow,
    "product": _product,
    "product_list": _product_list,
}
