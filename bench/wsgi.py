"""The product's web process plus one view that does nothing, to compare the others with."""

from django.conf import settings

from config.wsgi import application

settings.ROOT_URLCONF = "bench.urls"

__all__ = ["application"]
