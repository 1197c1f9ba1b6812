"""What the pages about credits say is what the ledger holds."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_conversation, make_member, make_message, make_workspace, sign_in
from workspaces import credit_days, credit_ledger, credit_limits, credit_notices, credits, tenancy
from workspaces.credit_ledger import Filter
from workspaces.credits import Charge
from workspaces.models import AuditEntry, CreditCheck, CreditEntry, CreditPocket, Member, Workspace

CAIRO = ZoneInfo("Africa/Cairo")


@pytest.fixture
def ana(db: None) -> Member:
    return make_member(make_workspace(credits=1_000, time_zone="Africa/Cairo"), name="Ana")


def pocket(workspace: Workspace, kind: str = "whatsapp") -> CreditPocket:
    return CreditPocket.objects.get(workspace=workspace, kind=kind)


def charge(workspace: Workspace, *ids: int, source: str = "agent", broadcast: int | None = None, each: int = 1) -> None:
    paid = [Charge(number, each) for number in ids]
    with tenancy.scope(workspace.pk):
        credits.charge_many(workspace.pk, paid, pocket="whatsapp", source=source, broadcast_id=broadcast)


def refund(workspace: Workspace, *ids: int) -> None:
    with tenancy.scope(workspace.pk):
        credits.refund(workspace.pk, ids)


def book(workspace: Workspace, *rows: tuple[datetime, str, int]) -> None:
    """Entries of the past: (when, kind, amount), oldest first."""
    with tenancy.scope(workspace.pk), connection.cursor() as cursor:
        row = pocket(workspace)
        for number, (at, kind, amount) in enumerate(rows):
            row.balance += amount
            values = (workspace.pk, row.pk, kind, amount, row.balance, -1 - number - workspace.pk * 1000, at)
            cursor.execute(
                "INSERT INTO workspaces_creditentry (workspace_id, pocket_id, kind, amount, balance_after, message_id, "
                "after_attempts, source, reference, note, created_at) VALUES (%s, %s, %s, %s, %s, %s, 0, 'agent', "
                "'', '', %s)",
                values,
            )
        row.save(update_fields=["balance"])


def get(who: Member | Client, name: str, **params: str) -> Any:
    client = who if isinstance(who, Client) else sign_in(who.user)
    slug = client.slug if isinstance(who, Client) else who.workspace.slug  # type: ignore[attr-defined]
    return client.get(reverse(f"credits:{name}", args=[slug]), params)


def text(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def rows_of(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


# --- days and months --------------------------------------------------------------------------------------------------


def test_a_day_is_the_workspaces_day_and_not_utcs(ana: Member) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=CAIRO)  # 22:00 UTC of the day before
    book(ana.workspace, (midnight - timedelta(minutes=1), "charge", -3), (midnight, "charge", -4))
    with tenancy.scope(ana.workspace_id):
        found = credit_days.days(
            ana.workspace, pocket(ana.workspace), date(2026, 3, 1), date(2026, 3, 2), now=timezone.now()
        )
    assert [(day.date, day.charged) for day in found] == [(date(2026, 3, 1), 3), (date(2026, 3, 2), 4)]


def test_the_day_on_which_clocks_change_has_its_own_length(db: None) -> None:
    ana = make_member(make_workspace(credits=1_000, time_zone="Europe/London"))
    before, after = (
        datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("UTC")),
        datetime(2026, 3, 29, 22, 59, tzinfo=ZoneInfo("UTC")),
    )
    book(ana.workspace, (before, "charge", -1), (after, "charge", -2), (after + timedelta(minutes=1), "charge", -4))
    with tenancy.scope(ana.workspace_id):
        [sunday, monday] = credit_days.days(
            ana.workspace, pocket(ana.workspace), date(2026, 3, 29), date(2026, 3, 30), now=timezone.now()
        )
    assert (sunday.charged, monday.charged) == (3, 4)


def test_a_day_that_is_over_is_read_once_and_today_every_time(ana: Member, django_assert_num_queries: Any) -> None:
    now = timezone.now()
    last = credit_days.today(ana.workspace, now)
    with tenancy.scope(ana.workspace_id):
        row = pocket(ana.workspace)
        credit_days.days(ana.workspace, row, last - timedelta(days=20), last - timedelta(days=2), now=now)
        with django_assert_num_queries(0):
            credit_days.days(ana.workspace, row, last - timedelta(days=20), last - timedelta(days=2), now=now)
        before = credit_days.days(ana.workspace, row, last, last, now=now)[0].charged
    charge(ana.workspace, 91, each=7)
    with tenancy.scope(ana.workspace_id):
        assert credit_days.days(ana.workspace, row, last, last, now=now)[0].charged == before + 7


def test_the_pace_counts_from_the_first_day_something_was_spent(ana: Member) -> None:
    now = timezone.now()
    book(ana.workspace, (now - timedelta(days=3), "charge", -60), (now - timedelta(days=1), "charge", -40))
    with tenancy.scope(ana.workspace_id):
        found = credit_days.burn(ana.workspace, pocket(ana.workspace), now=now)
    assert found.per_day == 25.0  # 100 in four days
    assert found.days_left == 900 // 25


def test_where_nothing_is_spent_no_end_is_foretold(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        assert credit_days.burn(ana.workspace, pocket(ana.workspace), now=timezone.now()).days_left is None


def test_a_month_leads_from_its_first_balance_to_its_last(ana: Member) -> None:
    book(
        ana.workspace,
        (datetime(2026, 1, 31, 23, 59, tzinfo=CAIRO), "charge", -10),
        (datetime(2026, 2, 1, tzinfo=CAIRO), "charge", -20),
        (datetime(2026, 2, 14, tzinfo=CAIRO), "refund", 5),
        (datetime(2026, 2, 28, 23, 59, tzinfo=CAIRO), "charge", -40),
        (datetime(2026, 3, 1, tzinfo=CAIRO), "charge", -80),
    )
    with tenancy.scope(ana.workspace_id):
        found = credit_days.statement(ana.workspace, pocket(ana.workspace), date(2026, 2, 1), now=timezone.now())
    assert (found.opening, found.closing, found.agrees) == (990, 935, True)
    assert sum(each.amount for each in found.sums) == -55


def test_a_statement_says_so_when_entries_do_not_lead_to_the_balance(ana: Member) -> None:
    book(ana.workspace, (datetime(2026, 1, 10, tzinfo=CAIRO), "charge", -10))
    with tenancy.scope(ana.workspace_id), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO workspaces_creditentry (workspace_id, pocket_id, kind, amount, balance_after, after_attempts, "
            "source, reference, note, created_at) VALUES (%s, %s, 'adjustment', 1, 5000, 0, 'operator', '', 'Off', %s)",
            [ana.workspace_id, pocket(ana.workspace).pk, datetime(2026, 1, 20, tzinfo=CAIRO)],
        )
    assert "do not add up" in text(get(ana, "statement", month="2026-01"))


def test_the_lines_of_a_statements_file_add_up_to_its_closing_balance(ana: Member) -> None:
    charge(ana.workspace, 1, 2, 3)
    charge(ana.workspace, 4, source="api")
    refund(ana.workspace, 2)
    lines = rows_of(get(ana, "statement_file"))
    amounts = [int(line["Credits"]) for line in lines]
    assert (lines[0]["Kind"], lines[-1]["Kind"]) == ("Opening balance", "Closing balance")
    assert sum(amounts[:-1]) == amounts[-1] == 997
    assert ("API", "1", "-1") in {(line["Source"], line["Entries"], line["Credits"]) for line in lines}


# --- the ledger -------------------------------------------------------------------------------------------------------


def lines(workspace: Workspace, **chosen: str) -> list[credit_ledger.Line]:
    with tenancy.scope(workspace.pk):
        return credit_ledger.page(workspace, Filter.read(chosen)).lines


def test_consecutive_entries_of_a_broadcast_are_one_line_with_the_newest_balance(ana: Member) -> None:
    charge(ana.workspace, 1)
    charge(ana.workspace, *range(10, 20), source="broadcast", broadcast=7)
    refund(ana.workspace, 12)
    charge(ana.workspace, 2)
    found = lines(ana.workspace)
    assert [(line.count, line.amount) for line in found] == [(1, -1), (11, -9), (1, -1), (1, 1_000)]
    assert (found[1].charges, found[1].refunds, found[1].entry.balance_after) == (10, 1, 990)


def test_each_entry_has_its_line_when_that_is_asked_for(ana: Member) -> None:
    charge(ana.workspace, *range(10, 20), source="broadcast", broadcast=7)
    assert [line.count for line in lines(ana.workspace, each="yes")] == [1] * 11


def test_a_broadcast_longer_than_a_read_is_one_line_and_the_next_page_begins_below_it(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        credits.top_up(ana.workspace_id, "whatsapp", 9_000, reference="more")
    charge(ana.workspace, 1)
    charge(ana.workspace, *range(100, 100 + credit_ledger.AT_ONCE * 2 + 5), source="broadcast", broadcast=7)
    with tenancy.scope(ana.workspace_id):
        first = credit_ledger.page(ana.workspace, Filter(), size=1)
        rest = credit_ledger.page(ana.workspace, Filter(), before=first.more)
    assert [line.count for line in first.lines] == [credit_ledger.AT_ONCE * 2 + 5]
    assert [line.amount for line in rest.lines] == [-1, 9_000, 1_000]
    assert rest.more is None


@pytest.mark.parametrize("each", ["", "yes"])
def test_pages_hold_every_entry_once(ana: Member, each: str) -> None:
    charge(ana.workspace, *range(1, 40))
    charge(ana.workspace, *range(40, 60), source="broadcast", broadcast=3)
    charge(ana.workspace, *range(60, 100))
    counted, before = [], None
    with tenancy.scope(ana.workspace_id):
        while True:
            page = credit_ledger.page(ana.workspace, Filter(each=each), before=before, size=7)
            counted += [line.count for line in page.lines]
            if page.more is None:
                break
            before = page.more
    assert sum(counted) == 100
    assert max(counted) == (1 if each else 20)


def test_filters_leave_what_they_say(ana: Member) -> None:
    book(ana.workspace, (datetime(2026, 5, 4, 23, 59, tzinfo=CAIRO), "charge", -2))
    charge(ana.workspace, 1, source="api")
    charge(ana.workspace, 2, source="broadcast", broadcast=9)
    refund(ana.workspace, 2)
    amounts = {
        name: [line.amount for line in lines(ana.workspace, **chosen)]
        for name, chosen in {
            "refunds": {"kind": "refund"},
            "api": {"source": "api"},
            "broadcast": {"broadcast": "9", "each": "yes"},
            "message": {"message": "1"},
            "day": {"since": "2026-05-04", "until": "2026-05-04"},
            "day after": {"since": "2026-05-05", "until": "2026-05-05"},
            "sms": {"pocket": "sms"},
        }.items()
    }
    assert amounts == {
        "refunds": [1], "api": [-1], "broadcast": [1, -1], "message": [-1], "day": [-2], "day after": [], "sms": [],
    }  # fmt: skip


NONSENSE = [
    "pocket=gold", "kind=theft", "source=%00", "since=yesterday", "until=9999-12-31", "broadcast=1e5",
    "broadcast=99999999999999999999", "message=x", "before=-1", "before=99999999999999999999", "since=2026-13-01",
]  # fmt: skip


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_in_the_address_is_left_out(ana: Member, query: str) -> None:
    client = sign_in(ana.user)
    for name in ("ledger", "totals", "overview", "statement"):
        assert client.get(f"{reverse(f'credits:{name}', args=[ana.workspace.slug])}?{query}").status_code == 200


def test_the_file_holds_what_the_list_holds_and_keeps_formulas_text(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        credits.top_up(ana.workspace_id, "whatsapp", 10, reference="=1+1", note="+cmd")
    charge(ana.workspace, *range(1, 30))
    refund(ana.workspace, 5)
    found = rows_of(get(ana, "ledger_file"))
    assert [int(row["Credits"]) for row in found] == [line.amount for line in lines(ana.workspace, each="yes")]
    assert int(found[0]["Balance after"]) == 982
    assert ("'=1+1", "'+cmd") in {(row["Reference"], row["Note"]) for row in found}
    assert [row["Message"] for row in rows_of(get(ana, "ledger_file", kind="refund"))] == ["5"]
    with tenancy.scope(ana.workspace_id):
        assert AuditEntry.objects.filter(action="credits.exported").count() == 2


def test_totals_are_those_of_the_filter(ana: Member) -> None:
    charge(ana.workspace, *range(1, 31))
    refund(ana.workspace, 5, 6)
    said = text(get(ana, "totals"))
    assert "33 entries" in said
    assert "−30" in said
    assert "+1,002" in said
    assert "+972" in said
    assert "2 entries" in text(get(ana, "totals", kind="refund"))


def test_a_line_leads_to_its_message_in_the_thread(ana: Member) -> None:
    conversation = make_conversation(ana.workspace)
    old = make_message(conversation, direction="out", occurred_at=timezone.now() - timedelta(days=2))
    newer = [make_message(conversation, text=f"No {number}") for number in range(60)]
    charge(ana.workspace, old.pk)
    body = text(get(ana, "ledger"))
    address = f"/w/{ana.workspace.slug}/inbox/all/c/{conversation.uuid}/?before={newer[24].uuid}#m-{old.uuid}"
    assert address in body
    thread = sign_in(ana.user).get(address.partition("#")[0])
    assert f'id="m-{old.uuid}"' in thread.content.decode()


def test_the_ledger_outlives_its_messages(ana: Member) -> None:
    charge(ana.workspace, 2**40)
    charge(ana.workspace, 2**40 + 1, 2**40 + 2, source="broadcast", broadcast=2**40)
    body = text(get(ana, "ledger"))
    assert "A message that is no longer kept" in body
    assert "A broadcast that is no longer kept" in body


# --- the overview -----------------------------------------------------------------------------------------------------


def test_what_waits_to_be_sent_is_on_its_way(ana: Member) -> None:
    conversation = make_conversation(ana.workspace)
    waiting = make_message(conversation, direction="out", status="pending", send_state="queued", provider_id=None)
    sent = make_message(conversation, direction="out")
    charge(ana.workspace, waiting.pk, sent.pk, each=3)
    assert get(ana, "overview").context["waiting"] == 3


def test_a_balance_below_its_bound_is_said_on_every_page_and_in_the_navigation(ana: Member) -> None:
    client = sign_in(ana.user)
    client.slug = ana.workspace.slug  # type: ignore[attr-defined]
    assert get(client, "badge").content == b""
    with tenancy.scope(ana.workspace_id):
        CreditPocket.objects.filter(workspace=ana.workspace, kind="whatsapp").update(low_balance=2_000)
    assert "running low" in text(get(client, "badge"))
    for name in ("overview", "ledger", "statement", "prices", "limits", "transfers"):
        assert "That is fewer than the 2,000" in text(get(client, name))


def test_an_empty_pocket_says_that_nothing_is_sent(ana: Member) -> None:
    charge(ana.workspace, 1, each=1_000)
    body = text(get(ana, "overview"))
    assert "No credits are left for messages" in body
    assert "SMS: used up" not in text(get(ana, "badge"))  # was never used


def test_a_days_limit_that_is_reached_is_said(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        CreditPocket.objects.filter(workspace=ana.workspace, kind="whatsapp").update(daily_cap=10)
    charge(ana.workspace, 1, each=10)
    assert "limit of 10 credits is reached" in text(get(ana, "overview"))


@pytest.mark.parametrize(("sound", "words"), [(True, "messages agree"), (False, "do not agree")])
def test_the_overview_says_what_the_nightly_check_found(ana: Member, sound: bool, words: str) -> None:
    finding = {"rule": "balance", "pocket": "whatsapp", "count": 1, "examples": [77], "harmless": False}
    with tenancy.scope(ana.workspace_id):
        CreditCheck.objects.create(workspace=ana.workspace, sound=sound, findings=[] if sound else [finding])
    body = text(get(ana, "overview"))
    assert words in body
    assert ("for example 77" in body) is not sound


# --- limits and moves -------------------------------------------------------------------------------------------------


def test_limits_are_saved_and_audited_with_what_they_were(ana: Member) -> None:
    url = reverse("credits:limits", args=[ana.workspace.slug])
    answer = sign_in(ana.user).post(url, {"pocket": "whatsapp", "low_balance": "500", "daily_cap": "200"})
    assert answer.status_code == 302
    with tenancy.scope(ana.workspace_id):
        row = pocket(ana.workspace)
        entry = AuditEntry.objects.get(action="credits.limits_changed")
    assert (row.low_balance, row.daily_cap) == (500, 200)
    assert (entry.before, entry.after) == (
        {"low_balance": 0, "daily_cap": None},
        {"low_balance": 500, "daily_cap": 200},
    )


@pytest.mark.parametrize("given", [{"low_balance": "-1"}, {"low_balance": "x"}, {"daily_cap": "0", "low_balance": "1"}])
def test_limits_that_make_no_sense_are_refused(ana: Member, given: dict[str, str]) -> None:
    url = reverse("credits:limits", args=[ana.workspace.slug])
    assert sign_in(ana.user).post(url, {"pocket": "whatsapp", **given}).status_code == 422
    assert sign_in(ana.user).post(url, {"pocket": "gold", "low_balance": "1"}).status_code == 404


def move(ana: Member, **given: str) -> Any:
    url = reverse("credits:transfers", args=[ana.workspace.slug])
    return sign_in(ana.user).post(url, {"source": "whatsapp", "target": "sms", "seen": "0", **given})


def test_a_move_that_is_sent_twice_moves_once(ana: Member) -> None:
    for _ in range(2):
        assert move(ana, amount="100").status_code == 302
    with tenancy.scope(ana.workspace_id):
        assert (pocket(ana.workspace).balance, pocket(ana.workspace, "sms").balance) == (900, 100)


def test_a_move_after_somebody_elses_asks_to_look_again_and_then_goes_through(ana: Member) -> None:
    move(ana, amount="100")
    answer = move(ana, amount="50")
    assert answer.status_code == 422
    assert "moved in the meantime" in answer.content.decode()
    with tenancy.scope(ana.workspace_id):
        seen = credit_limits.newest_move(ana.workspace_id)
    assert f'value="{seen}"' in answer.content.decode()
    assert move(ana, amount="50", seen=str(seen)).status_code == 302
    with tenancy.scope(ana.workspace_id):
        assert pocket(ana.workspace, "sms").balance == 150


@pytest.mark.parametrize("given", [{"amount": "1001"}, {"amount": "0"}, {"amount": "5", "target": "whatsapp"}])
def test_a_move_that_cannot_be_made_moves_nothing(ana: Member, given: dict[str, str]) -> None:
    assert move(ana, **given).status_code == 422
    with tenancy.scope(ana.workspace_id):
        assert not CreditEntry.objects.filter(kind="transfer").exists()


# --- being told -------------------------------------------------------------------------------------------------------


def low(workspace: Workspace, bound: int) -> None:
    with tenancy.scope(workspace.pk):
        CreditPocket.objects.filter(workspace=workspace, kind="whatsapp").update(low_balance=bound)


def test_admins_are_told_once_per_crossing(ana: Member) -> None:
    make_member(ana.workspace, role="admin", name="Adam")
    make_member(ana.workspace, role="marketer", name="Mia")
    low(ana.workspace, 500)
    assert not credit_notices.due()
    charge(ana.workspace, 1, each=600)
    assert credit_notices.due()
    assert credit_notices.tell_all() == 1
    assert credit_notices.tell_all() == 0
    assert not credit_notices.due()
    assert [message.to[0].split("-")[0] for message in mail.outbox] == ["ana", "adam"]
    assert "400 credits left" in mail.outbox[0].body
    with tenancy.scope(ana.workspace_id):
        credits.top_up(ana.workspace_id, "whatsapp", 500, reference="INV-1")
    assert not credit_notices.due()  # enough again
    charge(ana.workspace, 2, each=500)
    assert credit_notices.due()
    assert credit_notices.tell_all() == 1


def test_a_notice_that_could_not_be_mailed_is_still_owed(ana: Member, settings: Any) -> None:
    low(ana.workspace, 5_000)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    assert credit_notices.tell_all() == 0
    assert credit_notices.due()


def test_changing_the_bound_asks_the_question_anew(ana: Member) -> None:
    low(ana.workspace, 2_000)
    credit_notices.tell_all()
    with tenancy.scope(ana.workspace_id):
        credit_limits.change(pocket(ana.workspace), low_balance=3_000, daily_cap=None, by=ana)
    assert credit_notices.due()
