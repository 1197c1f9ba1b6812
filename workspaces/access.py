"""Who may see which page: the one table of roles, and the decorator that enforces it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control, patch_vary_headers

from . import auditing, tenancy
from .models import Member, Role

OWNER, ADMIN, MARKETER, AGENT = Role.OWNER, Role.ADMIN, Role.MARKETER, Role.AGENT
EVERYBODY = frozenset({OWNER, ADMIN, MARKETER, AGENT})
MANAGERS = frozenset({OWNER, ADMIN})

# Permission -> roles. Views name a permission, tests walk this table: nothing else decides by role.
PERMISSIONS: dict[str, frozenset[str]] = {
    "read_inbox": EVERYBODY,
    "reply": frozenset({OWNER, ADMIN, AGENT}),
    "read_contacts": EVERYBODY,
    "edit_contacts": EVERYBODY,
    "manage_contacts": frozenset({OWNER, ADMIN, MARKETER}),  # segments, import, export, bulk, merge, delete
    "manage_fields": MANAGERS,  # tags, custom fields and consent words of the workspace
    "read_templates": EVERYBODY,
    "manage_templates": frozenset({OWNER, ADMIN, MARKETER}),  # write, submit, delete, sync
    "read_broadcasts": frozenset({OWNER, ADMIN, MARKETER}),
    "manage_broadcasts": frozenset({OWNER, ADMIN, MARKETER}),  # write, launch, pause, cancel
    "read_credits": frozenset({OWNER, ADMIN, MARKETER}),
    "manage_credits": MANAGERS,  # thresholds, caps, transfers
    "manage_channels": MANAGERS,
    "manage_members": MANAGERS,
    "manage_workspace": MANAGERS,
    "read_audit": MANAGERS,
    "read_dead_letters": MANAGERS,
    "see_kit": EVERYBODY,
}


def allows(role: str, permission: str) -> bool:
    """Whether a role has a permission. Raises KeyError for a permission nobody declared."""
    return role in PERMISSIONS[permission]


def membership(slug: str, user_id: int) -> tuple[int, int] | None:
    """(workspace id, member id) of an active member, or None for strangers; one round trip, any scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, member_id FROM carillon_membership(%s, %s)", [slug, user_id])
        return cursor.fetchone()


def workspace_view(permission: str, *, atomic: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn `view(request, workspace, …)` into a page under /w/<slug>/ for roles that have `permission`.

    Sets `request.member` and `request.workspace`. Strangers get 404 so that a name gives nothing away, members
    without the permission 403. With `atomic` the whole view runs in one transaction scoped to the workspace;
    without it the view opens `tenancy.scope` itself, for views that call a provider (never inside a transaction).
    """
    PERMISSIONS[permission]

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def inner(request: Any, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return signed_out(request)
            found = membership(slug, request.user.pk)
            if found is None:
                raise Http404("No such workspace")
            with tenancy.scope(found[0]):
                _enter(request, *found)
                if not allows(request.member.role, permission):
                    raise PermissionDenied("Your role does not include this page.")
                if detour := second_factor_detour(request):
                    return detour
                if atomic:
                    return private(view(request, request.workspace, *args, **kwargs))
            return private(view(request, request.workspace, *args, **kwargs))

        inner.permission = permission  # type: ignore[attr-defined]  # read by the trespass test
        return inner

    return decorate


def _enter(request: Any, workspace_id: int, member_id: int) -> None:
    member = Member.objects.select_related("workspace").get(pk=member_id, workspace_id=workspace_id)
    member.user = request.user
    member.origin = auditing.origin_of(request)
    request.member, request.workspace = member, member.workspace


def signed_out(request: HttpRequest) -> HttpResponse:
    """Send a visitor to sign-in; a fragment request gets 401, so a sign-in page never lands in a pane."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Trigger": "auth-expired"})
    return redirect_to_login(request.get_full_path())


def second_factor_detour(request: Any) -> HttpResponse | None:
    """Where a member whose role needs a second factor must go to set one up, or None."""
    if request.member.role not in settings.MFA_REQUIRED_ROLES:
        return None
    from allauth.mfa.utils import is_mfa_enabled

    return None if is_mfa_enabled(request.user) else redirect("mfa_activate_totp")


def private(response: HttpResponse) -> HttpResponse:
    """Signed-in pages are nobody else's: no shared cache, no back button after sign-out."""
    if "Cache-Control" not in response:
        patch_cache_control(response, private=True, no_store=True)
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response
