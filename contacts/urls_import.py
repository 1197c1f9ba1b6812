"""Everything under /w/<slug>/contacts/import/, a part of the contacts namespace."""

from django.urls import path

from .views import importing

urlpatterns = [
    path("", importing.listing, name="imports"),
    path("new/", importing.new, name="import_new"),
    path("sample.csv", importing.sample, name="import_sample"),
    path("<uuid:uuid>/", importing.run, name="import"),
    path("<uuid:uuid>/mapping/", importing.columns, name="import_mapping"),
    path("<uuid:uuid>/preview/", importing.preview, name="import_preview"),
    path("<uuid:uuid>/reading/", importing.reading, name="import_reading"),
    path("<uuid:uuid>/progress/", importing.progress, name="import_progress"),
    path("<uuid:uuid>/start/", importing.start, name="import_start"),
    path("<uuid:uuid>/cancellation/", importing.cancellation, name="import_cancellation"),
    path("<uuid:uuid>/undo/", importing.undo, name="import_undo"),
    path("<uuid:uuid>/problems.csv", importing.problems, name="import_problems"),
]
