"""A workspace's own words for opting out and in."""

from __future__ import annotations

import pytest

from contacts import keywords
from contacts.models import KeywordList
from tests.factories import make_member, make_workspace
from tests.inbox.rows import count, everything
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ana(db):
    return make_member(make_workspace())


def change(ana, action, wanted, confirmation=""):
    with tenancy.scope(ana.workspace_id):
        return keywords.change(ana.workspace_id, action, wanted=wanted, confirmation=confirmation, by=ana)


def lists(ana):
    with tenancy.scope(ana.workspace_id):
        return keywords.lists_of(ana.workspace_id)


def test_everybody_begins_with_the_words_of_eight_languages(ana):
    found = lists(ana)
    assert {"stop", "إيقاف", "berhenti"} <= set(found.opt_out)
    assert found.confirmation(keywords.read(found, "بند")).startswith("اب آپ")


def test_own_words_replace_the_others(ana):
    change(ana, "opt_out", ["cancel", "Cancel", "CANCEL!"], "Bye.")
    found = lists(ana)
    assert found.opt_out == ("cancel",)
    assert keywords.read(found, "stop") is None
    assert found.confirmation(keywords.read(found, "cancel please")) == "Bye."


def test_an_empty_confirmation_sends_nothing(ana):
    change(ana, "opt_out", ["stop"], "  ")
    found = lists(ana)
    assert found.confirmation(keywords.read(found, "stop")) == ""


def test_going_back_to_the_first_words(ana):
    change(ana, "opt_out", ["cancel"])
    with tenancy.scope(ana.workspace_id):
        keywords.reset(ana.workspace_id, "opt_out", by=ana)
    assert "stop" in lists(ana).opt_out
    assert count(KeywordList, ana.workspace_id) == 0


@pytest.mark.parametrize(
    ("action", "wanted", "reason"),
    [
        ("opt_out", [], "at least one word"),
        ("opt_out", ["🛑"], "no letters"),
        ("opt_out", ["x" * 61], "longer than 60"),
        ("opt_out", [f"word{n}" for n in range(201)], "At most 200"),
        ("opt_out", ["Start"], "cannot mean both"),
        ("opt_in", ["ايقاف"], "cannot mean both"),
    ],
)
def test_lists_that_make_no_sense_are_refused(ana, action, wanted, reason):
    with pytest.raises(keywords.NotAcceptable, match=reason):
        change(ana, action, wanted)
    assert count(KeywordList, ana.workspace_id) == 0


def test_a_change_is_audited(ana):
    change(ana, "opt_in", ["yes please"])
    [entry] = everything(AuditEntry, ana.workspace_id, action="consent.words_changed")
    assert entry.after == {"words": ["yes please"]}


def test_the_words_of_another_workspace_stay_theirs(ana, db):
    other = make_member(make_workspace(), name="Zoe")
    change(ana, "opt_out", ["cancel"])
    assert "stop" in lists(other).opt_out
