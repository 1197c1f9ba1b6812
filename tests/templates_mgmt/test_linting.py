"""What the linter says, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.components import read, samples
from templates_mgmt.lint_rules import RULES
from templates_mgmt.linting import Finding, lint, promotion_word

from . import texts
from .test_components import ODD, PARTS

SHORT = "We have your order and will write again once it leaves us."
FORMS = {"named": "named"}
CATEGORY = {"picture": "marketing", "carousel": "marketing", "code": "authentication"}


def linted(components: Any, **more: Any) -> list[Finding]:
    """The findings about a template that is in order but for its components, samples included."""
    given = {
        "name": "order_shipped",
        "language": "en",
        "category": "utility",
        "parameter_format": "positional",
        "variables": {key: {"sample": value} for key, value in samples(components).items()},
        "kind": "provider",
    }
    return lint(read(components), **(given | more))


def codes(components: Any, **more: Any) -> list[str]:
    return [finding.code for finding in linted(components, **more)]


def body(text: str) -> texts.Components:
    return [{"type": "BODY", "text": text}]


def buttons(*listed: dict[str, Any]) -> texts.Components:
    return [*body(SHORT), {"type": "BUTTONS", "buttons": list(listed)}]


def reply(text: str = "Yes") -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def link(url: str = "https://a.example/x", text: str = "Open") -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": url, "example": [url.replace("{{1}}", "x")]}


CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550100200"}
COUPON = {"type": "COPY_CODE", "example": "TEN"}


@pytest.mark.parametrize("name", [name for name in texts.ALL if name != "quick"])
def test_a_template_in_order_has_no_errors(name: str):
    category = CATEGORY.get(name, "utility")
    found = linted(texts.ALL[name], category=category, parameter_format=FORMS.get(name, "positional"))
    assert [finding for finding in found if finding.level == "error"] == []


def test_a_template_that_exists_at_the_provider_has_no_errors():
    assert codes(texts.CODE_THERE, category="authentication") == []


HEADINGS = [
    ({"name": ""}, "name_missing", "name"),
    ({"name": "Order shipped"}, "name_characters", "name"),
    ({"name": "order-shipped"}, "name_characters", "name"),
    ({"name": "طلب"}, "name_characters", "name"),
    ({"name": "x" * 513}, "name_too_long", "name"),
    ({"language": ""}, "language_missing", "language"),
    ({"language": "tlh"}, "language_unknown", "language"),
    ({"category": ""}, "category_missing", "category"),
    ({"category": "news"}, "category_missing", "category"),
]


@pytest.mark.parametrize(("more", "code", "place"), HEADINGS)
def test_name_language_and_category_are_checked(more: dict[str, str], code: str, place: str):
    assert [(finding.code, finding.place) for finding in linted(body(SHORT), **more)] == [(code, place)]


def test_a_language_with_a_hyphen_is_the_same():
    assert codes(body(SHORT), language="en-GB") == []


HEADERS = [
    ("x" * 60, []),
    ("x" * 61, ["header_too_long"]),
    ("", ["header_missing"]),
    ("Order {{1}} and {{2}}", ["header_variables", "sample_missing", "sample_missing"]),
    ("*Order*", ["header_marks"]),
    ("Order\nshipped", ["header_marks"]),
    ("Order 🎉", ["header_marks"]),
    ("_Order_ shipped", ["header_marks"]),
    ("Order no_7 of kim_lee", []),
    ("طلبك في الطريق", []),
    ("ご注文の発送", []),
]


@pytest.mark.parametrize(("text", "expected"), HEADERS)
def test_a_header_is_short_and_plain(text: str, expected: list[str]):
    assert codes([{"type": "HEADER", "format": "TEXT", "text": text}, *body(SHORT)]) == expected


def test_a_media_header_needs_a_sample():
    components = [{"type": "HEADER", "format": "VIDEO"}, *body(SHORT)]
    found = linted(components)
    assert [(finding.code, finding.place) for finding in found] == [("media_missing", "header:media")]
    assert "video" in found[0].text
    assert codes(components, variables={"header:media": {"file": "0199"}}) == []


BODIES = [
    ("", ["body_missing"]),
    ("x" * 1024, []),
    ("x" * 1025, ["body_too_long"]),
    ("{{1}}, your order has left us and is on its way.", ["edges"]),
    ("Your order has left us and is on its way to {{1}}", ["edges"]),
    ("Your order has left us and is on its way to {{1}}.", ["edges_punctuation"]),
    ("*{{1}}*, your order has left us and is on its way.", ["edges_punctuation"]),
    ("Your order {{1}}{{2}} has left us and is on its way.", ["adjacent"]),
    ("Your order {{1}} {{2}} has left us and is on its way.", ["adjacent"]),
    ("Your order {{1}}, {{2}} has left us and is on its way.", []),
    ("Order {{1}} on {{2}} to {{3}} gone", ["variables_ratio"]),
    ("Order {{1}}-{{2}}-{{3}}-{{4}} gone", ["variables_outnumber"]),
    ("Your order {{2}} has left us and is on its way.", ["gap"]),
    ("Your order {{1}} has left {{3}} and is on its way to you.", ["gap"]),
    ("Your order {{name}} has left us and is on its way.", ["numbered_format"]),
    ("Your order {{1}} has left {{name}} and is on its way to you.", ["mixed", "numbered_format"]),
    ("Your order {{ 1 }} has left us and is on its way.", ["variable_spaces"]),
    ("Your order {{7*7}} has left us and is on its way.", ["braces"]),
    ("Your order {{order id}} has left us and is on its way.", ["braces"]),
    ("Your order {{1} has left us and is on its way.", ["braces"]),
    ("Your order {1} has left us and is on its way.", ["braces_single"]),
    ("Your order.\n\n\nIt has left us.", ["blank_lines"]),
    ("您的订单{{1}}已经发货，请留意查收。", []),
    ("طلبك رقم {{1}} في الطريق إليك الآن", []),
]


@pytest.mark.parametrize(("text", "expected"), BODIES)
def test_the_body_is_checked(text: str, expected: list[str]):
    variables = {f"body:{name}": {"sample": "x"} for name in ("1", "2", "3", "4", "name")}
    assert codes(body(text), variables=variables) == expected


NAMES = [
    ("Your order {{order_id}} has left us today.", []),
    ("Your order {{1}} has left us today.", ["named_format"]),
    ("Your order {{OrderId}} has left us today.", ["variable_name"]),
    ("Your order {{_id}} has left us today.", ["variable_name"]),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_named_variables_have_small_letters(text: str, expected: list[str]):
    variables = {f"body:{name}": {"sample": "x"} for name in ("1", "order_id", "OrderId", "_id")}
    assert codes(body(text), parameter_format="named", variables=variables) == expected


def test_every_variable_needs_a_sample():
    found = linted(texts.ORDER, variables={"body:1": {"sample": " "}, "body:2": {"sample": "A-77"}})
    missing = [finding.place for finding in found if finding.code == "sample_missing"]
    assert missing == ["header:1", "body:1", "button.1:1"]
    assert found[0].text.startswith("Header {{1}} needs a sample")


def test_a_sample_that_could_not_be_sent_is_refused():
    found = linted(body("Your order {{1}} has left us today."), variables={"body:1": {"sample": "a\nb"}})
    assert [(finding.code, finding.place) for finding in found] == [("sample_refused", "body:1")]


def test_a_footer_is_short_and_has_no_variables():
    assert codes([*body(SHORT), {"type": "FOOTER", "text": "x" * 60}]) == []
    assert codes([*body(SHORT), {"type": "FOOTER", "text": "x" * 61}]) == ["footer_too_long"]
    assert codes([*body(SHORT), {"type": "FOOTER", "text": "Yours, {{1}}"}]) == ["footer_variables"]


BUTTONS = [
    ([reply(str(at)) for at in range(10)], []),
    ([reply(str(at)) for at in range(11)], ["buttons_many"]),
    ([link(text="1"), link(text="2")], []),
    ([link(text="1"), link(text="2"), link(text="3")], ["url_buttons_many"]),
    ([CALL, {**CALL, "text": "Ring"}], ["phone_buttons_many"]),
    ([reply("1"), reply("2"), link()], []),
    ([link(), CALL, reply("1"), reply("2")], []),
    ([reply("1"), link(), reply("2")], ["buttons_order"]),
    ([link(), reply("1"), CALL], ["buttons_order"]),
    ([reply("")], ["button_missing"]),
    ([reply("x" * 25)], []),
    ([reply("x" * 26)], ["button_too_long"]),
    ([reply("Yes {{1}}")], ["button_variables"]),
    ([reply("Yes"), reply("yes")], ["button_twice"]),
    ([link("")], ["url_missing"]),
    ([link("https://")], ["url_missing"]),
    ([link("http://a.example/x")], ["url_form"]),
    ([link("a.example/x")], ["url_form"]),
    ([link("https://a.example/a b")], ["url_form"]),
    ([link("https://localhost/x")], ["url_form"]),
    ([link("javascript:alert(1)")], ["url_form"]),
    ([link("https://[::1/x")], ["url_form"]),
    ([link("https://a.example/" + "x" * 2000)], ["url_too_long"]),
    ([link("https://a.example/{{1}}")], []),
    ([link("https://a.example/?id={{1}}")], []),
    ([link("https://a.example/{{1}}/x")], ["url_variable_last"]),
    ([link("https://a.example/{{1}}{{2}}")], ["url_variables", "url_variable_last"]),
    ([link("https://a.example{{1}}")], ["url_variable_site"]),
    ([link("https://{{1}}")], ["url_variable_site"]),
    ([link("https://wa.me/15550100200")], ["url_whatsapp"]),
    ([link("https://api.whatsapp.com/send")], ["url_whatsapp"]),
    ([{**CALL, "phone_number": ""}], ["phone_missing"]),
    ([{**CALL, "phone_number": "0800 123"}], ["phone_form"]),
    ([{**CALL, "phone_number": "+44 20 7946 0018"}], []),
    ([{**CALL, "phone_number": "+123456789012345678901"}], ["phone_form"]),
]


@pytest.mark.parametrize(("listed", "expected"), BUTTONS)
def test_buttons_are_checked(listed: list[dict[str, Any]], expected: list[str]):
    found = codes(buttons(*listed))
    assert [code for code in found if not code.startswith("sample")] == expected


COUPONS = [
    ([COUPON], "marketing", []),
    ([COUPON], "utility", ["code_category"]),
    ([COUPON, COUPON], "marketing", ["code_buttons_many"]),
    ([{"type": "COPY_CODE"}], "marketing", ["code_missing"]),
    ([{**COUPON, "example": "x" * 20}], "marketing", []),
    ([{**COUPON, "example": "x" * 21}], "marketing", ["code_too_long"]),
]


@pytest.mark.parametrize(("listed", "category", "expected"), COUPONS)
def test_a_button_to_copy_a_code_is_checked(listed: list[dict[str, Any]], category: str, expected: list[str]):
    assert codes(buttons(*listed), category=category) == expected


def carousel(*cards: dict[str, Any], **more: Any) -> texts.Components:
    return [*body("See what is new with us this week."), {"type": "CAROUSEL", "cards": list(cards)}, *more.values()]


def without(part: str) -> dict[str, Any]:
    return {"components": [each for each in texts.card()["components"] if each["type"] != part]}


CAROUSELS = [
    (carousel(*[texts.card()] * 2), []),
    (carousel(*[texts.card()] * 10), []),
    (carousel(texts.card()), ["cards_count"]),
    (carousel(*[texts.card()] * 11), ["cards_count"]),
    (carousel(texts.card(), texts.card("VIDEO")), ["cards_alike"]),
    (carousel(texts.card(), without("BODY")), ["cards_alike"]),
    (carousel(texts.card(), without("BUTTONS")), ["cards_alike"]),
    (carousel(*[texts.card("DOCUMENT")] * 2), ["card_header", "card_header"]),
    (carousel(*[without("HEADER")] * 2), ["card_header", "card_header"]),
    (carousel(*[texts.card(body="x" * 161)] * 2), ["card_body_too_long"] * 2),
    (carousel(*[texts.card(body="a\nb\nc\nd")] * 2), ["card_lines"] * 2),
    (carousel(*[texts.card(body="{{1}} each, in a pot")] * 2), ["edges"] * 2),
    (carousel(*[texts.card()] * 2, footer={"type": "FOOTER", "text": "x"}), ["carousel_extra"]),
]


@pytest.mark.parametrize(("components", "expected"), CAROUSELS)
def test_a_carousel_is_checked(components: texts.Components, expected: list[str]):
    assert codes(components, category="marketing") == expected


def test_a_card_has_at_most_two_buttons_of_the_right_kind():
    crowded = {
        "components": [
            texts.card()["components"][0],
            {"type": "BUTTONS", "buttons": [reply("1"), reply("2"), COUPON]},
        ]
    }
    found = codes(carousel(crowded, crowded), category="marketing")
    assert found == ["card_buttons_many", "card_button_kind"] * 2


def test_a_carousel_is_marketing():
    assert "carousel_category" in codes(texts.CAROUSEL, category="utility")


APP = {"package_name": "com.example.app", "signature_hash": "K8a/AINcGX7"}


def code(minutes: int | None = 10, **button: Any) -> texts.Components:
    footer = [] if minutes is None else [{"type": "FOOTER", "code_expiration_minutes": minutes}]
    listed = [{"type": "OTP", "otp_type": "COPY_CODE", **button}]
    return [{"type": "BODY", "add_security_recommendation": False}, *footer, {"type": "BUTTONS", "buttons": listed}]


CODES = [
    (code(), []),
    (code(None), []),
    (code(1), []),
    (code(90), []),
    (code(0), ["otp_expiry"]),
    (code(91), ["otp_expiry"]),
    (code(text="x" * 26), ["button_too_long"]),
    (code(otp_type="ONE_TAP"), ["otp_app"]),
    (code(otp_type="ONE_TAP", supported_apps=[APP]), []),
    (code(otp_type="ZERO_TAP", supported_apps=[{**APP, "signature_hash": "short"}]), ["otp_app"]),
    (code(otp_type="ONE_TAP", supported_apps=[{**APP, "package_name": "app"}]), ["otp_app"]),
    (code(otp_type="ONE_TAP", supported_apps=[APP] * 6), ["otp_apps_many"]),
    ([{"type": "BODY", "add_security_recommendation": True}], ["otp_button"]),
    (body("Your code is 123456, keep it."), ["authentication_form"]),
]


@pytest.mark.parametrize(("components", "expected"), CODES)
def test_a_one_time_code_is_checked(components: texts.Components, expected: list[str]):
    assert codes(components, category="authentication") == expected


def test_a_one_time_code_belongs_to_authentication():
    assert codes(code(), category="utility") == ["authentication_category"]


PROMOTIONS = [
    ("Your order has shipped. 20% off your next one!", "en", "20% off"),
    ("A special offer awaits", "en", "offer"),
    ("SALE starts now", "de", "SALE"),
    ("Votre commande, avec une remise", "fr", "remise"),
    ("طلبك جاهز مع خصم خاص", "ar", "خصم"),
    ("طلبك جاهز مع الخصم", "ar", "الخصم"),
    ("आपके ऑर्डर पर छूट", "hi", "छूट"),
    ("Your order was offered to a neighbour", "en", ""),
    ("Votre commande est prête", "fr", ""),
    ("Rest assured, wholesale is elsewhere", "en", ""),
]


@pytest.mark.parametrize(("text", "language", "word"), PROMOTIONS)
def test_words_of_an_offer_are_found_in_their_language(text: str, language: str, word: str):
    assert promotion_word(text, language) == word


def test_an_offer_in_a_utility_template_is_a_warning_wherever_it_stands():
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Sale"},
        *body(SHORT),
        {"type": "BUTTONS", "buttons": [reply("Get discount")]},
    ]
    found = linted(components)
    assert [(finding.code, finding.level, finding.place) for finding in found] == [
        ("utility_promotion", "warning", "header"),
        ("utility_promotion", "warning", "button.0"),
    ]
    assert codes(components, category="marketing") == []


@pytest.mark.parametrize(
    ("text", "warned"),
    [("a\nb\nc\nd\ne", False), ("a\nb\nc\nd\ne\nf", True), ("word " * 30, False), ("word " * 60, True)],
)
def test_a_long_marketing_body_is_cut_with_read_more(text: str, warned: bool):
    assert codes(body(text), category="marketing") == (["read_more"] if warned else [])
    assert codes(body(text), category="utility") == []


def test_parts_nobody_knows_are_mentioned():
    found = linted([*body(SHORT), {"type": "LIMITED_TIME_OFFER"}])
    assert [(finding.level, finding.code) for finding in found] == [("warning", "unsupported_part")]
    assert "limited time offer" in found[0].text


QUICK = [
    (texts.QUICK, []),
    (body("{{name}}"), []),
    (body(""), ["quick_body_missing"]),
    (body("x" * 4096), []),
    (body("x" * 4097), ["quick_body_too_long"]),
    (body("Hi {{7*7}} and {% debug %}"), ["quick_braces"]),
    ([{"type": "HEADER", "format": "IMAGE"}], ["quick_media_missing"]),
    ([{"type": "HEADER", "format": "IMAGE"}, *body("x" * 1025)], ["quick_body_too_long", "quick_media_missing"]),
]


@pytest.mark.parametrize(("components", "expected"), QUICK)
def test_a_quick_template_only_has_to_be_sendable(components: texts.Components, expected: list[str]):
    assert (
        codes(components, kind="quick", name="Our hours", language="", category="", parameter_format="named")
        == expected
    )


def test_every_rule_of_the_providers_says_where_it_is_written_and_when_that_was_read():
    for code, rule in RULES.items():
        if code.startswith("quick_"):
            assert rule.source == ""
        else:
            assert rule.source.startswith("https://"), code
            assert rule.read, code


def test_a_finding_passes_on_its_source():
    finding = linted(body(""))[0]
    assert finding.source.startswith("https://developers.facebook.com/")
    assert finding.read == "2026-09"


def test_every_rule_is_tested_here():
    tables = [expected for *_, expected in (*HEADERS, *BODIES, *NAMES, *BUTTONS, *COUPONS, *CAROUSELS, *CODES, *QUICK)]
    seen = {code for expected in tables for code in expected} | {code for _, code, _ in HEADINGS}
    elsewhere = {
        "media_missing", "sample_refused", "footer_too_long", "footer_variables", "carousel_category",
        "card_buttons_many", "card_button_kind", "authentication_category", "utility_promotion", "read_more",
        "unsupported_part", "quick_name_missing",
    }  # fmt: skip
    assert set(RULES) == seen | elsewhere


def test_a_quick_template_needs_a_name():
    assert codes(texts.QUICK, kind="quick", name=" ") == ["quick_name_missing"]


@given(
    st.lists(PARTS, max_size=5),
    st.sampled_from(["provider", "quick"]),
    st.sampled_from(["marketing", "utility", "authentication", "", "x"]),
    st.sampled_from(["positional", "named"]),
    st.dictionaries(st.sampled_from(["body:1", "header:media", "button.0:code"]), ODD),
)
def test_no_template_breaks_the_linter(components, kind, category, form, variables):
    for finding in linted(components, kind=kind, category=category, parameter_format=form, variables=variables):
        assert finding.text
        assert finding.level in {"error", "warning"}


@given(st.text(st.sampled_from("{}1a *\n."), max_size=40))
def test_braces_in_any_order_are_read(text: str):
    codes(body(text))
