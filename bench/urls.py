"""The product's addresses, and one whose view does nothing behind the same server and the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler500
from config.urls import urlpatterns as product


def empty(request: HttpRequest) -> HttpResponse:
    """Read the body, answer 200."""
    len(request.body)
    return HttpResponse(status=200)


urlpatterns = [path("hooks/empty-view-of-the-bench/", empty), *product]

__all__ = ["handler500", "urlpatterns"]
