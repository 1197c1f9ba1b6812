from __future__ import annotations

from typing import Any

import pytest

from providers.types import Credentials, MediaRef, Outbound
from providers.whatsapp_cloud import mark_read, media_lookup, refuse, send, subscribe, upload

CREDENTIALS = Credentials("https://graph.example/v23.0/", "2200110044", "310044550066", token="T0KEN")
ANA = "447700900123"
PHOTO = MediaRef(id="7781")
LINK = MediaRef(link="https://cdn.example/a.mp4")


def outbound(kind: str, content: dict[str, Any], media: MediaRef | None = None, **more: Any) -> Outbound:
    return Outbound(kind, ANA, content, media=media, **more)


def wire(message: Outbound) -> dict[str, Any]:
    assert refuse(message) is None
    json = send(message, CREDENTIALS).json
    assert json is not None
    return json


def buttons(*titles: str, **more: Any) -> dict[str, Any]:
    taps = [{"id": f"b{n}", "title": title} for n, title in enumerate(titles)]
    return {"type": "button", "body": "Well?", "buttons": taps} | more


def rows(count: int) -> list[dict[str, str]]:
    return [{"id": f"r{n}", "title": f"Row {n}"} for n in range(count)]


def listed(*sections: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "list", "body": "When?", "button": "Choose", "sections": list(sections)} | more


FLOW = {"type": "flow", "body": "Fill in", "flow_id": "99", "flow_cta": "Open"}
PRODUCTS = {"type": "product_list", "header": "New", "body": "Look", "catalog_id": "77"}

