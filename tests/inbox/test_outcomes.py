"""What becomes of one attempt to send: every way a provider can fail, to exactly one class."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import aiohttp
import httpx
import pytest

from inbox.calling import never_sent
from inbox.outbox import Claimed
from inbox.outcomes import MAX_ATTEMPTS, MAX_THROTTLED_ATTEMPTS, judge, put_back
from providers.errors import transport_failure
from providers.registry import adapter
from providers.types import Failure, Sent


def claimed(attempt=1, spent=0):
    return Claimed(7, uuid4(), 3, attempt, "text", {"text": "Hi"}, "Hi", "", "447", "", 0, uuid4(), spent)


def raised_by_aiohttp(cause, error=httpx.ConnectTimeout):
    """An error as httpx-aiohttp raises it: the type is a guess, the cause is the truth."""
    made = error("broken")
    made.__cause__ = cause
    return made


KEY = aiohttp.client_reqrep.ConnectionKey("host", 443, True, True, None, None, None)
REFUSED = ConnectionRefusedError(111, "refused")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("no such host"),
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        raised_by_aiohttp(aiohttp.ClientConnectorError(KEY, REFUSED), httpx.ConnectError),
        raised_by_aiohttp(aiohttp.ClientConnectorDNSError(KEY, REFUSED), httpx.ConnectError),
        raised_by_aiohttp(aiohttp.ClientConnectorSSLError(KEY, REFUSED), httpx.ConnectError),
        raised_by_aiohttp(aiohttp.ConnectionTimeoutError("slow")),
    ],
)
def test_before_the_first_byte_it_is_safe_to_try_again(error):
    assert never_sent(error)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.WriteError("reset"),
        RuntimeError("whatever"),
        raised_by_aiohttp(aiohttp.ServerDisconnectedError()),
        raised_by_aiohttp(aiohttp.ClientOSError(104, "reset by peer")),
        raised_by_aiohttp(aiohttp.SocketTimeoutError("slow"), httpx.ReadTimeout),
        aiohttp.ClientResponseError(None, ()),
    ],
)
def test_after_the_first_byte_nothing_is_certain(error):
    assert not never_sent(error)


def answered(status, body=b"", headers=None):
    return adapter("whatsapp_cloud").sent(status, headers or {}, body)


def refused(code, status=400):
    return answered(status, b'{"error": {"code": %d, "message": "no", "type": "OAuthException"}}' % code)


@pytest.mark.parametrize(
    ("outcome", "state", "status"),
    [
        (answered(200, b'{"messages": [{"id": "wamid.1"}]}'), "done", "sent"),
        (transport_failure("connect"), "queued", "pending"),
        (transport_failure("after_write"), "unknown", "pending"),
        (answered(500), "unknown", "pending"),
        (answered(502, b"<html>Bad gateway</html>"), "unknown", "pending"),
        (answered(503, b"busy"), "unknown", "pending"),
        (answered(504), "unknown", "pending"),
        (answered(200, b"not JSON"), "unknown", "pending"),
        (answered(200, b'{"messages": [{}]}'), "unknown", "pending"),
        (refused(131000, 500), "queued", "pending"),
        (answered(429), "queued", "pending"),
        (refused(130429), "queued", "pending"),
        (refused(131056), "queued", "pending"),
        (refused(190, 401), "queued", "pending"),
        (refused(131026), "done", "failed"),
        (refused(131047), "done", "failed"),
        (refused(100), "done", "failed"),
        (answered(404, b"<html>Not found</html>"), "done", "failed"),
    ],
)
def test_each_answer_has_exactly_one_consequence(outcome, state, status):
    result = judge(claimed(), outcome).result
    assert (result.state, result.status) == (state, status)


def test_refused_credentials_pause_the_channel_and_keep_the_message():
    verdict = judge(claimed(attempt=200), refused(190, 401))
    assert verdict.pause
    assert (verdict.result.state, verdict.result.wait) == ("queued", 0.0)


def test_a_number_that_sends_too_fast_is_held_and_one_recipient_is_not():
    assert judge(claimed(), refused(130429)).hold
    assert judge(claimed(), refused(131056)).hold is None


def test_the_wait_the_provider_names_is_kept():
    verdict = judge(claimed(), Failure("throttle", "613", "slow down", 90.0, "account"))
    assert (verdict.hold, verdict.result.wait) == (timedelta(seconds=90), 90.0)


def test_retries_back_off_and_end():
    waits = [judge(claimed(n), transport_failure("connect")).result.wait for n in range(1, MAX_ATTEMPTS)]
    assert waits == sorted(set(waits))
    assert judge(claimed(MAX_ATTEMPTS), transport_failure("connect")).result.status == "failed"


def test_a_persons_retry_has_all_tries_again():
    assert judge(claimed(MAX_ATTEMPTS + 1, spent=MAX_ATTEMPTS), transport_failure("connect")).result.state == "queued"


def test_throttling_ends_too():
    assert judge(claimed(MAX_THROTTLED_ATTEMPTS), refused(131056)).result.status == "failed"


def test_what_was_not_tried_is_not_counted():
    assert not put_back(claimed()).result.tried


def test_an_acceptance_carries_the_providers_id():
    assert judge(claimed(), Sent("wamid.9")).result.provider_id == "wamid.9"
