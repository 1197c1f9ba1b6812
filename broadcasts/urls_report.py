"""What became of a broadcast: progress, report, recipients."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern

from .views import comparing, progress, recipients, reporting

urlpatterns: list[URLPattern] = [
    path("of/<uuid:message>/", reporting.of_message, name="of_message"),
    path("<uuid:uuid>/", reporting.broadcast, name="broadcast"),
    path("<uuid:uuid>/progress/", reporting.progress, name="progress"),
    path("<uuid:uuid>/began/", reporting.began, name="began"),
    path("<uuid:uuid>/timeline/", reporting.timeline, name="timeline"),
    path("<uuid:uuid>/recipients/", recipients.listing, name="recipients"),
    path("<uuid:uuid>/recipients.csv", recipients.file, name="recipients_file"),
    path("<uuid:uuid>/pause/", progress.pause, name="pause"),
    path("<uuid:uuid>/resume/", progress.resume, name="resume"),
    path("<uuid:uuid>/cancel/", progress.cancel, name="cancel"),
    path("<uuid:uuid>/again/", progress.again, name="again"),
    path("<uuid:uuid>/comparison/", comparing.comparison, name="comparison"),
]
