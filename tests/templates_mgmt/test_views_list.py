from __future__ import annotations

import re
from typing import Any

import pytest

from templates_mgmt import listing, notices, syncing
from templates_mgmt.models import TemplateNotice, TemplateTranslation
from tests.factories import make_member
from tests.inbox.seeing import HTMX, signed_in
from tests.templates_mgmt.desk import Desk

pytestmark = pytest.mark.django_db


def url(desk: Desk, rest: str = "") -> str:
    return f"/w/{desk.workspace.slug}/templates/{rest}"


def names(html: bytes) -> list[str]:
    return re.findall(r'template-table__name" href="[^"]+"><bdi>(.*?)</bdi>', html.decode())


def test_each_language_stands_there_with_its_own_status(desk: Desk) -> None:
    order = desk.approved("order_shipped")
    desk.draft("welcome")
    with desk.scope():
        from templates_mgmt import drafting

        drafting.add_language(order.template, language="ar", copy_from=order, by=desk.ana)
    html = signed_in(desk.ana).get(url(desk)).content.decode()
    assert names(html.encode()) == ["order_shipped", "welcome"]
    assert "Hi {{1}}, your order has shipped." in html
    assert re.search(r"English: </span><span>Approved", html)
    assert re.search(r"Arabic: </span><span>Draft", html)
    assert "Utility" in html


def test_the_cost_of_the_list_does_not_grow_with_its_rows(desk: Desk, django_assert_num_queries: Any) -> None:
    client = signed_in(desk.ana)
    desk.draft("first")
    client.get(url(desk))
    with django_assert_num_queries(18, exact=False) as few:
        client.get(url(desk))
    for number in range(8):
        desk.draft(f"more_{number}")
    with django_assert_num_queries(len(few)):
        client.get(url(desk))


def test_a_filter_answers_with_rows_and_a_clean_address(desk: Desk) -> None:
    desk.approved("order_shipped")
    desk.draft("welcome")
    client = signed_in(desk.ana)
    answer = client.get(url(desk), {"status": "draft", "q": "", "sort": "name"}, **HTMX)
    assert names(answer.content) == ["welcome"]
    assert answer["HX-Replace-Url"] == url(desk, "?status=draft")
    assert b"<html" not in answer.content
    assert names(client.get(url(desk), {"q": "ORDER has"}).content) == ["order_shipped", "welcome"]
    assert names(client.get(url(desk), {"language": "ar"}).content) == []
    assert names(client.get(url(desk), {"category": "utility"}).content) == ["order_shipped", "welcome"]


def test_more_templates_come_behind_those_shown(desk: Desk) -> None:
    for number in range(listing.PAGE + 2):
        desk.draft(f"t_{number:03d}")
    client = signed_in(desk.ana)
    page = client.get(url(desk))
    assert len(names(page.content)) == listing.PAGE
    rest = client.get(page.context["more"], **HTMX)
    assert names(rest.content) == ["t_050", "t_051"]
    assert b"<table" not in rest.content
    assert b"<html" in client.get(page.context["more"]).content, "without scripts the link is a page"


def test_a_text_in_its_first_review_is_seen_in_the_list(desk: Desk) -> None:
    translation = desk.draft("welcome")
    with desk.scope():
        translation.versions.update(state="submitted")
        TemplateTranslation.objects.update(status="in_review", components=[])
    page = signed_in(desk.ana).get(url(desk)).content.decode()
    assert "your order has shipped" in page
    assert "+ draft" not in page


def test_quick_templates_have_a_tab_of_their_own(desk: Desk) -> None:
    desk.draft("Opening hours", kind="quick")
    client = signed_in(desk.ana)
    assert names(client.get(url(desk)).content) == []
    assert names(client.get(url(desk), {"kind": "quick"}).content) == ["Opening hours"]


