"""All broadcasts: the list and the calendar."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern

from .views import calendar, listing

urlpatterns: list[URLPattern] = [
    path("", listing.list_, name="list"),
    path("calendar/", calendar.month, name="calendar"),
]
