"""What the cells of an imported row mean, one function per kind of column. Nothing here asks the database."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from contacts.people import READERS as PERSON
from contacts.people import NotAcceptable
from contacts.values import WORDS_FOR_NO, WORDS_FOR_YES
from contacts.words import tokens
from workspaces.places import countries

PLAIN_EMAIL = re.compile(r"[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,20}")
BETWEEN_TAGS = re.compile(r"[;,|،؛\n]+")
LONGEST_TAG = 50
YES = WORDS_FOR_YES | {
    "opted in",
    "opted_in",
    "opt in",
    "subscribed",
    "agreed",
    "x",
    "✓",
    "evet",
    "ya",
    "ہاں",
    "हाँ",
    "موافق",
}
NO = WORDS_FOR_NO | {
    "opted out",
    "opted_out",
    "opt out",
    "unsubscribed",
    "stop",
    "hayır",
    "tidak",
    "نہیں",
    "नहीं",
    "غير موافق",
}

# Names people write for languages; codes are understood without a list.
LANGUAGES = {
    "ar": "arabic arabe árabe arabisch arap العربية عربي عربية",
    "bn": "bengali bangla বাংলা",
    "de": "german deutsch allemand alemán",
    "en": "english anglais inglés inglês englisch ingilizce الإنجليزية انجليزي",
    "es": "spanish español espagnol espanhol castellano",
    "fa": "persian farsi فارسی",
    "fr": "french français francés francês الفرنسية",
    "hi": "hindi हिन्दी हिंदी",
    "id": "indonesian bahasa indonesia",
    "it": "italian italiano",
    "nl": "dutch nederlands",
    "pt": "portuguese português portugués",
    "ru": "russian русский",
    "tr": "turkish türkçe",
    "ur": "urdu اردو",
    "zh": "chinese 中文",
}


class BadCell(ValueError):
    """A cell that cannot be used; the text says why and what would do."""


def name(cell: str) -> str:
    """A name, blanks collapsed."""
    if len(cell) > 200:
        raise BadCell("A name has at most 200 characters.")
    return " ".join(cell.split())


def email(cell: str) -> str:
    """An e-mail address."""
    cell = cell.strip()
    if PLAIN_EMAIL.fullmatch(cell) and len(cell) <= 254:
        return cell
    return _as_a_person_types("email", cell)


@lru_cache(maxsize=2000)
def language(cell: str) -> str:
    """A language as BCP 47: from a code, or from its name in the commonest languages."""
    known = _language_names().get(" ".join(tokens(cell)))
    return known or _as_a_person_types("language", cell)


@lru_cache(maxsize=2000)
def time_zone(cell: str) -> str:
    """An IANA time zone."""
    return _as_a_person_types("time_zone", cell)


def _as_a_person_types(field: str, cell: str) -> str:
    try:
        return PERSON[field](cell)
    except NotAcceptable as error:
        raise BadCell(str(error)) from error


@cache
def _language_names() -> dict[str, str]:
    return {" ".join(tokens(word)): code for code, words in LANGUAGES.items() for word in words.split()}


@lru_cache(maxsize=2000)
def country(cell: str) -> str:
    """A country as ISO 3166, from its code or its English name."""
    plain = " ".join(cell.split())
    found = _countries().get(plain.casefold())
    if found is None:
        raise BadCell("This is not a country. Write its two letters, like SA or GB, or its English name.")
    return found


@cache
def _countries() -> dict[str, str]:
    more = {"usa": "US", "uk": "GB", "united kingdom": "GB", "great britain": "GB", "uae": "AE", "ksa": "SA",
            "السعودية": "SA", "الإمارات": "AE", "مصر": "EG", "قطر": "QA", "الكويت": "KW"}  # fmt: skip
    listed = dict(countries())
    return (
        {code.casefold(): code for code in listed} | {label.casefold(): code for code, label in listed.items()} | more
    )


@lru_cache(maxsize=5000)
def tags(cell: str) -> tuple[str, ...]:
    """The tags of a cell, split at commas, semicolons and bars."""
    names = tuple(dict.fromkeys(" ".join(part.split()) for part in BETWEEN_TAGS.split(cell) if part.strip()))
    if any(len(name) > LONGEST_TAG for name in names):
        raise BadCell(f"A tag has at most {LONGEST_TAG} characters. Separate tags with commas.")
    return names


@lru_cache(maxsize=2000)
def consent(cell: str) -> str:
    """`opted_in`, `opted_out`, or '' for an empty cell."""
    folded = " ".join(cell.split()).casefold()
    if not folded:
        return ""
    if folded in YES:
        return "opted_in"
    if folded in NO:
        return "opted_out"
    raise BadCell("This is neither yes nor no.")
