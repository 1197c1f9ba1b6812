"""Where providers deliver: verify, store, answer, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count as counter

import pytest
from django.test import Client

from config.embedded import free_port
from inbox.models import InboundWebhook, Message
from tests.factories import make_channel
from tests.inbox.rows import change, count, everything
from tests.inbox.webhooks import body_of, payload, signature, text

MIB = 1024 * 1024
_people = counter(1)


@pytest.fixture
def channel(db):
    return make_channel()


def address(channel):
    return f"/hooks/{channel.hook_token}/"


def post(channel, body, *, secret="app-secret-of-the-channel", path=None, **headers):
    signed = {"X-Hub-Signature-256": signature(body, secret)} if secret else {}
    return Client().post(path or address(channel), body, content_type="application/json", headers={**signed, **headers})


def stored(channel):
    return everything(InboundWebhook, channel.workspace_id)


def test_a_signed_body_is_stored_byte_for_byte_before_the_200(channel):
    body = b'{"object":"x",  "entry":[]}\n'
    answer = post(channel, body)
    assert (answer.status_code, answer.content) == (200, b"")
    [webhook] = stored(channel)
    assert bytes(webhook.body) == body
    assert (webhook.channel_id, webhook.processed_at, webhook.attempts) == (channel.pk, None, 0)


def test_nothing_is_applied_in_the_request(channel):
    post(channel, body_of(payload(channel, text())))
    assert count(Message, channel.workspace_id) == 0


@pytest.mark.usefixtures("committed_db")
def test_the_applier_is_poked_once_for_many(valkey):
    channel = make_channel()
    for _ in range(5):
        assert post(channel, body_of(payload(channel, text()))).status_code == 200
    assert valkey.llen("rq:queue:inbound") == 1


@pytest.mark.usefixtures("committed_db", "no_valkey")
def test_a_webhook_is_acknowledged_although_valkey_is_away():
    channel = make_channel()
    assert post(channel, body_of(payload(channel, text()))).status_code == 200
    assert len(stored(channel)) == 1


def refused(answer, status, channel):
    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert stored(channel) == []


def test_a_missing_signature_is_refused(channel):
    refused(post(channel, b"{}", secret=None), 401, channel)


@pytest.mark.parametrize(
    "header", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "sha256=é", signature(b"other"), signature(b"{}")[7:]]
)
def test_a_wrong_signature_is_refused_without_a_hint(channel, header):
    answer = post(channel, b"{}", secret=None, **{"X-Hub-Signature-256": header.encode().decode("latin-1")})
    refused(answer, 403, channel)


def test_a_signature_over_the_same_json_written_differently_is_refused(channel):
    refused(post(channel, b'{ "a": 1}', secret=None, **{"X-Hub-Signature-256": signature(b'{"a":1}')}), 403, channel)


def test_the_secret_is_the_one_of_the_channel_in_the_address(channel):
    other = make_channel(app_secret="another secret")
    refused(post(channel, body_of(payload(other, text())), secret="another secret"), 403, channel)


def test_a_channel_without_a_secret_accepts_nothing(db):
    channel = make_channel(app_secret="")
    refused(post(channel, b"{}", secret=""), 401, channel)
    refused(post(channel, b"{}", secret=None, **{"X-Hub-Signature-256": signature(b"{}", "")}), 403, channel)


def test_unreadable_secrets_refuse_instead_of_failing(channel):
    change(channel, credentials=b"not sealed by us")
    refused(post(channel, b"{}"), 403, channel)


def test_an_unknown_address_is_not_there(channel):
    refused(post(channel, b"{}", path="/hooks/guessed/"), 404, channel)
    change(channel, disconnected_at="2026-01-01T00:00:00Z")
    refused(post(channel, b"{}"), 404, channel)


@pytest.mark.parametrize("method", ["put", "delete", "patch", "head", "options"])
def test_other_methods_are_refused(channel, method):
    refused(getattr(Client(), method)(address(channel)), 405, channel)


def test_four_mebibytes_are_accepted_and_one_byte_more_is_not(channel):
    refused(post(channel, b"x" * (4 * MIB + 1)), 413, channel)
    assert post(channel, b"x" * (4 * MIB)).status_code == 200
    assert len(bytes(stored(channel)[0].body)) == 4 * MIB


@pytest.mark.parametrize("body", [b"{", b"\xff\x00", b"[1e400]"])
def test_malformed_but_signed_bodies_are_kept(channel, body):
    assert post(channel, body).status_code == 200
    assert len(stored(channel)) == 1


def test_the_challenge_is_answered_only_for_the_right_token(channel):
    right = {"hub.mode": "subscribe", "hub.verify_token": "verify-token-of-the-channel", "hub.challenge": "1158201444"}
    answer = Client().get(address(channel), right)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer.headers["Content-Type"].startswith("text/plain")
    for wrong in ({**right, "hub.verify_token": "guessed"}, {**right, "hub.mode": "x"}, {}):
        refused(Client().get(address(channel), wrong), 403, channel)


def test_a_challenge_is_never_shown_as_a_page(channel):
    query = {"hub.mode": "subscribe", "hub.verify_token": "verify-token-of-the-channel", "hub.challenge": "<script>"}
    answer = Client().get(address(channel), query)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


ASK = """
import django, sys
django.setup()
from django.test import Client
answer = Client().post("/hooks/any/", b"{}", content_type="application/json")
print(answer.status_code, len(answer.content))
"""


def test_without_postgresql_nothing_is_acknowledged():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment["DATABASE_URL"] = f"postgres://carillon:x@127.0.0.1:{free_port()}/carillon"
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["503", "0"], done.stderr[-2000:]
