"""Writing a broadcast: the steps of the draft, estimate, preview, tests, launch."""

from __future__ import annotations

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
