from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.printing import outcome_form
from providers.types import Failure, FailureClass, Sent
from providers.whatsapp_cloud import codes
from providers.whatsapp_cloud.responses import sent
from providers.whatsapp_cloud.template_codes import TEMPLATE_SUBCODES

# The classes of the contract's table, code by code.
CLASSES: dict[FailureClass, list[int]] = {
    "credentials": [
        3, 10, 102, 104, 190, 200, 215, 299, 368, 803, 131005, 131031, 131037, 131042, 131045, 133010, 133016, 134011,
    ],
    "permanent": [
        33, 100, 130497, 131008, 131009, 131021, 131047, 131049, 131051, 131052, 131055, 131062, 131063, 132000, 132001,
        132005, 132007, 132012, 132015, 132016, 132018, 132068, 133000, 133005, 133006, 133008, 133009, 133015, 134100,
        134101, 134102, 138001, 139100, 147003, 2388024, 2494010, 1752041, 99, 4711, -1,
    ],
    "retry": [1, 2, 131000, 131016, 131053, 131057, 133004, 135000],
    "throttle": [4, 17, 613, 80007, 130429, 131048, 131056, 131064, 132069],
    "recipient": [130403, 130472, 131026, 131050],
}  # fmt: skip


def error(code: Any, **more: Any) -> bytes:
    return json.dumps(
        {"error": {"message": f"(#{code}) refused", "type": "OAuthException", "code": code} | more}
    ).encode()


def failed(status: int, body: bytes, headers: dict[str, str] | None = None) -> Failure:
    outcome = sent(status, headers or {}, body)
    assert isinstance(outcome, Failure)
    return outcome


@pytest.mark.parametrize(("expected", "code"), [(name, code) for name, listed in CLASSES.items() for code in listed])
@pytest.mark.parametrize("status", [400, 403, 404, 500, 503, 200])
def test_the_code_decides_whatever_the_http_status(expected: str, code: int, status: int) -> None:
    outcome = failed(status, error(code))
    assert outcome.failure_class == expected
    assert outcome.error_code == str(code)
    assert outcome.text


def test_every_listed_code_is_in_the_table_of_expectations() -> None:
    expected = {code for listed in CLASSES.values() for code in listed}
    assert set(codes.CODES) - set(TEMPLATE_SUBCODES) - {0, 32, 341, 80008} <= expected


@pytest.mark.parametrize("code", sorted(codes.CODES))
def test_every_listed_code_says_what_to_do(code: int) -> None:
    explanation = codes.explain(str(code))
    assert explanation.text.endswith(".")
    assert explanation.action.endswith(".")


def test_code_zero_is_about_the_token_only_when_meta_says_so() -> None:
    assert failed(401, error(0)).failure_class == "credentials"
    assert failed(400, error(0, type="GraphMethodException")).failure_class == "permanent"
    assert failed(400, error(0)).error_code == "0"


def test_an_accepted_message_gives_its_id_and_metas_idea_of_the_recipient() -> None:
    body = {
        "messaging_product": "whatsapp",
        "contacts": [{"input": "+5511988887777", "wa_id": "551188887777", "user_id": "BR.8842190017745"}],
        "messages": [{"id": "wamid.A==", "message_status": "accepted"}],
    }
    expected = Sent("wamid.A==", "551188887777", "BR.8842190017745")
    assert sent(200, {}, json.dumps(body).encode()) == expected
    assert sent(201, {}, json.dumps(body).encode()) == expected


@pytest.mark.parametrize("status", ["held_for_quality_assessment", "paused"])
def test_a_paced_template_counts_as_accepted(status: str) -> None:
    body = json.dumps({"messages": [{"id": "wamid.A", "message_status": status}]}).encode()
    assert sent(200, {}, body) == Sent("wamid.A")


@pytest.mark.parametrize(
    ("code", "scope"),
    [
        (131056, "recipient"),
        (130429, "sender"),
        (131048, "sender"),
        (80007, "account"),
        (4, "account"),
        (613, "account"),
    ],
)
def test_a_throttle_says_for_whom_to_wait(code: int, scope: str) -> None:
    outcome = failed(400, error(code))
    assert outcome.scope == scope
    assert bool(outcome.retry_after) == (scope != "recipient")


def test_metas_own_wait_beats_the_tables() -> None:
    assert failed(429, error(130429), {"retry-after": "9"}).retry_after == 9.0
    usage = {"X-Business-Use-Case-Usage": '{"1":[{"type":"whatsapp","estimated_time_to_regain_access":5}]}'}
    assert failed(400, error(80007), usage).retry_after == 300.0
    assert failed(400, error(80007), {"X-Business-Use-Case-Usage": "nonsense"}).retry_after == 60.0


def test_a_number_in_maintenance_is_tried_again_after_a_minute() -> None:
    outcome = failed(400, error(131057))
    assert (outcome.failure_class, outcome.retry_after) == ("retry", 60.0)


def test_too_many_requests_throttles_whatever_unlisted_code_comes_with_it() -> None:
    assert failed(429, error(4711)).failure_class == "throttle"
    assert failed(429, error(190)).failure_class == "credentials"


def test_an_unlisted_code_that_meta_calls_transient_is_tried_again() -> None:
    assert failed(500, error(4711, is_transient=True)).failure_class == "retry"


def test_an_error_without_a_code_is_definite_below_500_only() -> None:
    assert failed(400, b'{"error":{"message":"no"}}').failure_class == "permanent"
    assert failed(500, b'{"error":{"message":"no"}}').failure_class == "unknown"


def test_an_unlisted_code_shows_metas_words() -> None:
    text = failed(400, error(4711, error_data={"details": "The moon is in the way"})).text
    assert "The moon is in the way" in text
    assert "4711" in text


def test_details_come_from_the_error_data_or_from_the_older_place() -> None:
    assert "which" in failed(400, error(100, error_data={"details": "which"})).text
    assert "older" in failed(400, error(100, details="older")).text
    assert "listed" in failed(400, json.dumps({"errors": [{"code": 100, "title": "listed"}]}).encode()).text


def test_an_outcome_is_printed_without_what_does_not_apply() -> None:
    assert outcome_form(Sent("wamid.A")) == {"outcome": "accepted", "provider_message_id": "wamid.A"}
    printed = outcome_form(failed(400, error(131056)))
    assert printed.pop("text")
    assert printed == {
        "outcome": "failed",
        "class": "throttle",
        "scope": "recipient",
        "retry_after": 1.0,
        "error_code": "131056",
    }
    assert outcome_form(failed(502, b""))["outcome"] == "unknown"


@given(
    st.integers(100, 599),
    st.binary(max_size=60) | st.dictionaries(st.text(), st.none()).map(lambda d: json.dumps(d).encode()),
)
def test_no_answer_raises(status: int, body: bytes) -> None:
    outcome_form(sent(status, {}, body))
