"""The words by which the customers of a workspace opt out and in, and what they are told then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from workspaces import auditing
from workspaces.models import Member

from . import words
from .models import KeywordList

Action = KeywordList.Action

MOST_WORDS = 200
LONGEST_WORD = 60  # characters
LONGEST_CONFIRMATION = 600  # characters

DEFAULTS = {Action.OPT_OUT: words.OPT_OUT_WORDS, Action.OPT_IN: words.OPT_IN_WORDS}

# In the language of the word that was used; a workspace's own text replaces them all.
CONFIRMATIONS = {
    Action.OPT_OUT: {
        "en": "You will get no more marketing messages from us. Write START to get them again.",
        "ar": "لن تصلك منا رسائل تسويقية بعد الآن. اكتب «ابدأ» لتصلك من جديد.",
        "fr": "Vous ne recevrez plus nos messages publicitaires. Écrivez REPRENDRE pour les recevoir à nouveau.",
        "es": "Ya no recibirá mensajes publicitarios nuestros. Escriba ALTA para volver a recibirlos.",
        "pt": "Você não receberá mais mensagens de marketing nossas. Escreva VOLTAR para recebê-las de novo.",
        "hi": "अब आपको हमसे प्रचार संदेश नहीं मिलेंगे। फिर से पाने के लिए «शुरू» लिखें।",
        "ur": "اب آپ کو ہماری طرف سے تشہیری پیغامات نہیں ملیں گے۔ دوبارہ پانے کے لیے «شروع» لکھیں۔",
        "id": "Anda tidak akan menerima pesan pemasaran dari kami lagi. Balas MULAI untuk menerimanya kembali.",
    },
    Action.OPT_IN: {
        "en": "You will get our marketing messages again. Write STOP to end them at any time.",
        "ar": "ستصلك رسائلنا التسويقية من جديد. اكتب «إيقاف» لإنهائها في أي وقت.",
        "fr": "Vous recevrez à nouveau nos messages publicitaires. Écrivez STOP pour y mettre fin à tout moment.",
        "es": "Volverá a recibir nuestros mensajes publicitarios. Escriba BAJA para dejar de recibirlos.",
        "pt": "Você voltará a receber nossas mensagens de marketing. Escreva SAIR para deixar de recebê-las.",
        "hi": "अब आपको हमारे प्रचार संदेश फिर मिलेंगे। बंद करने के लिए कभी भी «बंद» लिखें।",
        "ur": "اب آپ کو ہمارے تشہیری پیغامات دوبارہ ملیں گے۔ ختم کرنے کے لیے کسی بھی وقت «بند» لکھیں۔",
        "id": "Anda akan menerima pesan pemasaran kami lagi. Balas BERHENTI kapan saja untuk mengakhirinya.",
    },
}


class NotAcceptable(Exception):
    """A list or text that cannot be kept; the text says why."""


@dataclass(frozen=True, slots=True)
class Lists:
    """The words and texts in force. A confirmation of None means the text of the word's language."""

    opt_out: tuple[str, ...]
    opt_in: tuple[str, ...]
    own_confirmations: dict[str, str]

    def confirmation(self, match: words.Match) -> str:
        """What to answer to a word; '' for nothing."""
        own = self.own_confirmations.get(match.action)
        if own is not None:
            return own
        action = Action(match.action)
        return CONFIRMATIONS[action][words.language_of(match.word, DEFAULTS[action]) or "en"]


@dataclass(frozen=True, slots=True)
class Editable:
    """One list as its settings page shows it."""

    action: str
    words: tuple[str, ...]
    confirmation: str
    is_default: bool


def lists_of(workspace_id: int) -> Lists:
    """The lists in force in a workspace: its own where it has them, else the ones everybody begins with."""
    own = {row.action: row for row in KeywordList.objects.filter(workspace_id=workspace_id)}
    chosen = {action: tuple(own[action].words) if action in own else words.every(DEFAULTS[action]) for action in Action}
    texts = {str(action): row.confirmation for action, row in own.items()}
    return Lists(chosen[Action.OPT_OUT], chosen[Action.OPT_IN], texts)


def read(lists: Lists, text: str) -> words.Match | None:
    """What a customer's message asks for under these lists, or None."""
    return words.read(text, lists.opt_out, lists.opt_in)


def editable(workspace_id: int, action: str) -> Editable:
    """One list for its settings page."""
    action = Action(action)
    row = KeywordList.objects.filter(workspace_id=workspace_id, action=action).first()
    if row is None:
        return Editable(action, words.every(DEFAULTS[action]), CONFIRMATIONS[action]["en"], True)
    return Editable(action, tuple(row.words), row.confirmation, False)


@transaction.atomic
def change(workspace_id: int, action: str, *, wanted: Iterable[str], confirmation: str, by: Member) -> KeywordList:
    """Keep a workspace's own words and the text that confirms them; an empty text sends nothing.

    Spellings that fold to the same word are kept once. Raises NotAcceptable for an empty list of opt-out words, a word
    without letters or longer than 60 characters, more than 200 words, or a word that would mean both.
    """
    action = Action(action)
    kept = _once(wanted)
    if action == Action.OPT_OUT and not kept:
        raise NotAcceptable("Keep at least one word by which customers can opt out.")
    if len(kept) > MOST_WORDS:
        raise NotAcceptable(f"At most {MOST_WORDS} words can be kept.")
    lists = lists_of(workspace_id)
    other = lists.opt_in if action == Action.OPT_OUT else lists.opt_out
    for word in other:
        if words.tokens(word) in kept:
            raise NotAcceptable(f"“{word}” is in the other list already. One word cannot mean both.")
    confirmation = confirmation.strip()
    if len(confirmation) > LONGEST_CONFIRMATION:
        raise NotAcceptable(f"The confirmation is longer than {LONGEST_CONFIRMATION} characters.")
    row, _ = KeywordList.objects.update_or_create(
        workspace_id=workspace_id,
        action=action,
        defaults={"words": list(kept.values()), "confirmation": confirmation},
    )
    auditing.record(by, "consent.words_changed", str(action.label), after={"words": list(kept.values())})
    return row


@transaction.atomic
def reset(workspace_id: int, action: str, *, by: Member) -> None:
    """Go back to the words everybody begins with. Raises NotAcceptable when one of them is in the other list."""
    action = Action(action)
    lists = lists_of(workspace_id)
    other = {words.tokens(word) for word in (lists.opt_in if action == Action.OPT_OUT else lists.opt_out)}
    if both := [word for word in words.every(DEFAULTS[action]) if words.tokens(word) in other]:
        raise NotAcceptable(f"“{both[0]}” is in the other list. Take it out there first.")
    if KeywordList.objects.filter(workspace_id=workspace_id, action=action).delete()[0]:
        auditing.record(by, "consent.words_changed", str(action.label), after={"words": "default"})


def _once(wanted: Iterable[str]) -> dict[tuple[str, ...], str]:
    kept: dict[tuple[str, ...], str] = {}
    for typed in wanted:
        word = " ".join(typed.replace("\x00", "").split())
        if not word:
            continue
        said = words.tokens(word)
        if not said:
            raise NotAcceptable(f"“{word[:20]}” has no letters or digits.")
        if len(word) > LONGEST_WORD:
            raise NotAcceptable(f"“{word[:20]}…” is longer than {LONGEST_WORD} characters.")
        kept.setdefault(said, word)
    return kept
