"""What is done to a contact as a whole; the first group hangs under one contact."""

from django.urls import path

from .views import erasing, merging

of_one = [
    path("merge/", merging.merge, name="merge"),
    path("merge/<int:merge_id>/undo/", merging.merge_undo, name="merge_undo"),
    path("erasure/", erasing.erasure, name="erasure"),
    path("export/", erasing.person_export, name="person_export"),
    path("export/<uuid:run>/", erasing.person_export_file, name="person_export_file"),
]
of_all = [path("erasures/", erasing.erasures, name="erasures")]
