"""The pages about a broadcast that was started: what they show, lead to, and change."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from broadcasts import presenting_recipients, reached, tallying
from broadcasts.models import Broadcast, Recipient
from broadcasts.presenting_report import AGAIN
from contacts.models import Contact
from tests.broadcasts.sent import make_broadcast, make_recipient
from tests.broadcasts.test_tallying import everything
from tests.factories import make_member, sign_in
from workspaces import tenancy
from workspaces.models import AuditEntry, Workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def broadcast() -> Broadcast:
    return everything()


def client_of(workspace: Workspace, role: str = "marketer") -> Client:
    return sign_in(make_member(workspace, role=role).user)


@pytest.fixture
def client(broadcast: Broadcast) -> Client:
    return client_of(broadcast.workspace)


def url(broadcast: Broadcast, name: str = "broadcast", **query: Any) -> str:
    return reverse(f"broadcasts:{name}", args=[broadcast.workspace.slug, broadcast.uuid], query=query or None)


def lines(client: Client, broadcast: Broadcast, **query: Any) -> list[dict[str, str]]:
    response = client.get(url(broadcast, "recipients_file", **query))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def figures(broadcast: Broadcast) -> tallying.Figures:
    with tenancy.scope(broadcast.workspace_id):
        return tallying.figures(broadcast)


def test_every_figure_of_the_report_leads_to_as_many_rows_and_lines(client: Client, broadcast: Broadcast):
    page = client.get(url(broadcast)).content.decode()
    links = set(re.findall(r'href="([^"]*/recipients/\?who=[^"]*)"', page))
    assert len(links) > 12
    for link in links:
        rows = client.get(link.replace("&amp;", "&")).content.decode().count('<tr id="r-')
        who = re.search(r"who=(\w+)", link)[1]
        cause = re.search(r"cause=([\w-]+)", link)
        found = lines(client, broadcast, who=who, **({"cause": cause[1]} if cause else {}))
        counted = figures(broadcast)
        expected = counted.causes[who]["" if cause[1] == "-" else cause[1]] if cause else counted[who]
        assert rows == len(found) == expected, link


def test_the_download_says_what_the_table_says(client: Client, broadcast: Broadcast):
    found = lines(client, broadcast, who="everybody")
    assert [line["Status"] for line in found].count("Failed") == figures(broadcast)["failed"]
    assert list(found[0]) == list(presenting_recipients.TITLES)
    failed = lines(client, broadcast, who="failed", cause="131026")
    assert {line["Code"] for line in failed} == {"131026"}
    assert all("cannot deliver" in line["Reason"] for line in failed)
    assert all(line["Failed"] for line in failed), "when it failed"


def test_a_download_is_written_into_the_audit_log(client: Client, broadcast: Broadcast):
    lines(client, broadcast, who="failed")
    with tenancy.scope(broadcast.workspace_id):
        entry = AuditEntry.objects.get(action="broadcast.exported")
    assert entry.after == {"filter": {"who": "failed"}}


def test_the_rest_of_a_long_table_follows(broadcast: Broadcast):
    client = client_of(broadcast.workspace)
    for _ in range(45):
        make_recipient(broadcast, "sent")
    first = client.get(url(broadcast, "recipients")).content.decode()
    more = re.search(r'hx-get="([^"]*after=\d+)"', first)[1].replace("&amp;", "&")
    rest = client.get(more, headers={"HX-Request": "true"}).content.decode()
    assert first.count('<tr id="r-') == 50
    assert rest.count('<tr id="r-') == figures(broadcast)["audience"] - 50
    assert "<html" not in rest


def test_a_search_finds_one_person(client: Client, broadcast: Broadcast):
    make_recipient(broadcast, "read", name="Zenobia Palmer")
    found = lines(client, broadcast, q="zenobia")
    assert [line["Name"] for line in found] == ["Zenobia Palmer"]
    assert "Zenobia Palmer" in client.get(url(broadcast, "recipients", q="zenobia")).content.decode()


def test_names_that_look_like_formulas_stay_text(client: Client, broadcast: Broadcast):
    make_recipient(broadcast, "read", name="=HYPERLINK(1)")
    assert [line["Name"] for line in lines(client, broadcast, q="hyperlink")] == ["'=HYPERLINK(1)"]


@pytest.mark.parametrize("who", sorted(AGAIN))
def test_a_new_draft_is_for_as_many_as_the_report_counted(client: Client, broadcast: Broadcast, who: str):
    response = client.post(url(broadcast, "again"), {"who": who})
    with tenancy.scope(broadcast.workspace_id):
        draft = Broadcast.objects.get(status="draft")
        people = Contact.objects.filter(reached.reached(broadcast.workspace_id, broadcast, who)).count()
    assert response["Location"] == url(draft)
    assert draft.audience == {"include": [{"broadcast": str(broadcast.uuid), "who": who}], "exclude": []}
    assert people == figures(broadcast)[AGAIN[who][0]] > 0


def test_a_new_draft_for_nobody_in_particular_is_refused(client: Client, broadcast: Broadcast):
    client.post(url(broadcast, "again"), {"who": "left_out"})
    with tenancy.scope(broadcast.workspace_id):
        assert not Broadcast.objects.filter(status="draft").exists()


def test_a_broadcast_is_paused_resumed_and_cancelled(broadcast: Broadcast):
    client = client_of(broadcast.workspace)
    running = make_broadcast(broadcast.workspace, channel=broadcast.channel, status="running", finished_at=None)
    make_recipient(running, state="waiting")
    for act, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        page = client.post(url(running, act), follow=True).content.decode()
        with tenancy.scope(broadcast.workspace_id):
            running.refresh_from_db()
        assert running.status == status
        assert "/pause/" not in page or status == "running"


def test_what_cannot_be_done_is_said_in_words(client: Client, broadcast: Broadcast):
    page = client.post(url(broadcast, "pause"), follow=True).content.decode()
    assert "Only a broadcast that is being sent can be paused." in page


def test_why_it_paused_by_itself_and_what_to_do_stand_on_the_page(broadcast: Broadcast):
    client = client_of(broadcast.workspace)
    paused = make_broadcast(
        broadcast.workspace, channel=broadcast.channel, status="paused", finished_at=None,
        pause_reason="credits", pause_text="There are no credits left. Top up and resume.",
    )  # fmt: skip
    page = client.get(url(paused)).content.decode()
    assert "It paused by itself" in page
    assert "Top up and resume." in page
    assert reverse("credits:overview", args=[broadcast.workspace.slug]) in page


@pytest.mark.parametrize("status", ["preparing", "running", "paused", "cancelled"])
def test_a_broadcast_without_recipients_yet_has_its_pages(broadcast: Broadcast, status: str):
    client = client_of(broadcast.workspace)
    fresh = make_broadcast(
        broadcast.workspace, channel=broadcast.channel, status=status, started_at=None, finished_at=None
    )
    for name in ("broadcast", "progress", "recipients", "timeline", "comparison"):
        assert client.get(url(fresh, name)).status_code == 200, name


@pytest.mark.parametrize("status", ["scheduled", "missed"])
def test_what_waits_for_its_time_says_when(broadcast: Broadcast, status: str):
    client = client_of(broadcast.workspace)
    at = timezone.now() + timedelta(days=2)
    waiting = make_broadcast(
        broadcast.workspace, channel=broadcast.channel, status=status, started_at=None, finished_at=None,
        timing="at", next_fire_at=at, local_date=at.date(), local_time=at.time().replace(microsecond=0),
    )  # fmt: skip
    assert client.get(url(waiting)).status_code == 200
    assert client.get(url(waiting, "progress")).status_code == 204
    assert ("HX-Refresh" in client.get(url(waiting, "began"))) == (status == "missed")


def test_a_draft_is_gone_on_with(client: Client, broadcast: Broadcast):
    draft = make_broadcast(broadcast.workspace, channel=broadcast.channel, status="draft", started_at=None)
    assert client.get(url(draft))["Location"].endswith(f"{draft.uuid}/audience/")


def test_a_message_in_a_thread_leads_to_its_broadcast(client: Client, broadcast: Broadcast):
    with tenancy.scope(broadcast.workspace_id):
        message = Recipient.objects.filter(message__isnull=False).first().message
    address = reverse("broadcasts:of_message", args=[broadcast.workspace.slug, message.uuid])
    assert client.get(address)["Location"] == url(broadcast)
    unknown = reverse("broadcasts:of_message", args=[broadcast.workspace.slug, uuid4()])
    assert client.get(unknown).status_code == 404


def test_two_broadcasts_stand_side_by_side(client: Client, broadcast: Broadcast):
    other = make_broadcast(broadcast.workspace, channel=broadcast.channel, name="Winter menu")
    for status in ("read", "read", "delivered", "failed"):
        make_recipient(other, status)
    page = client.get(url(broadcast, "comparison", **{"with": str(other.uuid)})).content.decode()
    assert "Winter menu" in page
    assert "66.7 %" in page, "two of three who got it read it"
    assert "points" in page


def test_the_report_is_drawn_again_as_a_piece(client: Client, broadcast: Broadcast):
    piece = client.get(url(broadcast, "progress"), headers={"HX-Request": "true"}).content.decode()
    assert piece.lstrip().startswith('<div class="report" id="report"')
    assert f"live:bc-{broadcast.uuid} from:document" in piece
