"""Does a template message fit the template it names?"""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import GraphError

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def check(templates: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    """Return the template that `body` names. Raises GraphError when it may not be sent or does not fit."""
    template = _find(templates, body)
    sent = {}
    for component in body.get("components") or []:
        kind = str(component.get("type", "")).lower()
        index = str(component.get("index", "0")) if kind == "button" else ""
        sent[kind, index] = component.get("parameters") or []
    for component in template["components"]:
        if component["type"] == "BODY":
            _text_parameters("body", component["text"], sent.get(("body", ""), []))
        elif component["type"] == "HEADER":
            _header(component, sent.get(("header", ""), []))
        elif component["type"] == "BUTTONS":
            _buttons(component["buttons"], sent)
    return template


def filled_body(template: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The message as the customer reads it: header, text, footer and buttons with the parameters put in."""
    sent = {str(part.get("type", "")).lower(): part.get("parameters") or [] for part in body.get("components") or []}
    shown: dict[str, Any] = {"header": "", "header_media": None, "text": "", "footer": "", "buttons": []}
    for component in template["components"]:
        kind = component["type"]
        if kind == "BODY":
            shown["text"] = _fill(component["text"], sent.get("body", []))
        elif kind == "FOOTER":
            shown["footer"] = component["text"]
        elif kind == "BUTTONS":
            shown["buttons"] = [{"type": button["type"], "text": button["text"]} for button in component["buttons"]]
        elif component.get("format", "TEXT") == "TEXT":
            shown["header"] = _fill(component.get("text", ""), sent.get("header", []))
        elif sent.get("header"):
            shown["header_media"] = sent["header"][0]
    for part in body.get("components") or []:
        _put_payload(part, shown["buttons"])
    return shown


def _put_payload(part: dict[str, Any], buttons: list[dict[str, Any]]) -> None:
    index = str(part.get("index", ""))
    if str(part.get("type", "")).lower() == "button" and index.isdigit() and int(index) < len(buttons):
        first = (part.get("parameters") or [{}])[0]
        buttons[int(index)]["payload"] = first.get("payload") or first.get("text", "")


def _fill(text: str, parameters: list[dict[str, Any]]) -> str:
    named = {parameter.get("parameter_name"): parameter for parameter in parameters}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        parameter = named.get(name)
        if parameter is None and name.isdigit() and 0 < int(name) <= len(parameters):
            parameter = parameters[int(name) - 1]
        return _parameter_text(parameter) if parameter else match[0]

    return PLACEHOLDER.sub(value, text)


def _parameter_text(parameter: dict[str, Any]) -> str:
    kind = parameter.get("type", "text")
    if kind == "text":
        return str(parameter.get("text", ""))
    return str((parameter.get(kind) or {}).get("fallback_value", ""))


def _find(templates: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    name, language = body.get("name"), (body.get("language") or {}).get("code")
    if not name or not language:
        raise GraphError(131008, "Required parameter template['name'] or template['language']['code'] is missing.")
    for template in templates:
        if template["name"] == name and template["language"] == language:
            if template["status"] == "PAUSED":
                raise GraphError(132015, f"template name ({name}) is paused")
            if template["status"] == "DISABLED":
                raise GraphError(132016, f"template name ({name}) is disabled")
            if template["status"] in ("APPROVED", "FLAGGED", "REINSTATED"):
                return template
    raise GraphError(132001, f"template name ({name}) does not exist in {language}")


def _text_parameters(where: str, text: str, parameters: list[dict[str, Any]]) -> None:
    wanted = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    if len(parameters) != len(wanted):
        raise GraphError(
            132000, f"{where}: number of localizable_params ({len(parameters)}) does not match the expected number of "
            f"params ({len(wanted)})",
        )  # fmt: skip
    if wanted and not wanted[0].isdigit() and {p.get("parameter_name") for p in parameters} != set(wanted):
        raise GraphError(132012, f"{where}: parameter names must be {', '.join(wanted)}")
    for parameter in parameters:
        value = parameter.get("text")
        if parameter.get("type", "text") == "text" and not isinstance(value, str):
            raise GraphError(132012, f"{where}: text parameter without text")
        if isinstance(value, str) and re.search(r"[\n\t]| {4,}", value):
            raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")


def _header(component: dict[str, Any], parameters: list[dict[str, Any]]) -> None:
    wanted = component.get("format", "TEXT")
    if wanted == "TEXT":
        _text_parameters("header", component.get("text", ""), parameters)
        return
    got = str(parameters[0].get("type", "")).upper() if parameters else "UNKNOWN"
    if got != wanted:
        raise GraphError(132012, f"header: Format mismatch, expected {wanted}, received {got}")


def _buttons(buttons: list[dict[str, Any]], sent: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    for index, button in enumerate(buttons):
        parameters = sent.get(("button", str(index)), [])
        if button["type"] == "URL":
            _text_parameters(f"buttons[{index}]", button["url"], parameters)
        elif button["type"] != "COPY_CODE" and len(parameters) > 1:
            raise GraphError(132000, f"buttons[{index}]: takes at most one parameter")
