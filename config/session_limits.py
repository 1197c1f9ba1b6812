"""How long a sign-in lasts: twelve hours without a request, fourteen days in all."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from config.middleware import DATABASE_DOWN, unavailable

BEGAN, SEEN = "began", "seen"
ABSOLUTE_SECONDS = 14 * 24 * 3600
TOUCH_SECONDS = 900  # the row is written this often at most: the idle limit is exact to a quarter of an hour


def session_limits(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Prolong the session of somebody who is active, and end it when its time is up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            try:
                if request.user.is_authenticated:
                    _keep_or_end(request, time.time())
            except DATABASE_DOWN:
                return unavailable()
        return get_response(request)

    return middleware


def _keep_or_end(request: HttpRequest, now: float) -> None:
    session = request.session
    if now - session.setdefault(BEGAN, now) > ABSOLUTE_SECONDS:
        logout(request)
    elif now - session.get(SEEN, 0) > TOUCH_SECONDS:
        session[SEEN] = now  # a change is what makes Django write the row and move its expiry
