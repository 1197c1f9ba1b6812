"""Credits: /w/<slug>/credits/."""

from __future__ import annotations

from django.urls.resolvers import URLPattern

app_name = "credits"
urlpatterns: list[URLPattern] = []