BODIES: list[tuple[str, dict[str, Any], MediaRef | None, str, Any]] = [
    ("text", {"text": "Hi"}, None, "text", {"body": "Hi", "preview_url": False}),
    ("text", {"text": "https://a.b", "preview_url": True}, None, "text", {"body": "https://a.b", "preview_url": True}),
    ("image", {"caption": "This"}, PHOTO, "image", {"id": "7781", "caption": "This"}),
    ("video", {}, LINK, "video", {"link": "https://cdn.example/a.mp4"}),
    ("document", {"filename": "A.pdf"}, PHOTO, "document", {"id": "7781", "filename": "A.pdf"}),
    ("document", {}, MediaRef(id="1", filename="B.pdf"), "document", {"id": "1", "filename": "B.pdf"}),
    ("audio", {}, PHOTO, "audio", {"id": "7781"}),
    ("voice", {}, MediaRef(id="7781", mime_type="audio/ogg; codecs=opus"), "audio", {"id": "7781", "voice": True}),
    ("sticker", {}, MediaRef(id="7781", mime_type="image/webp"), "sticker", {"id": "7781"}),
    ("location", {"latitude": 0, "longitude": 0.0}, None, "location", {"latitude": 0, "longitude": 0.0}),
    (
        "location",
        {"latitude": 51.5, "longitude": -0.12, "name": "Shop", "address": "1 High St"},
        None,
        "location",
        {"latitude": 51.5, "longitude": -0.12, "name": "Shop", "address": "1 High St"},
    ),
    (
        "contacts",
        {"contacts": [{"name": {"formatted_name": "Bo Ek"}, "phones": [{"phone": "+15550100", "wa_id": "15550100"}]}]},
        None,
        "contacts",
        [
            {
                "name": {"formatted_name": "Bo Ek", "first_name": "Bo Ek"},
                "phones": [{"phone": "+15550100", "wa_id": "15550100"}],
            }
        ],
    ),
    ("reaction", {"target": "wamid.A", "emoji": "👍"}, None, "reaction", {"message_id": "wamid.A", "emoji": "👍"}),
    ("reaction", {"target": "wamid.A", "emoji": None}, None, "reaction", {"message_id": "wamid.A", "emoji": ""}),
    (
        "interactive",
        buttons("Yes", "No", header="Question", footer="Tap one"),
        None,
        "interactive",
        {
            "type": "button",
            "header": {"type": "text", "text": "Question"},
            "body": {"text": "Well?"},
            "footer": {"text": "Tap one"},
            "action": {
                "buttons": [
                    {"type": "reply", "reply": {"id": "b0", "title": "Yes"}},
                    {"type": "reply", "reply": {"id": "b1", "title": "No"}},
                ]
            },
        },
    ),
    (
        "interactive",
        buttons("Yes", header={"type": "image", "id": "7781"}),
        None,
        "interactive",
        {
            "type": "button",
            "header": {"type": "image", "image": {"id": "7781"}},
            "body": {"text": "Well?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "b0", "title": "Yes"}}]},
        },
    ),
    (
        "interactive",
        listed({"rows": [{"id": "r1", "title": "Tuesday", "description": "9 to 12"}]}),
        None,
        "interactive",
        {
            "type": "list",
            "body": {"text": "When?"},
            "action": {
                "button": "Choose",
                "sections": [{"rows": [{"id": "r1", "title": "Tuesday", "description": "9 to 12"}]}],
            },
        },
    ),
    (
        "interactive",
        {"type": "cta_url", "body": "Look", "display_text": "Open", "url": "https://ex.test/"},
        None,
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": "Look"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://ex.test/"}},
        },
    ),
    (
        "interactive",
        {"type": "location_request", "body": "Where are you?"},
        None,
        "interactive",
        {
            "type": "location_request_message",
            "body": {"text": "Where are you?"},
            "action": {"name": "send_location"},
        },
    ),
    (
        "interactive",
        FLOW | {"flow_token": "t", "screen": "START", "data": {"k": "v"}},
        None,
        "interactive",
        {
            "type": "flow",
            "body": {"text": "Fill in"},
            "action": {
                "name": "flow",
                "parameters": {
                    "flow_message_version": "3",
                    "flow_id": "99",
                    "flow_cta": "Open",
                    "flow_action": "navigate",
                    "flow_token": "t",
                    "flow_action_payload": {"screen": "START", "data": {"k": "v"}},
                },
            },
        },
    ),
    (
        "interactive",
        {"type": "product", "catalog_id": "77", "product_retailer_id": "SKU1"},
        None,
        "interactive",
        {"type": "product", "action": {"catalog_id": "77", "product_retailer_id": "SKU1"}},
    ),
    (
        "interactive",
        PRODUCTS | {"sections": [{"title": "Hats", "products": ["SKU1", "SKU2"]}]},
        None,
        "interactive",
        {
            "type": "product_list",
            "header": {"type": "text", "text": "New"},
            "body": {"text": "Look"},
            "action": {
                "catalog_id": "77",
                "sections": [
                    {
                        "title": "Hats",
                        "product_items": [{"product_retailer_id": "SKU1"}, {"product_retailer_id": "SKU2"}],
                    }
                ],
            },
        },
    ),
    (
        "template",
        {"name": "hello", "language": "en-GB", "components": [{"type": "body", "parameters": []}]},
        None,
        "template",
        {"name": "hello", "language": {"code": "en_GB", "policy": "deterministic"}},
    ),
    (
        "template",
        {
            "name": "order_shipped",
            "language": "en_GB",
            "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": "99"}}]},
                {"type": "body", "parameters": [{"type": "text", "text": "Ana", "parameter_name": "first_name"}]},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "A-77"}]},
            ],
        },
        None,
        "template",
        {
            "name": "order_shipped",
            "language": {"code": "en_GB", "policy": "deterministic"},
            "components": [
                {"type": "header", "parameters": [{"type": "image", "image": {"id": "99"}}]},
                {"type": "body", "parameters": [{"type": "text", "text": "Ana", "parameter_name": "first_name"}]},
                {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "A-77"}]},
            ],
        },
    ),
]


@pytest.mark.parametrize(("kind", "content", "media", "wire_type", "body"), BODIES)
def test_each_kind_has_metas_body(
    kind: str, content: dict[str, Any], media: MediaRef | None, wire_type: str, body: Any
) -> None:
    json = wire(outbound(kind, content, media))
    assert json["type"] == wire_type
    assert json[wire_type] == body


