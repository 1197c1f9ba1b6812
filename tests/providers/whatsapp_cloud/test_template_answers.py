"""Answers about templates, as tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.base import Explanation
from providers.types import Failure, RemoteTemplate, Submitted, TemplatePage
from providers.whatsapp_cloud import (
    created,
    deleted,
    edited,
    explain,
    explain_rejection,
    listed,
    template_status,
    upload_opened,
    upload_put,
)
from providers.whatsapp_cloud.template_codes import TEMPLATE_SUBCODES

ROW = {
    "id": "778812",
    "name": "order_shipped",
    "language": "en_GB",
    "category": "UTILITY",
    "status": "APPROVED",
    "quality_score": {"score": "YELLOW", "date": 1790000000},
    "parameter_format": "NAMED",
    "rejected_reason": "NONE",
    "components": [{"type": "BODY", "text": "Hi {{first_name}}."}, {"type": "LIMITED_TIME_OFFER", "x": [1]}],
}
READ = RemoteTemplate(
    "778812", "order_shipped", "en_GB", "utility", "APPROVED", "yellow", "named", ROW["components"], ""
)  # type: ignore[arg-type]


def error(code: int, subcode: int | None = None, *, status: int = 400, **more: Any) -> tuple[int, bytes]:
    found: dict[str, Any] = {"message": "Invalid parameter", "type": "OAuthException", "code": code, **more}
    if subcode is not None:
        found["error_subcode"] = subcode
    return status, json.dumps({"error": found}).encode()


def read(row: dict[str, Any]) -> list[RemoteTemplate]:
    page = listed(200, {}, json.dumps({"data": [row]}).encode())
    assert isinstance(page, TemplatePage)
    return page.templates


def failure(outcome: object) -> Failure:
    assert isinstance(outcome, Failure), outcome
    assert outcome.text
    return outcome


def test_a_template_is_read_whole() -> None:
    assert read(ROW) == [READ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"id": 778812}, {"provider_id": "778812"}),
        ({"language": "en-US"}, {"language": "en_US"}),
        ({"quality_score": {"score": "UNKNOWN"}}, {"quality": ""}),
        ({"quality_score": None}, {"quality": ""}),
        ({"parameter_format": None}, {"parameter_format": "positional"}),
        ({"status": "SOMETHING_NEW"}, {"status": "SOMETHING_NEW"}),
        ({"rejected_reason": "SCAM"}, {"reason": "SCAM"}),
        ({"components": None}, {"components": []}),
        ({"components": [None, {"type": "BODY"}]}, {"components": [{"type": "BODY"}]}),
        ({"category": None}, {"category": ""}),
    ],
)
def test_any_part_of_a_template_may_be_missing_or_odd(change: dict[str, Any], expected: dict[str, Any]) -> None:
    [template] = read(ROW | change)
    for name, value in expected.items():
        assert getattr(template, name) == value


@pytest.mark.parametrize("missing", ["id", "name", "language"])
def test_a_row_nobody_can_identify_costs_no_other(missing: str) -> None:
    body = json.dumps({"data": [{**ROW, missing: None}, "nonsense", ROW]}).encode()
    page = listed(200, {}, body)
    assert isinstance(page, TemplatePage)
    assert page.templates == [READ]


@pytest.mark.parametrize(
    ("paging", "after"),
    [
        ({"cursors": {"after": "MjQ="}, "next": "https://graph.facebook.com/v23.0/1/x?after=MjQ="}, "MjQ="),
        ({"cursors": {"before": "MA==", "after": "MjQ="}}, ""),
        ({"next": "https://graph.facebook.com/x"}, ""),
        (None, ""),
    ],
)
def test_there_is_another_page_only_where_the_provider_says_so(paging: object, after: str) -> None:
    page = listed(200, {}, json.dumps({"data": [], "paging": paging}).encode())
    assert page == TemplatePage([], after)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "778812", "status": "PENDING", "category": "UTILITY"}, Submitted("778812", "PENDING", "utility")),
        ({"id": 778812, "status": "APPROVED", "category": "MARKETING"}, Submitted("778812", "APPROVED", "marketing")),
        ({"id": "778812"}, Submitted("778812", "PENDING", "")),
    ],
)
def test_a_submission_is_known_by_its_id(body: dict[str, Any], expected: Submitted) -> None:
    assert created(200, {}, json.dumps(body).encode()) == expected


@pytest.mark.parametrize("read_answer", [created, edited, deleted])
@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"{}"),
        (200, b"<html>"),
        (200, b'{"success":false}'),
        (500, b""),
        (502, b"<html>Bad gateway</html>"),
        (408, b""),
        error(1, status=500, is_transient=True),
        error(2, status=503),
        error(131000, status=500),
    ],
)
def test_a_change_that_may_have_been_made_is_unknown(read_answer: Any, answer: tuple[int, bytes]) -> None:
    assert failure(read_answer(answer[0], {}, answer[1])).failure_class == "unknown"


@pytest.mark.parametrize("read_answer", [listed, upload_opened, upload_put])
@pytest.mark.parametrize("answer", [(200, b"{}"), (200, b"<html>"), (500, b""), error(2, status=503)])
def test_a_look_up_or_upload_that_leaves_it_open_is_tried_again(read_answer: Any, answer: tuple[int, bytes]) -> None:
    assert failure(read_answer(answer[0], {}, answer[1])).failure_class == "retry"


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (error(100, 2388024), "permanent", "2388024"),
        (error(100, 2388023), "permanent", "2388023"),
        (error(100, 2388040), "permanent", "2388040"),
        (error(100, 2388299), "permanent", "2388299"),
        (error(10, 2388185, status=403), "permanent", "2388185"),
        (error(10, status=403), "credentials", "10"),
        (error(200, 2494999, status=403), "credentials", "200"),
        (error(190, 463, status=401), "credentials", "190"),
        (error(100), "permanent", "100"),
        (error(100, 33), "permanent", "33"),
        (error(100, 2388999), "permanent", "100"),
        (error(80008), "throttle", "80008"),
        (error(4, status=403), "throttle", "4"),
        (error(613, status=429), "throttle", "613"),
        ((429, b"slow down"), "throttle", "http_429"),
        ((401, b""), "credentials", "http_401"),
        ((404, b"<html>"), "permanent", "http_404"),
        ((425, b""), "retry", "http_425"),
    ],
)
def test_a_refusal_is_classed_by_subcode_then_code(answer: tuple[int, bytes], expected: str, code: str) -> None:
    for read_answer in (created, edited, deleted):
        outcome = failure(read_answer(answer[0], {}, answer[1]))  # type: ignore[operator]
        assert (outcome.failure_class, outcome.error_code) == (expected, code)


def test_a_throttle_says_how_long() -> None:
    usage = {"3300220055": [{"type": "whatsapp", "estimated_time_to_regain_access": 12}]}
    status, body = error(80008)
    outcome = failure(created(status, {"X-Business-Use-Case-Usage": json.dumps(usage)}, body))
    assert (outcome.retry_after, outcome.scope) == (720.0, "account")


def test_the_providers_own_words_are_shown_when_they_say_something() -> None:
    status, body = error(100, 2388040, error_user_msg="Body: 1100 of 1024 characters")
    assert "1100 of 1024" in failure(created(status, {}, body)).text
    status, body = error(100, error_user_msg="components[1] is not an object")
    assert failure(created(status, {}, body)).text.startswith("WhatsApp did not accept a part of the template. comp")
    status, body = error(100)
    assert "Invalid parameter" not in failure(created(status, {}, body)).text


def test_no_refusal_of_a_template_speaks_of_a_message() -> None:
    for answer in (error(100), error(100, 33), (418, b"")):
        assert "message" not in failure(created(answer[0], {}, answer[1])).text


def test_a_success_needs_the_word_success() -> None:
    assert edited(200, {}, b'{"success":true}') is None
    assert deleted(200, {}, b'{"success":true}') is None


def test_deleting_what_is_gone_already_is_no_failure() -> None:
    status, body = error(100, 2593002)
    assert deleted(status, {}, body) is None
    assert failure(edited(status, {}, body)).failure_class == "permanent"


@pytest.mark.parametrize("session", ["upload:MTphd==?sig=ARZqk-_1", "upload:MTphdHRh", "upload:a.b:c/d+e="])
def test_an_upload_session_is_taken_as_it_is(session: str) -> None:
    assert upload_opened(200, {}, json.dumps({"id": session}).encode()) == session


@pytest.mark.parametrize("session", ["", "me", "https://evil.example/", "upload:a b", "upload:x?sig=1#y", "upload:a\n"])
def test_a_session_that_is_none_is_refused(session: str) -> None:
    assert failure(upload_opened(200, {}, json.dumps({"id": session}).encode())).failure_class == "retry"


def test_a_handle_of_several_lines_is_kept_whole() -> None:
    assert upload_put(200, {}, b'{"h":"4:aW1n:ARa\\n4:aW1n:ARb"}') == "4:aW1n:ARa\n4:aW1n:ARb"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("APPROVED", "approved"),
        ("FLAGGED", "approved"),
        ("REINSTATED", "approved"),
        ("approved", "approved"),
        ("PENDING", "in_review"),
        ("IN_APPEAL", "in_review"),
        ("REJECTED", "rejected"),
        ("PAUSED", "paused"),
        ("DISABLED", "disabled"),
        ("ARCHIVED", "archived"),
        ("PENDING_DELETION", "deleting"),
        ("DELETED", "deleted"),
        ("LIMIT_EXCEEDED", "other"),
        ("LOCKED", "other"),
        ("UNARCHIVED", "other"),
        ("BRAND_NEW", "other"),
        ("", "other"),
    ],
)
def test_every_status_has_a_meaning_and_none_unknown_may_be_sent(word: str, expected: str) -> None:
    assert template_status(word) == expected


@pytest.mark.parametrize("code", sorted(TEMPLATE_SUBCODES))
def test_every_subcode_is_explained_with_something_to_do(code: int) -> None:
    found = explain(str(code))
    assert found.text != explain("2388999").text
    assert found.action


def test_a_rejection_is_explained_also_one_never_seen() -> None:
    assert explain_rejection("TAG_CONTENT_MISMATCH") == explain_rejection("tag_content_mismatch")
    assert isinstance(explain_rejection("NEW_REASON"), Explanation)
    assert explain_rejection("NONE") is None
    assert explain_rejection("") is None
