from __future__ import annotations

import json

import pytest

from providers.base import MediaFound
from providers.types import Failure, MediaRef
from providers.whatsapp_cloud import media_found, uploaded


def test_a_stored_file_is_known_by_its_id() -> None:
    assert uploaded(200, {}, b'{"id":"99120031"}') == MediaRef(id="99120031")
    assert uploaded(200, {}, b'{"id":99120031}') == MediaRef(id="99120031")


@pytest.mark.parametrize(
    ("size", "expected"), [("2048", 2048), (2048, 2048), ("big", None), (None, None), ("-1", None)]
)
def test_the_size_of_a_found_file_is_read_from_text_or_number(size: object, expected: int | None) -> None:
    answer = {"url": "https://lookaside.fbsbx.com/x", "mime_type": "image/png", "file_size": size, "id": "1"}
    found = media_found(200, {}, json.dumps(answer).encode())
    assert found == MediaFound("https://lookaside.fbsbx.com/x", "image/png", expected)


def test_a_file_that_is_gone_fails_for_good() -> None:
    outcome = media_found(400, {}, b'{"error":{"code":100,"error_subcode":33}}')
    assert isinstance(outcome, Failure)
    assert outcome.failure_class == "permanent"


def test_a_send_answer_is_no_answer_to_an_upload() -> None:
    outcome = uploaded(200, {}, b'{"messages":[{"id":"wamid.A"}]}')
    assert isinstance(outcome, Failure)
    assert outcome.failure_class == "retry"
