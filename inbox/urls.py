"""Everything under /w/<slug>/inbox/."""

from django.urls import path, register_converter

from .queues import TITLES
from .views import contacts, deciding, files, kit, lists, templates, threads, writing


class QueueConverter:
    """A queue's name; anything else is no address at all."""

    regex = "|".join(TITLES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(QueueConverter, "queue")

app_name = "inbox"
urlpatterns = [
    path("", lists.start, name="start"),
    path("kit/", kit.kit, name="kit"),
    path("media/<uuid:uuid>/", files.media, name="media"),
    path("media/<uuid:uuid>/<str:place>/", templates.media, name="template_media"),
    path("template/<uuid:uuid>/uses/", templates.uses, name="template_uses"),
    path("contact/<uuid:uuid>/", contacts.contact_timeline, name="contact_timeline"),
    path("<queue:queue>/", lists.queue, name="queue"),
    path("<queue:queue>/rows/", lists.rows, name="rows"),
    path("<queue:queue>/rows/delta/", lists.rows_delta, name="rows_delta"),
    path("<queue:queue>/counts/", lists.counts, name="counts"),
    path("<queue:queue>/c/<uuid:uuid>/", threads.conversation, name="conversation"),
    path("<queue:queue>/c/<uuid:uuid>/older/", threads.older, name="older"),
    path("<queue:queue>/c/<uuid:uuid>/delta/", threads.delta, name="delta"),
    path("<queue:queue>/c/<uuid:uuid>/seen/", threads.seen, name="seen"),
    path("<queue:queue>/c/<uuid:uuid>/unread/", threads.unread, name="unread"),
    path("<queue:queue>/c/<uuid:uuid>/send/", writing.send, name="send"),
    path("<queue:queue>/c/<uuid:uuid>/templates/", templates.picker, name="templates"),
    path("<queue:queue>/c/<uuid:uuid>/templates/<uuid:template>/", templates.template, name="template"),
    path("<queue:queue>/c/<uuid:uuid>/templates/<uuid:template>/preview/", templates.preview, name="template_preview"),
    path("<queue:queue>/c/<uuid:uuid>/templates/<uuid:template>/send/", templates.send, name="template_send"),
    path("<queue:queue>/c/<uuid:uuid>/assignee/", deciding.assignee, name="assignee"),
    path("<queue:queue>/c/<uuid:uuid>/status/", deciding.status, name="status"),
    path("<queue:queue>/c/<uuid:uuid>/m/<uuid:message>/retry/", writing.retry, name="retry"),
    path("<queue:queue>/c/<uuid:uuid>/m/<uuid:message>/fetch/", files.fetch, name="fetch"),
    path("<queue:queue>/c/<uuid:uuid>/m/<uuid:message>/reaction/", writing.reaction, name="reaction"),
]
