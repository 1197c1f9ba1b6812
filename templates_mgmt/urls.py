from django.urls import path

from .views import changing, editor, files, listing, news

app_name = "templates_mgmt"

urlpatterns = [
    path("", listing.listing, name="listing"),
    path("new/", listing.new, name="new"),
    path("sync/", listing.sync, name="sync"),
    path("notices/", news.news, name="news"),
    path("notices/count/", news.badge, name="badge"),
    path("<uuid:uuid>/", changing.template, name="template"),
    path("<uuid:uuid>/name/", changing.name, name="name"),
    path("<uuid:uuid>/activity/", changing.activity, name="activity"),
    path("<uuid:uuid>/copies/", changing.copies, name="copies"),
    path("<uuid:uuid>/languages/", changing.languages, name="languages"),
    path("<uuid:uuid>/deletion/", changing.deletion, name="deletion"),
    path("<uuid:uuid>/files/<uuid:file>/", files.file, name="file"),
    path("<uuid:uuid>/<str:language>/", changing.language, name="language"),
    path("<uuid:uuid>/<str:language>/draft/", changing.draft, name="draft"),
    path("<uuid:uuid>/<str:language>/discard/", changing.discard, name="discard"),
    path("<uuid:uuid>/<str:language>/submission/", changing.submission, name="submission"),
    path("<uuid:uuid>/<str:language>/edit/", editor.edit, name="edit"),
    path("<uuid:uuid>/<str:language>/preview/", editor.preview, name="preview"),
    path("<uuid:uuid>/<str:language>/saving/", editor.saving, name="saving"),
]
