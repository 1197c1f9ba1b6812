from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workspaces.formatting import TAGS, formatted, is_emoji_only


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    return parser


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~no~", "<strong>bold</strong> <em>it</em> <s>no</s>"),
        ("*bold _both_*", "<strong>bold <em>both</em></strong>"),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("`x*y*`", "<code>x*y*</code>"),
        ("```a\n*b*```", "<code>a\n*b*</code>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("مرحبا *شكرا*", "مرحبا <strong>شكرا</strong>"),
        ("\u202egpj.exe", "⟨RLO⟩gpj.exe"),
        ("* not bold *", "* not bold *"),
    ],
)
def test_marks_are_those_of_the_phone(text: str, html: str) -> None:
    assert formatted(text) == html


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("see https://a.example/c_d_e.", "https://a.example/c_d_e", "https://a.example/c_d_e"),
        ("(www.example.org/a_(b))", "https://www.example.org/a_(b)", "www.example.org/a_(b)"),
        ("mail a.b@example.org!", "mailto:a.b@example.org", "a.b@example.org"),
        ("call +20 100 123 4567.", "tel:+201001234567", "+20 100 123 4567"),
    ],
)
def test_links_are_live_and_keep_their_distance(text: str, address: str, shown: str) -> None:
    [(tag, attributes)] = seen(formatted(text)).tags
    assert (tag, attributes["href"]) == ("a", address)
    assert {"noopener", "noreferrer", "nofollow"} <= set((attributes["rel"] or "").split())
    assert shown in seen(formatted(text)).text


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT://x.example", "vbscript:x"])
def test_other_schemes_are_never_links(text: str) -> None:
    assert seen(formatted(text)).tags == []


MARKED = st.text(st.sampled_from("*_~`<>&\"'/: \nahttps.:@+1\u202e\u202dش")) | st.text()


@given(MARKED)
@settings(max_examples=2000, deadline=None)
def test_whatever_is_written_only_allowed_tags_come_out(text: str) -> None:
    parsed = seen(formatted(text))
    for tag, attributes in parsed.tags:
        assert tag in TAGS
        assert set(attributes) <= ({"href", "rel"} if tag == "a" else set())
        assert tag != "a" or (attributes["href"] or "").split(":")[0].lower() in {"http", "https", "mailto", "tel"}
    assert "\u202e" not in parsed.text
    assert "\u202d" not in parsed.text


@given(st.text(st.characters(exclude_characters="*_~`\u202e\u202d\r\x00", exclude_categories=["Cs"])))
@settings(max_examples=2000, deadline=None)
def test_no_word_is_lost(text: str) -> None:
    assert seen(formatted(text)).text == text


@pytest.mark.parametrize(
    ("text", "large"), [("👍🏽", True), ("❤️", True), ("👍👍👍👍", False), ("ok", False), ("5", False)]
)
def test_a_few_emoji_alone_are_shown_large(text: str, large: bool) -> None:
    assert is_emoji_only(text) is large
