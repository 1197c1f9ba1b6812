"""Connect a provider's sender to a workspace, look after it, let it go."""

from __future__ import annotations

import secrets as random_secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Case, F, When
from django.utils import timezone

from live.publishing import publish
from providers.base import Adapter
from providers.registry import adapter as adapter_of
from providers.types import Credentials, Request

from . import auditing, channel_limits, secrets, tenancy
from .models import Channel, Member, Workspace


class ChannelRefused(Exception):
    """A channel cannot be connected or changed like this; `field` names the form field, the text says why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


CHECK_SECONDS = 10.0
TAKEN = "This number is already connected. Disconnect it there first, or check the phone number ID."
UNREADABLE = "The stored secrets cannot be read. Enter the access token and the app secret again, then check."
NAME_TAKEN = "Another channel of this workspace, perhaps a disconnected one, already has this name."


@dataclass(frozen=True, slots=True)
class Finding:
    """What one question of a connection check brought to light; `problem` is empty when all is well."""

    step: str
    problem: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    reached: bool = True  # False: no HTTP answer, so nothing is known about the channel


def credentials(channel: Channel) -> Credentials:
    """What the adapter needs to talk to the provider. Raises secrets.SecretUnreadable."""
    kept = secrets.unseal(bytes(channel.credentials), place=_place(channel))
    return Credentials(
        base_url=channel.base_url,
        external_id=channel.external_id,
        account_id=channel.account_id,
        token=kept.get("token", ""),
        app_secret=kept.get("app_secret", ""),
        verify_token=kept.get("verify_token", ""),
    )


def hook_url(channel: Channel) -> str:
    """Where the provider must send its webhooks."""
    return f"{settings.BASE_URL}/hooks/{channel.hook_token}/"


def seal(channel: Channel, *, token: str, app_secret: str, verify_token: str) -> None:
    """Put the secrets into the row's encrypted field. Does not save."""
    kept = {"token": token, "app_secret": app_secret, "verify_token": verify_token}
    channel.credentials = secrets.seal(kept, place=_place(channel))


def _place(channel: Channel) -> str:
    return f"channel:credentials:{channel.workspace_id}:{channel.uuid}"


@transaction.atomic
def connect(
    workspace: Workspace,
    *,
    kind: str,
    name: str,
    external_id: str,
    account_id: str,
    token: str,
    app_secret: str,
    base_url: str,
    by: Member,
) -> Channel:
    """Add a channel, or take up a disconnected one of the same sender again so that its conversations continue.

    It stays "connecting" until a check succeeds. Raises ChannelRefused when the name or the sender is taken.
    """
    if base_url not in settings.PROVIDER_BASE_URLS:
        raise ChannelRefused("base_url", "This installation does not allow that address.")
    channel = (
        Channel.objects.select_for_update()
        .filter(workspace=workspace, kind=kind, external_id=external_id)
        .exclude(disconnected_at=None)
        .order_by("-disconnected_at")
        .first()
    ) or Channel(workspace=workspace, kind=kind, external_id=external_id)
    channel.name, channel.account_id, channel.base_url = name, account_id, base_url
    channel.status, channel.disconnected_at, channel.problem = Channel.Status.CONNECTING, None, ""
    channel.sending_paused, channel.paused_automatically = False, False
    channel.hook_token = random_secrets.token_urlsafe(32)
    seal(channel, token=token, app_secret=app_secret, verify_token=random_secrets.token_urlsafe(24))
    _save(channel)
    auditing.record(by, "channel.connected", name, after={"kind": kind, "external_id": external_id})
    return channel


@transaction.atomic
def rename(channel: Channel, *, name: str, by: Member) -> Channel:
    """Give the channel another name. Raises ChannelRefused when the workspace has that name already."""
    before, channel.name = channel.name, name
    _save(channel, "name")
    auditing.record(by, "channel.renamed", name, before={"name": before}, after={"name": name})
    return channel


@transaction.atomic
def rotate_secret(channel: Channel, *, token: str = "", app_secret: str = "", by: Member) -> Channel:
    """Replace the access token, the app secret or both; an empty one stays as it is.

    Ends a pause that failing credentials had set: the next message tries the new ones. Raises ChannelRefused when one
    is to stay that cannot be read.
    """
    try:
        kept = credentials(channel)
        known = (kept.token, kept.app_secret, kept.verify_token)
    except secrets.SecretUnreadable as error:
        if not (token and app_secret):
            raise ChannelRefused("app_secret" if token else "token", UNREADABLE) from error
        known = ("", "", random_secrets.token_urlsafe(24))
    seal(channel, token=token or known[0], app_secret=app_secret or known[1], verify_token=known[2])
    channel.save(update_fields=["credentials"])
    after: dict[str, Any] = {
        "replaced": [label for label, value in (("access token", token), ("app secret", app_secret)) if value]
    }
    if _end_automatic_pause(channel):
        after["sending"] = "resumed"
    auditing.record(by, "channel.secret_replaced", channel.name, after=after)
    return channel


def pause_automatically(channel: Channel, why: str) -> None:
    """Hold every outgoing message because the credentials failed; a pause set by a person stays theirs to end."""
    Channel.objects.filter(workspace_id=channel.workspace_id, pk=channel.pk).update(
        sending_paused=True,
        paused_automatically=Case(When(sending_paused=True, then=F("paused_automatically")), default=True),
        problem=why,
        problem_at=timezone.now(),
    )
    publish(channel.workspace_id, "channels", "sync")


