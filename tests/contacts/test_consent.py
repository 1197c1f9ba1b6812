"""Nobody who opted out gets marketing: who may change consent, and what a sender holds while it starts."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.db.utils import InternalError, ProgrammingError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import consent, suppression
from contacts.models import Consent, ConsentEntry, ConsentWording, Suppression
from tests.factories import make_identity, make_member, make_workspace
from tests.inbox.rows import count, everything
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ben(db):
    return make_member(make_workspace(), role="agent", name="Ben")


@pytest.fixture
def nora(ben):
    return make_identity(workspace=ben.workspace)


def do(identity, verb, *args, **options):
    with tenancy.scope(identity.workspace_id):
        return verb(identity, *args, **options)


def state(identity, purpose="marketing"):
    return do(identity, consent.state_of, purpose)


def held(identity, purpose="marketing"):
    with tenancy.scope(identity.workspace_id):
        return consent.hold(identity.workspace_id, [identity.pk], purpose) == {identity.pk}


def test_who_never_said_anything_gets_service_but_no_marketing(nora):
    assert not do(nora, consent.may_send)
    assert not held(nora)
    assert do(nora, consent.may_send, "service")
    assert held(nora, "service")


def test_the_persons_own_word_opts_in_and_out(nora):
    assert do(nora, consent.opt_in, source="start_word", wording="START")
    assert do(nora, consent.may_send)
    assert held(nora)
    assert do(nora, consent.opt_out, source="stop_word", wording="STOP")
    assert not do(nora, consent.may_send)
    assert not held(nora)


def test_saying_it_twice_changes_nothing(nora):
    assert do(nora, consent.opt_out, source="stop_word")
    assert not do(nora, consent.opt_out, source="stop_word")
    assert count(ConsentEntry, nora.workspace_id) == 1


def test_marketing_and_service_are_two_questions(nora):
    do(nora, consent.opt_out, source="stop_word")
    assert do(nora, consent.may_send, "service")
    do(nora, consent.opt_out, "service", source="agent")
    assert not held(nora, "service")


def test_a_member_needs_to_write_down_how_somebody_agreed(nora, ben):
    with pytest.raises(consent.ConsentRefused, match="how this person agreed"):
        do(nora, consent.opt_in, source="agent", by=ben, wording="  ")
    assert do(nora, consent.opt_in, source="agent", by=ben, wording="By phone on 3 May")
    [entry] = do(nora, lambda identity: consent.history([identity]))
    assert (entry.state, entry.source, entry.actor.name) == ("opted_in", "agent", "Ben")
    assert consent.wording_of(entry) == "By phone on 3 May"


@pytest.mark.parametrize("source", ["import", "api", "merge", "suppressed"])
def test_programs_cannot_say_that_somebody_opted_in_again(nora, source):
    with pytest.raises(consent.ConsentRefused):
        do(nora, consent.opt_in, source=source, wording="says the file")


@pytest.mark.parametrize("source", ["import", "api", "merge"])
def test_programs_opt_in_only_where_nobody_said_anything(nora, source):
    assert do(nora, consent.tighten, "marketing", "opted_in", source=source)
    assert state(nora) == "opted_in"
    do(nora, consent.opt_out, source="stop_word")
    assert not do(nora, consent.tighten, "marketing", "opted_in", source=source)
    assert state(nora) == "opted_out"


def test_programs_opt_out_whatever_was_said(nora):
    do(nora, consent.opt_in, source="start_word")
    assert do(nora, consent.tighten, "marketing", "opted_out", source="import")
    assert state(nora) == "opted_out"


def test_many_are_tightened_at_once(ben):
    people = [make_identity(workspace=ben.workspace) for _ in range(4)]
    do(people[0], consent.opt_out, source="stop_word")
    with tenancy.scope(ben.workspace_id):
        changed = consent.tighten_many(people, "marketing", "opted_in", source="import", wording="Fair", by=ben)
        assert changed == 3
        assert consent.hold(ben.workspace_id, [p.pk for p in people]) == {p.pk for p in people[1:]}
    assert count(ConsentEntry, ben.workspace_id) == 4
    assert count(ConsentWording, ben.workspace_id, text="Fair") == 3


def test_an_opt_out_that_comes_late_does_not_undo_a_later_opt_in(nora):
    now = timezone.now()
    do(nora, consent.opt_in, source="start_word", at=now)
    assert not do(nora, consent.opt_out, source="stop_word", at=now - timedelta(hours=1))
    assert state(nora) == "opted_in"


def test_an_opt_in_that_comes_late_does_not_undo_a_later_opt_out(nora):
    now = timezone.now()
    do(nora, consent.opt_out, source="stop_word", at=now)
    assert not do(nora, consent.opt_in, source="start_word", at=now - timedelta(hours=1))
    assert state(nora) == "opted_out"


def test_a_late_opt_out_beats_an_opt_in_that_only_an_import_claims(nora):
    do(nora, consent.tighten, "marketing", "opted_in", source="import")
    assert do(nora, consent.opt_out, source="stop_word", at=timezone.now() - timedelta(days=1))
    assert state(nora) == "opted_out"


def test_what_a_member_changes_is_audited_without_what_was_said(nora, ben):
    do(nora, consent.opt_out, source="agent", by=ben, wording="Told me on the phone")
    [entry] = everything(AuditEntry, ben.workspace_id, action="consent.changed")
    assert entry.after == {"purpose": "marketing", "state": "opted_out", "source": "agent"}


def test_history_is_never_rewritten(nora):
    do(nora, consent.opt_out, source="stop_word")
    for attempt in (lambda rows: rows.update(state="opted_in"), lambda rows: rows.delete()):
        with pytest.raises((InternalError, ProgrammingError)), tenancy.scope(nora.workspace_id):
            attempt(ConsentEntry.objects.filter(identity_id=nora.pk))
    assert count(ConsentEntry, nora.workspace_id, state="opted_out") == 1


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["tighten_in", "tighten_out", "stop", "start", "agent_out"]),
        st.sampled_from(["import", "api", "merge"]),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_no_program_ever_loosens(ben, moves):
    identity = make_identity(workspace=ben.workspace)
    for move, source in moves:
        before = state(identity)
        if move == "tighten_in":
            do(identity, consent.tighten, "marketing", "opted_in", source=source)
        elif move == "tighten_out":
            do(identity, consent.tighten, "marketing", "opted_out", source=source)
        elif move == "start":
            do(identity, consent.opt_in, source="start_word")
        else:
            do(identity, consent.opt_out, source="stop_word" if move == "stop" else "agent")
        after = state(identity)
        if before == "opted_out" and after == "opted_in":
            assert move == "start"
    entries = everything(ConsentEntry, identity.workspace_id, identity_id=identity.pk)
    assert (entries[-1].state if entries else "") == state(identity)


def test_an_address_on_the_suppression_list_comes_back_opted_out(nora, ben):
    with tenancy.scope(ben.workspace_id):
        suppression.remember([nora], ["marketing"])
    with tenancy.scope(ben.workspace_id):
        address, _ = nora.address, nora.delete()
        again = make_identity(workspace=ben.workspace, address=address)
        assert not consent.tighten(again, "marketing", "opted_in", source="import")
    assert state(again) == "opted_out"


def test_a_suppressed_person_may_opt_in_by_their_own_word(nora):
    do(nora, lambda identity: suppression.remember([identity], ["marketing"]))
    assert do(nora, consent.opt_in, source="start_word")
    assert state(nora) == "opted_in"
    assert count(Suppression, nora.workspace_id) == 0


def test_the_suppression_list_holds_no_number(nora, superuser):
    do(nora, lambda identity: suppression.remember([identity], ["marketing", "service"]))
    [(digest,)] = everything_raw(nora)
    assert len(digest) == 32
    assert nora.address.encode() not in digest


def everything_raw(identity):
    rows = everything(Suppression, identity.workspace_id, purpose="marketing")
    return [(bytes(row.digest),) for row in rows]


def test_two_workspaces_have_different_digests_for_one_number(db):
    one, two = make_identity(address="447700900118"), make_identity(address="447700900118")
    for identity in (one, two):
        do(identity, lambda identity: suppression.remember([identity], ["marketing"]))
    assert everything_raw(one) != everything_raw(two)


# Real transactions from here on.


@pytest.mark.usefixtures("committed_db")
def test_an_opt_out_waits_for_a_send_that_has_begun_and_stops_the_next():
    identity = make_identity()
    do(identity, consent.opt_in, source="start_word")
    order: list[str] = []

    def opt_out():
        try:
            do(identity, consent.opt_out, source="stop_word")
            order.append("opted out")
        finally:
            connection.close()

    with tenancy.scope(identity.workspace_id):
        assert consent.hold(identity.workspace_id, [identity.pk])
        thread = threading.Thread(target=opt_out)
        thread.start()
        wait_for_a_lock()
        order.append("started")
    thread.join(10)
    assert order == ["started", "opted out"]
    assert not held(identity)


def wait_for_a_lock():
    """Until some session waits for a row lock; asked from outside, since this one is in a transaction."""
    from tests.servers import DATABASE, run

    deadline = time.monotonic() + 5
    with psycopg.connect(run.servers.admin_url(DATABASE), autocommit=True) as outside:
        while time.monotonic() < deadline:
            waits = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if outside.execute(waits).fetchone() != (0,):
                return
    raise AssertionError("Nobody waits for the lock.")


@pytest.mark.usefixtures("committed_db")
def test_no_send_starts_after_an_opt_out_has_committed():
    """Drill in small: senders start messages while people opt out; the database's clock is the witness."""
    workspace = make_workspace()
    people = [make_identity(workspace=workspace) for _ in range(24)]
    for identity in people:
        do(identity, consent.opt_in, source="start_word")
    started: list[tuple[int, float]] = []
    opted_out: dict[int, float] = {}
    stop = threading.Event()

    def now():
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            return float(cursor.fetchone()[0])

    def send(_number):
        try:
            while not stop.is_set():
                for start in range(0, len(people), 6):
                    with tenancy.scope(workspace.pk):
                        allowed = consent.hold(workspace.pk, [p.pk for p in people[start : start + 6]])
                        at = now()
                    started.extend((pk, at) for pk in allowed)
        finally:
            connection.close()

    def leave(identity):
        try:
            do(identity, consent.opt_out, source="stop_word")
            opted_out[identity.pk] = now()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as crowd:
        senders = [crowd.submit(send, number) for number in range(3)]
        for done in [crowd.submit(leave, identity) for identity in people]:
            done.result(20)
        stop.set()
        for sender in senders:
            sender.result(20)
    assert len(opted_out) == len(people)
    assert not [pk for pk, at in started if at > opted_out[pk]]


@pytest.mark.usefixtures("committed_db")
def test_fifty_opt_outs_at_once_are_one():
    identity = make_identity()

    def leave(_number):
        try:
            return do(identity, consent.opt_out, source="stop_word")
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as crowd:
        assert sum(crowd.map(leave, range(50))) == 1
    assert count(ConsentEntry, identity.workspace_id) == count(Consent, identity.workspace_id) == 1
