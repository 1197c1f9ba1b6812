"""The ledger: all or nothing, once per message, never below zero, and every balance explained by its entries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_member, make_workspace
from workspaces import credit_prices, credits, joining, tenancy
from workspaces.credits import AlreadyBooked, CapReached, Charge, NotEnough, NotPossible
from workspaces.models import AuditEntry, CreditEntry, CreditPocket, Workspace


def pocket(workspace: Workspace, kind: str = "whatsapp") -> CreditPocket:
    with tenancy.scope(workspace.pk):
        return CreditPocket.objects.get(workspace=workspace, kind=kind)


def entries(workspace: Workspace, **conditions: object) -> list[CreditEntry]:
    with tenancy.scope(workspace.pk):
        return list(CreditEntry.objects.filter(workspace=workspace, **conditions).order_by("id"))


def charge(workspace: Workspace, *charges: Charge, kind: str = "whatsapp") -> None:
    with tenancy.scope(workspace.pk):
        credits.charge_many(workspace.pk, charges, pocket=kind, source="agent")


def refund(workspace: Workspace, *message_ids: int) -> int:
    with tenancy.scope(workspace.pk):
        return credits.refund(workspace.pk, message_ids)


def cap(workspace: Workspace, limit: int | None) -> None:
    with tenancy.scope(workspace.pk):
        CreditPocket.objects.filter(workspace=workspace, kind="whatsapp").update(daily_cap=limit)


def assert_explained(workspace: Workspace) -> None:
    """Each entry continues from the one before it, never below zero, and the last is the balance."""
    for kind in CreditPocket.Kind:
        balance = 0
        for entry in entries(workspace, pocket__kind=kind):
            balance += entry.amount
            assert entry.balance_after == balance >= 0
        assert pocket(workspace, kind).balance == balance


@pytest.mark.django_db
def test_a_new_workspace_begins_with_credits_that_the_ledger_shows():
    ana = make_member().user
    workspace = joining.create_workspace(ana, name="Second", time_zone="UTC")
    [first] = entries(workspace)
    assert (first.kind, first.amount, pocket(workspace).balance) == ("top_up", 1_000, 1_000)
    assert pocket(workspace, "sms").balance == 0


@pytest.mark.django_db
def test_pockets_are_opened_once():
    workspace = make_workspace(credits=70)
    with tenancy.scope(workspace.pk):
        credits.open_pockets(workspace, credits=70)
    assert len(entries(workspace)) == 1
    assert pocket(workspace).balance == 70


@pytest.mark.django_db
def test_a_chunk_is_charged_as_a_whole_with_running_balances():
    workspace = make_workspace(credits=10)
    charge(workspace, Charge(1, 2), Charge(2, 0), Charge(3, 5))
    assert [(entry.message_id, entry.amount, entry.balance_after) for entry in entries(workspace, kind="charge")] == [
        (1, -2, 8),
        (3, -5, 3),
    ]
    assert_explained(workspace)


@pytest.mark.django_db
def test_a_chunk_that_costs_too_much_charges_nobody():
    workspace = make_workspace(credits=10)
    with pytest.raises(NotEnough) as refused:
        charge(workspace, Charge(1, 6), Charge(2, 6))
    assert (refused.value.pocket, refused.value.needed, refused.value.available) == ("whatsapp", 12, 10)
    assert not isinstance(refused.value, CapReached)
    assert entries(workspace, kind="charge") == []
    assert pocket(workspace).balance == 10


@pytest.mark.django_db
def test_a_message_is_charged_once():
    workspace = make_workspace(credits=10)
    charge(workspace, Charge(1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        charge(workspace, Charge(1, 1))
    assert pocket(workspace).balance == 9


@pytest.mark.django_db
def test_a_second_try_that_a_person_orders_is_charged_again():
    workspace = make_workspace(credits=10)
    charge(workspace, Charge(1, 3))
    assert refund(workspace, 1) == 1
    charge(workspace, Charge(1, 4, after_attempts=2))
    assert refund(workspace, 1) == 1
    assert [entry.amount for entry in entries(workspace)[1:]] == [-3, 3, -4, 4]
    assert_explained(workspace)


@pytest.mark.django_db
def test_a_refund_comes_once_and_says_what_it_is_for():
    workspace = make_workspace(credits=10)
    with tenancy.scope(workspace.pk):
        for number in (1, 2):
            charges = [Charge(number, number)]
            credits.charge_many(workspace.pk, charges, pocket="whatsapp", source="broadcast", broadcast_id=7)
    assert refund(workspace, 2, 1, 99) == 2
    assert refund(workspace, 1, 2) == 0
    given_back = entries(workspace, kind="refund")
    assert [(e.message_id, e.amount, e.source, e.broadcast_id) for e in given_back] == [
        (1, 1, "broadcast", 7),
        (2, 2, "broadcast", 7),
    ]
    assert_explained(workspace)


@pytest.mark.django_db
def test_a_refund_goes_back_to_the_pocket_that_paid():
    workspace = make_workspace(credits=10)
    with tenancy.scope(workspace.pk):
        credits.top_up(workspace.pk, "sms", 5, reference="invoice 1")
    charge(workspace, Charge(1, 1))
    charge(workspace, Charge(2, 2), kind="sms")
    assert refund(workspace, 1, 2) == 2
    assert (pocket(workspace).balance, pocket(workspace, "sms").balance) == (10, 5)
    assert_explained(workspace)


@pytest.mark.django_db
def test_another_workspace_cannot_refund_ours():
    ours, theirs = make_workspace(credits=10), make_workspace(credits=10)
    charge(ours, Charge(1, 4))
    assert refund(theirs, 1) == 0
    with tenancy.scope(theirs.pk):
        assert credits.refund(ours.pk, [1]) == 0
    assert pocket(ours).balance == 6


@pytest.mark.django_db
def test_the_day_has_a_limit_of_its_own():
    workspace = make_workspace(credits=100)
    cap(workspace, 10)
    charge(workspace, Charge(1, 7))
    with pytest.raises(CapReached) as refused:
        charge(workspace, Charge(2, 4))
    assert refused.value.available == 3
    refund(workspace, 1)  # what comes back does not raise the limit
    with tenancy.scope(workspace.pk):
        assert credits.available(workspace.pk, "whatsapp") == 3
        CreditPocket.objects.filter(workspace=workspace).update(spent_on=datetime.now(UTC).date() - timedelta(days=1))
        assert credits.available(workspace.pk, "whatsapp") == 10
    charge(workspace, Charge(3, 10))
    assert pocket(workspace).spent_today == 10


@pytest.mark.django_db
def test_an_empty_pocket_is_no_question_of_the_day():
    workspace = make_workspace(credits=3)
    cap(workspace, 2)
    with pytest.raises(NotEnough) as refused:
        charge(workspace, Charge(1, 4))
    assert not isinstance(refused.value, CapReached)


@pytest.mark.django_db
def test_a_top_up_is_booked_once_per_reference():
    workspace = make_workspace(credits=0)
    ana = make_member(workspace)
    with tenancy.scope(workspace.pk):
        credits.top_up(workspace.pk, "whatsapp", 50, reference="INV-7", note="paid", by=ana)
        with pytest.raises(AlreadyBooked):
            credits.top_up(workspace.pk, "whatsapp", 50, reference="INV-7")
        [seen] = AuditEntry.objects.filter(action="credits.topped_up")
    assert (seen.target, pocket(workspace).balance) == ("INV-7", 50)
    other = make_workspace(credits=0)
    with tenancy.scope(other.pk):
        credits.top_up(other.pk, "whatsapp", 50, reference="INV-7")


@pytest.mark.django_db
def test_a_transfer_moves_and_never_makes_credits():
    workspace = make_workspace(credits=10)
    ana = make_member(workspace)
    with tenancy.scope(workspace.pk):
        credits.transfer(workspace.pk, source="whatsapp", target="sms", credits=4, by=ana)
        with pytest.raises(NotEnough):
            credits.transfer(workspace.pk, source="whatsapp", target="sms", credits=7, by=ana)
        with pytest.raises(NotPossible):
            credits.transfer(workspace.pk, source="sms", target="sms", credits=1, by=ana)
    assert (pocket(workspace).balance, pocket(workspace, "sms").balance) == (6, 4)
    assert_explained(workspace)


@pytest.mark.django_db
def test_an_adjustment_needs_a_reason_and_stops_at_zero():
    workspace = make_workspace(credits=10)
    with tenancy.scope(workspace.pk):
        with pytest.raises(NotPossible):
            credits.adjust(workspace.pk, "whatsapp", 5, note=" ")
        with pytest.raises(NotEnough):
            credits.adjust(workspace.pk, "whatsapp", -11, note="Too much")
        credits.adjust(workspace.pk, "whatsapp", -10, note="Taken back")
    assert pocket(workspace).balance == 0
    assert_explained(workspace)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE workspaces_creditentry SET amount = 1", "DELETE FROM workspaces_creditentry"]
)
def test_the_ledger_cannot_be_rewritten(statement):
    workspace = make_workspace()
    with pytest.raises(DatabaseError), tenancy.scope(workspace.pk), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("committed_db")
def test_two_hundred_at_once_spend_what_is_there_and_not_one_more():
    workspace = make_workspace(credits=100)

    def spend(number: int) -> bool:
        try:
            charge(workspace, Charge(number, 1))
        except NotEnough:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(spend, range(1, 301))) == 100

    def give_back(number: int) -> int:
        try:
            return refund(workspace, number % 40 + 1)
        finally:
            connection.close()

    paid = {entry.message_id for entry in entries(workspace, kind="charge")}
    with ThreadPoolExecutor(20) as crowd:
        assert sum(crowd.map(give_back, range(200))) == len(paid & set(range(1, 41)))
    assert_explained(workspace)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.lists(st.tuples(st.integers(1, 30), st.integers(0, 9)), max_size=4)),
        st.tuples(st.just("refund"), st.lists(st.integers(1, 30), max_size=6)),
        st.tuples(st.just("top_up"), st.integers(1, 40)),
        st.tuples(st.just("transfer"), st.integers(1, 20)),
        st.tuples(st.just("adjust"), st.integers(-20, 20)),
        st.tuples(st.just("cap"), st.one_of(st.none(), st.integers(0, 60))),
    ),
    max_size=14,
)


@pytest.mark.django_db
@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_every_balance_is_the_sum_of_its_entries(steps):
    workspace = make_workspace(credits=20)
    ana = make_member(workspace)
    ws = workspace.pk
    for number, (what, value) in enumerate(steps):
        try:
            with transaction.atomic():
                match what:
                    case "charge":
                        charge(workspace, *(Charge(*each) for each in value))
                    case "refund":
                        refund(workspace, *value)
                    case "cap":
                        cap(workspace, value)
                    case _:
                        with tenancy.scope(ws):
                            _change(ws, what, value, number, ana)
        except (NotEnough, NotPossible, IntegrityError):
            pass
    assert_explained(workspace)
    charged = {(entry.message_id, entry.after_attempts): -entry.amount for entry in entries(workspace, kind="charge")}
    for entry in entries(workspace, kind="refund"):
        assert charged.pop((entry.message_id, entry.after_attempts)) == entry.amount


def _change(ws, what, value, number, by):
    if what == "top_up":
        credits.top_up(ws, "whatsapp", value, reference=f"order {number}")
    elif what == "transfer":
        credits.transfer(ws, source="whatsapp", target="sms", credits=value, by=by)
    else:
        credits.adjust(ws, "whatsapp", value, note="Because")


def priced(*prices):
    return credit_prices.PriceList(credit_prices.Price(*price) for price in prices)


def test_a_message_without_a_price_costs_one_credit():
    assert priced().credits("whatsapp_cloud", "marketing", "AE") == 1


@pytest.mark.parametrize(
    ("category", "country", "costs"),
    [
        ("marketing", "AE", 9),
        ("marketing", "IN", 5),
        ("utility", "AE", 4),
        ("utility", "FR", 2),
        ("", "FR", 0),
        ("", "AE", 4),
    ],
)
def test_the_most_specific_price_counts(category, country, costs):
    prices = priced(
        ("", "", "", 2),
        ("", "marketing", "", 5),
        ("", "", "AE", 4),
        ("whatsapp_cloud", "marketing", "AE", 9),
        ("", "service", "FR", 0),
    )
    assert prices.credits("whatsapp_cloud", category, country) == costs


def test_of_equally_specific_prices_the_country_decides():
    prices = priced(("whatsapp_cloud", "", "", 2), ("", "marketing", "", 3), ("", "", "AE", 4))
    assert prices.credits("whatsapp_cloud", "marketing", "AE") == 4
    assert prices.credits("whatsapp_cloud", "marketing", "FR") == 3


@pytest.mark.django_db
def test_a_new_price_leaves_the_old_bill_as_it_was():
    workspace, now = make_workspace(), timezone.now()
    with tenancy.scope(workspace.pk):
        credit_prices.put(workspace.pk, 3, valid_from=now - timedelta(days=30))
        credit_prices.put(workspace.pk, 7, valid_from=now - timedelta(days=2))
        at = [credit_prices.of(workspace.pk, now - timedelta(days=days)) for days in (40, 10, 1)]
        assert [prices.credits("whatsapp_cloud", "", "") for prices in at] == [1, 3, 7]
        assert credit_prices.of(workspace.pk).credits("whatsapp_cloud", "", "") == 7
        with pytest.raises(ValueError, match="begins then or later"):
            credit_prices.put(workspace.pk, 8, valid_from=now - timedelta(days=3))


@pytest.mark.usefixtures("committed_db")
def test_workspaces_from_before_credits_begin_like_new_ones():
    before, since = Workspace.objects.create(name="Old", slug="from-before"), make_workspace(credits=5)
    owner = connections["owner"]
    give = import_module("workspaces.migrations.0006_pockets_of_workspaces").give
    for _ in range(2):
        with transaction.atomic(using="owner"), owner.schema_editor() as editor:
            give(None, editor)
    owner.close()
    assert [entry.amount for entry in entries(before)] == [1_000]
    assert (pocket(before).balance, pocket(before, "sms").balance, pocket(since).balance) == (1_000, 0, 5)
    assert_explained(before)
