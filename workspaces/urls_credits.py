"""Credits: /w/<slug>/credits/."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern

from .views import credit_files, credit_limits, credits

app_name = "credits"
urlpatterns: list[URLPattern] = [
    path("", credits.overview, name="overview"),
    path("badge/", credits.badge, name="badge"),
    path("ledger/", credits.ledger, name="ledger"),
    path("ledger/totals/", credits.totals, name="totals"),
    path("ledger.csv", credit_files.ledger, name="ledger_file"),
    path("statement/", credits.statement, name="statement"),
    path("statement.csv", credit_files.statement, name="statement_file"),
    path("prices/", credits.prices, name="prices"),
    path("limits/", credit_limits.limits, name="limits"),
    path("transfers/", credit_limits.transfers, name="transfers"),
]
