"""What a customer wrote, as HTML that can do no harm: escape, tokenise, allowlist. Pure.

WhatsApp's marks: *bold*, _italic_, ~struck~, `code` and ```blocks```. Links are http, https, mailto and tel only.
"""

from __future__ import annotations

import re
from html import escape

import nh3
from django.utils.safestring import SafeString

from .plain_text import visible

TAGS = {"strong", "em", "s", "code", "a", "br"}
ATTRIBUTES = {"a": {"href"}}
REL = "noopener noreferrer nofollow ugc"
SCHEMES = {"http", "https", "mailto", "tel"}

BLOCK = re.compile(r"```(?P<block>.+?)```|`(?P<code>[^`\n]+)`", re.S)
LINK = re.compile(
    r"(?P<url>\b(?:https?://|www\.)[^\s<>\"'`]{2,2000})"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})"
    r"|(?P<phone>(?<![\w+])\+\d[\d ().-]{6,16}\d(?!\w))",
    re.I,
)
MARKS = tuple(
    (
        re.compile(
            rf"(?<![\w{re.escape(mark)}]){re.escape(mark)}(?=\S)([^\n]+?)(?<=\S){re.escape(mark)}(?![\w{re.escape(mark)}])"
        ),
        tag,
    )
    for mark, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
)
# A text without any of these is plain words; most are.
INTERESTING = re.compile(r"[*_~`@+]|://|www\.", re.I)
TRAILING = ".,;:!?'\"»…"
EMOJI_ONLY = re.compile(
    r"^(?:[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff][\ufe0f\u200d\U0001f3fb-\U0001f3ff]*){1,3}$"
)


def formatted(text: str) -> SafeString:
    """The HTML of a message's text: marks rendered, links live, everything else escaped."""
    text = visible(text)
    if not INTERESTING.search(text):
        return SafeString(escape(text, quote=False))
    clean = nh3.clean(_blocks(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)
    return SafeString(clean)


def is_emoji_only(text: str) -> bool:
    """Up to three emoji and nothing else: shown large, as phones do."""
    return len(text) <= 24 and bool(EMOJI_ONLY.match(text.strip()))


def _blocks(text: str) -> str:
    """Code first: nothing inside it is marked or linked."""
    parts, at = [], 0
    for found in BLOCK.finditer(text):
        parts.append(_links(text[at : found.start()]))
        code = found["block"] if found["block"] is not None else found["code"]
        parts.append(f"<code>{escape(code)}</code>")
        at = found.end()
    return "".join([*parts, _links(text[at:])])


def _links(text: str) -> str:
    """Links before marks, so that the underscores of an address stay."""
    parts, at = [], 0
    for found in LINK.finditer(text):
        shown = _trimmed(found[0])
        parts.append(_marked(text[at : found.start()]))
        parts.append(f'<a href="{escape(_address(found.lastgroup or "", shown))}">{escape(shown)}</a>')
        at = found.start() + len(shown)
    return "".join([*parts, _marked(text[at:])])


def _trimmed(link: str) -> str:
    """A link without the punctuation of the sentence around it; brackets stay when they are a pair."""
    while link[-1] in TRAILING or (
        link[-1] in ")]}" and link.count(link[-1]) > link.count("([{"[")]}".index(link[-1])])
    ):
        link = link[:-1]
    return link


def _address(kind: str, shown: str) -> str:
    if kind == "mail":
        return f"mailto:{shown}"
    if kind == "phone":
        return "tel:+" + re.sub(r"\D", "", shown)
    return shown if "://" in shown else f"https://{shown}"


def _marked(text: str) -> str:
    html = escape(text)
    for pattern, tag in MARKS:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html
