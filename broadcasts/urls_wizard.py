"""Writing a broadcast: the steps of the draft, estimate, preview, tests, launch."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.urls.resolvers import URLPattern

from .views import drafting, launching, looking


class StepConverter(StringConverter):
    """The steps that are filled in, by name: every other address below a broadcast stays free."""

    regex = "audience|message|schedule"


register_converter(StepConverter, "step")

urlpatterns: list[URLPattern] = [
    path("new/", drafting.new, name="new"),
    path("<uuid:uuid>/review/", launching.review, name="review"),
    path("<uuid:uuid>/launch/", launching.launch, name="launch"),
    path("<uuid:uuid>/starting/", launching.starting, name="starting"),
    path("<uuid:uuid>/withdrawal/", launching.withdrawal, name="withdrawal"),
    path("<uuid:uuid>/deletion/", drafting.deletion, name="deletion"),
    path("<uuid:uuid>/restoration/", drafting.restoration, name="restoration"),
    path("<uuid:uuid>/duplication/", drafting.duplication, name="duplication"),
    path("<uuid:uuid>/picks/<str:side>/", drafting.pick, name="pick"),
    path("<uuid:uuid>/estimate/", looking.estimate, name="estimate"),
    path("<uuid:uuid>/people/<str:reason>/", looking.people, name="people"),
    path("<uuid:uuid>/preview/", looking.phone, name="preview"),
    path("<uuid:uuid>/gaps/", looking.gaps, name="gaps"),
    path("<uuid:uuid>/when/", looking.when, name="when"),
    path("<uuid:uuid>/test/", looking.test, name="test"),
    path("<uuid:uuid>/<step:step>/saving/", drafting.saving, name="saving"),
    path("<uuid:uuid>/<step:step>/", drafting.step, name="step"),
]
