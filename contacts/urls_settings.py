"""What contacts add under /w/<slug>/settings/."""

from django.urls import include, path

from .views import labels, words

app_name = "contact_settings"

_tags = [
    path("", labels.tags, name="tags"),
    path("<int:tag_id>/", labels.tag, name="tag"),
    path("<int:tag_id>/merge/", labels.tag_merge, name="tag_merge"),
    path("<int:tag_id>/deletion/", labels.tag_deletion, name="tag_deletion"),
]
_fields = [
    path("", labels.custom_fields, name="fields"),
    path("<int:field_id>/", labels.custom_field, name="field"),
    path("<int:field_id>/archive/", labels.custom_field_archive, name="field_archive"),
    path("<int:field_id>/place/", labels.custom_field_place, name="field_place"),
]

urlpatterns = [
    path("tags/", include(_tags)),
    path("fields/", include(_fields)),
    path("consent-words/", words.consent_words, name="words"),
    path("consent-words/<slug:action>/", words.change, name="words_change"),
]
