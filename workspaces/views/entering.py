"""The ways into a workspace: start page, switcher, a new workspace, an invitation; and one's own profile."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .. import accounts, joining
from ..access import private, workspace_view
from ..auditing import origin_of
from ..forms import ProfileForm, WorkspaceForm
from ..models import Workspace

INBOX = "/w/{}/inbox/mine/"


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the work of people with one workspace."""
    seats = joining.workspaces_of(request.user)  # type: ignore[arg-type]  # signed in
    if not seats:
        return redirect("workspaces:new")
    if len(seats) > 1:
        return redirect("workspaces:switcher")
    return redirect(INBOX.format(seats[0].workspace.slug))


@require_GET
@login_required
def switcher(request: HttpRequest) -> HttpResponse:
    seats = joining.workspaces_of(request.user)  # type: ignore[arg-type]  # signed in
    return private(render(request, "workspaces/switcher.html", {"seats": seats}))


@require_http_methods(["GET", "POST"])
@login_required
def new_workspace(request: HttpRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, initial={"time_zone": unquote(request.COOKIES.get("zone", "UTC"))})
    if request.method == "POST" and form.is_valid():
        workspace = joining.create_workspace(request.user, **form.cleaned_data, origin=origin_of(request))  # type: ignore[arg-type]
        return redirect("workspaces:channels", workspace.slug)
    return private(render(request, "workspaces/new.html", {"form": form}, status=422 if form.errors else 200))


@require_GET
@workspace_view("read_inbox")
def workspace_home(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    return redirect(INBOX.format(workspace.slug))


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: Any) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        joining.rename_person(form.save(commit=False))
        messages.success(request, "Your profile is saved.")
        return redirect("workspaces:profile")
    return private(render(request, "workspaces/profile.html", {"form": form}, status=422 if form.errors else 200))


@require_POST
@login_required
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign one of one's own other devices out."""
    get_object_or_404(UserSession, pk=session_id, user=request.user).end()
    messages.success(request, "That device is signed out.")
    return redirect("usersessions_list")


@require_http_methods(["GET", "POST"])
def invitation(request: Any, token: str) -> HttpResponse:
    """Where the link of an invitation leads: accept it, or sign in or up first and come back."""
    found = joining.find_invitation(token)
    if found is None:
        request.session.pop(accounts.INVITATION_KEY, None)
        return private(render(request, "workspaces/invitation_gone.html", status=404))
    context = {"invitation": found, "mine": _is_for(request, found.email)}
    if request.method == "GET":
        return private(render(request, "workspaces/invitation.html", context))
    if request.user.is_authenticated:
        return _accept(request, token, context)
    request.session[accounts.INVITATION_KEY] = token
    # The link reached this address, which proves it as well as a confirmation mail would.
    accounts.AccountAdapter(request).stash_verified_email(request, found.email)
    if request.POST.get("how") == "signup":
        return redirect("account_signup")
    return redirect("/accounts/login/?" + urlencode({"next": request.path}))


def _is_for(request: Any, email: str) -> bool:
    return request.user.is_authenticated and request.user.email.lower() == email


def _accept(request: Any, token: str, context: dict[str, Any]) -> HttpResponse:
    try:
        member = joining.accept(token, user=request.user, origin=origin_of(request))
    except joining.JoiningRefused as refusal:
        messages.error(request, str(refusal))
        return private(render(request, "workspaces/invitation.html", context, status=409))
    request.session.pop(accounts.INVITATION_KEY, None)
    messages.success(request, f"Welcome to {context['invitation'].workspace.name}.")
    return redirect(INBOX.format(context["invitation"].workspace.slug) if member else "workspaces:home")
