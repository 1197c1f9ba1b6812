"""Everything under /w/<slug>/broadcasts/."""

from __future__ import annotations

from . import urls_report, urls_schedule, urls_wizard

app_name = "broadcasts"
urlpatterns = [*urls_schedule.urlpatterns, *urls_wizard.urlpatterns, *urls_report.urlpatterns]
