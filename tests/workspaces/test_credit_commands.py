"""What an operator does with credits from the command line."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_workspace
from workspaces import credit_prices, tenancy
from workspaces.models import CreditPocket

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def workspace():
    return make_workspace(credits=10)


def test_a_payment_is_booked_once(workspace):
    assert "+500 credits, balance 510" in run("credits_top_up", workspace.slug, "500", "--reference", "INV-7")
    with pytest.raises(CommandError, match="booked already"):
        run("credits_top_up", workspace.slug, "500", "--reference", "INV-7")


def test_a_correction_goes_both_ways_and_stops_at_zero(workspace):
    assert "balance 6" in run("credits_top_up", workspace.slug, "-4", "--correct", "Booked twice elsewhere")
    with pytest.raises(CommandError, match="6 are left"):
        run("credits_top_up", workspace.slug, "-7", "--correct", "Too much")


def test_an_unknown_workspace_is_said_to_be_one():
    for command in (("credits_top_up", "nowhere", "5", "--reference", "x"), ("credits_price", "nowhere", "5")):
        with pytest.raises(CommandError, match="no workspace"):
            run(*command)


def test_a_price_holds_from_its_day_on_and_ends_the_one_before(workspace):
    run("credits_price", workspace.slug, "3", "--category", "marketing", "--from", "2026-01-01")
    listed = run("credits_price", workspace.slug, "4", "--category", "marketing", "--from", "2026-03-01")
    assert "3  marketing, from 2026-01-01 00:00 until 2026-03-01 00:00" in listed
    assert listed == run("credits_price", workspace.slug)
    with tenancy.scope(workspace.pk):
        assert credit_prices.of(workspace.pk).credits("whatsapp_cloud", "marketing", "AE") == 4
    with pytest.raises(CommandError, match="two capital letters"):
        run("credits_price", workspace.slug, "4", "--country", "Oman")


def test_the_check_fails_loudly(workspace):
    assert "adds up" in run("credits_check", workspace.slug)
    with tenancy.scope(workspace.pk):
        CreditPocket.objects.filter(workspace=workspace).update(balance=11)
    with pytest.raises(CommandError, match="do not add up"):
        run("credits_check", workspace.slug)