def test_the_envelope_names_recipient_quote_and_token() -> None:
    message = outbound("text", {"text": "Hi"}, token="v1.m.1.abc", reply_to="wamid.IN=")
    request = send(message, CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://graph.example/v23.0/2200110044/messages")
    assert request.headers["Authorization"] == "Bearer T0KEN"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+447700900123",
        "type": "text",
        "text": {"body": "Hi", "preview_url": False},
        "context": {"message_id": "wamid.IN="},
        "biz_opaque_callback_data": "v1.m.1.abc",
    }


def test_the_number_carries_exactly_one_plus() -> None:
    assert wire(Outbound("text", "+447700900123", {"text": "Hi"}))["to"] == "+447700900123"


def test_a_person_without_a_number_is_reached_by_user_id() -> None:
    json = wire(Outbound("text", "", {"text": "Hi"}, to_user_id="GB.8842190017745"))
    assert json["recipient"] == "GB.8842190017745"
    assert "to" not in json


def test_a_reaction_quotes_nothing() -> None:
    assert "context" not in wire(outbound("reaction", {"target": "wamid.A", "emoji": "👍"}, reply_to="wamid.A"))


def test_an_id_never_changes_the_path() -> None:
    assert media_lookup("../me?x=1", CREDENTIALS).url == "https://graph.example/v23.0/..%2Fme%3Fx%3D1"


def test_typing_comes_only_with_reading() -> None:
    assert mark_read("wamid.A", CREDENTIALS).json == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.A",
    }
    assert (mark_read("wamid.A", CREDENTIALS, typing=True).json or {})["typing_indicator"] == {"type": "text"}


def test_an_upload_is_a_form_with_the_file() -> None:
    request = upload("voice", "note.ogg", "audio/ogg", b"OggS", CREDENTIALS)
    assert request.url == "https://graph.example/v23.0/2200110044/media"
    assert request.fields == {"messaging_product": "whatsapp", "type": "audio/ogg; codecs=opus"}
    assert request.file == ("note.ogg", b"OggS", "audio/ogg; codecs=opus")
    assert request.json is None


def test_subscribing_is_a_post_to_the_account() -> None:
    request = subscribe(CREDENTIALS)
    assert (request.method, request.url) == ("POST", "https://graph.example/v23.0/310044550066/subscribed_apps")


def template(**change: Any) -> dict[str, Any]:
    return {"name": "hello", "language": "en_GB", "components": []} | change


def value(text: Any) -> list[dict[str, Any]]:
    return [{"type": "body", "parameters": [{"type": "text", "text": text}]}]


