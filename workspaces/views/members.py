"""The members page: who belongs to the workspace, who is invited, and what each may do."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from .. import joining, tenancy
from ..access import workspace_view
from ..forms import InviteForm, RoleForm
from ..models import Invitation, Member, Workspace


@require_http_methods(["GET", "POST"])
@workspace_view("manage_members", atomic=False)
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    """Members and invitations; a POST invites somebody. The mail goes out after the transaction."""
    form = InviteForm(request.POST or None, by=request.member)
    if request.method == "POST" and form.is_valid():
        try:
            with tenancy.scope(workspace.pk):
                offer, token = joining.invite(workspace, **form.cleaned_data, by=request.member)
        except joining.JoiningRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            _mail(request, offer, token)
            return redirect("workspaces:members", workspace.slug)
    with tenancy.scope(workspace.pk):
        context = {**_people(request, workspace), "form": form, "section": "settings", "tab": "members"}
    return render(request, "workspaces/members.html", context, status=422 if form.errors else 200)


def _people(request: Any, workspace: Workspace) -> dict[str, Any]:
    seats = Member.objects.filter(workspace=workspace, removed_at=None).select_related("user")
    members = sorted(seats, key=lambda seat: (-joining.RANK[seat.role], seat.name.casefold()))
    secured = set(
        Authenticator.objects.filter(
            user_id__in=[seat.user_id for seat in members], type=Authenticator.Type.TOTP
        ).values_list("user_id", flat=True)
    )
    rows = [
        {
            "member": seat,
            "secured": seat.user_id in secured,
            "form": RoleForm(initial={"role": seat.role}, by=request.member, auto_id=f"role-{seat.pk}")
            if joining.may_grant(seat.role, by=request.member)
            else None,
        }
        for seat in members
    ]
    pending = Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None)
    return {
        "rows": rows,
        "invitations": list(pending.select_related("invited_by").order_by("-created_at")),
        "now": timezone.now(),
    }


@require_POST
@workspace_view("manage_members")
def role(request: Any, workspace: Workspace, member_id: int) -> HttpResponse:
    member = get_object_or_404(workspace_members(workspace), pk=member_id)
    form = RoleForm(request.POST, by=request.member)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles that you may hand out.")
    elif _refused(request, lambda: joining.change_role(member, role=form.cleaned_data["role"], by=request.member)):
        pass
    else:
        messages.success(request, f"{member.name} now has the role {form.cleaned_data['role']}.")
    return redirect("workspaces:members", workspace.slug)


@require_POST
@workspace_view("manage_members")
def removal(request: Any, workspace: Workspace, member_id: int) -> HttpResponse:
    member = get_object_or_404(workspace_members(workspace), pk=member_id)
    if not _refused(request, lambda: joining.remove(member, by=request.member)):
        if member.pk == request.member.pk:
            return redirect("workspaces:home")
        messages.success(request, f"{member.name} is no longer a member. Their conversations are unassigned.")
    return redirect("workspaces:members", workspace.slug)


@require_POST
@workspace_view("manage_members", atomic=False)
def renewal(request: Any, workspace: Workspace, uuid: Any) -> HttpResponse:
    try:
        with tenancy.scope(workspace.pk):
            offer = get_object_or_404(Invitation, workspace=workspace, uuid=uuid)
            token = joining.renew(offer, by=request.member)
    except joining.JoiningRefused as refusal:
        messages.error(request, str(refusal))
    else:
        _mail(request, offer, token)
    return redirect("workspaces:members", workspace.slug)


@require_POST
@workspace_view("manage_members")
def revocation(request: Any, workspace: Workspace, uuid: Any) -> HttpResponse:
    offer = get_object_or_404(Invitation, workspace=workspace, uuid=uuid)
    if not _refused(request, lambda: joining.revoke(offer, by=request.member)):
        messages.success(request, f"The invitation for {offer.email} no longer works.")
    return redirect("workspaces:members", workspace.slug)


def workspace_members(workspace: Workspace) -> Any:
    return Member.objects.filter(workspace=workspace, removed_at=None).select_related("user")


def _refused(request: HttpRequest, act: Callable[[], object]) -> bool:
    try:
        act()
    except joining.JoiningRefused as refusal:
        messages.error(request, str(refusal))
        return True
    return False


def _mail(request: Any, offer: Invitation, token: str) -> None:
    """Send the link. The token lives only in this mail, so it never enters a queue."""
    context = {
        "invitation": offer,
        "inviter": request.member,
        "workspace": request.workspace,
        "url": settings.BASE_URL + reverse("workspaces:invitation", args=[token]),
    }
    subject = f"{request.member.name} invites you to {request.workspace.name}".replace("\n", " ")
    try:
        send_mail(subject, render_to_string("workspaces/email/invitation.txt", context), None, [offer.email])
    except (smtplib.SMTPException, OSError):
        messages.error(request, f"The mail to {offer.email} could not be sent. Use “Send again” in a while.")
    else:
        messages.success(request, f"An invitation is on its way to {offer.email}.")
