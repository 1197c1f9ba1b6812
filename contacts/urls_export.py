"""Everything under /w/<slug>/contacts/exports/, a part of the contacts namespace."""

from django.urls import path

from .views import exporting

urlpatterns = [
    path("", exporting.listing, name="exports"),
    path("rows/", exporting.rows, name="export_rows"),
    path("new/", exporting.new, name="export_new"),
    path("<uuid:uuid>/file/", exporting.file, name="export_file"),
]