REFUSED: list[tuple[str, str, dict[str, Any], MediaRef | None]] = [
    ("cannot send", "order", {}, None),
    ("text is missing", "text", {}, None),
    ("text is missing", "text", {"text": " \n"}, None),
    ("4097 characters", "text", {"text": "x" * 4097}, None),
    ("file is missing", "image", {}, None),
    ("file is missing", "image", {}, MediaRef()),
    ("https://", "image", {}, MediaRef(link="ftp://x/y")),
    ("1025 characters", "image", {"caption": "x" * 1025}, PHOTO),
    ("no caption", "audio", {"caption": "x"}, PHOTO),
    ("no caption", "sticker", {"caption": "x"}, PHOTO),
    ("image/gif", "image", {}, MediaRef(id="1", mime_type="image/gif")),
    ("audio/mpeg", "voice", {}, MediaRef(id="1", mime_type="audio/mpeg")),
    ("latitude", "location", {"latitude": 91, "longitude": 0}, None),
    ("latitude", "location", {"latitude": True, "longitude": 0}, None),
    ("longitude", "location", {"latitude": 1, "longitude": float("nan")}, None),
    ("longitude", "location", {"latitude": 1, "longitude": "2"}, None),
    ("contacts", "contacts", {"contacts": []}, None),
    ("contact's name", "contacts", {"contacts": [{"phones": []}]}, None),
    ("react to", "reaction", {"emoji": "👍"}, None),
    ("emoji", "reaction", {"target": "wamid.A", "emoji": "x" * 17}, None),
    ("does not know", "interactive", {"type": "carousel"}, None),
    ("does not know", "interactive", {"type": ["button"]}, None),
    ("text is missing", "interactive", buttons("Yes", body=""), None),
    ("1 to 3 buttons", "interactive", buttons(), None),
    ("1 to 3 buttons", "interactive", buttons("a", "b", "c", "d"), None),
    ("21 characters", "interactive", buttons("x" * 21), None),
    ("same title", "interactive", buttons("Yes", "Yes"), None),
    ("same id", "interactive", buttons(buttons=[{"id": "1", "title": "a"}, {"id": "1", "title": "b"}]), None),
    ("button's id", "interactive", buttons(buttons=[{"id": "x" * 257, "title": "a"}]), None),
    ("61 characters", "interactive", buttons("Yes", header="x" * 61), None),
    ("61 characters", "interactive", buttons("Yes", footer="x" * 61), None),
    ("header's file", "interactive", buttons("Yes", header={"type": "image"}), None),
    ("only be text", "interactive", listed({"rows": rows(1)}, header={"type": "image", "id": "1"}), None),
    ("1 to 10 sections", "interactive", listed(), None),
    ("section of the list is empty", "interactive", listed({"title": "A", "rows": []}), None),
    ("10 rows", "interactive", listed({"title": "A", "rows": rows(11)}), None),
    (
        "section's title",
        "interactive",
        listed({"rows": rows(1)}, {"title": "B", "rows": [{"id": "x", "title": "y"}]}),
        None,
    ),
    ("same id", "interactive", listed({"title": "A", "rows": rows(1)}, {"title": "B", "rows": rows(1)}), None),
    ("25 characters", "interactive", listed({"rows": [{"id": "1", "title": "x" * 25}]}), None),
    ("73 characters", "interactive", listed({"rows": [{"id": "1", "title": "x", "description": "x" * 73}]}), None),
    ("https://", "interactive", {"type": "cta_url", "body": "b", "display_text": "x", "url": "javascript:1"}, None),
    ("flow's id", "interactive", FLOW | {"flow_id": ""}, None),
    ("31 characters", "interactive", FLOW | {"flow_cta": "x" * 31}, None),
    ("product's id", "interactive", {"type": "product", "catalog_id": "1"}, None),
    ("needs a header", "interactive", PRODUCTS | {"header": "", "sections": [{"products": ["1"]}]}, None),
    ("1 to 30 products", "interactive", PRODUCTS | {"sections": [{"title": "A", "products": ["1"] * 31}]}, None),
    ("template's name", "template", template(name="Hello There"), None),
    ("language", "template", template(language="English"), None),
    ("must be a list", "template", template(components={"a": 1}), None),
    ("not an object", "template", template(components=["x"]), None),
    ("line breaks", "template", template(components=value("a\nb")), None),
    ("line breaks", "template", template(components=value("a    b")), None),
    ("is empty", "template", template(components=value("")), None),
]


@pytest.mark.parametrize(("words", "kind", "content", "media"), REFUSED)
def test_what_whatsapp_would_not_take_is_refused_before_sending(
    words: str, kind: str, content: dict[str, Any], media: MediaRef | None
) -> None:
    reason = refuse(outbound(kind, content, media))
    assert reason is not None
    assert words in reason


@pytest.mark.parametrize(
    "message",
    [
        Outbound("text", "", {"text": "Hi"}),
        Outbound("text", "ana@example.com", {"text": "Hi"}),
        Outbound("text", "1" * 16, {"text": "Hi"}),
        Outbound("text", "", {"text": "Hi"}, to_user_id="nonsense"),
        Outbound("text", ANA, {"text": "Hi"}, token="x" * 513),
    ],
)
def test_a_message_to_nobody_is_refused(message: Outbound) -> None:
    assert refuse(message)


def test_the_longest_allowed_content_is_taken() -> None:
    assert refuse(outbound("text", {"text": "x" * 4096})) is None
    assert refuse(outbound("interactive", listed({"rows": rows(10)}))) is None
    assert refuse(outbound("interactive", buttons("x" * 20, "y", "z"))) is None
