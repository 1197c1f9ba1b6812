"""What changed between two texts of a template."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.comparing import differences, marked
from templates_mgmt.components import read

from . import texts
from .test_components import ODD, PARTS


def labels(old: Any, new: Any) -> list[str]:
    return [difference.label for difference in differences(old, new)]


def only(side: list[Any], mark: str) -> list[str]:
    return [piece.text for piece in side if piece.mark == mark]


@pytest.mark.parametrize("name", texts.ALL)
def test_the_same_text_has_no_differences(name: str):
    assert differences(texts.ALL[name], copy.deepcopy(texts.ALL[name])) == []


def test_samples_are_no_difference():
    other = copy.deepcopy(texts.ORDER)
    del other[0]["example"], other[1]["example"]
    assert differences(texts.ORDER, other) == []


def test_changed_words_are_marked_and_variables_stay_whole():
    [(label, before, after)] = differences(
        [{"type": "BODY", "text": "Hi {{1}}, your order is here."}],
        [{"type": "BODY", "text": "Hi {{2}}, your parcel is here."}],
    )
    assert label == "Body"
    assert only(before, "removed") == ["{{1}}", "order"]
    assert only(after, "added") == ["{{2}}", "parcel"]


def test_each_part_is_told_under_its_name_and_those_gone_come_last():
    content = read(texts.ORDER)
    new = replace(content, header=None, footer="Harbour Books Ltd", buttons=content.buttons[:1])
    assert labels(content, new) == ["Footer", "Header", "Button 2", "Button 3"]
    gone = differences(content, new)[1]
    assert gone.after == []
    assert only(gone.before, "removed") == ["Order {{1}}"]


def test_a_new_part_has_nothing_before():
    [change] = differences(texts.QUICK, [{"type": "HEADER", "format": "IMAGE"}, *texts.QUICK])
    assert (change.label, change.before, only(change.after, "added")) == ("Header", [], ["Picture"])


def test_cards_and_codes_are_told_part_by_part():
    new = copy.deepcopy(texts.CAROUSEL)
    new[1]["cards"][1]["components"][1]["text"] = "Cactus, {{1}} each, in a pot"
    new[1]["cards"][0]["components"][2]["buttons"][1]["url"] = "https://plants.example/p/{{1}}"
    assert labels(texts.CAROUSEL, new) == ["Card 1 button 2", "Card 2 body"]
    other = [{"type": "BODY", "add_security_recommendation": False}, *texts.CODE[1:]]
    assert labels(texts.CODE, other) == ["Body", "Security advice"]


def test_another_category_is_a_difference():
    [change] = differences(texts.QUICK, texts.QUICK, old_category="utility", new_category="marketing")
    assert (change.label, only(change.before, "removed"), only(change.after, "added")) == (
        "Category",
        ["Utility"],
        ["Marketing"],
    )


@given(st.text(max_size=60), st.text(max_size=60))
def test_each_side_joined_gives_its_text_back(before: str, after: str):
    left, right = marked(before, after)
    assert "".join(piece.text for piece in left) == before
    assert "".join(piece.text for piece in right) == after
    assert only(left, "same") == only(right, "same")
    assert not only(left, "added")
    assert not only(right, "removed")


@given(st.lists(PARTS | ODD, max_size=4), st.lists(PARTS | ODD, max_size=4))
def test_any_two_lists_can_be_compared(old: list[Any], new: list[Any]):
    for label, _, _ in differences(old, new):
        assert label
