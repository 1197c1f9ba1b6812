from django.urls import path

from . import problem_views

app_name = "problems"

urlpatterns = [
    path("", problem_views.listing, name="listing"),
    path("replay/", problem_views.replay_all, name="replay_all"),
    path("<int:webhook_id>/replay/", problem_views.replay, name="replay"),
]
