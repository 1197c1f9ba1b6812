"""What every adapter promises, whichever provider it speaks to."""

from __future__ import annotations

import ast
import hashlib
import hmac
import json
from pathlib import Path

import pytest

import providers
from providers.base import Adapter, Checked
from providers.errors import ForeignHost, transport_failure
from providers.registry import ADAPTERS, TEMPLATE_ADAPTERS, UnknownProvider, adapter, templates
from providers.types import Credentials, Failure, MalformedPayload, MediaRef, Outbound, Sent

SECRET = "app-secret-0001"
CREDENTIALS = Credentials(
    base_url="https://graph.example/v23.0",
    external_id="2200110044",
    account_id="310044550066",
    token="TOKEN-THAT-MUST-NOT-SHOW",
    app_secret=SECRET,
    verify_token="verify-me",
)
TEXT = Outbound("text", "447700900123", {"text": "Hello"}, token="v1.1.1.abc")


@pytest.fixture(params=sorted(ADAPTERS))
def each(request: pytest.FixtureRequest) -> Adapter:
    return adapter(request.param)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_an_unregistered_kind_is_named_in_the_error() -> None:
    with pytest.raises(UnknownProvider, match="carrier_pigeon"):
        adapter("carrier_pigeon")


def test_a_correct_signature_over_the_raw_bytes_is_accepted(each: Adapter) -> None:
    body = rb'{"a":"\u00e9 \/ x"}'
    assert each.verify(SECRET, signed(body), body)
    assert each.verify(SECRET, {name.lower(): value for name, value in signed(body).items()}, body)


def test_the_same_json_written_out_again_is_not_accepted(each: Adapter) -> None:
    body = rb'{"a":"\u00e9 \/ x"}'
    assert not each.verify(SECRET, signed(body), json.dumps(json.loads(body)).encode())


@pytest.mark.parametrize(
    "presented",
    [
        {},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256="},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": signed(b"{}")["X-Hub-Signature-256"].removeprefix("sha256=")},
        {"X-Hub-Signature-256": signed(b"{}")["X-Hub-Signature-256"].upper()},
        {"X-Hub-Signature-256": "sha256=é\udcff"},
        {"X-Hub-Signature": "sha1=" + hmac.new(SECRET.encode(), b"{}", hashlib.sha1).hexdigest()},
        signed(b"{}", "another secret"),
    ],
)
def test_a_missing_or_wrong_signature_is_refused(each: Adapter, presented: dict[str, str]) -> None:
    assert not each.verify(SECRET, presented, b"{}")


def test_an_empty_secret_verifies_nothing(each: Adapter) -> None:
    assert not each.verify("", signed(b"{}", ""), b"{}")


def test_an_unset_verify_token_answers_no_challenge(each: Adapter) -> None:
    assert each.challenge({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}, "") is None


@pytest.mark.parametrize("body", [b"", b" ", b"null", b"[]", b'"x"', b"{", b"\xff{}", b"<html>", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_malformed(each: Adapter, body: bytes) -> None:
    with pytest.raises(MalformedPayload):
        each.parse(body, {})


def test_an_event_nobody_knows_is_ignored_with_a_reason(each: Adapter) -> None:
    events = each.parse(b'{"something":"new"}', {}).events
    assert [event.type for event in events] == ["ignored"]
    assert events[0].reason


def test_a_throttled_send_says_for_whom_and_how_long(each: Adapter) -> None:
    outcome = each.sent(429, {"Retry-After": "7"}, b"slow down")
    assert isinstance(outcome, Failure)
    assert (outcome.failure_class, outcome.retry_after) == ("throttle", 7.0)
    assert outcome.scope in {"recipient", "sender", "account"}


def test_a_refused_token_is_a_matter_of_credentials(each: Adapter) -> None:
    assert failure_class(each.sent(401, {}, b"")) == "credentials"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (502, b"<html>Bad gateway</html>"),
        (503, b'{"error":"string"}'),
        (504, b"\xff"),
        (408, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'{"messages":[null],"contacts":[null]}'),
        (201, b'{"messages":[{"id":""}]}'),
    ],
)
def test_an_answer_that_leaves_it_open_is_unknown(each: Adapter, status: int, body: bytes) -> None:
    assert failure_class(each.sent(status, {}, body)) == "unknown"


