"""Everything under /w/<slug>/contacts/."""

from django.urls import include, path

from . import urls_person
from .views import people, records, segments

app_name = "contacts"

_record = [
    path("", records.record, name="record"),
    path("card/", records.card, name="card"),
    path("fields/<str:name>/", records.value, name="value"),
    path("tags/", records.tags, name="tags"),
    path("notes/", records.notes, name="notes"),
    path("notes/<int:note_id>/deletion/", records.note_deletion, name="note_deletion"),
    path("blocked/", records.blocked, name="blocked"),
    path("consent/", records.consent_change, name="consent"),
]
_segments = [
    path("", segments.listing, name="segments"),
    path("new/", segments.new, name="segment_new"),
    path("row/", segments.row, name="segment_row"),
    path("group/", segments.box, name="segment_group"),
    path("estimate/", segments.estimate, name="segment_estimate"),
    path("<uuid:uuid>/", segments.segment, name="segment"),
    path("<uuid:uuid>/deletion/", segments.deletion, name="segment_deletion"),
]

urlpatterns = [
    path("", people.people, name="people"),
    path("count/", people.count, name="count"),
    path("new/", people.new, name="new"),
    path("bulk/", people.bulk, name="bulk"),
    path("segments/", include(_segments)),
    path("import/", include("contacts.urls_import")),
    path("exports/", include("contacts.urls_export")),
    *urls_person.of_all,
    path("<uuid:uuid>/", include([*_record, *urls_person.of_one])),
]
