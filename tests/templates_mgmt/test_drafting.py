"""Drafts: begun, saved from two tabs, discarded, copied; quick templates put into use."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from templates_mgmt import drafting, using
from templates_mgmt.models import TemplateFile
from templates_mgmt.refusals import Stale, TemplateRefused
from tests.factories import make_channel
from tests.templates_mgmt.desk import BODY, SAMPLES, Desk
from tests.templates_mgmt.test_news import soon
from tests.templates_mgmt.test_submitting import PNG

QUICK = [{"type": "BODY", "text": "Hi {{name}}, we open at nine."}]
QUICK_NAME = {"body:name": {"sample": "Ana", "source": "field", "value": "first_name", "fallback": "there"}}


def create(desk: Desk, **given):
    wanted = {
        "kind": "provider", "channel": desk.channel, "name": "welcome", "language": "en", "category": "utility",
    } | given  # fmt: skip
    with desk.scope():
        return drafting.create(desk.workspace, by=desk.ana, **wanted)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "Welcome"}, "name"),
        ({"name": "wel come"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a" * 513}, "name"),
        ({"language": ""}, "language"),
        ({"language": "english please"}, "language"),
        ({"category": "spam"}, "category"),
        ({"channel": None}, "channel"),
        ({"kind": "quick", "name": "  "}, "name"),
        ({"kind": "quick", "name": "a" * 121}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_name(desk: Desk, given: dict, field: str):
    with pytest.raises(TemplateRefused) as refused:
        create(desk, **given)
    assert refused.value.field == field


def test_a_name_is_taken_once_per_account(desk: Desk):
    create(desk)
    with pytest.raises(TemplateRefused, match="Add a language"):
        create(desk)
    create(desk, channel=make_channel(desk.workspace))


def test_a_quick_name_is_taken_whatever_its_letters(desk: Desk):
    create(desk, kind="quick", name="Opening hours", category="")
    with pytest.raises(TemplateRefused, match="already"):
        create(desk, kind="quick", name="OPENING  hours", category="")


def test_a_draft_saved_in_another_tab_is_not_overwritten(desk: Desk):
    translation = create(desk)
    first = desk.write(translation)
    with pytest.raises(Stale) as stale:
        desk.write(translation, [{"type": "BODY", "text": "Mine"}], revision=first.revision - 1)
    assert stale.value.revision == first.revision
    assert desk.now(first).components == BODY


def test_saving_the_same_again_is_no_new_revision(desk: Desk):
    translation = create(desk)
    assert desk.write(translation).revision == desk.write(translation).revision


@pytest.mark.parametrize(
    "given",
    [
        {"components": {"type": "BODY"}},
        {"components": [{"type": "BODY", "text": "x" * 200_001}]},
        {"parameter_format": "roman"},
        {"category": "spam"},
    ],
)
def test_what_cannot_be_stored_is_refused(desk: Desk, given: dict):
    with pytest.raises(TemplateRefused):
        desk.write(create(desk), **given)


def test_characters_the_database_cannot_hold_are_replaced(desk: Desk):
    draft = desk.write(create(desk), [{"type": "BODY", "text": "one\x00two \ud800"}])
    assert "\x00" not in desk.now(draft).components[0]["text"]


def test_a_discarded_draft_takes_an_untried_template_with_it(desk: Desk):
    translation = create(desk)
    with desk.scope():
        drafting.discard(translation, by=desk.ana)
    assert desk.templates() == []
    create(desk)


def test_a_discarded_change_leaves_the_approved_text(desk: Desk):
    translation = desk.approved()
    desk.write(translation, [{"type": "BODY", "text": "Changed."}], variables={})
    with desk.scope():
        drafting.discard(translation, by=desk.ana)
        again = drafting.open_version(desk.now(translation), by=desk.ana)
    assert (again.number, again.components) == (3, BODY)


def test_a_rejected_text_is_where_its_correction_begins(desk: Desk):
    translation = desk.approved()
    desk.write(translation, [{"type": "BODY", "text": "Hi {{1}}, buy now or never."}])
    desk.submit(translation)
    desk.work()
    desk.hear(translation, "REJECTED", at=soon())
    with desk.scope():
        draft = drafting.open_version(desk.now(translation), by=desk.ana)
    assert draft.components[0]["text"] == "Hi {{1}}, buy now or never."


def test_a_text_under_way_or_in_review_is_not_written_on(desk: Desk):
    translation = desk.draft()
    desk.submit(translation)
    for _ in range(2):
        with desk.scope(), pytest.raises(TemplateRefused, match="Wait"):
            drafting.open_version(translation, by=desk.ana)
        desk.work()


def test_another_language_begins_with_the_text_of_the_first(desk: Desk):
    translation = desk.approved()
    with desk.scope():
        french = drafting.add_language(translation.template, language="fr", copy_from=translation, by=desk.ana)
        assert french.versions.get().components == BODY
        with pytest.raises(TemplateRefused, match="has this language already"):
            drafting.add_language(translation.template, language="fr", copy_from=translation, by=desk.ana)
    desk.submit(french)
    desk.work()
    assert desk.account.names("create") == ["order_shipped", "order_shipped"]


def test_a_duplicate_has_drafts_and_files_of_its_own(desk: Desk):
    translation = desk.draft()
    with desk.scope():
        file = drafting.attach(translation.template, SimpleUploadedFile("shop.png", PNG), by=desk.ana)
    header = {"type": "HEADER", "format": "IMAGE"}
    desk.write(translation, [header, *BODY], variables={**SAMPLES, "header:media": {"file": str(file.uuid)}})
    with desk.scope():
        copy = drafting.duplicate(translation.template, name="order_sent", by=desk.ana)
        draft = copy.translations.get().versions.get()
        own = TemplateFile.objects.get(template=copy)
    assert draft.variables["header:media"] == {"file": str(own.uuid)}
    assert (own.uuid != file.uuid, own.file == file.file, own.handle) == (True, True, "")
    desk.submit(draft.translation)
    desk.work()
    assert ("order_sent", "en") in desk.account.templates


def test_only_what_the_provider_has_not_seen_is_renamed(desk: Desk):
    translation = desk.draft()
    with desk.scope():
        assert drafting.rename(translation.template, name="order_gone", by=desk.ana).name == "order_gone"
    desk.submit(translation)
    with desk.scope(), pytest.raises(TemplateRefused, match="Duplicate"):
        drafting.rename(translation.template, name="other", by=desk.ana)


def test_a_quick_template_is_sent_as_published_until_it_is_published_again(desk: Desk):
    translation = create(desk, kind="quick", name="Opening hours", channel=None, language="", category="")
    desk.write(translation, QUICK, variables=QUICK_NAME, parameter_format="named")
    with desk.scope():
        assert not using.sendable(desk.workspace, desk.channel).exists()
        drafting.publish(translation, by=desk.ana)
        assert list(using.sendable(desk.workspace, desk.channel)) == [translation]
    desk.write(translation, [{"type": "BODY", "text": "Hi {{name}}, we open at ten."}], variables=QUICK_NAME,
               parameter_format="named")  # fmt: skip
    assert desk.now(translation).components == QUICK
    with desk.scope():
        drafting.publish(desk.now(translation), by=desk.ana)
        drafting.set_active(desk.now(translation).template, active=False, by=desk.ana)
        assert not using.sendable(desk.workspace, desk.channel).exists()
        assert "put aside" in using.why_not(desk.now(translation), desk.channel)
    assert desk.now(translation).components[0]["text"].endswith("ten.")
    assert desk.versions(translation) == [(1, "approved"), (2, "approved")]
