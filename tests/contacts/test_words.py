"""What a customer's word means, in every spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import words

OUT, IN = words.every(words.OPT_OUT_WORDS), words.every(words.OPT_IN_WORDS)

STOP = [
    "STOP",
    "stop",
    "Stop.",
    "ＳＴＯＰ",
    "STOP 🛑",
    "  stop!!",
    "S\u200dTOP",
    "\u202estop",
    "stóp",
    "𝐒𝐓𝐎𝐏",
    "*STOP*",
    "ſtop",
]
EIQAF = [
    "إيقاف", "ايقاف", "أيقاف", "إيقـاف", "إِيقَاف", "ٱيقاف",
    "إيقاف.", "\u200fإيقاف\u200f", "إيقـــــاف", "ايقاف!!", "إیقاف", "إىقاف",
]  # fmt: skip
UNSUBSCRIBE = [
    "إلغاء الاشتراك", "الغاء الاشتراك", "إلغاء الإشتراك",
    "الغاء الأشتراك", "إلغاء  الاشتراك", "إلغاءُ الاشتراكِ", "إلغـاء الاشتراك",
    "إلغاء الاشتراک", "\u200fإلغاء الاشتراك", "إلغاء الاشتراك.", "الغاء الإشتراك", "ٱلغاء الاشتراك",
]  # fmt: skip


@pytest.mark.parametrize("spellings", [STOP, EIQAF, UNSUBSCRIBE])
def test_twelve_spellings_are_one_word(spellings):
    assert len(set(spellings)) == 12
    assert len({words.tokens(spelling) for spelling in spellings}) == 1
    for spelling in spellings:
        match = words.read(spelling, OUT, IN)
        assert (match.action, match.is_certain) == ("opt_out", True), spelling


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("arrêter", "arrêter"),
        ("ARRETER SVP", "arrêter"),
        ("Baja", "baja"),
        ("sair", "sair"),
        ("SAIR da lista", "sair"),
        ("बंद करो", "बंद"),
        ("रोकें", "रोकें"),
        ("بند کریں", "بند"),
        ("روکيں", "روکیں"),
        ("Berhenti", "berhenti"),
        ("Opt-Out", "opt out"),
        ("UNSUBSCRIBE me please now", "unsubscribe"),
    ],
)
def test_each_language_has_its_words(said, word):
    match = words.read(said, OUT, IN)
    assert (match.action, match.word, match.is_certain) == ("opt_out", word, True)


@pytest.mark.parametrize(
    "said", ["stop sending me this every single day", "STOP " + "x" * 300, "توقف عن إرسال هذه الرسائل لي"]
)
def test_a_sentence_that_begins_with_a_stop_word_is_for_a_person_to_judge(said):
    match = words.read(said, OUT, IN)
    assert (match.action, match.is_certain) == ("opt_out", False)


@pytest.mark.parametrize(
    "said", ["", "🛑", "Hello", "bus stop", "stopping by later", "don't stop", "cancel my order", "إلغاء الطلب", "\x00"]
)
def test_other_words_mean_nothing(said):
    assert words.read(said, OUT, IN) is None


@pytest.mark.parametrize("said", ["START", "start!", "ابدأ", "ابدا", "m’abonner", "alta", "शुरू", "شروع", "mulai"])
def test_a_start_word_alone_opts_in(said):
    assert words.read(said, OUT, IN).action == "opt_in"


@pytest.mark.parametrize("said", ["start my order", "subscribe? no", "شروع کب ہے"])
def test_a_start_word_with_more_around_it_loosens_nothing(said):
    assert words.read(said, OUT, IN) is None


def test_no_word_means_both():
    assert not {words.tokens(word) for word in OUT} & {words.tokens(word) for word in IN}


def test_every_language_has_both_lists():
    assert set(words.OPT_OUT_WORDS) == set(words.OPT_IN_WORDS) == {"ar", "en", "fr", "es", "pt", "hi", "ur", "id"}


@given(
    st.sampled_from(OUT), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.text(" .!?*🛑\u200b\u200e", max_size=4)
)
def test_every_listed_word_survives_case_form_and_decoration(word, form, around):
    for variant in (word, word.upper(), word.title()):
        said = around + unicodedata.normalize(form, variant) + around
        assert words.read(said, OUT, IN).action == "opt_out"


@given(st.text(max_size=300))
def test_folding_twice_changes_nothing_more(text):
    assert words.fold(words.fold(text)) == words.fold(text)
    words.read(text, OUT, IN)


def test_a_message_of_a_hundred_thousand_characters_is_read_at_once():
    assert words.read("stop " * 20_000, OUT, IN).is_certain is False
