"""Find conversations by what people remember: a name, a piece of a number, words that were said."""

from __future__ import annotations

import re

from django.db import connection

CAP = 500  # matches looked at per kind; beyond that the newest of them are shown and the search should be narrower
WORD = re.compile(r"\w+", re.UNICODE)
ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


def conversation_ids(query: str) -> list[int]:
    """Primary keys of conversations of the workspace in scope that match, without order, at most 3 × CAP."""
    query = " ".join(query.translate(ARABIC_DIGITS).split())[:100]
    if not query:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT conversation_id FROM carillon_search(%s, %s, %s, %s)",
            [_words(query), _literal(query), _digits(query), CAP],
        )
        return [row[0] for row in cursor.fetchall()]


def _words(query: str) -> str:
    """All words, the last one as a prefix, since it may still be being typed. Operators cannot be smuggled in."""
    words = WORD.findall(query.lower())
    return " & ".join([*words[:-1], f"{words[-1]}:*"]) if words else ""


def _literal(query: str) -> str:
    """The query as a pattern that means itself."""
    return re.sub(r"([\\%_])", r"\\\1", query)


def _digits(query: str) -> str:
    """The digits of something that looks like a number or a piece of one, else ''."""
    digits = re.sub(r"\D", "", query)
    return digits if len(digits) >= 3 and re.fullmatch(r"[\d\s+().-]+", query) else ""
