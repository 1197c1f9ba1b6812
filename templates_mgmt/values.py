"""The values that go into a template: where they come from, and which of them a provider would refuse. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .content import VARIABLE, Content, Place, places

Value = str | dict[str, Any]

HEADER_LIMIT = 60
BODY_LIMIT = 1024
CARD_BODY_LIMIT = 160
LINK_LIMIT = 2000
COUPON_LIMIT = 20
CODE_LIMIT = 15

# Meta refuses these three in a value with 132018, 132012 or 100, by no pattern that it writes down.
LINE_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
SPACES = re.compile(" {4}")
CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
# RFC 3986, without the percent sign on its own.
OF_AN_ADDRESS = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")

SENTENCES = {
    "missing": "{label} has no value.",
    "newline": "{label} contains a line break. The values of a template must fit on one line.",
    "tab": "{label} contains a tab. Put a space instead.",
    "spaces": "{label} contains four or more spaces in a row.",
    "control": "{label} contains an invisible control character.",
    "too_long": "{label} is too long: {detail}.",
    "not_text": "{label} must be text.",
    "not_url_safe": "{label} does not fit into its link. Use letters, digits and - . _ ~ / only.",
    "not_media": "{label} needs a file, or a link that starts with https://.",
    "not_a_place": "{label} needs a latitude from -90 to 90 and a longitude from -180 to 180.",
    "mismatch": "{label} was given twice with different values.",
    "count": "{label}: expected {detail}.",
    "unknown": "This template has no variable {label}.",
    "unsupported": "This template has a part that cannot be sent from here yet: {label}.",
}


class Unfillable(ValueError):
    """A template cannot be filled: which variable, and why. `str()` is a sentence for people."""

    def __init__(self, key: str, label: str, reason: str, detail: str = "") -> None:
        super().__init__(SENTENCES[reason].format(label=label, detail=detail))
        self.key = key
        self.label = label
        self.reason = reason


def resolve(variables: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Value]:
    """The values a template brings along: fixed ones and files, and fields of the contact with their fallback.

    Places without a value are left out; `known` is keyed as the fields are: `first_name`, `field.<key>`.
    """
    found: dict[str, Value] = {}
    for key, spec in variables.items():
        value = _brought(spec, known) if isinstance(spec, Mapping) else ""
        if value:
            found[key] = value
    return found


def _brought(spec: Mapping[str, Any], known: Mapping[str, str]) -> Value:
    if spec.get("file"):
        return {"file": spec["file"]}
    value = spec.get("value")
    fallback = spec.get("fallback")
    if spec.get("source") == "field":
        value = known.get(value, "") if isinstance(value, str) else ""
    elif spec.get("source") != "fixed":
        value = ""
    if isinstance(value, str) and not value.strip():
        value = fallback
    return value if isinstance(value, str | dict) else ""


def values_from(
    content: Content,
    *,
    header: Sequence[Value] = (),
    body: Sequence[Value] = (),
    buttons: Sequence[Value] = (),
    named: Mapping[str, Value] | None = None,
    cards: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Value]:
    """Put values given in order, or by name, to the keys of their places.

    Raises Unfillable when a list is longer or shorter than the places it is for, or a name is not in the template. A
    media or location header may be left out: the template can bring its own.
    """
    left, found = _by_name(content, named or {})
    given: dict[str, Mapping[str, Any]] = {"": {"header": header, "body": body, "buttons": buttons}}
    if cards and len(cards) != len(content.cards):
        raise Unfillable("cards", "Cards", "count", _expected(len(content.cards), len(cards)))
    for number, card in enumerate(cards):
        given[f"card.{number}."] = card if isinstance(card, Mapping) else {}
    for number in range(len(content.cards)):
        given.setdefault(f"card.{number}.", {})
    _refuse_two_codes(content, body, buttons)
    for prefix, lists in given.items():
        for group in ("header", "body", "buttons"):
            wanted = [place for place in left if _group(place) == (prefix, group)]
            found |= _in_order(content, prefix, group, wanted, lists.get(group))
    return found


def _refuse_two_codes(content: Content, body: Sequence[Value], buttons: Sequence[Value]) -> None:
    """A one-time code is sent in the text and to the button; who gives it for both gives the same."""
    if content.kind == "authentication" and buttons and list(body) != list(buttons):
        raise Unfillable("body:1", "Code", "mismatch")


def _by_name(content: Content, named: Mapping[str, Value]) -> tuple[list[Place], dict[str, Value]]:
    """Values by the name of their variable or by the whole key; the places still to fill, and the values found."""
    found: dict[str, Value] = {}
    used = set()
    for place in places(content):
        for name in (place.key, place.name):
            if name in named:
                found.setdefault(place.key, named[name])
                used.add(name)
    for name in named:
        if name not in used:
            raise Unfillable(name, name, "unknown")
    return [place for place in places(content) if place.key not in found], found


def _group(place: Place) -> tuple[str, str]:
    """To which list of which card a place belongs."""
    card, _, last = place.place.rpartition(".") if "button" not in place.place else place.place.partition("button.")
    prefix = f"{card.rstrip('.')}." if card else ""
    return prefix, "buttons" if "button" in place.place else last


def _in_order(content: Content, prefix: str, group: str, wanted: list[Place], given: Any) -> dict[str, Value]:
    label = f"Card {int(prefix.split('.')[1]) + 1} {group}" if prefix else group.capitalize()
    listed = list(given) if isinstance(given, list | tuple) else [] if given is None else [given]
    if content.kind == "authentication" and group == "buttons" and len(listed) == 1:
        return {}  # the code again, which is sent to the button anyway
    if not listed and all(place.kind in {"media", "location"} for place in wanted):
        return {}
    if len(listed) != len(wanted):
        raise Unfillable(f"{prefix}{group}", label, "count", _expected(len(wanted), len(listed)))
    return {place.key: value for place, value in zip(wanted, listed, strict=True)}


def _expected(wanted: int, got: int) -> str:
    return f"{wanted} value{'' if wanted == 1 else 's'}, got {got}"


def complaints(content: Content, values: Mapping[str, Any], *, quick: bool = False) -> Iterator[Unfillable]:
    """What is wrong with the values, from top to bottom. A quick template may hold more, lines included."""
    sound: dict[str, str] = {}
    for place in places(content):
        complaint = _complaint(content, place, values.get(place.key), quick)
        if complaint is not None:
            yield complaint
        elif isinstance(value := values.get(place.key), str):
            sound[place.key] = value
    if not quick:
        yield from _too_long_together(content, sound)


def _complaint(content: Content, place: Place, value: Any, quick: bool) -> Unfillable | None:
    if value is None or value == {} or (isinstance(value, str) and not value.strip()):
        return Unfillable(place.key, place.label, "missing")
    if place.kind == "media":
        return None if is_file(value) else Unfillable(place.key, place.label, "not_media")
    if place.kind == "location":
        return None if position(value) is not None else Unfillable(place.key, place.label, "not_a_place")
    if not isinstance(value, str):
        return Unfillable(place.key, place.label, "not_text")
    if CONTROL.search(value):
        return Unfillable(place.key, place.label, "control")
    return None if quick else _refused_by_provider(content, place, value)


def _refused_by_provider(content: Content, place: Place, value: str) -> Unfillable | None:
    reasons = {"newline": LINE_BREAK.search(value), "tab": "\t" in value, "spaces": SPACES.search(value)}
    for reason, found in reasons.items():
        if found:
            return Unfillable(place.key, place.label, reason)
    limit = CODE_LIMIT if content.kind == "authentication" else COUPON_LIMIT if place.kind == "code" else BODY_LIMIT
    if len(value) > limit:
        return Unfillable(place.key, place.label, "too_long", f"{len(value):,} characters, {limit:,} are allowed")
    if "button." in place.place and place.kind == "text" and not _fits_link(_link(content, place), value):
        return Unfillable(place.key, place.label, "not_url_safe")
    return None


def _link(content: Content, place: Place) -> str:
    *card, _, index = place.place.split(".")
    buttons = content.cards[int(card[1])].buttons if card else content.buttons
    return buttons[int(index)].url


def _fits_link(url: str, value: str) -> bool:
    """Whether a value may be put into an address: it must stay an address, and of the same site."""
    if not OF_AN_ADDRESS.fullmatch(value):
        return False
    site = urlsplit(url.split("{{")[0]).netloc
    filled = VARIABLE.sub(lambda _: value, url)
    try:
        return len(filled) <= LINK_LIMIT and (not site or urlsplit(filled).netloc == site)
    except ValueError:  # brackets in the wrong place
        return False


def _too_long_together(content: Content, values: Mapping[str, str]) -> Iterator[Unfillable]:
    """Texts that fit alone and not with their values: Meta answers 132005. The longest value is to blame."""
    texts = [
        ("header", content.header.text if content.header else "", HEADER_LIMIT),
        ("body", content.body, BODY_LIMIT),
    ]
    texts += [(f"card.{number}.body", card.body, CARD_BODY_LIMIT) for number, card in enumerate(content.cards)]
    labels = {place.key: place.label for place in places(content)}
    for place, text, limit in texts:
        names = VARIABLE.findall(text)
        inside = {f"{place}:{name}": values.get(f"{place}:{name}", "") for name in names}
        length = len(VARIABLE.sub("", text)) + sum(len(inside[f"{place}:{name}"]) for name in names)
        if names and length > limit:
            key = max(inside, key=lambda one: len(inside[one]))
            detail = f"with it the text has {length:,} characters, {limit:,} are allowed"
            yield Unfillable(key, labels.get(key, "Code"), "too_long", detail)


def is_file(value: Any) -> bool:
    """Whether a value says which file: one stored here, one at the provider, or a link."""
    if isinstance(value, str):
        value = {"link": value}
    if not isinstance(value, dict):
        return False
    link = value.get("link")
    if link and not (isinstance(link, str) and link.startswith("https://")):
        return False
    return any(isinstance(value.get(name), str) and value[name] for name in ("file", "id", "link"))


def position(value: Any) -> dict[str, Any] | None:
    """A location as it is sent; nothing when it is none."""
    if not isinstance(value, dict):
        return None
    try:
        latitude, longitude = float(value["latitude"]), float(value["longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    said = {name: value[name] for name in ("name", "address") if isinstance(value.get(name), str) and value[name]}
    return {"latitude": latitude, "longitude": longitude, **said}
