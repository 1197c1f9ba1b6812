from __future__ import annotations

import json
from typing import Any

import pytest

from providers.base import Checked
from providers.types import Credentials
from providers.whatsapp_cloud import check, checked

CREDENTIALS = Credentials("https://graph.example/v23.0", "2200110044", "310044550066", token="T0KEN")


def found(name: str, answer: Any, status: int = 200) -> Checked:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return checked(name, status, {}, body, CREDENTIALS)


def error(code: int, subcode: int | None = None) -> dict[str, Any]:
    return {"error": {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode}}


def test_the_number_its_account_and_the_subscription_are_asked_about() -> None:
    assert [name for name, _request in check(CREDENTIALS)] == ["number", "account", "subscription"]
    urls = [request.url for _name, request in check(CREDENTIALS)]
    assert urls == [
        "https://graph.example/v23.0/2200110044",
        "https://graph.example/v23.0/310044550066/phone_numbers",
        "https://graph.example/v23.0/310044550066/subscribed_apps",
    ]


def test_without_an_account_id_only_the_number_is_asked_about() -> None:
    assert [name for name, _request in check(Credentials("https://graph.example", "1"))] == ["number"]


def test_a_connected_number_gives_facts_and_no_problem() -> None:
    answer = {
        "id": "2200110044",
        "display_phone_number": "+1 555-078-3001",
        "verified_name": "Example Shop",
        "quality_rating": "GREEN",
        "status": "CONNECTED",
        "throughput": {"level": "STANDARD"},
    }
    assert found("number", answer) == Checked(
        "",
        {
            "display_phone_number": "+1 555-078-3001",
            "status": "CONNECTED",
            "verified_name": "Example Shop",
            "quality_rating": "GREEN",
            "throughput": "STANDARD",
        },
    )


@pytest.mark.parametrize(
    ("name", "answer", "status", "words"),
    [
        ("number", error(190, 463), 401, "expired (190)"),
        ("number", error(190, 460), 401, "password"),
        ("number", error(190), 401, "(190). Create a new one"),
        ("number", error(100, 33), 400, "no phone number with the id 2200110044"),
        ("account", error(100, 33), 400, "no WhatsApp account with the id 310044550066"),
        ("account", error(10), 403, "permission"),
        ("subscription", error(4711), 400, "4711"),
        ("number", {"id": "2200110044", "display_phone_number": "1", "status": "BANNED"}, 200, "banned"),
        ("number", {"id": "2200110044", "display_phone_number": "1", "status": "PENDING"}, 200, "not registered"),
        ("number", {"id": "2200110044", "name": "An account"}, 200, "does not belong to a phone number"),
        ("account", {"data": []}, 200, "no numbers"),
        ("account", {"data": [{"id": "9", "display_phone_number": "+1 555"}]}, 200, "It has: +1 555."),
        ("subscription", {"data": []}, 200, "never arrive"),
        ("number", b"<html>", 200, "base URL"),
        ("number", b"", 404, "base URL"),
        ("number", b"", 503, "few minutes"),
        ("number", b"", 401, "access token"),
    ],
)
def test_a_problem_is_said_in_plain_words(name: str, answer: Any, status: int, words: str) -> None:
    assert words in found(name, answer, status).problem


def test_an_account_with_the_number_and_a_subscribed_app_have_no_problem() -> None:
    assert not found("account", {"data": [{"id": "9"}, {"id": "2200110044"}]}).problem
    answer = {
        "data": [
            {
                "whatsapp_business_api_data": {"id": "5", "name": "Desk"},
                "override_callback_uri": "https://other.example/",
            }
        ]
    }
    assert found("subscription", answer) == Checked(
        "", {"subscribed_apps": "Desk", "override_callback_uri": "https://other.example/"}
    )


def test_a_number_missing_from_the_first_page_of_many_proves_nothing() -> None:
    assert not found("account", {"data": [{"id": "9"}], "paging": {"next": "https://graph.example/next"}}).problem
