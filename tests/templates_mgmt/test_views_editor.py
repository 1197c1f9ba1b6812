from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from templates_mgmt.models import TemplateFile, TemplateTask, TemplateTranslation, TemplateVersion
from tests.inbox.seeing import HTMX, signed_in
from tests.templates_mgmt.desk import Desk

pytestmark = pytest.mark.django_db

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


def url(desk: Desk, translation: TemplateTranslation, rest: str = "edit/") -> str:
    code = translation.language or "any"
    return f"/w/{desk.workspace.slug}/templates/{translation.template.uuid}/{code}/{rest}"


def typed(desk: Desk, translation: TemplateTranslation, **fields: Any) -> dict[str, Any]:
    """A form as the page holds it."""
    version = draft_of(desk, translation)
    given = {
        "revision": version.revision, "category": "utility", "parameter_format": "positional", "layout": "standard",
        "body": "Hi {{1}}, your order has shipped.", "buttons": "0", "v-body:1-sample": "Ana",
        "v-body:1-source": "field:first_name", "v-body:1-fallback": "there",
    }  # fmt: skip
    return {**given, **fields}


def draft_of(desk: Desk, translation: TemplateTranslation) -> TemplateVersion:
    with desk.scope():
        return TemplateVersion.objects.get(translation=translation, state="open")


def components(desk: Desk, translation: TemplateTranslation) -> dict[str, Any]:
    return {part["type"]: part for part in draft_of(desk, translation).components}


def test_the_editor_shows_what_is_saved(desk: Desk) -> None:
    translation = desk.draft()
    html = signed_in(desk.ana).get(url(desk, translation)).content.decode()
    assert "Hi {{1}}, your order has shipped.</textarea>" in html
    assert 'value="field:first_name"' in html
    assert "Hi <mark" in html
    assert "Ready to be submitted" in html


def test_the_cost_of_the_editor_does_not_grow_with_its_parts(desk: Desk, django_assert_num_queries: Any) -> None:
    client, translation = signed_in(desk.ana), desk.draft()
    client.get(url(desk, translation))
    with django_assert_num_queries(16, exact=False) as few:
        client.get(url(desk, translation))
    count = len(few)
    buttons = {f"button-{at}-type": "QUICK_REPLY" for at in range(8)}
    client.post(url(desk, translation), typed(desk, translation, buttons="8", **buttons))
    client.get(url(desk, translation))
    with django_assert_num_queries(count):
        client.get(url(desk, translation))


