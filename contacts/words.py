"""What a customer's word means once its spelling is folded away: pure rules and the words to begin with.

People write STOP in capitals, with an emoji behind it, in full-width letters, with or without the hamza. Folding brings
all of these to one form; the same folding goes over the lists, so nobody has to list spellings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Action = Literal["opt_out", "opt_in"]

MOST_TOKENS = 4  # a longer message that begins with a stop word is a sentence, for a person to judge
LONGEST = 200  # characters looked at; a stop word stands at the beginning

TATWEEL = "\u0640"
NUKTA = "\u093c"
DEVANAGARI = ("\u0900", "\u097f")
# After NFKD and without hamza and madda: one alef, one ya, one kaf, and ta marbuta as the ha people type for it.
LETTERS = str.maketrans(
    {
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maksura
        "\u06cc": "\u064a",  # Farsi and Urdu ye
        "\u06d2": "\u064a",  # Urdu ye barree
        "\u0629": "\u0647",  # ta marbuta
        "\u06c1": "\u0647",  # Urdu he
        "\u06be": "\u0647",  # Urdu he with two eyes
        "\u06c3": "\u0647",
        "\u06d5": "\u0647",
        "\u06a9": "\u0643",  # keheh
        "\u0131": "i",  # Turkish i without a dot
    }
)

# Not in the lists although phone companies use them: "cancel", "end", "quit", "إلغاء" alone. In a chat they usually
# begin a sentence about an order. A workspace that wants them adds them.
OPT_OUT_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("stop", "stopall", "unsubscribe", "optout", "opt out", "opt-out"),
    "ar": ("إيقاف", "أوقف", "توقف", "إلغاء الاشتراك", "الغي الاشتراك"),
    "fr": ("arrêt", "arrêter", "arrêtez", "désabonner", "me désabonner", "désabonnement", "désinscrire"),
    "es": ("parar", "baja", "darme de baja", "dar de baja", "cancelar suscripción", "desuscribir", "desuscribirme"),
    "pt": ("parar", "pare", "sair", "descadastrar", "descadastre", "cancelar inscrição", "cancelar assinatura"),
    "hi": ("रोकें", "रोको", "रोक दो", "बंद", "स्टॉप", "अनसब्सक्राइब"),
    "ur": ("بند", "روکیں", "روک دیں", "روکو", "اسٹاپ", "ان سبسکرائب"),
    "id": ("berhenti", "hentikan", "setop", "batal langganan", "berhenti langganan"),
}
OPT_IN_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("start", "unstop", "subscribe", "optin", "opt in", "opt-in"),
    "ar": ("ابدأ", "اشتراك", "اشترك", "تفعيل"),
    "fr": ("abonner", "m'abonner", "s'abonner", "reprendre", "démarrer"),
    "es": ("alta", "darme de alta", "suscribir", "suscribirme", "iniciar"),
    "pt": ("iniciar", "voltar", "inscrever", "cadastrar"),
    "hi": ("शुरू", "शुरू करें", "स्टार्ट", "सब्सक्राइब"),
    "ur": ("شروع", "شروع کریں", "سبسکرائب"),
    "id": ("mulai", "langganan", "berlangganan"),
}


@dataclass(frozen=True, slots=True)
class Match:
    """A message that begins with a listed word. Uncertain ones are shown to the team and change nothing."""

    action: Action
    word: str  # as it stands in the list
    is_certain: bool


def fold(text: str) -> str:
    """The form all spellings of a word share: no case, no marks, no invisible characters, one letter of each kind."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in plain if not _is_dropped(character)).translate(LETTERS)


def _is_dropped(character: str) -> bool:
    if character in (TATWEEL, NUKTA):
        return True
    if DEVANAGARI[0] <= character <= DEVANAGARI[1]:
        return False  # its vowel signs are marks too, and without them other words appear
    return unicodedata.category(character) in {"Mn", "Me", "Cf"}


def tokens(text: str) -> tuple[str, ...]:
    """The folded words of a text, without punctuation, symbols and emoji."""
    spaced = (character if unicodedata.category(character)[0] in "LNM" else " " for character in fold(text))
    return tuple("".join(spaced).split())


@lru_cache(maxsize=4096)
def _listed(word: str) -> tuple[str, ...]:
    return tokens(word)


def read(text: str, opt_out: Iterable[str], opt_in: Iterable[str]) -> Match | None:
    """What a message asks for, or None.

    Opting out takes a listed word first and at most four words in all; a longer message that begins so is uncertain.
    Opting in loosens, so it takes the listed words and nothing else.
    """
    said = tokens(text[:LONGEST])
    if not said:
        return None
    for word in opt_out:
        wanted = _listed(word)
        if wanted and said[: len(wanted)] == wanted:
            return Match("opt_out", word, len(said) <= MOST_TOKENS and len(text) <= LONGEST)
    for word in opt_in:
        if _listed(word) == said and len(text) <= LONGEST:
            return Match("opt_in", word, True)
    return None


def every(lists: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """All words of all languages, each spelling group once."""
    seen: dict[tuple[str, ...], str] = {}
    for words in lists.values():
        for word in words:
            seen.setdefault(tokens(word), word)
    return tuple(seen.values())


def language_of(word: str, lists: dict[str, tuple[str, ...]]) -> str:
    """The first language whose list holds this word, else ''."""
    wanted = tokens(word)
    return next((name for name, words in lists.items() if wanted in {tokens(entry) for entry in words}), "")
