"""What a provider would refuse about a template, or people would regret, before anybody submits it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import languages
from .content import MEDIA_FORMATS, TEXT, Content, Header, Place, places, variable_names
from .lint_buttons import button_complaints
from .lint_forms import authentication_complaints, carousel_complaints, quick_complaints
from .lint_rules import LIMITS, NAME, PROMOTION_WORDS, RULES, Level
from .lint_texts import Complaint, plain, text_complaints, variable_complaints
from .values import complaints as refused_values

CATEGORIES = ("marketing", "utility", "authentication")
MARKS = re.compile(
    "[\n\r*~`]|(?<!\\w)_[^_\n]+_(?!\\w)|[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. An error keeps the template from being submitted; `place` is where the editor shows it."""

    level: Level
    code: str
    place: str  # name, language, category, header, body, footer, buttons, button.0, cards, card.0.body, or a key
    text: str
    source: str  # where the provider says so; empty for a rule of our own
    read: str = ""  # when that was read


def lint(
    content: Content,
    *,
    name: str,
    language: str,
    category: str,
    parameter_format: str,
    variables: Mapping[str, Any],
    kind: str,
) -> list[Finding]:
    """Everything to say about a template, from top to bottom. `kind` is "provider" or "quick"."""
    if kind == "quick":
        found = list(quick_complaints(content, name, variables))
    else:
        found = [
            *_heading(name, language, category),
            *_message(content, language, category.lower(), parameter_format.lower() == "named", variables),
        ]
    return [_finding(complaint) for complaint in dict.fromkeys(found)]


def _finding(complaint: Complaint) -> Finding:
    rule = RULES[complaint.code]
    text = rule.text.format(**dict(complaint.figures))
    return Finding(rule.level, complaint.code, complaint.place, text, rule.source, rule.read if rule.source else "")


def _heading(name: str, language: str, category: str) -> Iterator[Complaint]:
    if not name:
        yield Complaint.of("name_missing", "name")
    elif not NAME.fullmatch(name):
        yield Complaint.of("name_characters", "name")
    if len(name) > LIMITS["name"]:
        yield Complaint.of("name_too_long", "name", count=len(name), limit=LIMITS["name"])
    if not language:
        yield Complaint.of("language_missing", "language")
    elif languages.normal(language) not in languages.LANGUAGES:
        yield Complaint.of("language_unknown", "language", language=language)
    if category.lower() not in CATEGORIES:
        yield Complaint.of("category_missing", "category")


def _message(
    content: Content, language: str, category: str, is_named: bool, variables: Mapping[str, Any]
) -> Iterator[Complaint]:
    for part in content.unsupported:
        yield Complaint.of("unsupported_part", "", part=part.replace("_", " ").lower())
    if content.kind == "authentication" or category == "authentication":
        yield from authentication_complaints(content, category)
        return
    yield from _header("header", content.header)
    yield from _body(content.body, category)
    yield from _footer(content.footer)
    yield from button_complaints(content.buttons, category, variables)
    if content.kind == "carousel" or content.cards:
        yield from carousel_complaints(content, category)
    if category == "utility":
        yield from _promotion(content, language)
    yield from variable_complaints(content, is_named)
    yield from _samples(content, variables)


def _header(place: str, header: Header | None) -> Iterator[Complaint]:
    if header is None or header.format != TEXT:
        return
    if not header.text.strip():
        yield Complaint.of("header_missing", place)
    if len(header.text) > LIMITS["header"]:
        yield Complaint.of("header_too_long", place, count=len(header.text), limit=LIMITS["header"])
    if (count := len(variable_names(header.text))) > 1:
        yield Complaint.of("header_variables", place, count=count)
    if MARKS.search(plain(header.text)):
        yield Complaint.of("header_marks", place)


def _body(body: str, category: str) -> Iterator[Complaint]:
    if not body.strip():
        yield Complaint.of("body_missing", "body")
        return
    if len(body) > LIMITS["body"]:
        yield Complaint.of("body_too_long", "body", count=len(body), limit=LIMITS["body"])
    yield from text_complaints("body", "The body", body)
    if category == "marketing" and _shown_lines(body) > LIMITS["lines_before_read_more"]:
        yield Complaint.of("read_more", "body", limit=LIMITS["lines_before_read_more"])


def _promotion(content: Content, language: str) -> Iterator[Complaint]:
    texts = [
        ("header", content.header.text if content.header else ""),
        ("body", content.body),
        ("footer", content.footer),
    ]
    texts += [(f"button.{at}", button.text) for at, button in enumerate(content.buttons)]
    for place, text in texts:
        if word := promotion_word(text, language):
            yield Complaint.of("utility_promotion", place, word=word)


def _shown_lines(body: str) -> int:
    """About how many lines a phone needs for a text."""
    return sum(max(1, -(-len(line) // LIMITS["characters_a_line"])) for line in body.rstrip().split("\n"))


def promotion_word(text: str, language: str) -> str:
    """The first word that makes a text sound like an offer, nothing when there is none."""
    spoken = languages.normal(language).partition("_")[0]
    words = {word for one in ("en", spoken) for word in PROMOTION_WORDS.get(one, "").split()}
    if found := re.search(r"\d+\s?% off\b", text, re.I):
        return found[0]
    for found in re.finditer(r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u097f]+[^\W\d_]*)*", plain(text)):
        if found[0].lower() in words or found[0].lower().removeprefix("ال") in words:
            return found[0]
    return ""


def _footer(footer: str) -> Iterator[Complaint]:
    if len(footer) > LIMITS["footer"]:
        yield Complaint.of("footer_too_long", "footer", count=len(footer), limit=LIMITS["footer"])
    if variable_names(footer):
        yield Complaint.of("footer_variables", "footer")


def _samples(content: Content, variables: Mapping[str, Any]) -> Iterator[Complaint]:
    samples: dict[str, str] = {}
    for place in places(content):
        spec = variables.get(place.key)
        spec = spec if isinstance(spec, Mapping) else {}
        sample = spec.get("sample")
        if place.kind == "text":
            if isinstance(sample, str) and sample.strip():
                samples[place.key] = sample
            else:
                yield Complaint.of("sample_missing", place.key, label=place.label)
        elif place.format in MEDIA_FORMATS and not (
            spec.get("file") or spec.get("handle") or _has_handle(content, place)
        ):
            yield Complaint.of("media_missing", place.key, media=_media_word(place.format))
    for complaint in refused_values(content, samples):
        if complaint.key in samples:
            yield Complaint.of("sample_refused", complaint.key, problem=str(complaint))


def _has_handle(content: Content, place: Place) -> bool:
    """Whether a template that came from the provider has its sample there already."""
    entries = content.raw if place.place == "header" else _card_entries(content, place)
    for entry in entries:
        example = (
            entry.get("example") if isinstance(entry, dict) and str(entry.get("type")).upper() == "HEADER" else None
        )
        if isinstance(example, dict) and example.get("header_handle"):
            return str(entry.get("format")).upper() == place.format
    return False


def _card_entries(content: Content, place: Place) -> list[Any]:
    card = content.cards[int(place.place.split(".")[1])]
    listed = card.raw.get("components")
    return listed if isinstance(listed, list) else []


def _media_word(form: str) -> str:
    return {"IMAGE": "picture", "VIDEO": "video"}.get(form, "document")