def test_an_empty_list_says_what_to_do(desk: Desk) -> None:
    client = signed_in(desk.ana)
    assert b"No templates yet" in client.get(url(desk)).content
    assert b"No quick templates yet" in client.get(url(desk), {"kind": "quick"}).content
    answer = client.get(url(desk), {"q": "<b>"})
    assert b"&lt;b&gt;" in answer.content
    assert b"<b>" not in answer.content


def test_agents_read_and_change_nothing(desk: Desk) -> None:
    translation = desk.draft("welcome")
    ben = signed_in(make_member(desk.workspace, role="agent", name="Ben"))
    page = ben.get(url(desk))
    assert names(page.content) == ["welcome"]
    assert b"New template" not in page.content
    assert b"Sync now" not in page.content
    detail = ben.get(url(desk, f"{translation.template.uuid}/en/"))
    assert detail.status_code == 200
    assert b"Go on writing" not in detail.content
    assert b"<form" not in detail.content.split(b'id="main"')[1].split(b"</main>")[0]
    assert ben.get(url(desk, f"{translation.template.uuid}/en/edit/")).status_code == 403


def test_a_sync_shows_how_far_it_is_and_how_it_ended(desk: Desk) -> None:
    client = signed_in(desk.ana)
    assert b"Not fetched from WhatsApp yet" in client.get(url(desk)).content
    answer = client.post(url(desk, "sync/"), {"channel": desk.channel.uuid}, **HTMX)
    assert b"Fetching templates from WhatsApp" in answer.content
    desk.account.put("made_there")
    desk.work()
    done = client.get(url(desk, "sync/")).content.decode()
    assert "In step with WhatsApp since" in done
    assert "1 language" in done
    desk.account.stop()
    with desk.scope():
        syncing.request(desk.channel, by=desk.ana)
    for _ in range(12):
        desk.time_passes()
        desk.work()
    failed = client.get(url(desk, "sync/")).content.decode()
    assert "Not in step with WhatsApp" in failed or "Fetching" in failed


def test_a_sync_of_nobodys_number_is_not_found(desk: Desk) -> None:
    answer = signed_in(desk.ana).post(url(desk, "sync/"), {"channel": "no-uuid"})
    assert answer.status_code == 404


def test_news_is_shown_until_it_is_marked_as_read(desk: Desk) -> None:
    translation = desk.approved("order_shipped")
    desk.hear(translation, "PAUSED")
    client = signed_in(desk.ana)
    page = client.get(url(desk)).content.decode()
    assert "happened to your templates" in page
    assert client.get(url(desk, "notices/count/")).content.startswith(b"2<span")
    assert "was paused by the provider" in client.get(url(desk, "notices/")).content.decode()
    client.post(url(desk, "notices/"))
    assert client.get(url(desk, "notices/count/")).content == b""
    assert "happened to your templates" not in client.get(url(desk)).content.decode()
    with desk.scope():
        assert not notices.unseen(desk.ana)
        assert TemplateNotice.objects.count() == 2


def test_a_new_template_begins_with_its_name_and_goes_on_in_the_editor(desk: Desk) -> None:
    client = signed_in(desk.ana)
    given = {"kind": "provider", "name": "order_shipped", "category": "utility", "language": "en"}
    given["channel"] = str(desk.channel.uuid)
    made = client.post(url(desk, "new/"), given)
    assert made.status_code == 302
    assert made["Location"].endswith("/en/edit/")
    again = client.post(url(desk, "new/"), given)
    assert again.status_code == 422
    assert "has a template “order_shipped” already" in again.content.decode()
    bad = client.post(url(desk, "new/"), {**given, "name": "Order shipped!"})
    assert bad.status_code == 422
    assert b"aria-invalid" in bad.content


def test_a_quick_template_needs_only_a_name(desk: Desk) -> None:
    made = signed_in(desk.ana).post(url(desk, "new/"), {"kind": "quick", "name": "Opening hours", "language": ""})
    assert made["Location"].endswith("/any/edit/")
