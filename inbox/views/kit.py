"""Every component on one page, for people who build and for the accessibility test. Only with DEBUG."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from workspaces.access import workspace_view
from workspaces.models import Workspace


@require_GET
@workspace_view("see_kit")
def kit(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The component kit."""
    if not settings.DEBUG:
        raise Http404("Only while developing.")
    return render(request, "kit.html")
