"""The whole URL space. Everything of one workspace lies under /w/<slug>/."""

from importlib.util import find_spec

from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
]
if find_spec("inbox.hooks"):
    from inbox.hooks import hook

    urlpatterns.append(path("hooks/<str:token>/", hook, name="hook"))
if find_spec("inbox.urls"):
    urlpatterns.append(path("w/<slug:slug>/inbox/", include("inbox.urls")))
if find_spec("workspaces.urls"):
    urlpatterns.append(path("", include("workspaces.urls")))

handler500 = "config.middleware.server_error"
