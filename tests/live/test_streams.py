"""The real process: who may listen, what they hear, and what happens when something breaks."""

from __future__ import annotations

import time

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from live.publishing import publish
from tests.factories import make_member, make_user, make_workspace
from workspaces import tenancy

from .conftest import Reader, eventually, running, signed_in


@pytest.fixture
def ben(committed_db):
    return make_member(make_workspace(slug="acme"), role="agent", name="Ben")


def listen(live, member, **more):
    reader = live.open(f"/w/{member.workspace.slug}/live", session=signed_in(member.user), **more)
    assert reader.status == 200
    return reader


def test_a_signal_reaches_the_screens_of_its_workspace_only(live, ben):
    zoe = make_member(make_workspace(), name="Zoe")
    one, two, other = listen(live, ben), listen(live, ben), listen(live, zoe)
    publish(ben.workspace_id, "conv-1", "list")
    publish(zoe.workspace_id, "counts")
    assert one.names(until="list") == two.names(until="list") == ["conv-1", "list"]
    assert other.names(until="counts") == ["counts"]


def test_an_event_has_the_documented_form(live, ben):
    reader = listen(live, ben)
    publish(ben.workspace_id, "list")
    first = [next(reader.lines) for _ in range(5)]
    assert first[:2] == ["retry: 2000", ""]
    assert first[2].startswith("id: ")
    assert first[3:] == ['data: {"n":"list","d":""}', ""]
    assert reader.answered["content-type"] == "text/event-stream"
    assert reader.answered["cache-control"] == "no-store"


def test_a_burst_is_gathered_and_repeats_are_dropped(live, ben):
    reader = listen(live, ben)
    publish(ben.workspace_id, "first")
    assert reader.names(until="first") == ["first"]
    for _ in range(20):
        publish(ben.workspace_id, "list")
    publish(ben.workspace_id, "end")
    assert reader.names(until="end").count("list") <= 2


def test_more_names_than_a_screen_can_use_become_one_sync(live, ben):
    reader = listen(live, ben)
    publish(ben.workspace_id, *[f"conv-{number}" for number in range(31)])
    assert reader.names(until="sync") == ["sync"]


def test_only_members_with_a_session_may_listen(live, ben):
    path = "/w/acme/live"
    stranger = signed_in(make_user(name="Zoe"))
    assert live.open(path).status == 401
    assert live.open(path, session="0" * 32).status == 401
    assert live.open(path, session=stranger).status == 404
    assert live.open("/w/nowhere/live", session=signed_in(ben.user)).status == 404


def test_a_session_from_before_a_password_change_is_refused(live, ben):
    session = signed_in(ben.user)
    ben.user.set_password("another long password")
    ben.user.save()
    assert live.open("/w/acme/live", session=session).status == 401


def test_an_expired_session_is_refused(live, ben):
    session = SessionStore(signed_in(ben.user))
    session.set_expiry(timezone.now() - timezone.timedelta(seconds=1))
    session.save()
    assert live.open("/w/acme/live", session=session.session_key).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.test"}, 400),
    ],
)
def test_pages_of_other_sites_cannot_listen(live, ben, headers, status):
    reader = live.open("/w/acme/live", session=signed_in(ben.user), headers=headers)
    assert reader.status == status
    allowed = headers.get("Origin") if status == 200 else None
    assert reader.answered.get("access-control-allow-origin") == allowed


def test_other_methods_and_paths_do_not_exist(live, ben):
    cookie = {"Cookie": f"session={signed_in(ben.user)}"}
    assert Reader(live.port, "/w/acme/live", cookie, method="POST").status == 405
    assert Reader(live.port, "/w/acme/inbox/", cookie).status == 404


def _removed(member):
    member.removed_at = timezone.now()


def _demoted(member):
    member.role = "marketer"


@pytest.mark.parametrize("change", [_removed, _demoted])
def test_a_changed_seat_ends_the_stream_within_five_seconds(live, ben, change):
    reader = listen(live, ben)
    with tenancy.scope(ben.workspace_id):
        change(ben)
        ben.save()
    began = time.monotonic()
    assert reader.names() == ["auth"]
    assert time.monotonic() - began < 5


def test_signing_out_ends_the_stream_and_leaves_others_open(live, ben):
    leaving, staying = signed_in(ben.user), listen(live, ben)
    reader = live.open("/w/acme/live", session=leaving)
    SessionStore(leaving).delete()
    assert reader.names() == ["auth"]
    publish(ben.workspace_id, "list")
    assert staying.names(until="list") == ["list"]


def test_one_person_cannot_hold_more_than_twenty_streams(live, ben):
    session = signed_in(ben.user)
    readers = [live.open("/w/acme/live", session=session) for _ in range(20)]
    assert {reader.status for reader in readers} == {200}
    assert live.open("/w/acme/live", session=session).status == 429
    readers[0].close()
    eventually(lambda: live.open("/w/acme/live", session=session).status == 200)


def test_streams_outlive_valkey_and_say_so(live, ben):
    reader = listen(live, ben)
    live.valkey.cut()
    assert reader.names(until="down") == ["down"]
    late = listen(live, ben)
    assert late.names(until="down") == ["down"]
    live.valkey.mend()
    assert reader.names(until="sync") == late.names(until="sync") == ["up", "sync"]
    publish(ben.workspace_id, "list")
    assert reader.names(until="list") == ["list"]


def test_unreadable_signals_are_passed_over(live, ben):
    from live.publishing import CHANNEL, _valkey

    reader = listen(live, ben)
    for junk in (b"", b"[]", b'{"ws":"x","names":[]}', b'{"names":["a"]}', b"\xff"):
        _valkey().publish(CHANNEL, junk)
    publish(ben.workspace_id, "list")
    assert reader.names(until="list") == ["list"]


def test_the_heartbeat_comes_by_itself(live, ben):
    reader = listen(live, ben)
    reader._socket.settimeout(20)
    assert next(line for line in reader.lines if "ping" in line) == 'data: {"n":"ping","d":""}'


def test_stopping_the_process_ends_the_streams_in_order(ben):
    with running() as process:
        reader = listen(process, ben)
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 5
        assert reader.names() == []
