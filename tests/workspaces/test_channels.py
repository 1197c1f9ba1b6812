"""Connecting a number: its secrets, its checks, its end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from django.urls import reverse

from tests.factories import make_channel, make_member, sign_in
from workspaces import channels, secrets, tenancy
from workspaces.channels import ChannelRefused
from workspaces.models import AuditEntry, Channel

BASE = "https://graph.facebook.com/v23.0"
NUMBER = {
    "id": "106540352242922",
    "display_phone_number": "+1 555-078-3881",
    "verified_name": "Harbour Café",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
}
WANTED: dict[str, Any] = {
    "kind": "whatsapp_cloud",
    "name": "Support",
    "external_id": NUMBER["id"],
    "account_id": "102290129340398",
    "token": "EAAG-secret-token-7Qx1",
    "app_secret": "f00dfeedf00dfeed",
    "base_url": BASE,
}


@pytest.fixture
def ana(db):
    return make_member(role="owner", name="Ana")


def connect(by, **changes):
    with tenancy.scope(by.workspace_id):
        return channels.connect(by.workspace, **{**WANTED, **changes}, by=by)


def meta(answers: dict[str, Any], seen: list[str] | None = None) -> httpx.Client:
    """Meta with the given answers by the last part of the path; a tuple is (status, body)."""

    def answer(request: httpx.Request) -> httpx.Response:
        last = request.url.path.rsplit("/", 1)[-1]
        if seen is not None:
            seen.append(f"{request.method} {last}")
        found = answers.get(f"{request.method} {last}", answers.get(last))
        if isinstance(found, Exception):
            raise found
        status, body = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, json=body)

    return httpx.Client(transport=httpx.MockTransport(answer))


def fine() -> dict[str, Any]:
    return {
        NUMBER["id"]: NUMBER,
        "phone_numbers": {"data": [NUMBER]},
        "subscribed_apps": {"data": [{"whatsapp_business_api_data": {"name": "Desk", "id": "1"}}]},
    }


def test_a_new_channel_waits_for_its_first_check(ana):
    channel = connect(ana)
    assert channel.status == "connecting"
    assert not channel.is_open
    assert len(channel.hook_token) >= 43


def test_secrets_come_back_only_through_credentials(ana):
    channel = connect(ana)
    known = channels.credentials(channel)
    assert (known.token, known.app_secret) == (WANTED["token"], WANTED["app_secret"])
    assert len(known.verify_token) >= 32
    for secret in (known.token, known.app_secret, known.verify_token):
        assert secret.encode() not in bytes(channel.credentials)
        assert secret not in repr(known)


def test_a_ciphertext_copied_to_another_channel_does_not_open(ana):
    first, second = make_channel(ana.workspace), make_channel(ana.workspace)
    second.credentials = first.credentials
    with pytest.raises(secrets.SecretUnreadable, match="another row"):
        channels.credentials(second)


def test_secrets_that_cannot_be_read_are_entered_again_both(ana):
    channel = make_channel(ana.workspace)
    with tenancy.scope(ana.workspace_id):
        Channel.objects.update(credentials=b"made with a key that is lost")
    browser, address = sign_in(ana.user), [ana.workspace.slug, channel.uuid]
    assert "cannot be read" in browser.get(reverse("workspaces:channel", args=address)).content.decode()
    assert "cannot be read" in browser.post(reverse("workspaces:channel_check", args=address)).content.decode()
    replace = reverse("workspaces:channel_secrets", args=address)
    assert browser.post(replace, {"token": "a-new-token-of-this-number"}).status_code == 422
    both = {"token": "a-new-token-of-this-number", "app_secret": "0123456789abcdef0123456789abcdef"}
    assert browser.post(replace, both).status_code == 302
    with tenancy.scope(ana.workspace_id):
        assert channels.credentials(Channel.objects.get()).token == both["token"]


def test_one_number_belongs_to_one_workspace(ana):
    connect(ana)
    zoe = make_member(role="owner", name="Zoe")
    with pytest.raises(ChannelRefused) as refusal:
        connect(zoe)
    assert refusal.value.field == "external_id"
    assert ana.workspace.name not in str(refusal.value)


def test_a_name_is_used_once(ana):
    connect(ana)
    with pytest.raises(ChannelRefused) as refusal:
        connect(ana, external_id="7")
    assert refusal.value.field == "name"


def test_only_addresses_of_the_settings_are_used(ana):
    with pytest.raises(ChannelRefused, match="does not allow"):
        connect(ana, base_url="https://evil.example/v23.0")


def test_a_number_that_was_let_go_can_be_connected_elsewhere_and_again(ana):
    channel = connect(ana)
    with tenancy.scope(ana.workspace_id):
        channels.disconnect(channel, by=ana)
    zoe = make_member(role="owner", name="Zoe")
    theirs = connect(zoe)
    with tenancy.scope(zoe.workspace_id):
        channels.disconnect(theirs, by=zoe)
    again = connect(ana, name="Support again")
    assert again.pk == channel.pk  # its conversations go on
    assert again.hook_token != channel.hook_token


def test_disconnecting_forgets_the_secrets(ana):
    channel = connect(ana)
    with tenancy.scope(ana.workspace_id):
        channels.disconnect(channel, by=ana)
    known = channels.credentials(channel)
    assert (known.token, known.app_secret, known.verify_token) == ("", "", "")
    assert channel.status == "close"


def test_replacing_one_secret_keeps_the_others(ana):
    channel = connect(ana)
    before = channels.credentials(channel)
    with tenancy.scope(ana.workspace_id):
        channels.rotate_secret(channel, token="EAAG-new", by=ana)
    after = channels.credentials(channel)
    assert after.token == "EAAG-new"
    assert (after.app_secret, after.verify_token) == (before.app_secret, before.verify_token)


# Checking


def test_a_good_check_opens_the_channel_and_learns_its_number(ana):
    channel = connect(ana)
    findings = channels.check(channel, by=ana, client=meta(fine()))
    assert [(finding.step, finding.problem) for finding in findings] == [
        ("number", ""), ("account", ""), ("subscription", "")
    ]  # fmt: skip
    with tenancy.scope(ana.workspace_id):
        channel.refresh_from_db()
    assert (channel.status, channel.address, channel.quality, channel.problem) == ("open", "+15550783881", "GREEN", "")
    assert channel.checked_at is not None


def test_the_token_goes_into_the_header_only(ana):
    channel = connect(ana)
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=fine()[request.url.path.rsplit("/", 1)[-1]])

    channels.check(channel, by=ana, client=httpx.Client(transport=httpx.MockTransport(answer)))
    assert {request.headers["Authorization"] for request in requests} == {f"Bearer {WANTED['token']}"}
    assert all(WANTED["token"] not in str(request.url) for request in requests)


def test_an_expired_token_is_named(ana):
    channel = connect(ana)
    expired = (401, {"error": {"code": 190, "error_subcode": 463, "type": "OAuthException", "message": "Expired"}})
    findings = channels.check(channel, by=ana, client=meta(dict.fromkeys(fine(), expired)))
    assert "expired" in findings[0].problem
    with tenancy.scope(ana.workspace_id):
        channel.refresh_from_db()
    assert channel.status == "connecting"
    assert "expired" in channel.problem
    assert channel.problem_at is not None


def test_a_good_check_ends_a_pause_that_failing_credentials_had_set(ana):
    channel = make_channel(ana.workspace, external_id=NUMBER["id"])
    with tenancy.scope(ana.workspace_id):
        channels.pause_automatically(channel, "The token expired.")
        channel.refresh_from_db()
    assert not channel.is_open
    expired = (401, {"error": {"code": 190, "error_subcode": 463, "type": "OAuthException", "message": "Expired"}})
    channels.check(channel, by=ana, client=meta(dict.fromkeys(fine(), expired)))
    assert not channel.is_open
    channels.check(channel, by=ana, client=meta(fine()))
    with tenancy.scope(ana.workspace_id):
        channel.refresh_from_db()
        last = AuditEntry.objects.order_by("id").last()
    assert channel.is_open
    assert last.after["sending"] == "resumed"


def test_a_good_check_leaves_a_pause_that_a_person_set(ana):
    channel = make_channel(ana.workspace, external_id=NUMBER["id"])
    with tenancy.scope(ana.workspace_id):
        channels.pause_sending(channel, by=ana)
        channels.pause_automatically(channel, "The token expired.")
        channel.refresh_from_db()
    channels.check(channel, by=ana, client=meta(fine()))
    with tenancy.scope(ana.workspace_id):
        channel.refresh_from_db()
    assert channel.sending_paused


def test_a_number_of_another_account_is_named(ana):
    channel = connect(ana)
    other = {**fine(), "phone_numbers": {"data": [{"id": "9", "display_phone_number": "+1 555-000-0009"}]}}
    findings = channels.check(channel, by=ana, client=meta(other))
    assert findings[0].problem == ""
    assert "+1 555-000-0009" in findings[1].problem


def test_a_missing_subscription_is_made(ana):
    channel = connect(ana)
    subscribed: list[str] = []
    answers = fine()

    def answer(request: httpx.Request) -> httpx.Response:
        last = request.url.path.rsplit("/", 1)[-1]
        if request.method == "POST":
            subscribed.append(last)
            return httpx.Response(200, json={"success": True})
        if last == "subscribed_apps" and not subscribed:
            return httpx.Response(200, json={"data": []})
        return httpx.Response(200, json=answers[last])

    findings = channels.check(channel, by=ana, client=httpx.Client(transport=httpx.MockTransport(answer)))
    assert subscribed == ["subscribed_apps"]
    assert [finding.problem for finding in findings] == ["", "", ""]


@pytest.mark.parametrize(("error", "words"), [
    (httpx.ConnectError("refused"), "cannot be reached"),
    (httpx.ConnectTimeout("slow"), "did not answer"),
    (httpx.ReadTimeout("slow"), "did not answer"),
    (httpx.RemoteProtocolError("broken"), "broke off"),
])  # fmt: skip
def test_a_provider_out_of_reach_says_so_and_proves_nothing(ana, error, words):
    channel = make_channel(ana.workspace, quality="GREEN")
    findings = channels.check(channel, by=ana, client=meta({channel.external_id: error}))
    assert len(findings) == 1
    assert words in findings[0].problem
    with tenancy.scope(ana.workspace_id):
        channel.refresh_from_db()
    assert (channel.status, channel.problem, channel.checked_at) == ("open", "", None)


@pytest.mark.parametrize("answer", [(500, {}), (302, {}), (200, []), (200, {"id": "7"}), (404, {"x": 1})])
def test_odd_answers_become_findings(ana, answer):
    channel = make_channel(ana.workspace)
    findings = channels.check(channel, by=ana, client=meta(dict.fromkeys([channel.external_id, *fine()], answer)))
    assert findings[0].problem


def test_every_verb_leaves_exactly_one_row_in_the_audit_log(ana):
    channel = connect(ana)
    channels.check(channel, by=ana, client=meta(fine()))
    with tenancy.scope(ana.workspace_id):
        channels.rename(channel, name="Sales", by=ana)
        channels.rotate_secret(channel, app_secret="new", by=ana)
        channels.pause_sending(channel, by=ana)
        channels.pause_sending(channel, by=ana)
        channels.resume_sending(channel, by=ana)
        channels.disconnect(channel, by=ana)
        entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in entries] == [
        "channel.connected", "channel.checked", "channel.renamed", "channel.secret_replaced",
        "channel.sending_paused", "channel.sending_resumed", "channel.disconnected",
    ]  # fmt: skip
    written = json.dumps([[entry.before, entry.after] for entry in entries])
    assert WANTED["token"] not in written
    assert WANTED["app_secret"] not in written


# Pages


def page(channel: Channel, name: str = "channel") -> str:
    return reverse(f"workspaces:{name}", args=[channel.workspace.slug, channel.uuid])


def test_no_page_shows_a_secret(ana):
    channel = make_channel(ana.workspace, token="EAAG-secret-token-7Qx1", app_secret="f00dfeedf00dbead")
    client = sign_in(ana.user)
    bodies = [
        client.get(page(channel)).content.decode(),
        client.post(
            page(channel, "channel_secrets"), {"token": "x" * 1001, "app_secret": "typed-secret"}
        ).content.decode(),
    ]
    for body in bodies:
        assert "EAAG-secret" not in body
        assert "f00dfeed" not in body
        assert "typed-secret" not in body
    assert "7Qx1" in bodies[0]
    assert channels.hook_url(channel) in bodies[0]
    assert channels.credentials(channel).verify_token in bodies[0]


def test_a_refused_form_does_not_give_the_secrets_back(ana):
    url = reverse("workspaces:channel_new_whatsapp", args=[ana.workspace.slug])
    answer = sign_in(ana.user).post(url, {**WANTED, "external_id": "not a number"})
    assert answer.status_code == 422
    assert WANTED["token"] not in answer.content.decode()
    assert "5 to 25 digits" in answer.content.decode()


def test_a_taken_number_is_refused_without_saying_by_whom(ana):
    zoe = make_member(role="owner", name="Zoe")
    connect(zoe, name="Secret line")
    url = reverse("workspaces:channel_new_whatsapp", args=[ana.workspace.slug])
    answer = sign_in(ana.user).post(url, WANTED)
    assert answer.status_code == 422
    assert channels.TAKEN in answer.content.decode()
    assert "Secret line" not in answer.content.decode()


def test_connecting_by_the_form_checks_at_once(ana):
    url = reverse("workspaces:channel_new_whatsapp", args=[ana.workspace.slug])
    client = sign_in(ana.user)
    answer = client.post(url, {**WANTED, "base_url": "http://127.0.0.1:9/v23.0"})
    assert answer.status_code == 302
    body = client.get(answer["Location"]).content.decode()
    assert "Connecting" in body
    assert "127.0.0.1 cannot be reached" in body


def test_checking_names_what_is_wrong(ana):
    channel = make_channel(ana.workspace, base_url="http://127.0.0.1:9/v23.0")
    body = sign_in(ana.user).post(page(channel, "channel_check")).content.decode()
    assert "127.0.0.1 cannot be reached" in body


def test_disconnecting_asks_for_the_name(ana):
    channel = make_channel(ana.workspace, name="Support")
    client = sign_in(ana.user)
    assert client.post(page(channel, "channel_disconnection"), {"name": "support"}).status_code == 422
    assert client.post(page(channel, "channel_disconnection"), {"name": "Support"}).status_code == 302
    assert client.get(page(channel)).status_code == 404
    assert "Support" in client.get(reverse("workspaces:channels", args=[ana.workspace.slug])).content.decode()


def test_sending_can_be_paused_and_resumed(ana):
    channel = make_channel(ana.workspace)
    client = sign_in(ana.user)
    for paused in ("yes", "no"):
        client.post(page(channel, "channel_sending"), {"paused": paused})
        with tenancy.scope(ana.workspace_id):
            channel.refresh_from_db()
        assert channel.sending_paused is (paused == "yes")


def test_a_taken_name_is_refused_beside_its_field(ana):
    make_channel(ana.workspace, name="Sales")
    channel = make_channel(ana.workspace, name="Support")
    answer = sign_in(ana.user).post(page(channel, "channel_name"), {"name": "Sales"})
    assert answer.status_code == 422
    assert channels.NAME_TAKEN in answer.content.decode()
