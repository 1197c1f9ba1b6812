"""The channels pages: what is connected, how well it works, and how to connect a number."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import channels, tenancy
from ..access import workspace_view
from ..forms import ChannelNameForm, DisconnectForm, ReplaceSecretsForm, WhatsAppForm
from ..models import Channel, Workspace
from ..secrets import SecretUnreadable

STEPS = {
    "secrets": "Stored secrets",
    "number": "Phone number",
    "account": "WhatsApp Business Account",
    "subscription": "Delivery of messages",
}
FACTS = {
    "display_phone_number": "Number",
    "verified_name": "Verified name",
    "quality_rating": "Quality",
    "status": "Status at Meta",
    "throughput": "Throughput",
    "subscribed_apps": "Subscribed apps",
    "override_callback_uri": "Webhooks are redirected to",
}


@require_GET
@workspace_view("manage_channels")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    found = Channel.objects.filter(workspace=workspace).order_by("created_at")
    context = {
        "channels": [channel for channel in found if channel.disconnected_at is None],
        "gone": [channel for channel in found if channel.disconnected_at is not None],
        **_page(),
    }
    return render(request, "workspaces/channels.html", context)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_channels", atomic=False)
def new_whatsapp(request: Any, workspace: Workspace) -> HttpResponse:
    """Store the number, then check it at once: the page that follows says what is wrong."""
    form = WhatsAppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with tenancy.scope(workspace.pk):
                kind = Channel.Kind.WHATSAPP_CLOUD
                channel = channels.connect(workspace, kind=kind, **form.cleaned_data, by=request.member)
        except channels.ChannelRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            for finding in channels.check(channel, by=request.member):
                if not finding.reached:  # what the provider itself said is noted with the channel
                    messages.error(request, finding.problem)
            return redirect("workspaces:channel", workspace.slug, channel.uuid)
    return render(request, "workspaces/channel_new.html", {"form": form, **_page()}, status=422 if form.errors else 200)


@require_GET
@workspace_view("manage_channels")
def detail(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    return _detail(request, _channel(workspace, uuid))


@require_POST
@workspace_view("manage_channels", atomic=False)
def check(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    with tenancy.scope(workspace.pk):
        channel = _channel(workspace, uuid)
    findings = channels.check(channel, by=request.member)
    with tenancy.scope(workspace.pk):
        return _detail(request, _channel(workspace, uuid), findings=[_in_words(finding) for finding in findings])


@require_POST
@workspace_view("manage_channels")
def name(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    channel = _channel(workspace, uuid)
    form = ChannelNameForm(request.POST, instance=_channel(workspace, uuid))
    if form.is_valid():
        try:
            channels.rename(channel, name=form.cleaned_data["name"], by=request.member)
        except channels.ChannelRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "The name is saved.")
            return redirect("workspaces:channel", workspace.slug, channel.uuid)
    return _detail(request, _channel(workspace, uuid), name_form=form)


@require_POST
@workspace_view("manage_channels")
def replace_secrets(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    channel = _channel(workspace, uuid)
    form = ReplaceSecretsForm(request.POST)
    if not form.is_valid():
        return _detail(request, channel, secrets_form=form)
    try:
        channels.rotate_secret(channel, **form.cleaned_data, by=request.member)
    except channels.ChannelRefused as refusal:
        form.add_error(refusal.field, str(refusal))
        return _detail(request, channel, secrets_form=form)
    messages.success(request, "The new secret is stored. Check the connection to see that it works.")
    return redirect("workspaces:channel", workspace.slug, channel.uuid)


@require_POST
@workspace_view("manage_channels")
def sending(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    channel = _channel(workspace, uuid)
    if request.POST.get("paused") == "yes":
        channels.pause_sending(channel, by=request.member)
        messages.success(request, "Sending is paused. Messages wait until you resume it.")
    else:
        channels.resume_sending(channel, by=request.member)
        messages.success(request, "Sending goes on.")
    return redirect("workspaces:channel", workspace.slug, channel.uuid)


@require_POST
@workspace_view("manage_channels")
def disconnection(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    channel = _channel(workspace, uuid)
    form = DisconnectForm(request.POST, channel=channel)
    if not form.is_valid():
        return _detail(request, channel, disconnect_form=form)
    channels.disconnect(channel, by=request.member)
    messages.success(request, f"{channel.name} is disconnected.")
    return redirect("workspaces:channels", workspace.slug)


def _channel(workspace: Workspace, uuid: UUID) -> Channel:
    return get_object_or_404(Channel, workspace=workspace, uuid=uuid, disconnected_at=None)


def _page() -> dict[str, str]:
    return {"section": "settings", "tab": "channels"}


def _detail(request: Any, channel: Channel, **forms_and_findings: Any) -> HttpResponse:
    context = {
        "channel": channel,
        "hook_url": channels.hook_url(channel),
        **_known(channel),
        "name_form": ChannelNameForm(instance=channel, auto_id="name_%s"),
        "secrets_form": ReplaceSecretsForm(auto_id="secrets_%s"),
        "disconnect_form": DisconnectForm(channel=channel, auto_id="disconnect_%s"),
        **_page(),
        **forms_and_findings,
    }
    refused = any(isinstance(value, BaseForm) and value.errors for value in context.values())
    return render(request, "workspaces/channel.html", context, status=422 if refused else 200)


def _known(channel: Channel) -> dict[str, str]:
    """What may be seen of the secrets, and why nothing can."""
    try:
        known = channels.credentials(channel)
    except SecretUnreadable:
        return {"unreadable": channels.UNREADABLE}
    ends = {"token_end": known.token[-4:], "app_secret_end": known.app_secret[-4:]}
    return {"verify_token": known.verify_token, **ends}


def _in_words(finding: channels.Finding) -> dict[str, Any]:
    facts = [(FACTS[key], value) for key, value in finding.facts.items() if key in FACTS]
    return {"step": STEPS.get(finding.step, finding.step), "problem": finding.problem, "facts": facts}
