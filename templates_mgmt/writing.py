"""`Content` as the list of components Meta takes when a template is made or changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .content import (
    COPY_CODE,
    OTP,
    PHONE_NUMBER,
    TEXT,
    URL,
    VARIABLE,
    Button,
    Card,
    Content,
    Header,
    is_understood,
    type_of,
    variable_names,
)

ORDER = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL")
# What this module writes; every other key of an original component is kept.
WRITTEN = {"type", "format", "text", "buttons", "cards", "add_security_recommendation", "code_expiration_minutes"}
WRITTEN_OF_A_BUTTON = {"type", "text", "url", "phone_number", "otp_type", "autofill_text", "supported_apps"}

Variables = Mapping[str, Any]


def write(content: Content, variables: Variables, parameter_format: str) -> list[dict[str, Any]]:
    """Meta's components, with an example for each variable that has a sample.

    Parts that `read` called unsupported come out as they were. An example already there stays where there is no sample.
    """
    sampled = _Samples(variables, parameter_format.lower() == "named")
    if content.kind == "authentication":
        return _merged(content.raw, _authentication(content))
    made = _message("", content.header, content.body, content.buttons, sampled)
    if content.footer:
        made["FOOTER"] = {"type": "FOOTER", "text": content.footer}
    if content.cards:
        made["CAROUSEL"] = {
            "type": "CAROUSEL",
            "cards": [_card(number, card, sampled) for number, card in enumerate(content.cards)],
        }
    return _merged(content.raw, made)


class _Samples:
    """Looks up samples and puts them in the form each part wants them in."""

    def __init__(self, variables: Variables, is_named: bool) -> None:
        self._variables = variables
        self._is_named = is_named

    def of(self, key: str, field: str = "sample") -> str:
        spec = self._variables.get(key)
        value = spec.get(field) if isinstance(spec, Mapping) else None
        return value if isinstance(value, str) else ""

    def of_text(self, place: str, text: str) -> dict[str, Any]:
        """The `example` of a header's or body's text; nothing when a sample is missing."""
        names = variable_names(text)
        found = [self.of(f"{place}:{name}") for name in names]
        if not names or not all(found):
            return {}
        field = f"{place.rpartition('.')[2]}_text"
        if self._is_named:
            pairs = zip(names, found, strict=True)
            return {"example": {f"{field}_named_params": [{"param_name": name, "example": one} for name, one in pairs]}}
        return {"example": {field: [found] if field == "body_text" else found}}


def _message(
    prefix: str, header: Header | None, body: str, buttons: list[Button], sampled: _Samples
) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    if header is not None:
        made["HEADER"] = _header(f"{prefix}header", header, sampled)
    if body:
        made["BODY"] = {"type": "BODY", "text": body} | sampled.of_text(f"{prefix}body", body)
    if buttons:
        listed = [_button(f"{prefix}button.{index}", button, sampled) for index, button in enumerate(buttons)]
        made["BUTTONS"] = {"type": "BUTTONS", "buttons": listed}
    return made


def _header(place: str, header: Header, sampled: _Samples) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "HEADER", "format": header.format}
    if header.format == TEXT:
        return made | {"text": header.text} | sampled.of_text(place, header.text)
    handle = sampled.of(f"{place}:media", "handle")
    return made | {"example": {"header_handle": [handle]}} if handle else made


def _button(place: str, button: Button, sampled: _Samples) -> dict[str, Any]:
    if not button.is_supported:
        return dict(button.raw)
    made: dict[str, Any] = {"type": button.type, "text": button.text}
    if button.type == URL:
        made |= {"url": button.url} | _link_example(place, button.url, sampled)
    elif button.type == PHONE_NUMBER:
        made["phone_number"] = button.phone_number
    elif button.type == COPY_CODE:
        code = sampled.of(f"{place}:code") or button.code
        # The words on this button are Meta's own and not sent.
        made = {"type": COPY_CODE} | ({"example": code} if code else {}) | _only_text_of(button.raw)
    # A sample of another link would be refused.
    dropped = WRITTEN_OF_A_BUTTON if button.raw.get("url", "") == button.url else WRITTEN_OF_A_BUTTON | {"example"}
    return {key: value for key, value in button.raw.items() if key not in dropped} | made


def _only_text_of(raw: dict[str, Any]) -> dict[str, Any]:
    return {"text": raw["text"]} if "text" in raw else {}


def _link_example(place: str, url: str, sampled: _Samples) -> dict[str, Any]:
    """Meta wants the whole address as the example, not only what is put in."""
    found = [sample for name in variable_names(url) if (sample := sampled.of(f"{place}:{name}"))]
    if not found:
        return {}
    whole = found[0] if found[0].startswith(("https://", "http://")) else VARIABLE.sub(lambda _: found[0], url)
    return {"example": [whole]}


def _card(number: int, card: Card, sampled: _Samples) -> dict[str, Any]:
    made = _message(f"card.{number}.", card.header, card.body, card.buttons, sampled)
    return {**card.raw, "components": _merged(card.raw.get("components") or [], made)}


def _authentication(content: Content) -> dict[str, dict[str, Any]]:
    """Meta writes the text itself and takes none."""
    made: dict[str, dict[str, Any]] = {
        "BODY": {"type": "BODY", "add_security_recommendation": content.add_security_recommendation}
    }
    if content.code_expiration_minutes is not None:
        made["FOOTER"] = {"type": "FOOTER", "code_expiration_minutes": content.code_expiration_minutes}
    if content.buttons:
        made["BUTTONS"] = {"type": "BUTTONS", "buttons": [_otp_button(button) for button in content.buttons]}
    return made


def _otp_button(button: Button) -> dict[str, Any]:
    if button.type != OTP:
        return dict(button.raw)
    made: dict[str, Any] = {"type": OTP, "otp_type": button.otp_type or COPY_CODE}
    for name in ("text", "autofill_text", "supported_apps"):
        if value := getattr(button, name):
            made[name] = value
    dropped = WRITTEN_OF_A_BUTTON | {"example"}
    return {key: value for key, value in button.raw.items() if key not in dropped} | made


def _merged(raw: list[Any], made: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The original list with each known part replaced where it stood, unknown ones untouched, new ones in order."""
    listed: list[Any] = []
    seen: set[str] = set()
    for entry in raw:
        name = type_of(entry)
        if not is_understood(entry) or name in seen:
            listed.append(entry)
        elif name in made:
            listed.append(_rewritten(entry, made[name]))
        seen.add(name)
    return _with_new(listed, [made[name] for name in ORDER if name in made and name not in seen])


def _rewritten(entry: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A part as it is now, with what else the original said; its example only while it is about the same text."""
    dropped = WRITTEN if _is_same(entry, part) else WRITTEN | {"example"}
    return {key: value for key, value in entry.items() if key not in dropped} | part


def _is_same(entry: dict[str, Any], part: dict[str, Any]) -> bool:
    form = entry.get("format")
    return entry.get("text") == part.get("text") and (form or "").upper() == part.get("format", "")


def _with_new(listed: list[Any], new: list[dict[str, Any]]) -> list[Any]:
    """Put each new part before the first one that belongs after it."""
    for part in new:
        after = ORDER[ORDER.index(part["type"]) + 1 :]
        later = [at for at, other in enumerate(listed) if type_of(other) in after]
        listed.insert(later[0] if later else len(listed), part)
    return listed
