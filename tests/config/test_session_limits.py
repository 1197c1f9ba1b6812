"""A sign-in ends after fourteen days, however active, and moves its expiry at most every quarter of an hour."""

from __future__ import annotations

import time

import pytest

from config.session_limits import ABSOLUTE_SECONDS, BEGAN, SEEN
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/no/such/page/")
    return client


def change(client, **values):
    session = client.session
    session.update(values)
    session.save()


def test_an_active_session_is_marked_as_seen(signed_in):
    assert signed_in.session[SEEN] == pytest.approx(time.time(), abs=60)


def test_a_page_soon_after_writes_nothing(signed_in):
    seen = signed_in.session[SEEN]
    signed_in.get("/no/such/page/")
    assert signed_in.session[SEEN] == seen


def test_after_a_quarter_of_an_hour_the_expiry_moves(signed_in):
    change(signed_in, **{SEEN: time.time() - 1000})
    signed_in.get("/no/such/page/")
    assert signed_in.session[SEEN] == pytest.approx(time.time(), abs=60)


def test_after_fourteen_days_the_session_is_over(signed_in):
    change(signed_in, **{BEGAN: time.time() - ABSOLUTE_SECONDS - 1})
    signed_in.get("/no/such/page/")
    assert "_auth_user_id" not in signed_in.session