@pytest.mark.parametrize(("status", "body"), [(400, b"<html>"), (404, b""), (413, b""), (302, b"")])
def test_a_plain_refusal_is_permanent(each: Adapter, status: int, body: bytes) -> None:
    assert failure_class(each.sent(status, {}, body)) == "permanent"


def test_never_having_reached_the_provider_is_safe_to_retry_and_a_lost_answer_is_not() -> None:
    assert transport_failure("connect").failure_class == "retry"
    assert transport_failure("after_write").failure_class == "unknown"


def test_an_upload_or_lookup_that_leaves_it_open_is_tried_again(each: Adapter) -> None:
    assert failure_class(each.uploaded(502, {}, b"")) == "retry"
    assert failure_class(each.uploaded(200, {}, b"{}")) == "retry"
    assert failure_class(each.media_found(500, {}, b"")) == "retry"


def test_the_token_shows_in_no_representation_and_no_address(each: Adapter) -> None:
    requests = [
        each.send(TEXT, CREDENTIALS),
        each.mark_read("m-1", CREDENTIALS, typing=True),
        each.upload("image", "a.png", "image/png", b"bytes", CREDENTIALS),
        each.media_lookup("9911", CREDENTIALS),
        each.media_download(f"https://{each.capabilities.media_hosts[0]}/x", CREDENTIALS),
        each.subscribe(CREDENTIALS),
        *(request for _name, request in each.check(CREDENTIALS)),
    ]
    for text in (repr(CREDENTIALS), *(repr(request) for request in requests)):
        assert CREDENTIALS.token not in text
        assert SECRET not in text
    assert all(CREDENTIALS.token not in request.url + str(request.params) for request in requests)


def test_an_error_that_repeats_the_token_is_not_passed_on(each: Adapter) -> None:
    body = json.dumps({"error": {"code": 190, "message": f"Malformed access token {CREDENTIALS.token}"}}).encode()
    outcome = each.sent(401, {}, body)
    assert CREDENTIALS.token not in repr(outcome)
    for name, _request in each.check(CREDENTIALS):
        assert CREDENTIALS.token not in repr(each.checked(name, 401, {}, body, CREDENTIALS))


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file",
        "http://{host}/file",
        "https://{host}.evil.example/file",
        "https://{host}:8443/file",
        "https://user:pass@{host}/file",
        "https://{host}@evil.example/",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://[bad/",
        "",
    ],
)
def test_the_token_goes_to_no_foreign_media_host(each: Adapter, url: str) -> None:
    with pytest.raises(ForeignHost):
        each.media_download(url.format(host=each.capabilities.media_hosts[0]), CREDENTIALS)


def test_media_may_be_fetched_from_the_base_urls_own_host(each: Adapter) -> None:
    assert each.media_download("https://graph.example/media/1", CREDENTIALS).url == "https://graph.example/media/1"


def test_a_kind_the_provider_does_not_know_is_refused_with_a_reason(each: Adapter) -> None:
    assert each.refuse(Outbound("hologram", "447700900123", {}))
    assert each.refuse(TEXT) is None


def test_every_check_has_an_answer_for_success_failure_and_nonsense(each: Adapter) -> None:
    for name, _request in each.check(CREDENTIALS):
        for status, body in ((200, b"{}"), (200, b"<html>"), (500, b""), (404, b""), (401, b'{"error":{"code":190}}')):
            found = each.checked(name, status, {}, body, CREDENTIALS)
            assert isinstance(found, Checked)
            assert found.problem


def test_every_code_has_an_explanation(each: Adapter) -> None:
    for code in ("190", "987654", "", "connect", "no_answer", "unclear_answer", "http_404"):
        assert each.explain(code).text


def test_who_claims_templates_has_an_adapter_for_them_and_nobody_else() -> None:
    assert {kind for kind, found in ADAPTERS.items() if found.capabilities.templates} == set(TEMPLATE_ADAPTERS)
    assert templates("carrier_pigeon") is None


def failure_class(outcome: Sent | Failure | MediaRef | tuple[object, ...]) -> str:
    assert isinstance(outcome, Failure)
    assert outcome.text
    return outcome.failure_class


MODULES = sorted(Path(providers.__path__[0]).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_adapter_imports_a_framework_or_a_client(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert not imported & {"django", "rq", "httpx", "requests", "socket", "redis", "inbox", "workspaces", "contacts"}
