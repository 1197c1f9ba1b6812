"""Requests about templates, as tables."""

from __future__ import annotations

import pytest

from providers.types import Credentials, Request
from providers.whatsapp_cloud import (
    create_template,
    delete_template,
    edit_template,
    find_template,
    list_templates,
    open_upload,
    put_upload,
)

BASE = "https://graph.example/v23.0"
CREDENTIALS = Credentials(base_url=BASE + "/", external_id="2200110044", account_id="3300220055", token="SECRET-TOKEN")
LIST = f"{BASE}/3300220055/message_templates"
BODY = [{"type": "BODY", "text": "Your visit is tomorrow."}]
REQUESTS = {
    "list": list_templates(CREDENTIALS),
    "next page": list_templates(CREDENTIALS, "QVFIUm=="),
    "find": find_template(CREDENTIALS, "visit", "en-GB"),
    "create": create_template(CREDENTIALS, "visit", "en_GB", "utility", "positional", BODY),
    "edit": edit_template(CREDENTIALS, "778812", None, BODY),
    "edit with category": edit_template(CREDENTIALS, "778812", "marketing", BODY),
    "delete all": delete_template(CREDENTIALS, "visit"),
    "delete one": delete_template(CREDENTIALS, "visit", "778812"),
    "open upload": open_upload(CREDENTIALS, "a b.png", 1024, "image/png"),
    "put upload": put_upload(CREDENTIALS, "upload:MTphd==?sig=ARZq-k_1", b"\x89PNG"),
}


@pytest.mark.parametrize(
    ("case", "method", "url"),
    [
        ("list", "GET", LIST),
        ("next page", "GET", LIST),
        ("find", "GET", LIST),
        ("create", "POST", LIST),
        ("edit", "POST", f"{BASE}/778812"),
        ("delete all", "DELETE", LIST),
        ("delete one", "DELETE", LIST),
        ("open upload", "POST", f"{BASE}/app/uploads"),
        ("put upload", "POST", f"{BASE}/upload:MTphd==?sig=ARZq-k_1"),
    ],
)
def test_each_call_has_its_method_and_address(case: str, method: str, url: str) -> None:
    assert (REQUESTS[case].method, REQUESTS[case].url) == (method, url)


@pytest.mark.parametrize(
    ("case", "params"),
    [
        ("next page", {"after": "QVFIUm==", "limit": "100"}),
        ("find", {"name": "visit", "language": "en_GB"}),
        ("delete all", {"name": "visit"}),
        ("delete one", {"name": "visit", "hsm_id": "778812"}),
        ("open upload", {"file_name": "a b.png", "file_length": "1024", "file_type": "image/png"}),
    ],
)
def test_what_is_asked_for_stands_in_the_query(case: str, params: dict[str, str]) -> None:
    assert params.items() <= (REQUESTS[case].params or {}).items()


def test_deleting_every_language_names_no_id() -> None:
    assert REQUESTS["delete all"].params == {"name": "visit"}


@pytest.mark.parametrize("case", ["list", "find"])
def test_a_look_up_asks_for_quality_reason_and_components(case: str) -> None:
    fields = (REQUESTS[case].params or {})["fields"].split(",")
    assert {"id", "components", "quality_score", "rejected_reason", "parameter_format"} <= set(fields)


@pytest.mark.parametrize(
    ("case", "payload"),
    [
        (
            "create",
            {
                "name": "visit",
                "language": "en_GB",
                "category": "UTILITY",
                "parameter_format": "POSITIONAL",
                "components": BODY,
            },
        ),
        ("edit", {"components": BODY}),
        ("edit with category", {"components": BODY, "category": "MARKETING"}),
    ],
)
def test_changes_travel_as_json(case: str, payload: dict[str, object]) -> None:
    assert REQUESTS[case].json == payload


def test_a_sample_travels_as_bare_bytes_from_its_start() -> None:
    request = REQUESTS["put upload"]
    assert (request.content, request.json, request.params) == (b"\x89PNG", None, None)
    assert request.headers["file_offset"] == "0"
    assert request.headers["Authorization"] == "OAuth SECRET-TOKEN"


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_the_token_travels_in_a_header_and_shows_nowhere(request_: Request) -> None:
    assert "SECRET-TOKEN" in request_.headers["Authorization"]
    assert "SECRET-TOKEN" not in repr(request_)
    assert "SECRET-TOKEN" not in request_.url


@pytest.mark.parametrize("hostile", ["../me", "x/../../y", "778812?fields=access_token"])
def test_an_id_never_changes_the_path(hostile: str) -> None:
    assert edit_template(CREDENTIALS, hostile, None, BODY).url.removeprefix(BASE).count("/") == 1
    assert "?" not in edit_template(CREDENTIALS, hostile, None, BODY).url
    assert put_upload(CREDENTIALS, hostile, b"").url.removeprefix(BASE).count("/") == 1