def test_saving_keeps_every_part(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    form = typed(
        desk, translation, header="TEXT", header_text="Order {{1}}", footer="Harbour Café", buttons="2",
        **{
            "button-0-type": "URL", "button-0-text": "Track", "button-0-url": "https://example.com/t/{{1}}",
            "button-1-type": "PHONE_NUMBER", "button-1-text": "Call", "button-1-phone": "+15550100",
            "v-header:1-sample": "4711", "v-header:1-source": "ask", "v-button.0:1-sample": "abc",
            "v-button.0:1-source": "fixed", "v-button.0:1-value": "xyz",
        },
    )  # fmt: skip
    assert client.post(url(desk, translation), form).status_code == 302
    saved = components(desk, translation)
    assert saved["HEADER"] == {
        "type": "HEADER",
        "format": "TEXT",
        "text": "Order {{1}}",
        "example": {"header_text": ["4711"]},
    }
    assert saved["FOOTER"]["text"] == "Harbour Café"
    assert saved["BUTTONS"]["buttons"][0]["example"] == ["https://example.com/t/abc"]
    assert saved["BUTTONS"]["buttons"][1]["phone_number"] == "+15550100"
    variables = draft_of(desk, translation).variables
    assert variables["body:1"] == {"sample": "Ana", "source": "field", "value": "first_name", "fallback": "there"}
    assert variables["button.0:1"] == {"sample": "abc", "source": "fixed", "value": "xyz", "fallback": ""}
    page = client.get(url(desk, translation)).content.decode()
    assert page.count("https://example.com/t/{{1}}") >= 1


def test_buttons_are_added_moved_and_removed_without_scripts(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    client.post(url(desk, translation), typed(desk, translation, do="button-add:QUICK_REPLY"))
    form = {"buttons": "1", "button-0-type": "QUICK_REPLY", "button-0-text": "Help", "do": "button-add:URL"}
    client.post(url(desk, translation), typed(desk, translation, **form))
    two = {
        "buttons": "2", "button-0-type": "QUICK_REPLY", "button-0-text": "Help", "button-1-type": "URL",
        "button-1-text": "Track", "button-1-url": "https://example.com/{{1}}", "v-button.1:1-sample": "abc",
        "v-button.1:1-source": "ask",
    }  # fmt: skip
    client.post(url(desk, translation), typed(desk, translation, do="button-up:1", **two))
    assert [each["text"] for each in components(desk, translation)["BUTTONS"]["buttons"]] == ["Track", "Help"]
    assert draft_of(desk, translation).variables["button.0:1"]["sample"] == "abc", "its variable moved along"
    moved = {
        "buttons": "2", "button-1-type": "QUICK_REPLY", "button-1-text": "Help", "button-0-type": "URL",
        "button-0-text": "Track", "button-0-url": "https://example.com/{{1}}", "do": "button-remove:0",
    }  # fmt: skip
    client.post(url(desk, translation), typed(desk, translation, **moved))
    assert [each["text"] for each in components(desk, translation)["BUTTONS"]["buttons"]] == ["Help"]
    assert "button.0:1" not in draft_of(desk, translation).variables


def test_typing_shows_the_message_and_saves_nothing(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    form = typed(
        desk, translation, body="*Hello* {{1}} <script>alert(1)</script> {{2}}", header="TEXT", header_text="x" * 61
    )
    html = client.post(url(desk, translation, "preview/"), form, **HTMX).content.decode()
    assert "<strong>Hello</strong>" in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert '<mark class="phone__gap">{{2}}</mark>' in html
    assert 'id="lint" aria-labelledby="lint-title" hx-swap-oob="morph"' in html
    assert "61" in html
    assert 'id="variables"' in html, "a new variable has come"
    assert components(desk, translation)["BODY"]["text"].startswith("Hi {{1}}")


def test_the_variables_are_left_alone_while_they_stay_the_same(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    html = client.post(
        url(desk, translation, "preview/"), typed(desk, translation, variable_keys="body:1"), **HTMX
    ).content.decode()
    assert 'id="variables"' not in html


def test_two_tabs_notice_each_other(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    first = typed(desk, translation, body="First {{1}} of two.")
    second = typed(desk, translation, body="Second {{1}} of two.")
    saved = client.post(url(desk, translation, "saving/"), first, **HTMX)
    assert saved.status_code == 200
    assert b"Draft saved" in saved.content
    late = client.post(url(desk, translation, "saving/"), second, **HTMX)
    assert late.status_code == 409
    assert b"Load it again" in late.content
    assert components(desk, translation)["BODY"]["text"] == "First {{1}} of two."
    page = client.post(url(desk, translation), second)
    assert page.status_code == 409
    assert b"Second {{1}} of two.</textarea>" in page.content, "what was typed is not lost"
    newest = draft_of(desk, translation).revision
    assert client.post(url(desk, translation), {**second, "overwrite": newest}).status_code == 302
    assert components(desk, translation)["BODY"]["text"] == "Second {{1}} of two."


def test_errors_keep_a_text_from_being_submitted_and_stay_on_the_page(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    page = client.post(url(desk, translation), typed(desk, translation, body="{{1}} first", do="send"))
    assert page.status_code == 422
    assert b"Not submitted:" in page.content
    assert b"{{1}} first</textarea>" in page.content
    assert components(desk, translation)["BODY"]["text"] == "{{1}} first", "the draft is kept"
    assert desk.now(translation).status == "draft"


def test_submitting_leads_to_the_page_that_says_how_it_goes(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    sent = client.post(url(desk, translation), typed(desk, translation, do="send"), **HTMX)
    assert sent["HX-Redirect"] == url(desk, translation, "")
    page = client.get(url(desk, translation, "")).content.decode()
    assert "Being submitted" in page
    assert client.get(url(desk, translation)).status_code == 302, "nothing is left to edit"
    desk.work()
    assert "In review" in client.get(url(desk, translation, "")).content.decode()


def test_a_failed_submission_says_why_and_can_be_tried_again(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    desk.account.plan = ["refuse:100:2388040"]
    client.post(url(desk, translation), typed(desk, translation, do="send"))
    desk.work()
    page = client.get(url(desk, translation, "")).content.decode()
    assert "Not submitted" in page
    assert "Try again" in page
    with desk.scope():
        assert TemplateTask.objects.get().error in page.replace("&#x27;", "'")
    assert client.post(url(desk, translation, "submission/")).status_code == 302
    desk.work()
    assert desk.now(translation).status == "in_review"


def test_a_file_is_attached_shown_and_taken_away(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    upload = SimpleUploadedFile("menu.png", PNG, "image/png")
    form = typed(desk, translation, header="IMAGE", **{"f-header": upload})
    page = client.post(url(desk, translation), form, **HTMX)
    assert page.status_code == 200, page.content
    with desk.scope():
        file = TemplateFile.objects.get()
    assert f"files/{file.uuid}/" in page.content.decode()
    served = client.get(f"/w/{desk.workspace.slug}/templates/{translation.template.uuid}/files/{file.uuid}/")
    assert b"".join(served.streaming_content) == PNG
    assert served["Content-Type"] == "image/png"
    assert served["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert draft_of(desk, translation).variables["header:media"]["file"] == str(file.uuid)
    client.post(url(desk, translation), typed(desk, translation, header="IMAGE", **{"v-header:media-file": ""}))
    assert "file" not in draft_of(desk, translation).variables["header:media"]


def test_a_file_of_the_wrong_kind_is_refused_in_words(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    for name, content, header in (("a.png", b"no picture", "IMAGE"), ("menu.png", PNG, "VIDEO")):
        form = typed(desk, translation, header=header, **{"f-header": SimpleUploadedFile(name, content, "image/png")})
        page = client.post(url(desk, translation), form, **HTMX)
        assert page.status_code == 422
        assert name in page.content.decode()


def test_a_carousel_has_cards_of_one_shape(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    client.post(url(desk, translation), typed(desk, translation, do="layout:carousel"))
    carousel = components(desk, translation)["CAROUSEL"]
    assert len(carousel["cards"]) == 2
    form = typed(
        desk, translation, layout="carousel", cards="2", card_buttons="1", card_format="VIDEO", do="card-add",
        **{"card-0-body": "One", "card-1-body": "Two", "card-0-button-0-type": "QUICK_REPLY",
           "card-0-button-0-text": "Yes", "card-1-button-0-type": "QUICK_REPLY", "card-1-button-0-text": "No"},
    )  # fmt: skip
    client.post(url(desk, translation), form)
    cards = components(desk, translation)["CAROUSEL"]["cards"]
    assert [next(part.get("format") for part in card["components"]) for card in cards] == ["VIDEO"] * 3
    page = client.get(url(desk, translation)).content.decode()
    assert "Card 3" in page
    assert 'name="card-1-button-0-text"' in page
    assert "One</textarea>" in page


def test_parts_that_a_carousel_has_not_are_not_dropped_without_asking(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    form = typed(desk, translation, footer="Reply STOP to end", do="layout:carousel")
    page = client.post(url(desk, translation), form, **HTMX)
    assert page.status_code == 409
    assert "the footer would go" in page.content.decode()
    assert "CAROUSEL" not in components(desk, translation)
    client.post(url(desk, translation), {**form, "do": "layout:carousel-anyway"})
    assert "CAROUSEL" in components(desk, translation)


def test_names_become_numbers_with_what_is_known_of_them(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    client.post(url(desk, translation), typed(desk, translation, do="format:named"))
    assert components(desk, translation)["BODY"]["text"] == "Hi {{value_1}}, your order has shipped."
    assert draft_of(desk, translation).variables["body:value_1"]["sample"] == "Ana"


def test_parts_nobody_knows_are_kept(desk: Desk) -> None:
    translation, client = desk.draft(), signed_in(desk.ana)
    odd = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Soon over"}}
    desk.write(translation, [*draft_of(desk, translation).components, odd])
    page = client.get(url(desk, translation)).content.decode()
    assert "kept exactly as they are" in page
    client.post(url(desk, translation), typed(desk, translation))
    assert odd in draft_of(desk, translation).components


def test_a_quick_template_is_put_into_use_at_once(desk: Desk) -> None:
    translation, client = desk.draft("Opening hours", kind="quick"), signed_in(desk.ana)
    form = typed(desk, translation, body="Hi {{name}}, we open at nine.", do="send", **{"v-body:name-sample": "Ana"})
    answer = client.post(url(desk, translation), form)
    assert answer.status_code == 302, answer.content
    live = desk.now(translation)
    assert live.status == "approved"
    assert live.components == [{"type": "BODY", "text": "Hi {{name}}, we open at nine."}] or "name" in json.dumps(
        live.components
    )
    assert "In use" in client.get(url(desk, translation, "")).content.decode()


def test_an_authentication_template_has_a_form_of_its_own(desk: Desk) -> None:
    client = signed_in(desk.ana)
    given = {"kind": "provider", "name": "login_code", "category": "authentication", "language": "en"}
    client.post(f"/w/{desk.workspace.slug}/templates/new/", {**given, "channel": str(desk.channel.uuid)})
    with desk.scope():
        translation = TemplateTranslation.objects.select_related("template").get(template__name="login_code")
    page = client.get(url(desk, translation)).content.decode()
    assert 'name="otp_type"' in page
    assert 'name="body"' not in page
    form = {
        "revision": draft_of(desk, translation).revision, "otp_type": "COPY_CODE", "otp_text": "Copy it",
        "add_security_recommendation": "yes", "code_expiration_minutes": "10",
    }  # fmt: skip
    sent = client.post(url(desk, translation), {**form, "do": "send"})
    assert sent.status_code == 302, sent.content
    desk.work()
    said = next(said for kind, said in desk.account.calls if kind == "create")
    assert said["components"][0] == {"type": "BODY", "add_security_recommendation": True}
    assert said["components"][1] == {"type": "FOOTER", "code_expiration_minutes": 10}