def _end_automatic_pause(channel: Channel) -> bool:
    """Let messages out again if nobody but the product itself held them; the sweep finds them within seconds."""
    paused = Channel.objects.filter(workspace_id=channel.workspace_id, pk=channel.pk, paused_automatically=True)
    if not paused.update(sending_paused=False, paused_automatically=False, problem="", problem_at=None):
        return False
    channel.refresh_from_db(fields=["sending_paused", "paused_automatically", "problem", "problem_at"])
    publish(channel.workspace_id, "channels", "sync")
    return True


@transaction.atomic
def pause_sending(channel: Channel, *, by: Member) -> Channel:
    """Hold every outgoing message of the channel until `resume_sending`; customers can still write."""
    return _switch_sending(channel, paused=True, action="channel.sending_paused", by=by)


@transaction.atomic
def resume_sending(channel: Channel, *, by: Member) -> Channel:
    """Let held messages go out again."""
    return _switch_sending(channel, paused=False, action="channel.sending_resumed", by=by)


def _switch_sending(channel: Channel, *, paused: bool, action: str, by: Member) -> Channel:
    if channel.sending_paused != paused or channel.paused_automatically:
        channel.sending_paused, channel.paused_automatically = paused, False
        channel.save(update_fields=["sending_paused", "paused_automatically"])
        auditing.record(by, action, channel.name)
        publish(channel.workspace_id, "channels", "sync")
    return channel


@transaction.atomic
def disconnect(channel: Channel, *, by: Member) -> Channel:
    """Stop sending and receiving, and forget the secrets. Conversations stay; the number becomes free to connect."""
    channel.status, channel.disconnected_at = Channel.Status.CLOSED, timezone.now()
    channel.hook_token = random_secrets.token_urlsafe(32)
    seal(channel, token="", app_secret="", verify_token="")
    channel.save(update_fields=["status", "disconnected_at", "hook_token", "credentials"])
    auditing.record(by, "channel.disconnected", channel.name, before={"external_id": channel.external_id})
    return channel


def _save(channel: Channel, *fields: Any) -> None:
    try:
        with transaction.atomic():
            channel.save(update_fields=fields or None)
    except IntegrityError as error:
        if "channel_external_id_once" in str(error):
            raise ChannelRefused("external_id", TAKEN) from error
        if "channel_name_once_per_workspace" in str(error):
            raise ChannelRefused("name", NAME_TAKEN) from error
        raise


def check(channel: Channel, *, by: Member, client: httpx.Client | None = None) -> list[Finding]:
    """Ask the provider whether the channel works, and note the answer. Call it outside any transaction.

    A success opens the channel, learns its address and quality, and ends a pause that failing credentials had set.
    What the provider finds wrong is noted as the channel's problem; a provider out of reach proves and changes nothing.
    """
    try:
        with client or http_client() as http:
            findings = _examine(adapter_of(channel.kind), credentials(channel), http)
    except secrets.SecretUnreadable:
        findings = [Finding("secrets", UNREADABLE)]
    with tenancy.scope(channel.workspace_id):
        _note(channel, findings)
        steps = {finding.step: finding.problem or "ok" for finding in findings}
        if not any(finding.problem for finding in findings) and _end_automatic_pause(channel):
            steps["sending"] = "resumed"
        auditing.record(by, "channel.checked", channel.name, after=steps)
    return findings


def http_client() -> httpx.Client:
    """A client for a few calls while somebody waits: no proxy from the environment, no redirects with a token."""
    return httpx.Client(timeout=CHECK_SECONDS, follow_redirects=False, trust_env=False)


def _examine(adapter: Adapter, known: Credentials, http: httpx.Client) -> list[Finding]:
    findings: list[Finding] = []
    for step, request in adapter.check(known):
        finding = _ask(adapter, step, request, known, http)
        if step == "subscription" and finding.problem and finding.reached and not any(f.problem for f in findings):
            _exchange(adapter.subscribe(known), http)
            finding = _ask(adapter, step, request, known, http)
        findings.append(finding)
        if not finding.reached:
            break
    return findings


def _ask(adapter: Adapter, step: str, request: Request, known: Credentials, http: httpx.Client) -> Finding:
    try:
        response = _exchange(request, http)
    except httpx.HTTPError as error:
        return Finding(step, _unreachable(error, known.base_url), reached=False)
    found = adapter.checked(step, response.status_code, response.headers, response.content, known)
    return Finding(step, found.problem, dict(found.facts))


def _exchange(request: Request, http: httpx.Client) -> httpx.Response:
    return http.request(
        request.method,
        request.url,
        headers=request.headers,
        params=request.params,
        json=request.json,
        data=request.fields,
    )


def _unreachable(error: httpx.HTTPError, base_url: str) -> str:
    host = httpx.URL(base_url).host
    if isinstance(error, httpx.TimeoutException):
        return f"{host} did not answer within {CHECK_SECONDS:.0f} seconds. Check again in a minute."
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached from this server. Check its network and name resolution, then check again."
    return f"The connection to {host} broke off. Check again in a minute."


def _note(channel: Channel, findings: Sequence[Finding]) -> None:
    if not findings[-1].reached:
        return
    problems = list(dict.fromkeys(finding.problem for finding in findings if finding.problem))
    facts = {key: value for finding in findings for key, value in finding.facts.items()}
    channel.checked_at = timezone.now()
    channel.problem = " ".join(problems)
    channel.problem_at = channel.checked_at if problems else None
    if digits := "".join(char for char in facts.get("display_phone_number", "") if char.isdigit()):
        channel.address = f"+{digits}"
    channel.quality = facts.get("quality_rating", channel.quality)[:12]
    if not problems:
        channel.status = Channel.Status.OPEN
    fields = ["checked_at", "problem", "problem_at", "address", "quality", "status"]
    Channel.objects.filter(pk=channel.pk, disconnected_at=None).update(
        **{name: getattr(channel, name) for name in fields}
    )
    channel_limits.note(channel, facts)
