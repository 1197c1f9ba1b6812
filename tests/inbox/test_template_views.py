"""The picker, the bubble and what comes back, through the pages."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inbox import template_sending
from inbox.models import Conversation, Message
from templates_mgmt.models import TemplateTranslation
from tests import factories
from tests.inbox.seeing import HTMX, inbox, signed_in, thread
from tests.inbox.templating import PICTURED, QUICK, SHIPPED, give_file, make_translation, picture
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Any, settings: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def ben() -> Any:
    return factories.make_member(role="agent", name="Ben")


@pytest.fixture
def nora(ben: Any) -> Conversation:
    """A conversation whose reply window is over."""
    identity = factories.make_identity(factories.make_contact(ben.workspace, name="Nora Quist"))
    before = timezone.now() - timedelta(days=2)
    return factories.make_conversation(ben.workspace, identity=identity, window_expires_at=before)


def reopen(conversation: Conversation) -> None:
    with tenancy.scope(conversation.workspace_id):
        ends = timezone.now() + timedelta(hours=5)
        Conversation.objects.filter(pk=conversation.pk).update(window_expires_at=ends)


def filled(conversation: Conversation, **fields: Any) -> dict[str, Any]:
    values = {"value.body:1": "Nora", "value.body:2": "A-1042", "value.button.1:1": "A-1042"}
    return {"conversation": str(conversation.uuid), "cid": str(uuid.uuid4()), **values, **fields}


def sent(conversation: Conversation) -> list[Message]:
    with tenancy.scope(conversation.workspace_id):
        return list(Message.objects.filter(conversation=conversation, direction="out").order_by("id"))


def at(ben: Any, conversation: Conversation, translation: TemplateTranslation, rest: str = "") -> str:
    return thread(ben, conversation, f"templates/{translation.uuid}/{rest}")


def test_a_closed_window_offers_templates_instead_of_a_reply_box(ben: Any, nora: Any) -> None:
    html = signed_in(ben).get(thread(ben, nora)).content.decode()
    assert "The reply window is closed" in html
    assert f'href="{thread(ben, nora, "templates/")}"' in html
    mia = factories.make_member(ben.workspace, role="marketer", name="Mia")
    assert "templates/" not in signed_in(mia).get(thread(mia, nora)).content.decode().split('id="composer"')[1]


def test_the_picker_lists_what_can_be_sent_here_recent_first(ben: Any, nora: Any) -> None:
    make_translation(nora.channel, name="long_ago", last_used_at=timezone.now() - timedelta(days=3))
    make_translation(nora.channel, name="newest", last_used_at=timezone.now())
    make_translation(nora.channel, name="never_used")
    make_translation(nora.channel, name="in_pause", status="paused")
    make_translation(nora.channel, name="elsewhere", account_id="4711")
    make_translation(nora.channel, name="Quick one", quick=True)
    client, address = signed_in(ben), thread(ben, nora, "templates/")
    html = client.get(address, **HTMX).content.decode()
    assert "<!doctype" not in html
    assert html.index("newest") < html.index("long_ago") < html.index("never_used")
    for absent in ("in_pause", "elsewhere", "Quick one"):
        assert absent not in html
    reopen(nora)
    assert "Quick one" in client.get(address, **HTMX).content.decode()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "ship"}, {"order_shipped", "versand"}),
        ({"q": "WAREHOUSE"}, {"order_shipped"}),
        ({"q": "BODY"}, set()),
        ({"q": "order", "language": "de"}, set()),
        ({"language": "de"}, {"versand"}),
        ({"category": "marketing"}, {"offer"}),
        ({"category": "quick"}, {"Quick one"}),
        ({"q": "x" * 500}, set()),
    ],
)
def test_searching_and_filtering(ben: Any, nora: Any, asked: dict[str, str], found: set[str]) -> None:
    reopen(nora)
    warehouse = [{"type": "BODY", "text": "It left the warehouse, {{1}}."}]
    make_translation(nora.channel, components=warehouse)
    make_translation(
        nora.channel, name="versand", language="de", components=[{"type": "BODY", "text": "Es wird shipped"}]
    )
    make_translation(nora.channel, name="offer", category="marketing", components=[{"type": "BODY", "text": "Sale"}])
    make_translation(nora.channel, name="Quick one", quick=True)
    target = {"HTTP_HX_TARGET": "template-rows", **HTMX}
    html = signed_in(ben).get(thread(ben, nora, "templates/"), asked, **target).content.decode()
    assert {
        name for name in ("order_shipped", "versand", "offer", "Quick one") if f"<bdi>{name}</bdi>" in html
    } == found
    assert "data-picker" not in html


def test_a_chosen_template_is_prefilled_from_the_contact(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel)
    client = signed_in(ben)
    fragment = client.get(at(ben, nora, translation), **HTMX).content.decode()
    assert 'name="value.body:1" value="Nora"' in fragment
    assert 'name="value.body:2" value=""' in fragment
    assert "Hi Nora, your order {{2}} has shipped." in fragment
    page = client.get(at(ben, nora, translation)).content.decode()
    assert "<!doctype" in page
    assert 'aria-current="true"' in page


def test_the_preview_shows_values_as_text_and_says_what_would_be_refused(ben: Any, nora: Any) -> None:
    client, address = signed_in(ben), at(ben, nora, make_translation(nora.channel), "preview/")
    html = client.post(
        address, {"value.body:1": "<script>x</script>", "value.body:2": "a    b"}, **HTMX
    ).content.decode()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "four or more spaces" in html
    assert "has no value" not in html


def test_sending_draws_the_template_with_everything(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel)
    form = filled(nora)
    html = signed_in(ben).post(at(ben, nora, translation, "send/"), form, **HTMX).content.decode()
    assert f'data-cid="{form["cid"]}"' in html
    for words in (
        "Hi Nora, your order A-1042 has shipped.",
        "Harbour Café",
        "Need help",
        "Template order_shipped · en",
    ):
        assert words in html
    assert 'href="https://shop.example/t/A-1042"' in html
    assert f'id="c-{nora.uuid}"' in html
    assert [message.text for message in sent(nora)] == ["Hi Nora, your order A-1042 has shipped."]


def test_a_double_submit_sends_once(ben: Any, nora: Any) -> None:
    client, form, translation = signed_in(ben), filled(nora), make_translation(nora.channel)
    for _ in range(3):
        assert client.post(at(ben, nora, translation, "send/"), form, **HTMX).status_code == 200
    assert len(sent(nora)) == 1


def test_without_scripts_it_is_sent_by_an_ordinary_form(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel)
    client = signed_in(ben)
    done = client.post(at(ben, nora, translation, "send/"), filled(nora))
    assert (done.status_code, done["Location"]) == (302, thread(ben, nora))
    refused = client.post(at(ben, nora, translation, "send/"), filled(nora, **{"value.body:2": ""}))
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "<!doctype" in html
    assert "has no value" in html
    assert 'aria-invalid="true"' in html


@pytest.mark.parametrize(
    ("status", "words"), [("paused", "paused"), ("deleted", "deleted"), ("in_review", "reviewing")]
)
def test_a_template_that_changed_while_the_picker_was_open_is_refused(
    ben: Any, nora: Any, status: str, words: str
) -> None:
    translation, client = make_translation(nora.channel), signed_in(ben)
    assert client.get(at(ben, nora, translation), **HTMX).status_code == 200
    with tenancy.scope(ben.workspace_id):
        TemplateTranslation.objects.filter(pk=translation.pk).update(status=status)
    form = filled(nora)
    response = client.post(at(ben, nora, translation, "send/"), form, **HTMX)
    html = response.content.decode()
    assert response.status_code == 422
    assert words in html.split("data-error")[1].split("</p>")[0]
    assert form["cid"] in html
    assert 'value="A-1042"' in html
    assert sent(nora) == []


def test_someone_elses_template_does_not_exist(ben: Any, nora: Any) -> None:
    foreign = make_translation(factories.make_channel())
    client = signed_in(ben)
    assert client.get(at(ben, nora, foreign)).status_code == 404
    for part in ("send/", "preview/"):
        assert client.post(at(ben, nora, foreign, part), filled(nora), **HTMX).status_code == 404


def test_values_for_another_conversation_or_an_incomplete_form_send_nothing(ben: Any, nora: Any) -> None:
    other, client = factories.make_conversation(ben.workspace), signed_in(ben)
    address = at(ben, nora, make_translation(nora.channel), "send/")
    assert client.post(address, filled(other), **HTMX).status_code == 409
    assert client.post(address, {**filled(nora), "cid": "x"}, **HTMX).status_code == 422
    assert sent(nora) == [] == sent(other)


def test_a_colleagues_fresh_answer_is_worth_a_question(ben: Any, nora: Any) -> None:
    ana, translation = factories.make_member(ben.workspace, name="Ana"), make_translation(nora.channel)
    before = (timezone.now() - timedelta(seconds=30)).isoformat()
    signed_in(ana).post(at(ana, nora, translation, "send/"), filled(nora), **HTMX)
    client, address = signed_in(ben), at(ben, nora, translation, "send/")
    asked = client.post(address, filled(nora, seen=before), **HTMX)
    assert asked.status_code == 409
    assert "Ana answered" in asked.content.decode()
    assert 'name="anyway" value="yes"' in asked.content.decode()
    assert client.post(address, filled(nora, seen=before, anyway="yes"), **HTMX).status_code == 200


def test_the_header_is_the_templates_own_or_an_uploaded_one_and_can_be_looked_at(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel, components=PICTURED, variables={})
    give_file(translation)
    client = signed_in(ben)
    assert "season.png" in client.get(at(ben, nora, translation), **HTMX).content.decode()
    html = client.post(at(ben, nora, translation, "send/"), filled(nora), **HTMX).content.decode()
    address = inbox(ben, f"media/{sent(nora)[0].uuid}/header:media/")
    assert f'src="{address}"' in html
    shown = client.get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert client.get(inbox(ben, f"media/{sent(nora)[0].uuid}/card.0.header:media/")).status_code == 404
    upload = SimpleUploadedFile("mine.png", picture(), "image/png")
    form = filled(nora) | {"file.header:media": upload}
    assert client.post(at(ben, nora, translation, "send/"), form, **HTMX).status_code == 200
    wrong = SimpleUploadedFile("note.txt", b"no picture", "text/plain")
    refused = client.post(at(ben, nora, translation, "send/"), filled(nora) | {"file.header:media": wrong}, **HTMX)
    assert refused.status_code == 422


def test_the_tapped_button_is_marked_on_the_template_and_the_screen_hears_of_it(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel)
    with tenancy.scope(ben.workspace_id):
        given = {"body:2": "A", "button.1:1": "A"}
        message = template_sending.send(nora, translation, given=given, by=ben)
        Message.objects.filter(pk=message.pk).update(provider_id="wamid.t", status="sent")
    client = signed_in(ben)
    assert "Tapped: " not in client.get(thread(ben, nora)).content.decode()
    reply = {"reply": {"id": "Need help", "title": "Need help", "source": "template"}}
    factories.make_message(nora, kind="button_reply", text="Need help", content=reply, reply_to="wamid.t")
    record = reverse("inbox:contact_timeline", args=[ben.workspace.slug, nora.contact.uuid])
    for page in (thread(ben, nora), record):
        html = client.get(page).content.decode()
        bubble = html.split(f'id="m-{message.uuid}"')[1].split("</article>")[0]
        assert "Tapped: " in bubble
        assert "bubble__choice--taken" in bubble


def queries(client: Any, address: str, **headers: Any) -> int:
    client.get(address, **headers)  # what is read once per session is not counted
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, **headers).status_code == 200
    return len(captured)


def test_a_thousand_templates_cost_no_more_queries_than_three(ben: Any, nora: Any) -> None:
    template = make_translation(nora.channel)
    client, address = signed_in(ben), thread(ben, nora, "templates/")
    few = queries(client, address, **HTMX)
    with tenancy.scope(ben.workspace_id):
        TemplateTranslation.objects.bulk_create(
            TemplateTranslation(
                workspace_id=ben.workspace_id,
                template_id=template.template_id,
                language=f"x{number}",
                status="approved",
                components=SHIPPED,
            )
            for number in range(60)
        )
    assert queries(client, address, **HTMX) == few
    html = client.get(address, **HTMX).content.decode()
    assert html.count("data-template") == 50
    assert "Only the first 50" in html


def test_a_thread_of_many_templates_costs_one_query_more_than_one_without(ben: Any, nora: Any) -> None:
    client = signed_in(ben)
    factories.make_message(nora, text="Hello")
    plain = queries(client, thread(ben, nora))
    content = {
        "name": "a",
        "language": "en",
        "shown": {"body": "Hi", "buttons": [{"type": "quick_reply", "text": "Yes"}]},
    }
    for _ in range(5):
        factories.make_message(nora, direction="out", kind="template", text="Hi", content=content)
    assert queries(client, thread(ben, nora)) == plain + 1


def test_where_a_template_is_used(ben: Any, nora: Any) -> None:
    translation = make_translation(nora.channel)
    for status in ("sent", "delivered", "read", "failed"):
        factories.make_message(nora, direction="out", kind="template", translation=translation, status=status)
    factories.make_message(
        nora, direction="out", translation=translation, occurred_at=timezone.now() - timedelta(days=9)
    )
    html = signed_in(ben).get(inbox(ben, f"template/{translation.template.uuid}/uses/")).content.decode()
    cells = [cell.split("</td>")[0] for cell in html.split("<td>")[2:]]
    assert cells[0].startswith("4 ")
    assert "4 in the inbox" in cells[0]
    assert cells[1:] == ["3", "2", "1", "1"]
    foreign = make_translation(factories.make_channel())
    assert signed_in(ben).get(inbox(ben, f"template/{foreign.template.uuid}/uses/")).status_code == 404


def test_a_quick_template_is_sent_as_a_reply(ben: Any, nora: Any) -> None:
    reopen(nora)
    spec = {"body:first_name": {"source": "field", "value": "first_name"}}
    quick = make_translation(nora.channel, name="Thanks", quick=True, components=QUICK, variables=spec)
    client = signed_in(ben)
    html = client.get(at(ben, nora, quick), **HTMX).content.decode()
    assert "Put into the reply box" in html
    assert 'data-plain="Thank you, Nora."' in html
    form = {"conversation": str(nora.uuid), "cid": str(uuid.uuid4()), "value.body:first_name": "two\r\nlines"}
    assert client.post(at(ben, nora, quick, "send/"), form, **HTMX).status_code == 200
    assert [(message.kind, message.text) for message in sent(nora)] == [("text", "Thank you, two\nlines.")]
