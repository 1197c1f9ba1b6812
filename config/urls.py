"""The whole URL space. Everything of one workspace lies under /w/<slug>/."""

from importlib.util import find_spec

from django.urls import include, path

from config.health import healthz
from inbox.hooks import hook

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("hooks/<str:token>/", hook, name="hook"),
    path("accounts/", include("allauth.urls")),
    *([path("w/<slug:slug>/inbox/", include("inbox.urls"))] if find_spec("inbox.urls") else []),
    path("w/<slug:slug>/contacts/", include("contacts.urls")),
    path("w/<slug:slug>/templates/", include("templates_mgmt.urls")),
    path("w/<slug:slug>/broadcasts/", include("broadcasts.urls")),
    path("w/<slug:slug>/credits/", include("workspaces.urls_credits")),
    path("w/<slug:slug>/settings/webhook-problems/", include("inbox.problem_urls")),
    path("w/<slug:slug>/settings/", include("contacts.urls_settings")),
    path("", include("workspaces.urls")),
]

handler500 = "config.middleware.server_error"
