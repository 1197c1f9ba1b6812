"""Asking the simulator about templates, for tests."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

from tests.simulator.driver import WABA, Hook, Simulator

LIST = f"/v23.0/{WABA}/message_templates"
BODY = {"type": "BODY", "text": "Hi {{1}}, your table is booked.", "example": {"body_text": [["Amelia"]]}}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
_numbers = itertools.count(1)


def fresh_name() -> str:
    return f"booking_{next(_numbers)}"


def submission(**changes: Any) -> dict[str, Any]:
    """What to submit: a utility template with one variable, unless told otherwise."""
    usual = {"name": fresh_name(), "language": "en_GB", "category": "UTILITY", "components": [BODY]}
    return {**usual, **changes}


def submit(simulator: Simulator, **changes: Any) -> httpx.Response:
    return simulator.client.post(LIST, json=submission(**changes))


def accepted(simulator: Simulator, **changes: Any) -> dict[str, Any]:
    """Submit a template and return it as the list shows it."""
    answer = submit(simulator, **changes)
    assert answer.status_code == 200, answer.text
    return look_up(simulator, answer.json()["id"])


def look_up(simulator: Simulator, template_id: str) -> dict[str, Any]:
    fields = "id,name,language,status,category,components,quality_score,rejected_reason,correct_category"
    found: dict[str, Any] = simulator.client.get(f"/v23.0/{template_id}", params={"fields": fields}).json()
    return found


def status(simulator: Simulator, template_id: str) -> str:
    return str(look_up(simulator, template_id).get("status", "gone"))


def change(simulator: Simulator, template_id: str, **changes: Any) -> None:
    answer = simulator.client.post(f"/_sim/templates/{WABA}/changes", json={"id": template_id, **changes})
    assert answer.status_code == 200, answer.text


def review(simulator: Simulator, **settings: Any) -> None:
    answer = simulator.client.put("/_sim/template_review", json=settings)
    assert answer.status_code == 200, answer.text


def upload(simulator: Simulator, content: bytes = PNG, mime_type: str = "image/png", name: str = "pot.png") -> str:
    """Store a sample and return its handle."""
    asked = {"file_name": name, "file_length": str(len(content)), "file_type": mime_type}
    session = simulator.client.post("/v23.0/app/uploads", params=asked).json()["id"]
    answer = simulator.client.post(f"/v23.0/{session}", content=content, headers={"file_offset": "0"})
    assert answer.status_code == 200, answer.text
    handle: str = answer.json()["h"]
    return handle


def news(hook: Hook, field: str, template_id: str) -> list[dict[str, Any]]:
    """The values of all changes of one field about one template, in the order they came."""
    values = []
    for _, body in list(hook.received):
        for entry in json.loads(body)["entry"]:
            values += [item["value"] for item in entry["changes"] if item["field"] == field]
    return [value for value in values if str(value["message_template_id"]) == template_id]


def statuses(hook: Hook, template_id: str) -> list[str]:
    return [value["event"] for value in news(hook, "message_template_status_update", template_id)]


def refusal(answer: httpx.Response) -> tuple[int, int | None]:
    """Code and subcode of a refused call."""
    assert answer.status_code >= 400, answer.text
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")
