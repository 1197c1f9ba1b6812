"""What stands inside a bubble, by kind: the template to draw it with and what that template needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from workspaces.formatting import formatted, visible

from . import presenting_templates, template_files
from .models import Attachment, Message
from .presenting import Shown

FOLDER = "inbox/bodies/"
SIGHTS = {"image", "video", "sticker"}
SOUNDS = {"audio", "voice"}
# Kinds whose text is drawn by their own template, or that have none.
SILENT = {
    "reaction",
    "location",
    "contacts",
    "interactive",
    "template",
    "order",
    "button_reply",
    "list_reply",
    "flow_reply",
    "unsupported",
    "other",
}
# What a browser may show in place; everything else is a download. The same list as the media view's.
INLINE = {
    *("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4"),
    *("audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr"),
}

WAITING = {
    Attachment.State.PENDING: ("arrow-path", "Fetching the file…"),
    Attachment.State.FAILED: ("exclamation-triangle", "This file could not be fetched"),
    Attachment.State.TOO_LARGE: ("exclamation-triangle", "This file is too large to fetch"),
    Attachment.State.BLOCKED: ("no-symbol", "This type of file is not allowed"),
}
WORDS = {
    "image": "Photo",
    "video": "Video",
    "sticker": "Sticker",
    "audio": "Audio",
    "voice": "Voice message",
    "document": "Document",
}


@dataclass(frozen=True, slots=True)
class Media(Shown):
    src: str
    kind: str
    word: str
    name: str
    facts: str
    width: int
    height: int
    alt: str
    state: str
    icon: str
    sight: bool
    again: str  # URL that fetches a failed file once more; empty when that cannot help, or not for this person


def shows_text(kind: str) -> bool:
    """Whether the text of this kind is drawn under its body like a caption."""
    return kind not in SILENT


def body_of(
    message: Message,
    file: Attachment | None,
    media: str,
    *,
    deleted: bool,
    again: str,
    tapped: Collection[str] = (),
) -> tuple[str, Any]:
    """The body's template (empty for plain text) and what it shows.

    `again` is where a failed file is fetched again; `tapped` what came back from the message's buttons.
    """
    if deleted:
        return f"{FOLDER}deleted.html", None
    if file is not None or message.kind in SIGHTS | SOUNDS | {"document"}:
        return _media(message, file, media, again)
    if message.kind == "template":
        return _template(message, media, tapped)
    if message.kind == "interactive":
        return _choices(message.content, message.text, tapped)
    if drawer := DRAWERS.get(message.kind):
        return drawer(message.content, message.text)
    return "", None


def _media(message: Message, file: Attachment | None, base: str, again: str) -> tuple[str, Media]:
    kind = message.kind
    ready = file is not None and file.state == Attachment.State.READY
    icon, state = ("", "") if ready else WAITING[file.state if file else Attachment.State.FAILED]  # type: ignore[index]
    shown = Media(
        src=f"{base}{file.uuid}/" if file else "",
        kind=kind,
        word=WORDS.get(kind, "File"),
        name=visible(file.filename) if file and file.filename else WORDS.get(kind, "File"),
        facts=file_facts(file) if file else "",
        width=(file.width if file else None) or 320,
        height=(file.height if file else None) or 240,
        alt=message.text[:120] or WORDS.get(kind, "File"),
        state=state,
        icon=icon,
        sight=kind in SIGHTS,
        again=again if file is not None and file.state == Attachment.State.FAILED else "",
    )
    if not ready:
        return f"{FOLDER}waiting.html", shown
    if file is None or file.mime_type.split(";")[0] not in INLINE:
        return f"{FOLDER}file.html", shown
    template = {"sticker": "sticker", "image": "sight", "video": "sight", "audio": "sound", "voice": "sound"}
    return f"{FOLDER}{template.get(kind, 'file')}.html", shown


def file_facts(file: Attachment) -> str:
    """PDF · 1.2 MB"""
    return " · ".join(filter(None, [_type(file), _size(file)]))


def _type(file: Attachment) -> str:
    suffix = file.filename.rpartition(".")[2].upper() if "." in file.filename else ""
    return suffix if suffix.isalnum() and len(suffix) <= 5 else file.mime_type.split("/")[-1].split(";")[0].upper()[:12]


def _size(file: Attachment) -> str:
    size = file.size or 0
    if not size:
        return ""
    return f"{max(round(size / 1024), 1)} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:.1f} MB"


def _place(content: dict[str, Any], text: str) -> tuple[str, Any]:
    place = content.get("location") or content
    try:
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError):
        return f"{FOLDER}unshown.html", "A location without coordinates"
    where = f"{latitude:.6f},{longitude:.6f}"
    return f"{FOLDER}place.html", {
        "name": visible(str(place.get("name") or "Location")),
        "detail": visible(str(place.get("address") or where.replace(",", ", "))),
        "href": f"https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=16/{latitude:.6f}/{longitude:.6f}",
    }


def _people(content: dict[str, Any], text: str) -> tuple[str, Any]:
    cards = []
    for card in content.get("contacts") or []:
        name, phones = card.get("name"), card.get("phones") or [card.get("phone")]
        shown = name.get("formatted_name", "") if isinstance(name, dict) else str(name or "")
        numbers = [str(phone.get("phone", "") if isinstance(phone, dict) else phone or "") for phone in phones]
        cards.append(
            {"name": visible(shown) or "Unnamed contact", "phones": [visible(number) for number in numbers if number]}
        )
    return f"{FOLDER}people.html", cards


def _choices(content: dict[str, Any], text: str, tapped: Collection[str]) -> tuple[str, Any]:
    """A message with things to tap; shown as what the customer saw, tapped on the phone only."""
    offered = list(content.get("buttons") or [])
    for section in content.get("sections") or []:
        offered += section.get("rows") or []
    offered += [{"title": content.get("display_text")}, {"title": content.get("flow_cta")}]
    if content.get("type") == "location_request":
        offered.append({"title": "Send location"})
    return f"{FOLDER}choices.html", {
        "head": visible(_words(content.get("header"))),
        "html": formatted(_words(content.get("body")) or text),
        "foot": visible(_words(content.get("footer"))),
        "titles": [
            {"text": visible(str(one["title"])), "tapped": (one.get("id") or one["title"]) in tapped}
            for one in offered
            if one.get("title")
        ],
    }


def _words(part: Any) -> str:
    return str(part.get("text") or "") if isinstance(part, dict) else str(part or "")


def _template(message: Message, media: str, tapped: Collection[str]) -> tuple[str, Any]:
    stored = template_files.files_in(message.content)

    def src_of(place: str) -> str:
        return f"{media}{message.uuid}/{place}/" if place in stored else ""

    return f"{FOLDER}template.html", presenting_templates.template(
        message.content, message.text, src_of=src_of, tapped=tapped
    )


def _taken(content: dict[str, Any], text: str) -> tuple[str, Any]:
    reply = content.get("reply") or content
    return f"{FOLDER}taken.html", {
        "title": visible(str(text or reply.get("title") or "Answered")),
        "detail": visible(str(reply.get("description") or "")),
    }


def _flow(content: dict[str, Any], text: str) -> tuple[str, Any]:
    answers = content.get("flow_response")
    pairs = (
        [(str(key), visible(str(value))) for key, value in answers.items() if key != "flow_token"]
        if isinstance(answers, dict)
        else []
    )
    return f"{FOLDER}form.html", {"title": visible(text or "Form filled in"), "pairs": pairs[:40]}


def _order(content: dict[str, Any], text: str) -> tuple[str, Any]:
    order = content.get("order") or content
    lines, total, currency = [], 0.0, ""
    for item in order.get("product_items") or []:
        try:
            count, price = float(item.get("quantity") or 1), float(item.get("item_price") or 0)
        except (TypeError, ValueError):
            count, price = 1.0, 0.0
        currency = str(item.get("currency") or currency)
        total += count * price
        lines.append(
            {
                "count": f"{count:g}",
                "name": visible(str(item.get("product_retailer_id") or "Item")),
                "price": f"{price:.2f}",
            }
        )
    return f"{FOLDER}order.html", {"lines": lines, "total": f"{total:.2f} {currency}".strip(), "note": visible(text)}


def _unshown(content: dict[str, Any], text: str) -> tuple[str, Any]:
    return f"{FOLDER}unshown.html", visible(text)


def _reaction(content: dict[str, Any], text: str) -> tuple[str, Any]:
    return f"{FOLDER}reaction.html", visible(str(content.get("emoji") or ""))


DRAWERS = {
    "reaction": _reaction,
    "location": _place,
    "contacts": _people,
    "button_reply": _taken,
    "list_reply": _taken,
    "flow_reply": _flow,
    "order": _order,
    "unsupported": _unshown,
    "other": _unshown,
}
